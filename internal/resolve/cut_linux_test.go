package resolve

import (
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// A batch in one system call arrives as one datagram a query. If the system refuses that or
// a whole batch is lost before any was answered, the queries are sent one by one, and each
// once a try.
func TestBatchIsCutIntoDatagrams(t *testing.T) {
	t.Parallel()
	// The kernel does not cut datagrams without checksums.
	noChecksum := func(_, _ string, c syscall.RawConn) (err error) {
		_ = c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) })
		return err
	}
	for name, test := range map[string]struct {
		control  func(network, address string, c syscall.RawConn) error
		lost     int64 // queries that the server drops
		asked    int64
		later    int64 // queries about the second name that the server drops
		oneByOne bool
	}{
		"in one piece": {asked: 4},
		"refused":      {control: noChecksum, asked: 4, oneByOne: true},
		"lost":         {lost: 4, asked: 12, oneByOne: true}, // without EDNS, and with EDNS again
		"one lost":     {lost: 1, asked: 5},
		"lost later":   {asked: 4, later: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
				if n := asked.Add(1); n > test.lost && (n <= test.asked || n > test.asked+test.later) {
					w.WriteMsg(new(dns.Msg).SetReply(r))
				}
			})
			c, err := New(Config{Server: server, Timeout: time.Second, Tries: 3, Dial: (&net.Dialer{Control: test.control}).DialContext})
			if err != nil {
				t.Fatal(err)
			}
			ask := func(name string) {
				for i, r := range c.ExchangeAll(t.Context(), "demo.com", name, fourTypes) {
					if r.Err != nil {
						t.Errorf("%s %s: %v", name, dns.Type(fourTypes[i]), r.Err)
					}
				}
			}
			ask("www.demo.com")
			if got := asked.Load(); got != test.asked {
				t.Errorf("the server got %d queries, want %d", got, test.asked)
			}
			ask("ftp.demo.com")
			if got, want := asked.Load(), test.asked+test.later+4; got != want {
				t.Errorf("the server got %d queries in all, want %d", got, want)
			}
			sockets := &c.carrier.(*plain).sockets
			if got := sockets.oneByOne.Load(); got != test.oneByOne {
				t.Errorf("one by one: got %v, want %v", got, test.oneByOne)
			}
		})
	}
}

func TestCutEvery(t *testing.T) {
	t.Parallel()
	receiver, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	sender, err := net.DialUDP("udp", nil, receiver.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	if !canCut(sender) {
		t.Skip("this kernel does not cut a buffer into datagrams")
	}
	if _, _, err := sender.WriteMsgUDP([]byte("onetwosix"), cutEvery(3), nil); err != nil {
		t.Fatal(err)
	}
	receiver.SetReadDeadline(time.Now().Add(time.Minute))
	for _, want := range []string{"one", "two", "six"} {
		buffer := make([]byte, 100)
		if n, err := receiver.Read(buffer); err != nil || string(buffer[:n]) != want {
			t.Errorf("got %q, %v; want %q", buffer[:n], err, want)
		}
	}
}
