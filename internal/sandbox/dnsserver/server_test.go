package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t testing.TB, zone, faults string) *Server {
	t.Helper()
	rrs, err := ParseZone(zone, "test")
	if err != nil {
		t.Fatal(err)
	}
	set, err := fault.Parse(faults)
	if err != nil {
		t.Fatal(err)
	}
	plan := new(fault.Plan)
	plan.Replace(set)
	s, err := Start("127.0.0.1:0", rrs, plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ask(t *testing.T, s *Server, network string, q *dns.Msg) (*dns.Msg, error) {
	t.Helper()
	return askWithin(t, s, network, q, 20*time.Second) // a busy machine's answer, too
}

func askWithin(t *testing.T, s *Server, network string, q *dns.Msg, limit time.Duration) (*dns.Msg, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	m, _, err := (&dns.Client{Net: network, Timeout: limit}).ExchangeContext(ctx, q, s.Addr())
	return m, err
}

func TestFlags(t *testing.T) {
	s := start(t, text, "")
	q := new(dns.Msg).SetQuestion("aPi.demo.com.", dns.TypeA).SetEdns0(4096, true)
	q.CheckingDisabled = true
	for _, network := range []string{"udp", "tcp"} {
		m, err := ask(t, s, network, q)
		if err != nil {
			t.Fatal(err)
		}
		if !m.RecursionAvailable || !m.RecursionDesired || !m.CheckingDisabled || m.Authoritative || m.Truncated ||
			m.Question[0].Name != "aPi.demo.com." || len(m.Answer) != 3 || m.IsEdns0().UDPSize() != udpSize || !m.IsEdns0().Do() {
			t.Errorf("%s: got %s", network, m)
		}
	}
}

func TestRefusesWhatItDoesNotServe(t *testing.T) {
	s := start(t, text, "")
	query := func(change func(*dns.Msg)) *dns.Msg {
		q := new(dns.Msg).SetQuestion("api.demo.com.", dns.TypeA).SetEdns0(1232, false)
		change(q)
		return q
	}
	for name, c := range map[string]struct {
		q    *dns.Msg
		want int
	}{
		"class":    {query(func(q *dns.Msg) { q.Question[0].Qclass = dns.ClassCHAOS }), dns.RcodeRefused},
		"transfer": {query(func(q *dns.Msg) { q.Question[0].Qtype = dns.TypeAXFR }), dns.RcodeRefused},
		"notify":   {query(func(q *dns.Msg) { q.Opcode = dns.OpcodeNotify }), dns.RcodeNotImplemented},
		"version":  {query(func(q *dns.Msg) { q.IsEdns0().SetVersion(1) }), dns.RcodeBadVers},
	} {
		m, err := ask(t, s, "udp", c.q)
		if err != nil || m.Rcode != c.want {
			t.Errorf("%s: got %v, %v, want %s", name, m, err, dns.RcodeToString[c.want])
		}
	}
}

func TestBareHeaderDoesNotKillIt(t *testing.T) {
	s := start(t, text, "")
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if m, err := ask(t, s, "udp", new(dns.Msg).SetQuestion("api.demo.com.", dns.TypeA)); err != nil || len(m.Answer) != 3 {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestTruncation(t *testing.T) {
	s := start(t, "big.demo.com. IN TXT \""+strings.Repeat("x", 200)+"\" \""+strings.Repeat("y", 200)+"\" \""+strings.Repeat("z", 200)+"\"", "")
	q := new(dns.Msg).SetQuestion("big.demo.com.", dns.TypeTXT)
	if m, err := ask(t, s, "udp", q); err != nil || !m.Truncated || len(m.Answer) != 0 {
		t.Errorf("512 bytes: got %v, %v", m, err)
	}
	if m, err := ask(t, s, "udp", q.Copy().SetEdns0(1232, false)); err != nil || m.Truncated || len(m.Answer) != 1 {
		t.Errorf("1232 bytes: got %v, %v", m, err)
	}
	if m, err := ask(t, s, "tcp", q); err != nil || m.Truncated || len(m.Answer) != 1 {
		t.Errorf("TCP: got %v, %v", m, err)
	}
}

func TestFaults(t *testing.T) {
	s := start(t, text, "dns/api.demo.com:servfail:1,dns/api.demo.com:refused:1,dns/api.demo.com:nxdomain:1,"+
		"dns/api.demo.com:timeout:1,dns/api.demo.com:latency=30ms:1,dns/first.demo.com:formerr,dns/lost.demo.com:bogus,dns/two.demo.com:truncate")
	q := new(dns.Msg).SetQuestion("api.demo.com.", dns.TypeA)
	for _, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNameError} {
		if m, err := ask(t, s, "udp", q); err != nil || m.Rcode != want {
			t.Errorf("got %v, %v, want %s", m, err, dns.RcodeToString[want])
		}
	}
	var netErr net.Error
	if m, err := askWithin(t, s, "udp", q, 300*time.Millisecond); !errors.As(err, &netErr) || !netErr.Timeout() {
		t.Errorf("got %v, %v, want a time-out", m, err)
	}
	began := time.Now()
	if m, err := ask(t, s, "udp", q); err != nil || len(m.Answer) != 3 || time.Since(began) < 30*time.Millisecond {
		t.Errorf("got %v, %v after %s", m, err, time.Since(began))
	}
	q = new(dns.Msg).SetQuestion("first.demo.com.", dns.TypeA).SetEdns0(1232, false)
	if m, err := ask(t, s, "udp", q); err != nil || m.Rcode != dns.RcodeFormatError {
		t.Errorf("EDNS: got %v, %v", m, err)
	}
	q.Extra = nil
	if m, err := ask(t, s, "udp", q); err != nil || m.Rcode != dns.RcodeSuccess {
		t.Errorf("no EDNS: got %v, %v", m, err)
	}
	q = new(dns.Msg).SetQuestion("lost.demo.com.", dns.TypeCNAME)
	if m, err := ask(t, s, "udp", q); err != nil || m.Rcode != dns.RcodeServerFailure {
		t.Errorf("CD=0: got %v, %v", m, err)
	}
	q.CheckingDisabled = true
	if m, err := ask(t, s, "udp", q); err != nil || m.Rcode != dns.RcodeSuccess {
		t.Errorf("CD=1: got %v, %v", m, err)
	}
	q = new(dns.Msg).SetQuestion("two.demo.com.", dns.TypeCNAME)
	if m, err := ask(t, s, "udp", q); err != nil || !m.Truncated || len(m.Answer) != 0 {
		t.Errorf("UDP: got %v, %v", m, err)
	}
	if m, err := ask(t, s, "tcp", q); err != nil || m.Truncated || len(m.Answer) != 2 {
		t.Errorf("TCP: got %v, %v", m, err)
	}
}

func TestLookupMeetsTheSameFaults(t *testing.T) {
	s := start(t, text, "dns/api.demo.com:timeout:1,dns/api.demo.com:refused:1,dns/api.demo.com:nxdomain:1")
	for _, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNameError, dns.RcodeSuccess} {
		if _, rcode := s.Lookup("api.demo.com", dns.TypeA); rcode != want {
			t.Errorf("got %s, want %s", dns.RcodeToString[rcode], dns.RcodeToString[want])
		}
	}
}

func TestSetRecordsWhileServing(t *testing.T) {
	s := start(t, text, "")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 50 {
				if i == 0 {
					if err := s.SetRecords("API.demo.com", fmt.Sprintf("api.demo.com. IN A 198.51.100.%d", j+1)); err != nil {
						t.Error(err)
					}
					continue
				}
				if answer, rcode := s.Lookup("api.demo.com", dns.TypeA); rcode != dns.RcodeSuccess || len(answer) == 0 {
					t.Errorf("got %v, %d", answer, rcode)
				}
			}
		})
	}
	wg.Wait()
	if answer, _ := s.Lookup("api.demo.com.", dns.TypeA); len(answer) != 1 || !strings.HasSuffix(answer[0].String(), "198.51.100.50") {
		t.Errorf("got %v", answer)
	}
	if err := s.SetRecords("api.demo.com", ""); err != nil {
		t.Fatal(err)
	}
	if _, rcode := s.Lookup("api.demo.com", dns.TypeA); rcode != dns.RcodeNameError {
		t.Errorf("got %s after removal", dns.RcodeToString[rcode])
	}
	for _, bad := range []string{"www.demo.com. IN A 198.51.100.1", "api.demo.com. IN A x"} {
		if err := s.SetRecords("api.demo.com", bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func BenchmarkUDP(b *testing.B) {
	s := start(b, text, "")
	b.RunParallel(func(pb *testing.PB) {
		conn, err := dns.Dial("udp", s.Addr())
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		q := new(dns.Msg).SetQuestion("api.demo.com.", dns.TypeA)
		for pb.Next() {
			if err := conn.WriteMsg(q); err != nil {
				b.Error(err)
			}
			if _, err := conn.ReadMsg(); err != nil {
				b.Error(err)
			}
		}
	})
}
