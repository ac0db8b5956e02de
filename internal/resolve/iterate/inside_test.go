package iterate

import (
	"crypto"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// One walk that has no questions left does not spoil the next one's zones.
func TestSpentBudgetIsNotShared(t *testing.T) {
	t.Parallel()
	plan, err := lab.NewPlan(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, plan, 0)
	roots, err := ParseRoots(l.Hints)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New(Config{Roots: roots, Port: l.Port, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for left := range int32(2) {
		poor := newTrail()
		poor.left.Store(left)
		if _, err := w.ask(t.Context(), poor, "www.child.demo.com", dns.TypeCNAME); !errors.Is(err, errSpent) {
			t.Errorf("with %d questions: got %v", left, err)
		}
	}
	if got, err := w.ask(t.Context(), newTrail(), "www.child.demo.com", dns.TypeCNAME); err != nil || got[0].Zone.Name != "child.demo.com" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A zone that anyone may publish does not make this machine ask in its own network.
func TestPrivateAddressesAreNotAsked(t *testing.T) {
	t.Parallel()
	w, err := New(Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var addrs []netip.Addr
	for _, text := range []string{"10.0.0.1", "127.0.0.1", "169.254.169.254", "100.100.2.136", "::1", "fd00::1", "fe80::1", "::ffff:192.168.0.1", "0.0.0.0", "224.0.0.1"} {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	z, err := w.newZone(w.root, "demo.com", map[string]*host{"ns.demo.com": {addrs: addrs}})
	if err != nil || len(z.Servers) != len(addrs) {
		t.Fatalf("got %+v, %v", z, err)
	}
	for _, s := range z.Servers {
		m := ZoneAnswers{Zone: z, Name: "api.demo.com", Type: dns.TypeCNAME, Replies: make([]Reply, 1)}
		w.one(t.Context(), &s, []ZoneAnswers{m}, 1, 0, nil)
		if r := m.Replies[0]; s.client != nil || r.Status != Unreachable || r.Problem == "" {
			t.Errorf("%s: got %+v", s.Address, r)
		}
	}
	z, err = w.newZone(w.root, "demo.com", map[string]*host{"ns.demo.com": {addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}})
	if err != nil || z.Servers[0].client == nil || z.Servers[1].client == nil {
		t.Errorf("got %+v, %v", z, err)
	}
}

// One good answer is enough, and a bad one is reported, in either order.
func TestBadAnswerAndAGoodOne(t *testing.T) {
	t.Parallel()
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "demo.com.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET}, Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	w := &Walker{cfg: Config{Now: func() time.Time { return now }}}
	reply := func(begin, end time.Duration) Reply {
		alias := &dns.CNAME{Hdr: dns.RR_Header{Name: "api.demo.com.", Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 60}, Target: "a.example."}
		sig := &dns.RRSIG{Hdr: dns.RR_Header{Ttl: 60}, Algorithm: key.Algorithm, KeyTag: key.KeyTag(), SignerName: "demo.com.",
			Inception: uint32(now.Add(begin).Unix()), Expiration: uint32(now.Add(end).Unix())}
		if err := sig.Sign(private.(crypto.Signer), []dns.RR{alias}); err != nil {
			t.Fatal(err)
		}
		return Reply{Server: &Server{Host: "ns.demo.com"}, Status: Authoritative, Answer: resolve.Answer{CNAMEs: []resolve.CNAME{{Target: "a.example", TTL: 60}}}, message: &dns.Msg{Answer: []dns.RR{alias, sig}}}
	}
	good, bad := reply(-time.Hour, time.Hour), reply(-2*time.Hour, -time.Hour)
	for _, replies := range [][]Reply{{good, bad}, {bad, good}} {
		m := ZoneAnswers{Zone: &Zone{Name: "demo.com"}, Name: "api.demo.com", Type: dns.TypeCNAME, Replies: replies}
		s := Security{Status: Secure}
		s.join(w.matrix(m, []*dns.DNSKEY{key}))
		if s.Status != Secure || s.Reason == "" {
			t.Errorf("got %+v", s)
		}
	}
	m := ZoneAnswers{Zone: &Zone{Name: "demo.com"}, Name: "api.demo.com", Type: dns.TypeCNAME, Replies: []Reply{good}}
	if status, _, reason := w.matrix(m, []*dns.DNSKEY{key}); status != Secure || reason != "" {
		t.Errorf("got %s, %q", status, reason)
	}
}

func TestOrderIsTheQuestionsOwn(t *testing.T) {
	t.Parallel()
	first := map[int]int{}
	for i := range 400 {
		name := fmt.Sprintf("n%d.demo.com", i)
		got := order("demo.com", name, 4)
		if !slices.Equal(got, order("demo.com", name, 4)) {
			t.Fatalf("%s: another order the second time", name)
		}
		first[got[0]]++
	}
	for server := range 4 {
		if first[server] < 50 {
			t.Errorf("server %d is asked first for %d of 400 names", server, first[server])
		}
	}
}

// FuzzMessage tests that for any answer of a server of demo.com, a delegation is below
// its zone and above the name, addresses are only those of hosts that the
// server is responsible for, and an answer is for the name in the question.
func FuzzMessage(f *testing.F) {
	for _, text := range []string{
		"api.demo.com. 60 IN CNAME a.example.", "api.demo.com. 60 IN NS ns.demo.com.\nns.demo.com. 60 IN A 192.0.2.1",
		"com. 60 IN NS ns.evil.com.\nns.evil.com. 60 IN A 192.0.2.66", "demo.com. 60 IN SOA a. b. 1 2 3 4 5",
	} {
		m := new(dns.Msg).SetQuestion("api.demo.com.", dns.TypeCNAME)
		m.Response = true
		p := dns.NewZoneParser(strings.NewReader(text), ".", "")
		for rr, ok := p.Next(); ok; rr, ok = p.Next() {
			m.Answer, m.Ns, m.Extra = append(m.Answer, rr), append(m.Ns, rr), append(m.Extra, rr)
		}
		for range 2 {
			wire, err := m.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(wire)
			m.Answer = nil
		}
	}
	const zone, name = "demo.com", "api.demo.com"
	w := &Walker{cfg: Config{Now: time.Now}}
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "demo.com.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET}, Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256, PublicKey: "AAAA"}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m := new(dns.Msg)
		if m.Unpack(wire) != nil || len(m.Answer)+len(m.Ns)+len(m.Extra) > 1024 { // package resolve reads no more
			return
		}
		if begin, ok := referral(m, zone, name); ok && (begin == zone || !within(zone, begin) || !within(begin, name)) {
			t.Errorf("a referral to %q", begin)
		}
		for host, addrs := range glueOf(m.Extra, zone, hostsAt(m.Ns, name)) {
			if len(addrs) > 0 && !within(zone, host) {
				t.Errorf("glue for %q", host)
			}
		}
		said, err := resolve.Reduce(m, name, dns.TypeCNAME)
		standing, _ := standing(m, zone, name)
		if standing == Authoritative && !m.Authoritative {
			t.Error("authority without AA")
		}
		if err != nil {
			return
		}
		at := ZoneAnswers{Zone: &Zone{Name: zone, Servers: []Server{{Address: netip.AddrPort{}}}}, Name: name, Type: dns.TypeCNAME}
		r := Reply{Status: Authoritative, Answer: said, message: m}
		if _, err := w.reply(at, r, []*dns.DNSKEY{key}); err == nil {
			t.Error("validated without a signature")
		}
	})
}

// A machine or network that drops IPv6 costs two addresses their time-outs; one that
// answers shows that there is a way.
func TestFamilyThatIsDropped(t *testing.T) {
	t.Parallel()
	at := func(last int) netip.AddrPort { return netip.MustParseAddrPort(fmt.Sprintf("[2001:db8::%d]:53", last)) }
	timeout := error(&resolve.Error{Kind: resolve.Timeout})
	var f family
	f.note(netip.MustParseAddrPort("192.0.2.1:53"), timeout)
	f.note(at(1), timeout)
	f.note(at(1), timeout)
	f.note(at(2), &resolve.Error{Kind: resolve.Interrupted})
	if why := f.lost(at(3)); why != "" {
		t.Errorf("after one address: %s", why)
	}
	f.note(at(2), timeout)
	if f.lost(at(3)) == "" || f.lost(netip.MustParseAddrPort("192.0.2.2:53")) != "" || f.lost(at(1)) != "" {
		t.Error("after two: want the third left out, and the first reported as silent")
	}
	f.note(at(2), nil)
	if why := f.lost(at(3)); why != "" {
		t.Errorf("after an answer: %s", why)
	}
}

// FuzzWithin: within agrees with the library about canonical names.
func FuzzWithin(f *testing.F) {
	for _, pair := range [][2]string{{".", "a"}, {"demo.com", "api.demo.com"}, {"demo.com", "demo.com"}, {"demo.com", "xdemo.com"}, {"demo.com", `x\.demo.com`}, {"demo.com", `x\\.demo.com`}, {"com", "com.demo"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, apex, name string) {
		apex, apexErr := resolve.NameToAsk(apex)
		name, nameErr := resolve.NameToAsk(name)
		if apexErr != nil || nameErr != nil {
			return
		}
		if got, want := within(apex, name), dns.IsSubDomain(dns.Fqdn(apex), dns.Fqdn(name)); got != want {
			t.Errorf("%q, %q: got %v, want %v", apex, name, got, want)
		}
	})
}
