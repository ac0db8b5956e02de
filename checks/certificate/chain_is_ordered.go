package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// chainIsOrdered returns the check certificate/chain-is-ordered.
func chainIsOrdered() checks.Check {
	return checks.Check{
		ID: "certificate/chain-is-ordered", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeOrdered,
		Doc: checks.Doc{
			Title: "Each certificate in the file is issued by the next, without the root",
			Why: "TLS 1.2 requires this order, and old clients fail without it. Duplicates, unrelated certificates and the root " +
				"add bytes to every handshake and indicate files that were joined by accident.",
			Fix: "Keep the server certificate, then each issuer, without the root: --write-chain writes that chain.",
			References: []string{
				"RFC 5246 §7.4.2 (each certificate certifies the one before it; the root may be omitted)",
				"RFC 8446 §4.4.2 (the order is still required)",
			},
			Failing: "load: {certificate: two-leaves.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeOrdered(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	fix := "write it in order: " + inOrder(s)
	var found []checks.Finding
	warn := func(format string, args ...any) {
		found = append(found, checks.Warns(atBody, fmt.Sprintf(format, args...), fix))
	}
	for i, c := range chain {
		first := slices.IndexFunc(chain, c.Equal)
		switch {
		case first < i:
			warn("%s is the same as certificate %d", nth(chain, i), first+1)
		case i > 0 && bytes.Equal(c.RawIssuer, c.RawSubject):
			warn("%s is self-issued, a root; clients already trust it or never will", nth(chain, i))
		case i > 0 && !issues(c, chain):
			warn("%s issued no certificate in the file", nth(chain, i))
		case hidden(chain, i, s) > 0:
			warn("%s, on the path to a root, comes after %s with the same name: OpenSSL uses the first, and refuses the chain if that path ends at no root",
				nth(chain, i), nth(chain, hidden(chain, i, s)))
		case i > 0 && !bytes.Equal(chain[i-1].RawIssuer, c.RawSubject) && len(found) == 0:
			warn("%s is the first out of order: it did not issue %s", nth(chain, i), nth(chain, i-1))
		}
		if len(found) == mostFindings {
			break
		}
	}
	return checks.Judge(found...)
}

// mostFindings is the limit of findings of one kind.
const mostFindings = 10

// issues reports whether c has the name of another certificate's issuer.
func issues(c *x509.Certificate, chain []*x509.Certificate) bool {
	return slices.ContainsFunc(chain, func(child *x509.Certificate) bool {
		return !child.Equal(c) && bytes.Equal(child.RawIssuer, c.RawSubject)
	})
}

// hidden returns the index of a certificate before the i-th that OpenSSL uses
// as the issuer instead, 0 for none: one with the same name that is valid now,
// while only the i-th is on the path.
func hidden(chain []*x509.Certificate, i int, s checks.Subject) int {
	path, now := s.Evidence.Certificate.Facts.Path.DER, s.Evidence.Run.Now
	leads := func(c *x509.Certificate) bool {
		return slices.ContainsFunc(path, func(der []byte) bool { return bytes.Equal(der, c.Raw) })
	}
	return 1 + slices.IndexFunc(chain[1:max(1, i)], func(c *x509.Certificate) bool {
		return leads(chain[i]) && !leads(c) && bytes.Equal(c.RawSubject, chain[i].RawSubject) && !now.Before(c.NotBefore) && !now.After(c.NotAfter)
	})
}
