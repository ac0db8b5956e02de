package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// OpenSSL and Go verify signatures of a key on P-224, and no browser does.
func TestIssuersCurve(t *testing.T) {
	for curve, want := range map[elliptic.Curve]int{elliptic.P224(): 1, elliptic.P256(): 0, elliptic.P384(): 0, elliptic.P521(): 0} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		ca := pkitest.Root(t, "Root").Certify(t, "CA", key)
		found := issuers([]*x509.Certificate{ca.Leaf(t, []string{"api.demo.com"}).Certificate, ca.Certificate}, evidence.Path{})
		if len(found) != want || want > 0 && !strings.Contains(found[0].Message, "P-224") {
			t.Errorf("%s: got %v", curve.Params().Name, found)
		}
	}
}
