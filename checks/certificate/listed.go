package certificate

import (
	"crypto/x509"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// listed are the certificates whose key stands in a list of weak keys. One of an
// intermediate counts as much as the leaf's: whoever has it issues a leaf.
func listed(chain []*x509.Certificate, lists []evidence.KeyList) ([]checks.Finding, *checks.Verdict) {
	var found []checks.Finding
	for _, list := range lists {
		for _, i := range list.Listed {
			if i < 0 || i >= len(chain) {
				return nil, cannotTell("the evidence speaks of a certificate that the file does not have")
			}
			fix := newKey
			if i > 0 {
				fix = "have the certificate issued below another intermediate"
			}
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key of %s stands in the list of weak keys %q", nth(chain, i), list.File), fix))
		}
	}
	return found, nil
}
