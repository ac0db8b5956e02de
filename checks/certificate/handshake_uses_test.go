package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// OpenSSL's server offers no suite for an EC key that may not sign, and its
// client refuses a Netscape type without "SSL server".
func TestHandshakeUses(t *testing.T) {
	ca := pkitest.Root(t, "Root").CA(t, "CA")
	decrypting, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	usage := func(u x509.KeyUsage) pkitest.Change { return func(c *x509.Certificate) { c.KeyUsage = u } }
	netscape := func(bits byte) pkitest.Change {
		return pkitest.Extension(false, asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}, []byte{3, 2, 0, bits})
	}
	for name, test := range map[string]struct {
		key      crypto.Signer // nil: an EC key
		change   pkitest.Change
		severity checks.Severity
		want     string // "" for no finding
	}{
		"EC, none":           {nil, usage(0), "", ""},
		"EC, signs":          {nil, usage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement), "", ""},
		"EC, agrees":         {nil, usage(x509.KeyUsageKeyAgreement), checks.Error, "no TLS handshake"},
		"EC, decrypts":       {nil, usage(x509.KeyUsageKeyEncipherment), checks.Error, "no TLS handshake"},
		"RSA, none":          {decrypting, usage(0), "", ""},
		"RSA, both":          {decrypting, usage(x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment), "", ""},
		"RSA, decrypts":      {decrypting, usage(x509.KeyUsageKeyEncipherment), checks.Warning, "browsers refuse"},
		"RSA, data":          {decrypting, usage(x509.KeyUsageDataEncipherment), checks.Error, "no TLS handshake"},
		"Netscape's client":  {nil, netscape(0x80), checks.Error, "Netscape certificate type"},
		"Netscape's server":  {nil, netscape(0x40), "", ""},
		"Netscape's garbage": {nil, pkitest.Extension(false, asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}, []byte{5, 0}), checks.Error, "Netscape"},
		"length of no path":  {nil, pkitest.Extension(true, asn1.ObjectIdentifier{2, 5, 29, 19}, []byte{0x30, 3, 2, 1, 0}), checks.Error, "path length"},
	} {
		leaf := ca.Leaf(t, []string{"api.demo.com"}, test.change)
		if test.key != nil {
			leaf = ca.Certify(t, "rsa", test.key, pkitest.Server("api.demo.com"), test.change)
		}
		s := checks.Subject{Binding: binding.Binding{Certificate: &binding.Certificate{Body: "chain"}}}
		s.Evidence.Certificate = evidence.Observed(evidence.Certificate{Profile: evidence.ProfilePrivate, Chain: []evidence.Cert{evidence.NewCert(leaf.Certificate, 0, 0)}}, "chain", pkitest.Now())
		found := checks.Run(t.Context(), []checks.Check{leafIsAServerCertificate()}, nil, s)[0].Findings
		if test.want == "" && len(found) > 0 || test.want != "" && (len(found) != 1 || found[0].Severity != test.severity || !strings.Contains(found[0].Message, test.want)) {
			t.Errorf("%s: got %v, want %q", name, found, test.want)
		}
	}
}
