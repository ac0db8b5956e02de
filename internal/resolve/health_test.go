package resolve

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// authoritative is a client of a zone's own server; tries are as by default.
func authoritative(t *testing.T, server string) *Client {
	t.Helper()
	c, err := New(Config{Server: server, Timeout: 400 * time.Millisecond, Authoritative: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A server that never answers costs one question its time-outs, and others nothing; the
// words name it.
func TestSilentServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	address := serve(t, func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) })
	c := client(t, address)
	if _, err := c.Walk(t.Context(), "api.demo.com"); kindOf(t, err) != Timeout {
		t.Fatalf("got %v", err)
	}
	before := asked.Load()
	for n := range 400 {
		_, err := c.Walk(t.Context(), fmt.Sprintf("n%d.demo.com", n))
		if kindOf(t, err) != Silent || !strings.Contains(err.Error(), "asking "+address) || !strings.Contains(err.Error(), "--resolver") {
			t.Fatalf("got %v", err)
		}
	}
	if got := asked.Load(); got != before {
		t.Errorf("the silent server was asked %d more times", got-before)
	}
}

// So does one that is interrupted by the deadline of a caller, who waited long enough.
func TestSilenceUntilTheDeadline(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c, err := New(Config{Server: serve(t, func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) }), Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if _, err := c.Walk(within(t, 2*leastSilence), fmt.Sprintf("n%d.demo.com", n)); kindOf(t, err) != Interrupted {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	before := asked.Load()
	if _, err := c.Walk(t.Context(), "late.demo.com"); kindOf(t, err) != Silent || asked.Load() != before {
		t.Errorf("got %v", err)
	}
}

// A server that is left alone is tried again by one question when its rest is over, and
// is well as soon as it answers.
func TestServerComesBack(t *testing.T) {
	t.Parallel()
	var silent atomic.Bool
	z := newZone(t, sampleZone)
	var asked atomic.Int64
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if asked.Add(1); !silent.Load() {
			z.ServeDNS(w, r)
		}
	}))
	silent.Store(true)
	if _, err := c.Walk(t.Context(), "api.demo.com"); kindOf(t, err) != Timeout {
		t.Fatalf("got %v", err)
	}
	c.health.mu.Lock()
	c.health.silent[matter{}] = systemClock().Add(-time.Second) // its rest is over
	c.health.mu.Unlock()
	before := asked.Load()
	if why := c.health.rests("", dns.TypeA); why != "" {
		t.Errorf("it is still left alone: %s", why)
	}
	if _, err := c.Walk(t.Context(), "old.demo.com"); kindOf(t, err) != Silent || asked.Load() != before {
		t.Errorf("a second question was let through: %v", err)
	}
	c.health.mu.Lock()
	c.health.silent[matter{}] = systemClock().Add(-time.Second)
	c.health.mu.Unlock()
	silent.Store(false)
	if _, err := c.Walk(t.Context(), "flat.demo.com"); err != nil {
		t.Error(err)
	}
}

// late is a context whose deadline has passed by the clock, while its timer has not
// fired yet.
type late struct {
	context.Context
	done chan struct{}
}

func (l *late) Deadline() (time.Time, bool) { return time.Now().Add(-time.Millisecond), true }
func (l *late) Done() <-chan struct{}       { return l.done }
func (l *late) Err() error {
	select {
	case <-l.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// The caller's own deadline is no failure of a server, though a dialer notices it first.
func TestDialerThatNoticesTheDeadlineFirst(t *testing.T) {
	t.Parallel()
	ctx := &late{Context: context.Background(), done: make(chan struct{})}
	c, err := New(Config{Server: "192.0.2.53", Dial: func(context.Context, string, string) (net.Conn, error) {
		time.AfterFunc(10*time.Millisecond, func() { close(ctx.done) })
		return nil, &net.OpError{Op: "dial", Net: "udp", Err: context.DeadlineExceeded}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exchange(ctx, "", "api.demo.com", dns.TypeA); kindOf(t, err) != Interrupted {
		t.Errorf("got %v", err)
	}
	if why := c.health.rests("", dns.TypeA); why != "" {
		t.Errorf("the server was never asked, and is held to be silent: %s", why)
	}
}

// A server that drops queries with EDNS is asked without, and remembered.
func TestServerThatDropsEDNS(t *testing.T) {
	t.Parallel()
	var plain, extended atomic.Int64
	z := newZone(t, sampleZone)
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if r.IsEdns0() != nil {
			extended.Add(1)
			return
		}
		plain.Add(1)
		z.ServeDNS(w, r)
	}))
	for range 3 {
		if m, err := c.Exchange(t.Context(), "", "flat.demo.com", dns.TypeA); err != nil || len(m.Answer) != 1 {
			t.Fatalf("got %v, %v", m, err)
		}
	}
	if plain.Load() != 3 || extended.Load() != 2 {
		t.Errorf("got %d queries without EDNS and %d with it, want 3 and 2", plain.Load(), extended.Load())
	}
}

// One lost datagram is not taken for a server that drops EDNS: without it there would be
// no signatures.
func TestLostDatagramIsNotDroppedEDNS(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	z := newZone(t, sampleZone)
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if asked.Add(1) > 1 {
			z.ServeDNS(w, r)
		}
	}))
	m, err := c.Exchange(t.Context(), "", "flat.demo.com", dns.TypeA)
	if use, proved := c.health.withEDNS(); err != nil || len(m.Answer) != 1 || !use || !proved {
		t.Errorf("got %v, %v; EDNS used %v, proved %v", m, err, use, proved)
	}
}

