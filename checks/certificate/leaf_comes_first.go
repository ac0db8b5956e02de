package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// leafComesFirst returns the check certificate/leaf-comes-first.
func leafComesFirst() checks.Check {
	return checks.Check{
		ID: "certificate/leaf-comes-first", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeLeafFirst,
		Doc: checks.Doc{
			Title: "The first certificate in the file is the server's",
			Why: "A TLS server sends its chain in file order, and clients use the first certificate as the server's. With a CA first " +
				"they compare the CA's name with the domain and its key with the handshake, and refuse. Servers load such a " +
				"file without an error if the key types differ, so clients are the first to notice.",
			Fix: "Put the server's certificate first, followed by each certificate's issuer.",
			References: []string{
				"RFC 8446 §4.4.2 (the sender's certificate comes first)",
				"RFC 5280 §4.2.1.9 (basicConstraints marks a CA)",
				"nginx, ngx_http_ssl_module, ssl_certificate: the primary certificate comes first",
			},
			Failing: "load: {certificate: reversed.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeLeafFirst(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if !isCA(chain[0]) {
		// An old CA certificate may lack basicConstraints, but a signature
		// reveals it.
		if child := issuedBy(chain, 0); child > 0 {
			return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s comes first, but it issued %s", nth(chain, 0), nth(chain, child)), lead(s, child)))
		}
		return checks.Pass()
	}
	leaf := firstLeaf(chain)
	switch {
	case leaf < 0:
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s is a CA certificate, and the file contains no server certificate", nth(chain, 0)),
			"give the certificate that was issued for the domain, then its intermediates"))
	case leaf == len(chain)-1 && reversed(chain):
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("the chain is reversed: %s, a CA certificate, comes first, and %s, the server's, comes last",
			nth(chain, 0), nth(chain, leaf)), "write the certificates in the opposite order: "+inOrder(s)))
	}
	return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s, a CA certificate, comes first; the server's is %s", nth(chain, 0), nth(chain, leaf)), lead(s, leaf)))
}

func lead(s checks.Subject, i int) string {
	return fmt.Sprintf("put certificate %d first, followed by each certificate's issuer: %s", i+1, inOrder(s))
}

// inOrder returns the command that writes the chain in order.
func inOrder(s checks.Subject) string {
	return fmt.Sprintf("bindgate lint --certificate %q --domain NAME --write-chain CLEAN.pem", s.Evidence.Certificate.Facts.Source)
}

// issuedBy returns the index of a certificate signed by the i-th; -1 for none.
func issuedBy(chain []*x509.Certificate, i int) int {
	return slices.IndexFunc(chain, func(c *x509.Certificate) bool {
		return c != chain[i] && bytes.Equal(c.RawIssuer, chain[i].RawSubject) && !bytes.Equal(c.RawSubject, chain[i].RawSubject) &&
			chain[i].CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
	})
}

// reversed reports whether each certificate is issued by the one before it.
func reversed(chain []*x509.Certificate) bool {
	for i := range chain[1:] {
		if !bytes.Equal(chain[i].RawSubject, chain[i+1].RawIssuer) {
			return false
		}
	}
	return true
}
