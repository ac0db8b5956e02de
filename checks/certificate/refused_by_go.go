package certificate

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// refusedByGo warns of a path with critical directoryName constraints: RFC 5280
// §4.2.1.10 requires every client to evaluate them, and OpenSSL and browsers
// do, but crypto/x509 refuses them.
func refusedByGo(path evidence.Path) []checks.Finding {
	nameConstraints := asn1.ObjectIdentifier{2, 5, 29, 30}
	for i := range path.DER {
		c, err := path.X509(i)
		if err == nil && slices.ContainsFunc(c.UnhandledCriticalExtensions, nameConstraints.Equal) {
			return []checks.Finding{checks.Warns(atBody,
				fmt.Sprintf("clients written in Go refuse the path: they cannot evaluate the critical name constraints of %q", bounded(path.Subjects[i])),
				"if such clients are expected, use a certificate of a CA without constraints on directory names")}
		}
	}
	return nil
}

// refusedByOpenSSL warns of a path that ends at a certificate of --roots issued
// by another CA: RFC 5280 §6.1 allows any trust anchor, and Go accepts it.
func refusedByOpenSSL(path evidence.Path) []checks.Finding {
	last := len(path.DER) - 1
	c, err := path.X509(last)
	if err != nil || bytes.Equal(c.RawSubject, c.RawIssuer) {
		return nil
	}
	return []checks.Finding{checks.Warns(atBody,
		fmt.Sprintf("%q of %s, the end of the path, is not a root: it is issued by %q, and OpenSSL continues to that issuer unless run with -partial_chain",
			bounded(path.Subjects[last]), path.RootsFrom, bounded(evidence.DistinguishedName(c.Issuer))),
		"name the root itself with --roots FILE")}
}
