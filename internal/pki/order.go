package pki

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
)

// InOrder is the canonical PEM text of a chain: the leaf, then each issuer, the
// root left out and nothing else. Where there is a path of the leaf (as FindPath
// gives it) it is that; else names lead from the leaf upwards among the chain's own
// certificates. The leaf is the first certificate that is no CA: the path of a
// reversed chain begins at a CA's, and would leave the leaf out.
func InOrder(chain, path [][]byte) ([]byte, error) {
	certificates := make([]*x509.Certificate, 0, len(chain))
	for i, der := range chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("parsing certificate %d: %w", i+1, err)
		}
		certificates = append(certificates, c)
	}
	leaf := leafOf(certificates)
	if leaf != nil && len(path) > 0 && bytes.Equal(path[0], leaf.Raw) {
		return CanonicalChain(path[:max(1, len(path)-1)]), nil // one alone is itself a root
	}
	var ordered [][]byte
	for c := leaf; c != nil; c = issuerOf(c, certificates, ordered) {
		ordered = append(ordered, c.Raw)
	}
	return CanonicalChain(ordered), nil
}

// leafOf passes over an old CA's certificate that does not say that it is one.
func leafOf(chain []*x509.Certificate) *x509.Certificate {
	for _, c := range chain {
		issued := func(other *x509.Certificate) bool {
			return !bytes.Equal(other.RawSubject, c.RawSubject) && bytes.Equal(other.RawIssuer, c.RawSubject)
		}
		if !c.IsCA && !slices.ContainsFunc(chain, issued) {
			return c
		}
	}
	if len(chain) == 0 {
		return nil
	}
	return chain[0]
}

// issuerOf is an intermediate with the name of c's issuer that is not in the
// order yet; nil where the chain ends.
func issuerOf(c *x509.Certificate, chain []*x509.Certificate, ordered [][]byte) *x509.Certificate {
next:
	for _, other := range chain {
		if !bytes.Equal(other.RawSubject, c.RawIssuer) || bytes.Equal(other.RawSubject, other.RawIssuer) {
			continue
		}
		for _, der := range ordered {
			if bytes.Equal(der, other.Raw) {
				continue next
			}
		}
		return other
	}
	return nil
}
