package resolve

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// streamServer truncates every answer over UDP, hands each TCP connection to a function,
// and counts both. The messages of a connection are read until it is closed.
type streamServer struct {
	address              string
	datagrams, connected atomic.Int64
}

func newStreamServer(t *testing.T, talk func(queries <-chan *dns.Msg, conn net.Conn)) *streamServer {
	t.Helper()
	s := &streamServer{}
	var tcp net.Listener
	s.address, tcp = hostile(t, func(query []byte) [][]byte {
		s.datagrams.Add(1)
		query[2] |= 0x82 // QR, TC
		return [][]byte{query}
	})
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			s.connected.Add(1)
			queries := make(chan *dns.Msg, 100)
			all.Go(func() {
				defer close(queries)
				for {
					m, err := (&dns.Conn{Conn: conn}).ReadMsg()
					if err != nil {
						return
					}
					queries <- m
				}
			})
			all.Go(func() {
				defer conn.Close()
				talk(queries, conn)
			})
		}
	})
	t.Cleanup(func() { tcp.Close(); all.Wait() })
	return s
}

// answer frames the answer to a query.
func answer(t *testing.T, query *dns.Msg) []byte {
	wire, err := new(dns.Msg).SetReply(query).Pack()
	if err != nil {
		t.Error(err)
	}
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
}

var fourTypes = []uint16{dns.TypeCNAME, dns.TypeA, dns.TypeAAAA, dns.TypeTXT}

func askFour(t *testing.T, c *Client, name string) {
	t.Helper()
	for i, r := range c.ExchangeAll(t.Context(), "demo.com", name, fourTypes) {
		if r.Err != nil || r.Message.Question[0].Qtype != fourTypes[i] {
			t.Errorf("%s %s: got %v, %v", name, dns.Type(fourTypes[i]), r.Message, r.Err)
		}
	}
}

// Over TCP all questions are sent before an answer came, and the answers may come in any
// order and in pieces.
func TestStreamIsShared(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, func(queries <-chan *dns.Msg, conn net.Conn) {
		for range 3 {
			var framed []byte
			for range fourTypes { // would wait for ever if they came one by one
				query, ok := <-queries
				if !ok {
					return
				}
				framed = slices.Concat(answer(t, query), framed)
			}
			for piece := range slices.Chunk(framed, 7) {
				conn.Write(piece)
			}
		}
	})
	c := authoritative(t, s.address)
	for n := range 3 {
		askFour(t, c, fmt.Sprintf("n%d.demo.com", n))
	}
	if got := s.connected.Load(); got > socketCount {
		t.Errorf("got %d connections for 12 questions, want at most %d", got, socketCount)
	}
}

// Some servers close a connection after an answer, and some drop what follows the first
// question: each question then gets a new connection.
func TestServerThatAnswersOncePerConnection(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(net.Conn){
		"closes":  func(net.Conn) {},
		"ignores": func(conn net.Conn) { io.Copy(io.Discard, conn) },
	} {
		s := newStreamServer(t, func(queries <-chan *dns.Msg, conn net.Conn) {
			if query, ok := <-queries; ok {
				conn.Write(answer(t, query))
				for range queries {
					if name == "closes" {
						break
					}
				}
				after(conn)
			}
		})
		c := authoritative(t, s.address)
		for n := range 3 {
			askFour(t, c, fmt.Sprintf("n%d.demo.com", n))
		}
		if t.Failed() {
			t.Fatalf("a server that %s", name)
		}
	}
}

// A datagram that is truncated though any datagram holds the answer shows a limit: from
// then on the server is asked over TCP, without a datagram that is lost first.
func TestSmallTruncatedAnswerShowsALimit(t *testing.T) {
	t.Parallel()
	for padding, more := range map[int]int64{0: 0, anyDatagram: 4} {
		s := newStreamServer(t, func(queries <-chan *dns.Msg, conn net.Conn) {
			for query := range queries {
				m := new(dns.Msg).SetReply(query)
				m.Extra = append(m.Extra, &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}, Option: []dns.EDNS0{&dns.EDNS0_PADDING{Padding: make([]byte, padding)}}})
				wire, err := m.Pack()
				if err != nil {
					t.Error(err)
				}
				conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...))
			}
		})
		c := authoritative(t, s.address)
		askFour(t, c, "first.demo.com")
		before := s.datagrams.Load()
		askFour(t, c, "second.demo.com")
		if got := s.datagrams.Load() - before; got != more {
			t.Errorf("answers with %d bytes of padding: got %d more datagrams, want %d", padding, got, more)
		}
	}
}

// Once an answer is truncated, those that did not come are fetched over TCP with it, and
// not waited for: a server that limits its rate drops some and truncates others.
func TestDroppedAnswersNextToATruncatedOne(t *testing.T) {
	t.Parallel()
	var datagrams atomic.Int64
	z := newZone(t, sampleZone)
	server := serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); !udp {
			z.ServeDNS(w, r)
			return
		}
		datagrams.Add(1)
		if r.Question[0].Qtype == dns.TypeAAAA {
			m := new(dns.Msg).SetReply(r)
			m.Truncated = true
			w.WriteMsg(m)
		}
	})
	c, err := New(Config{Server: server, Authoritative: true, Timeout: time.Hour}) // waiting for it would end the test
	if err != nil {
		t.Fatal(err)
	}
	askFour(t, c, "flat.demo.com")
	if got := datagrams.Load(); got != int64(len(fourTypes)) {
		t.Errorf("got %d datagrams, want %d", got, len(fourTypes))
	}
}

// A type that is asked for once is sent one time, and its silence is no silence of the
// server.
func TestTypesThatAreAskedForOnce(t *testing.T) {
	t.Parallel()
	var dropped atomic.Int64
	z := newZone(t, sampleZone)
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if r.Question[0].Qtype == dns.TypeHTTPS {
			dropped.Add(1)
			return
		}
		z.ServeDNS(w, r)
	}))
	for n := range int64(2) {
		got := c.ExchangeAll(t.Context(), "", "flat.demo.com", []uint16{dns.TypeA}, dns.TypeHTTPS, dns.TypeMX)
		if len(got) != 3 || got[0].Err != nil || kindOf(t, got[1].Err) != Timeout || got[2].Err != nil {
			t.Errorf("got %+v", got)
		}
		if dropped.Load() != n+1 {
			t.Errorf("after %d questions the type was asked for %d times", n+1, dropped.Load())
		}
	}
	if why := c.health.rests("", dns.TypeHTTPS); why != "" {
		t.Errorf("the type is held to be silent: %s", why)
	}
}

// FuzzCanonical: the short ways give what the library's do.
func FuzzCanonical(f *testing.F) {
	label := strings.Repeat("a", 63)
	long := strings.Join([]string{label, label, label, label[:61]}, ".") // 253 bytes
	for _, name := range []string{"", ".", "a.", "A.b.", "a", `a\.`, `a\\.`, `\065.b.`, "a..", "\xff.", "_a-0.b", "a..b", ".a", label, label + "a", long, long + "a"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		want := dns.CanonicalName(name)
		if want != "." {
			want = want[:len(want)-1]
		}
		if got := Canonical(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
		asked, err := NameToAsk(name)
		whole, wholeErr := overWire(name)
		if asked != whole || (err == nil) != (wholeErr == nil) {
			t.Errorf("%q: got %q, %v; want %q, %v", name, asked, err, whole, wholeErr)
		}
	})
}
