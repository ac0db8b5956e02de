package certificate

import (
	"crypto/x509"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// listed returns the certificates whose key is in a list of weak keys. An
// intermediate's key counts as much as the leaf's: its holder can issue a leaf.
func listed(chain []*x509.Certificate, lists []evidence.KeyList) ([]checks.Finding, *checks.Verdict) {
	var found []checks.Finding
	for _, list := range lists {
		for _, i := range list.Listed {
			if i < 0 || i >= len(chain) {
				return nil, cannotTell("the evidence refers to a certificate that is not in the file")
			}
			fix := newKey
			if i > 0 {
				fix = "have the certificate issued below another intermediate"
			}
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the key of %s is in the list of weak keys %q", nth(chain, i), list.File), fix))
		}
	}
	return found, nil
}
