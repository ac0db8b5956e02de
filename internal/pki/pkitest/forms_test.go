package pkitest_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// forms creates trusted certificates with one flaw of form each.
func forms(t *testing.T, all map[string][]byte, root, ca, leaf pkitest.Identity) {
	demo := []string{"api.demo.com"}
	with := func(name string, changes ...pkitest.Change) {
		all[name+".pem"] = pkitest.PEM(ca.Leaf(t, demo, changes...), ca)
	}
	usage := func(u ...x509.ExtKeyUsage) pkitest.Change { return func(c *x509.Certificate) { c.ExtKeyUsage = u } }
	with("no-eku", usage())
	with("any-eku", usage(x509.ExtKeyUsageAny))
	with("client-eku", usage(x509.ExtKeyUsageClientAuth))
	with("both-eku", usage(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth))
	with("cert-sign", func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign })
	with("poison", pkitest.Extension(true, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 3}, asn1.NullBytes))
	with("critical", pkitest.Extension(true, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 1}, asn1.NullBytes))
	feature := pkitest.Extension(false, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, []byte{0x30, 0x03, 0x02, 0x01, 0x05})
	with("must-staple", feature)
	with("must-staple-ocsp", feature, func(c *x509.Certificate) { c.OCSPServer = []string{"http://ocsp.demo.com"} })
	named := func(name string, sans ...string) {
		with(name, func(c *x509.Certificate) { c.DNSNames = append([]string{"api.demo.com"}, sans...) })
	}
	named("underscore", "my_api.demo.com")
	named("address-name", "192.0.2.1")
	named("empty-label", "a..demo.com")
	named("bad-a-label", "xn--99999999999.demo.com")
	named("internal", "api.internal")
	with("lint-error", func(c *x509.Certificate) { c.DNSNames = append(c.DNSNames, strings.Repeat("a", 64)+".demo.com") })
	dates(t, all, root, ca)
	order(t, all, root, ca, leaf)
}

func dates(t *testing.T, all map[string][]byte, root, ca pkitest.Identity) {
	const day = 24 * time.Hour
	from := pkitest.Now().Add(-day)
	lasting := func(name string, from time.Time, d time.Duration, changes ...pkitest.Change) {
		all[name+".pem"] = pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, append(changes, pkitest.Valid(from, from.Add(d-time.Second)))...), ca)
	}
	lasting("near-end", from.Add(-80*day), 90*day)
	lasting("days-90", from, 90*day)
	lasting("days-200", from, 200*day)
	lasting("days-200-and-a-second", from, 200*day+time.Second)
	lasting("two-scts", from, 90*day, scts("first log", "second log"))
	lasting("same-log-scts", from, 90*day, scts("first log", "first log"))
	lasting("bad-scts", from, 90*day, pkitest.Extension(false, sctList(), []byte{4, 3, 0, 9, 1}))
	short := root.CA(t, "Demo Short CA", pkitest.Valid(pkitest.Now().AddDate(-1, 0, 0), pkitest.Now().AddDate(0, 1, 0)))
	all["short-ca.pem"] = pkitest.PEM(short.Leaf(t, []string{"api.demo.com"}), short)
}

func sctList() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}
}

// scts embeds one SCT (RFC 6962 §3.2) per log, without valid signatures.
func scts(logs ...string) pkitest.Change {
	var list []byte
	for _, log := range logs {
		sct := make([]byte, 1+32+8+2+4) // version 1, log, time, no extensions, an empty signature
		copy(sct[1:], log)
		list = append(append(list, 0, byte(len(sct))), sct...)
	}
	list = append([]byte{0, byte(len(list))}, list...)
	return pkitest.Extension(false, sctList(), must(asn1.Marshal(list)))
}

func order(t *testing.T, all map[string][]byte, root, ca, leaf pkitest.Identity) {
	all["mixed.pem"] = slices.Concat(pkitest.PEM(leaf, ca), all["sound.key"])
	all["with-root.pem"] = pkitest.PEM(leaf, ca, root)
	all["duplicate.pem"] = pkitest.PEM(leaf, leaf, ca)
	lower := ca.CA(t, "Demo Lower CA")
	all["out-of-order.pem"] = pkitest.PEM(lower.Leaf(t, []string{"api.demo.com"}), ca, lower)
	all["eleven.pem"] = slices.Concat(pkitest.PEM(leaf), bytes.Repeat(pkitest.PEM(ca), 10))
	all["hundred-and-one.pem"] = slices.Concat(pkitest.PEM(leaf), bytes.Repeat(pkitest.PEM(ca), 100))
	many := ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
		for i := range 2000 {
			c.DNSNames = append(c.DNSNames, string(rune('a'+i%26))+".x")
		}
	})
	all["excess.pem"] = pkitest.PEM(many, ca)
}

// examplePublic is the public key of the examples in Go's crypto/tls.
const examplePublic = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPR3tU2Fta9ktY+6P9G0cWO+0kETA
6SFs38GecTyudlHz6xvCdz8qEKTcWGekdmdDPsHloRNtsiCa697B2O9IFA==
-----END PUBLIC KEY-----
`
