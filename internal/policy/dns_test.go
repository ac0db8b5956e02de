package policy

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/evidence"
)

func TestParseCAA(t *testing.T) {
	for text, want := range map[string]caaRecord{
		`0 issue "letsencrypt.org"`:                            {0, "issue", "letsencrypt.org"},
		`128 ISSUE "ca.example; accounturi=https://a.example"`: {128, "issue", "ca.example; accounturi=https://a.example"},
		`0 issue ";"`:            {0, "issue", ";"},
		`0 iodef "a\"b\\c\009d"`: {0, "iodef", "a\"b\\c\td"},
		`255 x ""`:               {255, "x", ""},
		`0 x "a\300"`:            {0, "x", "a300"},
		`0 x "\"`:                {0, "x", `\`},
	} {
		if got, err := parseCAA(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "0 issue", `256 issue "x"`, `-1 issue "x"`, `a issue "x"`} {
		if got, err := parseCAA(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

func TestRegistrableDomain(t *testing.T) {
	for name, want := range map[string]string{
		"www.demo.com": "demo.com", "WWW.Demo.COM.": "demo.com", "*.a.demo.co.uk": "demo.co.uk", "demo.com": "demo.com", "*.demo.com": "demo.com",
		"shop.bücher.example": "xn--bcher-kva.example", "a.github.io": "a.github.io", "com": "", "co.uk": "", "": "", "a..com": "", "-.com": "",
	} {
		got := registrableOf(name)
		if (got == nil) != (want == "") || got != nil && *got != want {
			t.Errorf("%q: got %v, want %q", name, got, want)
		}
	}
}

// A rule about the CA, the key, the CAA records and the registrable domain has fields
// to compare, also in a document that is written by hand.
func TestFieldsOfCertificateAndDNS(t *testing.T) {
	module := "# METADATA\n# custom:\n#   needs: [dns]\n#   uses: [certificate, key]\n" + head + `
deny contains "CA" if not "Demo" in leaf.issuerParts.organization
deny contains "key" if leaf.spkiDigest == input.evidence.key.facts.publicKeyDigest
deny contains "aki" if leaf.authorityKeyId == "01ab"
deny contains sprintf("%s %d %s %s", [caa.name, r.flag, r.tag, r.value]) if some r in caa.records
deny contains "no CAA" if not caa.given
deny contains input.binding.registrableDomain if input.binding.registrableDomain != null
leaf := input.evidence.certificate.facts.chain[0]
caa := input.evidence.dns.facts.caaSet
`
	e := engine(t, module)
	in := withCertificate(t)
	for name, c := range map[string]struct {
		caa           []evidence.Lookup
		want, failure string
	}{
		"set": {[]evidence.Lookup{{Name: "www.demo.com", Event: evidence.EventNoData}, {Name: "demo.com", Records: []string{`0 issue "a.example"`}}},
			"aki@ demo.com@ demo.com 0 issue a.example@", ""},
		"none":       {[]evidence.Lookup{{Name: "www.demo.com", Event: evidence.EventNoData}}, "aki@ demo.com@", ""},
		"not asked":  {nil, "aki@ demo.com@ no CAA@", ""},
		"unreadable": {[]evidence.Lookup{{Name: "demo.com", Records: []string{"x"}}}, "", "reading the CAA records of \"demo.com\""},
	} {
		in.Evidence.DNS.Facts.Context = &evidence.DNSContext{CAA: c.caa}
		o := e.Evaluate(context.Background(), in)
		wantWords(t, o.Reason, c.failure)
		if c.failure != "" {
			continue
		}
		if o.State != evidence.StateObserved {
			t.Fatalf("%s: got %+v", name, o)
		}
		if d := cmp.Diff(c.want, flat(o.Facts.Packages[1].Denials)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
