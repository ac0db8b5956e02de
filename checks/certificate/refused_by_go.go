package certificate

import (
	"encoding/asn1"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// refusedByGo warns of a path that passes because RFC 5280 §4.2.1.10 asks every
// client to evaluate directoryName constraints, and OpenSSL and the browsers do,
// while crypto/x509 refuses a critical extension that holds one.
func refusedByGo(path evidence.Path) []checks.Finding {
	nameConstraints := asn1.ObjectIdentifier{2, 5, 29, 30}
	for i := range path.DER {
		c, err := path.X509(i)
		if err == nil && slices.ContainsFunc(c.UnhandledCriticalExtensions, nameConstraints.Equal) {
			return []checks.Finding{checks.Warns(atBody,
				fmt.Sprintf("clients written in Go refuse the path: they cannot evaluate the critical name constraints of %q", bounded(path.Subjects[i])),
				"if such clients are expected, take a certificate of a CA without constraints on directory names")}
		}
	}
	return nil
}
