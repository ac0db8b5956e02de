package certificate

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// OpenSSL looks for the issuer of any certificate that is no root.
func TestIntermediateAsRoot(t *testing.T) {
	root := pkitest.Root(t, "Root")
	ca := root.CA(t, "CA")
	leaf := ca.Leaf(t, []string{"api.demo.com"})
	for name, test := range map[string]struct {
		path []pkitest.Identity
		want bool
	}{
		"the root":         {[]pkitest.Identity{leaf, ca, root}, false},
		"the intermediate": {[]pkitest.Identity{leaf, ca}, true},
		"the leaf":         {[]pkitest.Identity{leaf}, true},
	} {
		var certificates []*x509.Certificate
		for _, one := range test.path {
			certificates = append(certificates, one.Certificate)
		}
		path := evidence.Path{RootsFrom: "roots.pem"}
		path.SetCertificates(certificates, pki.Name)
		found := refusedByOpenSSL(path)
		if test.want != (len(found) == 1) || test.want && (found[0].Severity != checks.Warning || !strings.Contains(found[0].Message, "is not a root: it is issued by")) {
			t.Errorf("%s: got %v", name, found)
		}
	}
}
