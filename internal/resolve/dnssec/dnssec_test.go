package dnssec

import (
	"crypto"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
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

// A record that is not signed proves nothing, whatever it covers.
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
