package pki

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// Limits of what is evaluated. A chain beyond them costs its verifiers more
// than any sound chain does.
const (
	maxNames          = 2000    // names in one certificate
	maxConstraintWork = 250_000 // names times constraints; crypto/x509 drew the same line up to Go 1.25, OpenSSL at 2^20
	maxExtensions     = 100 << 10
)

// Excess says what of a chain is beyond the limits of evaluation, none for a
// sound chain. FindPath does not look at a chain that has an excess.
func Excess(chain []*x509.Certificate) (found []string) {
	constraints := 0
	for i, c := range chain {
		names := len(c.DNSNames) + len(c.EmailAddresses) + len(c.IPAddresses) + len(c.URIs)
		if names > maxNames {
			found = append(found, fmt.Sprintf("certificate %d has %d names, want at most %d", i+1, names, maxNames))
		}
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxSignerBits {
			found = append(found, fmt.Sprintf("certificate %d has an RSA key of %d bits, want at most %d", i+1, key.N.BitLen(), maxSignerBits))
		}
		size := 0
		for _, e := range c.Extensions {
			size += len(e.Value)
		}
		if size > maxExtensions {
			found = append(found, fmt.Sprintf("certificate %d has extensions of %d bytes, want at most %d", i+1, size, maxExtensions))
		}
		constraints += constraintsOf(c)
	}
	if constraints == 0 {
		return found
	}
	if work := constraints * namesOf(chain); work > maxConstraintWork {
		found = append(found, fmt.Sprintf("its name constraints take %d comparisons, want at most %d", work, maxConstraintWork))
	}
	return found
}

// constraintsOf counts a certificate's name constraints. Malformed ones are for
// FindPath to refuse, and are compared with nothing.
func constraintsOf(c *x509.Certificate) int {
	extension, _ := constraintsExtension(c)
	n, _ := parseNameConstraints(extension)
	return len(n.permitted) + len(n.excluded)
}

func namesOf(chain []*x509.Certificate) (n int) {
	for _, c := range chain {
		n += len(namesIn(c).list)
	}
	return n
}
