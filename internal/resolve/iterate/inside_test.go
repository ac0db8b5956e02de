package iterate

import (
	"crypto"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/lab"
)

// One walk that has no questions left does not spoil the next one's zones.
func TestSpentBudgetIsNotShared(t *testing.T) {
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
	if m, err := w.ask(t.Context(), newTrail(), "www.child.demo.com", dns.TypeCNAME); err != nil || m.Zone.Name != "child.demo.com" {
		t.Errorf("got %+v, %v", m, err)
	}
}

// A zone that anyone may publish does not make this machine ask in its own network.
func TestPrivateAddressesAreNotAsked(t *testing.T) {
	w, err := New(Config{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var addrs []netip.Addr
	for _, text := range []string{"10.0.0.1", "127.0.0.1", "169.254.169.254", "100.100.2.136", "::1", "fd00::1", "fe80::1", "::ffff:192.168.0.1", "0.0.0.0", "224.0.0.1"} {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	z, err := w.newZone(w.root, "demo.com", map[string][]netip.Addr{"ns.demo.com": addrs})
	if err != nil || len(z.Servers) != len(addrs) {
		t.Fatalf("got %+v, %v", z, err)
	}
	for _, s := range z.Servers {
		if r := w.one(t.Context(), z, s, "api.demo.com", dns.TypeCNAME); s.client != nil || r.Standing != Silent || r.Problem == "" {
			t.Errorf("%s: got %+v", s.Address, r)
		}
	}
	z, err = w.newZone(w.root, "demo.com", map[string][]netip.Addr{"ns.demo.com": {netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}})
	if err != nil || z.Servers[0].client == nil || z.Servers[1].client == nil {
		t.Errorf("got %+v, %v", z, err)
	}
}

// One good answer is enough, and a bad one beside it is told, whichever comes first.
func TestBadAnswerBesideAGoodOne(t *testing.T) {
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
		return Reply{Standing: Authoritative, Said: resolve.Answer{CNAMEs: []resolve.CNAME{{Target: "a.example", TTL: 60}}}, message: &dns.Msg{Answer: []dns.RR{alias, sig}}}
	}
	good, bad := reply(-time.Hour, time.Hour), reply(-2*time.Hour, -time.Hour)
	for _, replies := range [][]Reply{{good, bad}, {bad, good}} {
		m := Matrix{Zone: &Zone{Name: "demo.com"}, Name: "api.demo.com", Type: dns.TypeCNAME, Replies: replies}
		s := Security{Status: Secure}
		s.join(w.matrix(m, []*dns.DNSKEY{key}))
		if s.Status != Secure || s.Reason == "" {
			t.Errorf("got %+v", s)
		}
	}
	m := Matrix{Zone: &Zone{Name: "demo.com"}, Name: "api.demo.com", Type: dns.TypeCNAME, Replies: []Reply{good}}
	if status, _, reason := w.matrix(m, []*dns.DNSKEY{key}); status != Secure || reason != "" {
		t.Errorf("got %s, %q", status, reason)
	}
}
