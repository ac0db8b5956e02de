package resolve

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// reply is a handler that answers with a changed copy of the sample zone's
// answer, truncated where a datagram cannot hold it.
func reply(t testing.TB, change func(r, m *dns.Msg)) dns.HandlerFunc {
	z := newZone(t, sampleZone)
	return func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		change(r, m)
		if w.RemoteAddr().Network() == "udp" && m.Len() > ednsSize {
			m.Truncate(ednsSize)
		}
		w.WriteMsg(m)
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	code := func(rcode int) func(r, m *dns.Msg) {
		return func(_, m *dns.Msg) { m.Answer, m.Rcode = nil, rcode }
	}
	tests := map[string]struct {
		change func(r, m *dns.Msg)
		kind   Kind
		words  string
	}{
		"refused":       {code(dns.RcodeRefused), Refused, "(REFUSED)"},
		"servfail":      {code(dns.RcodeServerFailure), ServerFailure, "with and without DNSSEC validation"},
		"notauth":       {code(dns.RcodeNotAuth), OtherCode, "NOTAUTH"},
		"formerr":       {code(dns.RcodeFormatError), OtherCode, "FORMERR"},
		"unknown code":  {code(13), OtherCode, "RCODE 13"},
		"wrong name":    {func(_, m *dns.Msg) { m.Question[0].Name = "evil.demo.com." }, Foreign, "another id or question"},
		"wrong type":    {func(_, m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX }, Foreign, "another id or question"},
		"wrong class":   {func(_, m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }, Foreign, "another id or question"},
		"wrong id":      {func(_, m *dns.Msg) { m.Id++ }, Foreign, "another id or question"},
		"no question":   {func(_, m *dns.Msg) { m.Question = nil }, Foreign, "another id or question"},
		"two questions": {func(_, m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }, Foreign, "another id"},
		"a query":       {func(_, m *dns.Msg) { m.Response = false }, Foreign, "another id or question"},
		"opcode":        {func(_, m *dns.Msg) { m.Opcode = dns.OpcodeNotify }, Foreign, "another id or question"},
		"referral": {func(_, m *dns.Msg) {
			ns, _ := dns.NewRR("com. 60 IN NS a.example.")
			m.Answer, m.Ns, m.RecursionAvailable = nil, []dns.RR{ns}, false
		}, NoRecursion, "does not recurse"},
		"empty rdata": {func(_, m *dns.Msg) {
			m.Answer = []dns.RR{&dns.RFC3597{Hdr: dns.RR_Header{Name: "api.demo.com.", Rrtype: dns.TypeCNAME, Class: dns.ClassINET}}}
		}, Malformed, "no usable data"},
		"too many": {func(_, m *dns.Msg) {
			m.Answer = nil
			for i := range maxAtName + 1 {
				m.Answer = append(m.Answer, &dns.CNAME{Hdr: dns.RR_Header{Name: "api.demo.com.", Rrtype: dns.TypeCNAME, Class: dns.ClassINET},
					Target: strings.Repeat("a", i%60+1) + "." + strings.Repeat("b", i/60+1) + "."})
			}
			m.Compress = true
		}, TooMuch, "want at most 256"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := patient(t, serve(t, reply(t, tt.change)), 600*time.Millisecond).Walk(within(t, 10*time.Second), "api.demo.com")
			if got := kindOf(t, err); got != tt.kind || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %s: %v, want %s: …%s…", got, err, tt.kind, tt.words)
			}
			if !strings.Contains(err.Error(), "for api.demo.com CNAME: ") {
				t.Errorf("the question is not named: %v", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c := client(t, serve(t, func(dns.ResponseWriter, *dns.Msg) { asked.Add(1) }))
	_, err := c.Walk(t.Context(), "api.demo.com")
	if kindOf(t, err) != Timeout || asked.Load() != 2 {
		t.Errorf("got %v after %d tries", err, asked.Load())
	}
	ctx := within(t, 20*time.Millisecond)
	_, err = client(t, serve(t, func(dns.ResponseWriter, *dns.Msg) {})).Walk(ctx, "other.demo.com")
	if kindOf(t, err) != Interrupted || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the caller's deadline", err)
	}
}

func TestSecondTry(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	z := newZone(t, sampleZone)
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		if asked.Add(1) > 1 {
			z.ServeDNS(w, r)
		}
	}))
	if got, err := c.Walk(t.Context(), "flat.demo.com"); err != nil || got.Event != Found {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestClosedPort(t *testing.T) {
	t.Parallel()
	c, err := New(Config{Server: "127.0.0.1:1", Timeout: time.Hour}) // waiting for it would end the test
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Walk(t.Context(), "api.demo.com")
	if kindOf(t, err) != Unreachable || !strings.Contains(err.Error(), "nothing listens") {
		t.Errorf("got %v", err)
	}
}

func TestServerFailureAndDNSSEC(t *testing.T) {
	t.Parallel()
	servfail := func(m *dns.Msg) {
		m.Answer, m.Rcode = nil, dns.RcodeServerFailure
		m.SetEdns0(1232, false)
		m.IsEdns0().Option = []dns.EDNS0{&dns.EDNS0_EDE{InfoCode: dns.ExtendedErrorCodeDNSBogus, ExtraText: "sig\x1b expired"}}
	}
	c := client(t, serve(t, reply(t, func(r, m *dns.Msg) {
		if !r.CheckingDisabled {
			servfail(m)
		}
	})))
	_, err := c.Walk(t.Context(), "api.demo.com")
	if kindOf(t, err) != Bogus || !strings.Contains(err.Error(), `(extended error 6 DNSSEC Bogus "sig\x1b expired")`) {
		t.Errorf("got %v", err)
	}

	var asked atomic.Int64
	c = client(t, serve(t, reply(t, func(_, m *dns.Msg) {
		if asked.Add(1) == 1 {
			servfail(m)
		}
	})))
	if got, err := c.Walk(t.Context(), "flat.demo.com"); err != nil || got.Event != Found {
		t.Errorf("a resolver that recovered: got %+v, %v", got, err)
	}
}

func TestServersWithoutEDNS(t *testing.T) {
	t.Parallel()
	for _, rcode := range []int{dns.RcodeFormatError, dns.RcodeNotImplemented, dns.RcodeBadVers} {
		c := client(t, serve(t, reply(t, func(r, m *dns.Msg) {
			if r.IsEdns0() == nil {
				return
			}
			m.Answer, m.Rcode = nil, rcode
			if rcode == dns.RcodeBadVers {
				m.SetEdns0(1232, false)
			} else {
				m.Question = nil // it could not read the query
			}
		})))
		if got, err := c.Walk(t.Context(), "api.demo.com"); err != nil || got.Event != Found {
			t.Errorf("%s: got %+v, %v", dns.RcodeToString[rcode], got, err)
		}
	}
}

func TestTruncationGoesToTCP(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	c := client(t, serve(t, func(w dns.ResponseWriter, r *dns.Msg) {
		m := z.answer(r)
		if w.RemoteAddr().Network() == "udp" {
			m.Answer, m.Truncated = nil, true
		}
		w.WriteMsg(m)
	}))
	if got, err := c.Walk(t.Context(), "api.demo.com"); err != nil || got.Name != "group.alicloudapi.com" {
		t.Errorf("got %+v, %v", got, err)
	}
	both := client(t, serve(t, reply(t, func(_, m *dns.Msg) { m.Truncated = true })))
	if _, err := both.Walk(t.Context(), "api.demo.com"); kindOf(t, err) != Malformed {
		t.Errorf("truncated over TCP: got %v", err)
	}
}

// hostile starts a server that answers each datagram with the results of respond.
func hostile(t *testing.T, respond func(query []byte) [][]byte) (string, net.Listener) {
	udp, tcp := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, from, err := udp.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, m := range respond(buf[:n]) {
				udp.WriteTo(m, from)
			}
		}
	}()
	t.Cleanup(func() { udp.Close(); tcp.Close(); <-done })
	return udp.LocalAddr().String(), tcp
}

