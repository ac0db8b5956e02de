package resolve

import (
	"context"
	"errors"
	"flag"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	_ = flag.Set("test.parallel", "8") // most of the tests wait for a time-out
	goleak.VerifyTestMain(m)
}

// serve runs a DNS server on one port of 127.0.0.1, UDP and TCP, until the test ends.
func serve(t testing.TB, handler dns.HandlerFunc) string {
	t.Helper()
	udp, tcp := listen(t)
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: handler}, {Listener: tcp, Handler: handler}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		stopped := make(chan error, 1)
		go func() { stopped <- s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() {
			if err := errors.Join(s.Shutdown(), <-stopped); err != nil {
				t.Errorf("stopping the test server: %v", err)
			}
		})
	}
	return udp.LocalAddr().String()
}

// listen opens a UDP and a TCP socket on one port.
func listen(t testing.TB) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		udp, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if tcp, err := net.Listen("tcp", udp.LocalAddr().String()); err == nil {
			return udp, tcp
		}
		udp.Close()
	}
	t.Fatal("found no port that is free for UDP and TCP")
	return nil, nil
}

// client asks that server, with short tries.
func client(t testing.TB, server string) *Client {
	t.Helper()
	return patient(t, server, 100*time.Millisecond)
}

// patient returns a client that waits for each of two answers as long as given.
func patient(t testing.TB, server string, timeout time.Duration) *Client {
	t.Helper()
	c, err := New(Config{Server: server, Timeout: timeout, Tries: 2})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// zone answers like a recursive resolver over master-file records: it follows
// aliases, if the question is not for the alias itself. A name that only has
// records below it exists.
type zone struct {
	records []dns.RR
	asked   atomic.Int64
}

func newZone(t testing.TB, lines string) *zone {
	t.Helper()
	z := &zone{}
	p := dns.NewZoneParser(strings.NewReader(lines), ".", "")
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		z.records = append(z.records, rr)
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return z
}

func (z *zone) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	z.asked.Add(1)
	w.WriteMsg(z.answer(r))
}

func (z *zone) answer(r *dns.Msg) *dns.Msg {
	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	name := dns.CanonicalName(r.Question[0].Name)
	for range 20 {
		next, exists := "", false
		for _, rr := range z.records {
			owner := dns.CanonicalName(rr.Header().Name)
			exists = exists || dns.IsSubDomain(name, owner)
			if owner != name {
				continue
			}
			cname, alias := rr.(*dns.CNAME)
			if rr.Header().Rrtype == r.Question[0].Qtype || alias {
				m.Answer = append(m.Answer, rr)
			}
			if alias && r.Question[0].Qtype != dns.TypeCNAME {
				next = dns.CanonicalName(cname.Target)
			}
		}
		if !exists {
			m.Rcode = dns.RcodeNameError
		}
		if next == "" {
			break
		}
		name = next
	}
	return m
}

// kindOf is the kind of an Error, "" for no error.
func kindOf(t testing.TB, err error) Kind {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T %v, want an *Error", err, err)
	}
	return e.Kind
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
