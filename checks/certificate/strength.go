package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/weakkey"
)

const newKey = "make a new key with a current library (openssl ecparam -name prime256v1 -genkey -noout) and have the certificate issued for it"

// strength judges the public key of the leaf.
func strength(leaf *x509.Certificate) []checks.Finding {
	var found []checks.Finding
	if where := weakkey.Published(leaf.RawSubjectPublicKeyInfo); where != "" {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("the private key of the certificate is published: it stands in %s", where), newKey))
	}
	if name := weakkey.Unaccepted(leaf.RawSubjectPublicKeyInfo); name != "" {
		return append(found, checks.Fails(atBody, "the key "+unaccepted(name), newKey))
	}
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		return append(found, rsaStrength(key)...)
	case *ecdsa.PublicKey:
		switch name := key.Curve.Params().Name; name {
		case "P-256", "P-384":
		case "P-521":
			found = append(found, checks.Warns(atBody, "the key is on the curve P-521, which Chrome and others do not offer", "use P-256 or P-384"))
		default:
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key is on the curve %s, want P-256 or P-384 (Baseline Requirements §6.1.5)", name), newKey))
		}
	}
	return found
}

// unaccepted is why no certificate should hold such a key, a predicate.
func unaccepted(name string) string {
	return fmt.Sprintf("is %s, which browsers and the Baseline Requirements (§6.1.5) do not take in certificates, want RSA or ECDSA", name)
}

// issuers judges the kinds of the keys above the leaf: those of the path, or
// where no path was found, of certificates that have the name of an issuer in
// the file.
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
		if name := weakkey.Unaccepted(c.RawSubjectPublicKeyInfo); name != "" {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key of the issuer %q %s", bounded(c.Subject.String()), unaccepted(name)),
				"have the certificate issued by a CA with an RSA or ECDSA key; a test CA's is made so: openssl ecparam -name prime256v1 -genkey -noout"))
		}
	}
	return found
}

func rsaStrength(key *rsa.PublicKey) []checks.Finding {
	fails := func(format string, args ...any) []checks.Finding {
		return []checks.Finding{checks.Fails(atBody, fmt.Sprintf(format, args...), newKey)}
	}
	switch bits := key.N.BitLen(); {
	case bits < 2048:
		return fails("the RSA key has %d bits, want at least 2048 (Baseline Requirements §6.1.5)", bits)
	case bits > 8192:
		return fails("the RSA key has %d bits, and Go's TLS clients refuse more than 8192", bits)
	case bits%8 != 0:
		return fails("the RSA key has %d bits, want a multiple of 8 (Baseline Requirements §6.1.5)", bits)
	}
	var found []checks.Finding
	for _, weakness := range weakkey.RSA(key.N, big.NewInt(int64(key.E))) {
		found = append(found, fails("the RSA key of the certificate %s", weakness)...)
	}
	if bits := key.N.BitLen(); len(found) == 0 && bits != 2048 && bits != 3072 && bits != 4096 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the RSA key has the unusual size of %d bits", bits), "use 2048, 3072 or 4096 bits"))
	}
	if len(found) == 0 && key.E != 65537 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the RSA key has the public exponent %d, want 65537 (NIST SP 800-56B §6.2)", key.E), "use 65537"))
	}
	return found
}
