package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/weakkey"
)

// issuers judges the kinds of the keys above the leaf: those on the path, or if
// there is no path, those of certificates with the name of an issuer in the
// file.
func issuers(chain []*x509.Certificate, path evidence.Path) []checks.Finding {
	var above []*x509.Certificate
	for i := 1; i < len(path.DER); i++ {
		if c, err := path.X509(i); err == nil {
			above = append(above, c)
		}
	}
	for i, c := range chain {
		issues := func(other *x509.Certificate) bool { return other != c && bytes.Equal(other.RawIssuer, c.RawSubject) }
		if len(path.DER) == 0 && i > 0 && slices.ContainsFunc(chain, issues) {
			above = append(above, c)
		}
	}
	var found []checks.Finding
	for _, c := range above {
		if key, ok := c.PublicKey.(*ecdsa.PublicKey); ok && key.Curve == elliptic.P224() {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key of the issuer %q is on the curve P-224, which browsers do not accept, want P-256 or P-384 (Baseline Requirements §6.1.5)",
				bounded(evidence.DistinguishedName(c.Subject))), "have the certificate issued below another CA"))
		}
		if name := weakkey.Unaccepted(c.RawSubjectPublicKeyInfo); name != "" {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key of the issuer %q %s", bounded(evidence.DistinguishedName(c.Subject)), unaccepted(name)),
				"have the certificate issued by a CA with an RSA or ECDSA key; for a test CA: openssl ecparam -name prime256v1 -genkey -noout"))
		}
	}
	return found
}
