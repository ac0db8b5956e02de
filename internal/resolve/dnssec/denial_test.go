package dnssec

import (
	"crypto"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// signer signs records as demo.com.
func signer(tb testing.TB) (*dns.DNSKEY, func(dns.RR) []dns.RR) {
	tb.Helper()
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "demo.com.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 60},
		Flags: 257, Protocol: 3, Algorithm: dns.ED25519}
	private, err := key.Generate(256)
	if err != nil {
		tb.Fatal(err)
	}
	return key, func(rr dns.RR) []dns.RR {
		sig := &dns.RRSIG{KeyTag: key.KeyTag(), SignerName: "demo.com.", Algorithm: key.Algorithm,
			Inception: uint32(noon.Add(-time.Hour).Unix()), Expiration: uint32(noon.Add(time.Hour).Unix())}
		if sig.Sign(private.(crypto.Signer), []dns.RR{rr}) != nil {
			return nil // no wire format holds it
		}
		return []dns.RR{rr, sig}
	}
}

// TestEmptyNonTerminals: a name with names below it exists, and no wildcard
// stands for it (RFC 4592 §2.2.2).
func TestEmptyNonTerminals(t *testing.T) {
	key, sign := signer(t)
	keys := []*dns.DNSKEY{key}
	rr, err := dns.NewRR("a.demo.com. 60 IN NSEC z.b.demo.com. A RRSIG NSEC")
	if err != nil {
		t.Fatal(err)
	}
	section := sign(rr)
	if _, err := NoData(section, "demo.com", keys, "b.demo.com", dns.TypeCNAME, noon); err != nil {
		t.Errorf("no data: %v", err)
	}
	if _, err := NameError(section, "demo.com", keys, "b.demo.com", noon); err == nil {
		t.Error("it is said not to exist")
	}
	if _, err := Expanded(section, "demo.com", keys, "b.demo.com", 2, noon); err == nil {
		t.Error("a wildcard stands for it")
	}
	if _, err := Expanded(section, "demo.com", keys, "c.b.demo.com", 2, noon); err != nil {
		t.Errorf("a name beside z.b: %v", err)
	}
}

// FuzzDenial: one signed NSEC record never denies its own name, the next one or a
// name above that, nor a type that it lists.
func FuzzDenial(f *testing.F) {
	for _, seed := range [][3]string{
		{"a.demo.com", "z.b.demo.com", "b.demo.com"}, {"a.demo.com", "c.demo.com", "b.demo.com"}, {"z.demo.com", "demo.com", "zz.demo.com"},
		{"*.demo.com", "c.demo.com", "b.demo.com"}, {"demo.com", "demo.com", "*.demo.com"}, {`\000.demo.com`, "A.demo.com", `\255.a.demo.com`},
	} {
		f.Add(seed[0], seed[1], seed[2], []byte{1, 46, 47})
	}
	key, sign := signer(f)
	f.Fuzz(func(t *testing.T, owner, next, asked string, types []byte) {
		name, err := resolve.NameToAsk(asked)
		if err != nil || !below(name, "demo.com") {
			return
		}
		rr := &dns.NSEC{Hdr: dns.RR_Header{Name: dns.Fqdn(owner), Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 60}, NextDomain: dns.Fqdn(next)}
		lists := false
		for i, b := range types {
			if i > 0 && b <= types[i-1] {
				return // bitmaps are in order
			}
			rr.TypeBitMap = append(rr.TypeBitMap, uint16(b))
			lists = lists || b == byte(dns.TypeTXT)
		}
		wire := make([]byte, dns.Len(rr)+1)
		end, err := dns.PackRR(rr, wire, 0, nil, false)
		if err != nil {
			return
		}
		read, _, err := dns.UnpackRR(wire[:end], 0) // spelled as in a message
		if err != nil {
			return
		}
		section, keys := sign(read), []*dns.DNSKEY{key}
		own, follows := resolve.Canonical(read.Header().Name), resolve.Canonical(read.(*dns.NSEC).NextDomain)
		_, nameError := NameError(section, "demo.com", keys, name, noon)
		_, expanded := Expanded(section, "demo.com", keys, name, 2, noon)
		if (nameError == nil || expanded == nil) && (name == own || below(follows, name)) {
			t.Errorf("%s: %q is denied (%v, %v)", read, name, nameError, expanded)
		}
		if _, err := NoData(section, "demo.com", keys, name, dns.TypeTXT, noon); err == nil && name == own && lists {
			t.Errorf("%s: TXT of %q is denied", read, name)
		}
	})
}