func TestForgeriesDoNotEndTheWait(t *testing.T) {
	t.Parallel()
	z := newZone(t, sampleZone)
	server, _ := hostile(t, func(query []byte) [][]byte {
		r := new(dns.Msg)
		r.Unpack(query)
		right, _ := z.answer(r).Pack()
		forged := z.answer(r)
		forged.Id++
		wrong, _ := forged.Pack()
		return [][]byte{{}, []byte("x"), query, wrong, right}
	})
	if got, err := client(t, server).Walk(t.Context(), "api.demo.com"); err != nil || len(got.Hops) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// An answer counts for the query of a batch that has its id and its question, and only
// for that one. The first of several counts.
func TestForgeriesInABatch(t *testing.T) {
	t.Parallel()
	address := func(q *dns.Msg, last byte) *dns.Msg {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, last)}}
		}
		return m
	}
	for name, before := range map[string]func(all []*dns.Msg) (out []*dns.Msg){
		"ids of the other queries": func(all []*dns.Msg) (out []*dns.Msg) {
			for _, q := range all {
				for _, other := range all {
					if m := address(q, 66); other.Id != q.Id {
						m.Id = other.Id
						out = append(out, m)
					}
				}
			}
			return out
		},
		"truncated, for the other queries": func(all []*dns.Msg) (out []*dns.Msg) {
			for i, q := range all {
				m := address(all[(i+1)%len(all)], 66)
				m.Id, m.Truncated = q.Id, true
				out = append(out, m)
			}
			return out
		},
		"questions back": func(all []*dns.Msg) (out []*dns.Msg) {
			for _, q := range all {
				m := address(q, 66)
				m.Response = false
				out = append(out, m)
			}
			return out
		},
		"of another name": func(all []*dns.Msg) (out []*dns.Msg) {
			for _, q := range all {
				m := address(q, 66)
				m.Question[0].Name = "evil.demo.com."
				out = append(out, m)
			}
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all []*dns.Msg
			server, _ := hostile(t, func(query []byte) (out [][]byte) {
				r := new(dns.Msg)
				if r.Unpack(query) != nil {
					return nil
				}
				if all = append(all, r); len(all) < len(fourTypes) {
					return nil
				}
				answers := before(all)
				for _, last := range []byte{1, 66} { // the second answer to each comes too late
					for _, q := range all {
						answers = append(answers, address(q, last))
					}
				}
				for _, m := range answers {
					wire, err := m.Pack()
					if err != nil {
						t.Error(err)
					}
					out = append(out, wire)
				}
				all = nil
				return out
			})
			for i, r := range patient(t, server, 5*time.Second).ExchangeAll(t.Context(), "demo.com", "www.demo.com", fourTypes) {
				if r.Err != nil {
					t.Errorf("%s: %v", dns.Type(fourTypes[i]), r.Err)
					continue
				}
				want := 0
				if fourTypes[i] == dns.TypeA {
					want = 1
				}
				if got := r.Message.Answer; len(got) != want || want == 1 && !got[0].(*dns.A).A.Equal(net.IPv4(192, 0, 2, 1)) {
					t.Errorf("%s: got %v", dns.Type(fourTypes[i]), got)
				}
			}
		})
	}
}

