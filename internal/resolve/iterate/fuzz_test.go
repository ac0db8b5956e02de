package iterate

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// FuzzMessage: whatever a server of demo.com answers, a delegation leads below
// its zone and towards the name, an address comes only for a host that the
// server may speak of, and an answer is of the name that was asked.
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
		at := Matrix{Zone: &Zone{Name: zone, Servers: []Server{{Address: netip.AddrPort{}}}}, Name: name, Type: dns.TypeCNAME}
		r := Reply{Standing: Authoritative, Said: said, message: m}
		if _, err := w.reply(at, r, []*dns.DNSKEY{key}); err == nil {
			t.Error("validated without a signature")
		}
	})
}
