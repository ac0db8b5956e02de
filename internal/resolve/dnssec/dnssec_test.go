package dnssec

import (
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// signed is a set of demo.com, a key of the zone and the DS record for it.
func signed(t *testing.T) (Set, *dns.DNSKEY, *dns.DS) {
	t.Helper()
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: "demo.com.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 60},
		Flags: 257, Protocol: 3, Algorithm: dns.ED25519}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	rr, err := dns.NewRR("api.demo.com. 60 IN CNAME a.example.")
	if err != nil {
		t.Fatal(err)
	}
	s := Set{Records: []dns.RR{rr}}
	for _, set := range [][]dns.RR{s.Records, {key}} {
		sig := &dns.RRSIG{KeyTag: key.KeyTag(), SignerName: "demo.com.", Algorithm: key.Algorithm,
			Inception: uint32(noon.Add(-time.Hour).Unix()), Expiration: uint32(noon.Add(time.Hour).Unix())}
		if err := sig.Sign(private.(crypto.Signer), set); err != nil {
			t.Fatal(err)
		}
		s.Signatures = append(s.Signatures, sig)
	}
	return s, key, key.ToDS(dns.SHA256)
}

func TestVerify(t *testing.T) {
	s, key, _ := signed(t)
	keys := []*dns.DNSKEY{key}
	if sig, err := s.Verify("demo.com", keys, noon); err != nil || !Until(sig, noon).Equal(noon.Add(time.Hour)) {
		t.Fatalf("got %v, %v", sig, err)
	}
	for name, at := range map[string]time.Time{"too early": noon.Add(-2 * time.Hour), "too late": noon.Add(2 * time.Hour)} {
		if _, err := s.Verify("demo.com", keys, at); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
	if _, err := s.Verify("com", keys, noon); err == nil {
		t.Error("verified for another zone")
	}
	if _, err := s.Verify("demo.com", nil, noon); err == nil {
		t.Error("verified without keys")
	}
	if _, err := (Set{Records: s.Records}).Verify("demo.com", keys, noon); err == nil {
		t.Error("verified without a signature")
	}
	if _, err := (Set{Signatures: s.Signatures}).Verify("demo.com", keys, noon); err == nil {
		t.Error("verified nothing")
	}
	s.Records[0].(*dns.CNAME).Target = "evil.example."
	if _, err := s.Verify("demo.com", keys, noon); err == nil {
		t.Error("verified a forged record")
	}
}

func TestKeys(t *testing.T) {
	s, key, ds := signed(t)
	set := Set{Records: []dns.RR{key}, Signatures: s.Signatures}
	if keys, _, err := Keys("demo.com", set, []*dns.DS{ds}, noon); err != nil || len(keys) != 1 {
		t.Fatalf("got %v, %v", keys, err)
	}
	odd, wrong := *ds, *ds
	odd.Algorithm, wrong.Digest = 200, strings.Repeat("0", len(ds.Digest))
	if _, _, err := Keys("demo.com", set, []*dns.DS{&odd}, noon); !errors.Is(err, ErrUnsupported) {
		t.Errorf("an unknown algorithm: got %v", err)
	}
	if _, _, err := Keys("demo.com", set, []*dns.DS{&wrong}, noon); err == nil || errors.Is(err, ErrUnsupported) {
		t.Errorf("another key: got %v", err)
	}
	revoked := *key
	revoked.Flags |= 1 << 7
	if _, _, err := Keys("demo.com", Set{Records: []dns.RR{&revoked}, Signatures: s.Signatures}, []*dns.DS{ds}, noon); err == nil {
		t.Error("a revoked key: got no error")
	}
}

// The example of RFC 4034 §6.1.
func TestCanonicalOrder(t *testing.T) {
	order := []string{"example", "a.example", "yljkjljk.a.example", "z.a.example", "zabc.a.example", "z.example", `\001.z.example`, "*.z.example", `\200.z.example`}
	for i := range order {
		for j := range order {
			if got := compare(order[i], order[j]); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: got %d", order[i], order[j], got)
			}
		}
	}
}

// An unsigned NSEC or NSEC3 record proves nothing.
func TestUnsignedDenial(t *testing.T) {
	_, key, _ := signed(t)
	nsec, err := dns.NewRR("a.demo.com. 60 IN NSEC z.demo.com. A RRSIG NSEC")
	if err != nil {
		t.Fatal(err)
	}
	section, keys := []dns.RR{nsec}, []*dns.DNSKEY{key}
	if _, err := NameError(section, "demo.com", keys, "no.demo.com", noon); err == nil {
		t.Error("a name error")
	}
	if _, err := NoData(section, "demo.com", keys, "a.demo.com", dns.TypeTXT, noon); err == nil {
		t.Error("no data")
	}
	if _, err := Expanded(section, "demo.com", keys, "no.demo.com", 2, noon); err == nil {
		t.Error("a wildcard")
	}
}

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

// TestEmptyNonTerminals tests that a name with names below it exists, and that no
// wildcard matches it (RFC 4592 §2.2.2).
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
		t.Error("a wildcard matches it")
	}
	if _, err := Expanded(section, "demo.com", keys, "c.b.demo.com", 2, noon); err != nil {
		t.Errorf("a sibling of z.b: %v", err)
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