func TestUnreadableMessages(t *testing.T) {
	t.Parallel()
	lies := map[string]func(answer []byte) []byte{
		"count lie":    func(m []byte) []byte { m[7]++; return m },
		"many records": func(m []byte) []byte { m[6] = 0xFF; return m },
		"cut":          func(m []byte) []byte { return m[:len(m)-3] },
		"loop of compression": func(m []byte) []byte {
			return append(m[:len(m):len(m)], 0xC0, byte(len(m)))
		},
	}
	for name, lie := range lies {
		server, _ := hostile(t, func(query []byte) [][]byte {
			r := new(dns.Msg)
			r.Unpack(query)
			m := new(dns.Msg).SetReply(r)
			rr, _ := dns.NewRR("api.demo.com. 60 IN CNAME group.alicloudapi.com.")
			m.Answer = []dns.RR{rr}
			wire, _ := m.Pack()
			if name == "loop of compression" {
				wire[7]++
			}
			return [][]byte{lie(wire)}
		})
		if _, err := client(t, server).Walk(t.Context(), "api.demo.com"); kindOf(t, err) != Malformed {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDrippingTCPServerIsBounded(t *testing.T) {
	t.Parallel()
	server, tcp := hostile(t, func(query []byte) [][]byte {
		query[2] |= 0x82 // QR, TC
		return [][]byte{query}
	})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte{0xFF, 0xFF})
			for range 100 {
				if _, err := conn.Write([]byte{0}); err != nil {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			conn.Close()
		}
	}()
	_, err := client(t, server).Walk(within(t, time.Second), "api.demo.com")
	if kindOf(t, err) != Timeout || !strings.Contains(err.Error(), "over tcp") {
		t.Errorf("got %v", err)
	}
	tcp.Close()
	<-stopped
}
