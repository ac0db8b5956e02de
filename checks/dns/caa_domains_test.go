package dns

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

// An authority that issues under another's certificate may go by either's
// domains; one whose own name is not known, by any.
func TestIssuersOf(t *testing.T) {
	for _, test := range []struct {
		organizations []string
		some          []string
		none          bool
	}{
		{organizations: []string{"Let's Encrypt"}, some: []string{"letsencrypt.org"}},
		{organizations: []string{"DigiCert, Inc."}, some: []string{"digicert.com", "geotrust.com"}},
		{organizations: []string{"TrustAsia Technologies, Inc.", "DigiCert Inc"}, some: []string{"trustasia.com", "digicert.com"}},
		{organizations: []string{"ZeroSSL", "The USERTRUST Network"}, some: []string{"sectigo.com", "zerossl.com"}},
		{organizations: []string{"Reseller Ltd", "DigiCert Inc"}, none: true},
		{organizations: []string{"Not Let's Encrypt"}, none: true},
		{organizations: []string{""}, none: true},
		{none: true},
	} {
		var c evidence.Certificate
		for _, organization := range test.organizations {
			c.Chain = append(c.Chain, evidence.Cert{DER: issuedBy(t, organization)})
		}
		got := issuersOf(c)
		if test.none != (len(got) == 0) {
			t.Errorf("%q: got %q", test.organizations, got)
		}
		for _, want := range test.some {
			if !slices.Contains(got, want) {
				t.Errorf("%q: got %q, want %q among them", test.organizations, got, want)
			}
		}
	}
}

func TestCAADomainsAreNames(t *testing.T) {
	for begin, domains := range caaDomains() {
		if begin != strings.ToLower(begin) || len(domains) == 0 {
			t.Errorf("%q: want lower case and a domain, got %q", begin, domains)
		}
		for _, d := range domains {
			if unknown, found := stranger([]string{d}); found || d != strings.ToLower(d) || !strings.Contains(d, ".") {
				t.Errorf("%q: got %q (%q)", begin, d, unknown)
			}
		}
	}
	if d, found := stranger([]string{"", "letsencrypt.org", "ca.example.net"}); !found || d != "ca.example.net" {
		t.Errorf("got %q, %v", d, found)
	}
}

func issuedBy(t *testing.T, organization string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "issuer"}}
	if organization != "" {
		issuer.Subject.Organization = []string{organization}
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, issuer, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
