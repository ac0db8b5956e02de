package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
)

// The address is that of the certificate below the gap, and suggested only if
// safe to paste.
func TestMissingIssuerIsOffered(t *testing.T) {
	issuer := pkix.Name{CommonName: "CA"}
	const published = "which the CA publishes"
	for address, want := range map[string]string{
		"http://ca.demo.com/ca-1.cer":                    "which according to the certificate is at http://ca.demo.com/ca-1.cer",
		"https://ca.demo.com:8443/ca%20~_.crt":           "https://ca.demo.com:8443/ca%20~_.crt",
		"ldap://ca.demo.com/cn=CA":                       published,
		"http:///ca.cer":                                 published,
		"http://user@ca.demo.com/ca.cer":                 published,
		"http://ca.demo.com/$(id)":                       published,
		"http://ca.demo.com/a;b":                         published,
		"http://ca.demo.com/\x1b[2J":                     published,
		"http://ca.demo.com/?a=b&c":                      published,
		"http://ca.demo.com/" + strings.Repeat("a", 200): published,
	} {
		other := &x509.Certificate{Issuer: pkix.Name{CommonName: "Root"}, IssuingCertificateURL: []string{"http://other.demo.com/"}}
		chain := []*x509.Certificate{other, {Issuer: issuer, IssuingCertificateURL: []string{address}}}
		if got := appendIssuer(chain, issuer.String()); !strings.Contains(got, want) || strings.Contains(got, "other") {
			t.Errorf("%q: got %q, want %q in it", address, got, want)
		}
	}
}
