package certificate

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"math/big"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/weakkey"
)

const newKey = "generate a new key with a current library (openssl ecparam -name prime256v1 -genkey -noout) and have the certificate issued for it"

// strength judges the public key of the leaf. factored: its private key is
// known and consistent, so the modulus is a product.
func strength(leaf *x509.Certificate, factored bool) []checks.Finding {
	var found []checks.Finding
	if where := weakkey.Published(leaf.RawSubjectPublicKeyInfo); where != "" {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("the private key of the certificate is published: it is in %s", where), newKey))
	}
	if name := weakkey.Unaccepted(leaf.RawSubjectPublicKeyInfo); name != "" {
		return append(found, checks.Fails(atBody, "the key "+unaccepted(name), newKey))
	}
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		return append(found, rsaStrength(key, factored)...)
	case *ecdsa.PublicKey:
		switch name := key.Curve.Params().Name; name {
		case "P-256", "P-384":
		case "P-521":
			found = append(found, checks.Warns(atBody, "the key is on the curve P-521, which Chrome and others do not support", "use P-256 or P-384"))
		default:
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key is on the curve %s, want P-256 or P-384 (Baseline Requirements §6.1.5)", name), newKey))
		}
	}
	return found
}

// unaccepted returns why no certificate should have such a key, as a predicate.
func unaccepted(name string) string {
	return fmt.Sprintf("is %s, which browsers and the Baseline Requirements (§6.1.5) do not accept in certificates, want RSA or ECDSA", name)
}

func rsaStrength(key *rsa.PublicKey, factored bool) []checks.Finding {
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
	if len(found) == 0 && !factored {
		if why := weakkey.PrimeModulus(key.N); why != "" {
			found = fails("the RSA key of the certificate %s", why)
		}
	}
	if bits := key.N.BitLen(); len(found) == 0 && bits != 2048 && bits != 3072 && bits != 4096 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the RSA key has the unusual size of %d bits", bits), "use 2048, 3072 or 4096 bits"))
	}
	if len(found) == 0 && key.E != 65537 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the RSA key has the public exponent %d, want 65537 (NIST SP 800-56B §6.2)", key.E), "use 65537"))
	}
	return found
}