// A type that a server never answers is asked for once, and the others as ever.
func TestServerThatDropsOneType(t *testing.T) {
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
	types := []uint16{dns.TypeA, dns.TypeHTTPS}
	for n := range 5 {
		got := c.ExchangeAll(t.Context(), "", "flat.demo.com", types)
		if got[0].Err != nil || got[1].Err == nil {
			t.Errorf("got %+v", got)
		}
		if n > 0 && kindOf(t, got[1].Err) != Silent {
			t.Errorf("got %v", got[1].Err)
		}
	}
	if got := dropped.Load(); got != 3 {
		t.Errorf("the type was asked for %d times, want 3", got)
	}
}

// A server that limits its rate over UDP answers over TCP.
func TestServerThatLimitsItsRate(t *testing.T) {
	t.Parallel()
	var limited atomic.Bool
	z := newZone(t, sampleZone)
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); !udp || !limited.Load() {
			z.ServeDNS(w, r)
		}
	}))
	if _, err := c.Exchange(t.Context(), "", "flat.demo.com", dns.TypeA); err != nil {
		t.Fatal(err)
	}
	limited.Store(true)
	if m, err := c.Exchange(t.Context(), "", "api.demo.com", dns.TypeCNAME); err != nil || len(m.Answer) == 0 {
		t.Errorf("got %v, %v", m, err)
	}
}

// Behind a balancer that sends some ports to a dead server, another port is tried.
func TestBalancerWithADeadServer(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	var mu sync.Mutex
	dead := 0
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		at, udp := w.RemoteAddr().(*net.UDPAddr)
		if !udp {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if dead == 0 {
			dead = at.Port
		}
		if dead != at.Port {
			z.ServeDNS(w, r)
		}
	}))
	for n := range 10 {
		if _, err := c.Exchange(t.Context(), "demo.com", fmt.Sprintf("n%d.demo.com", n), dns.TypeA); err != nil {
			t.Fatal(err)
		}
	}
}

// A server may drop one zone and serve another; one that is silent for two is dead.
func TestSilenceIsOfAZone(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	var asked atomic.Int64
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if asked.Add(1); strings.HasSuffix(r.Question[0].Name, "demo.com.") {
			z.ServeDNS(w, r)
		}
	}))
	ask := func(scope string) error {
		_, err := c.Exchange(t.Context(), scope, "api."+scope, dns.TypeA)
		return err
	}
	first, again, other := ask("one.example"), ask("one.example"), ask("demo.com")
	if kindOf(t, first) != Timeout || kindOf(t, again) != Silent || other != nil {
		t.Errorf("got %v, %v, %v", first, again, other)
	}
	dead := authoritative(t, serve(t, func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) }))
	c = dead
	first, again = ask("one.example"), ask("two.example")
	before := asked.Load()
	if other = ask("three.example"); kindOf(t, first) != Timeout || kindOf(t, again) != Timeout || kindOf(t, other) != Silent || asked.Load() != before {
		t.Errorf("got %v, %v, %v", first, again, other)
	}
}

// An answer that does not fit a datagram is a sign of life.
func TestTruncationIsNotSilence(t *testing.T) {
	t.Parallel()
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
			m := new(dns.Msg).SetReply(r)
			m.Truncated = true
			w.WriteMsg(m)
		}
	}))
	_, err := c.Exchange(t.Context(), "demo.com", "api.demo.com", dns.TypeA)
	if kindOf(t, err) != Timeout || c.health.rests("demo.com", dns.TypeAAAA) != "" {
		t.Errorf("got %v, and %q", err, c.health.rests("demo.com", dns.TypeAAAA))
	}
}

// A server that drops some answers and truncates others limits its rate: once that shows,
// it is asked over TCP and no time is lost, and over UDP again where TCP fails.
func TestRateLimitIsTakenForWhatItIs(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	var datagrams, streams atomic.Int64
	var tcp atomic.Bool
	tcp.Store(true)
	c := authoritative(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if _, udp := w.RemoteAddr().(*net.UDPAddr); !udp {
			streams.Add(1)
			if tcp.Load() {
				z.ServeDNS(w, r)
			}
			return
		}
		switch n := datagrams.Add(1); {
		case !tcp.Load():
			z.ServeDNS(w, r)
		case n%2 == 1:
			m := new(dns.Msg).SetReply(r)
			m.Truncated = true
			w.WriteMsg(m)
		}
	}))
	ask := func(n int) {
		t.Helper()
		if m, err := c.Exchange(t.Context(), "demo.com", fmt.Sprintf("n%d.wild.demo.com", n), dns.TypeCNAME); err != nil || m == nil {
			t.Fatalf("got %v, %v", m, err)
		}
	}
	ask(0) // truncated
	ask(1) // dropped
	before := datagrams.Load()
	for n := range 20 {
		ask(2 + n)
	}
	if got := datagrams.Load(); got != before || streams.Load() < 20 {
		t.Errorf("%d more datagrams and %d streams, want none and at least 20", got-before, streams.Load())
	}
	tcp.Store(false)
	ask(30)
	if c.health.limits() {
		t.Error("TCP failed, and is still used")
	}
}
