package certificate

import (
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Of two certificates of one CA, OpenSSL's client uses the first valid one and
// does not try the other.
func TestHiddenIssuer(t *testing.T) {
	root, stranger := pkitest.Root(t, "Root"), pkitest.Root(t, "Stranger")
	trusted := root.CA(t, "CA")
	cross := stranger.Certify(t, "CA", trusted.Key)
	ended := stranger.Certify(t, "CA", trusted.Key, pkitest.Valid(pkitest.Now().Add(-2*time.Hour), pkitest.Now().Add(-time.Hour)))
	leaf := trusted.Leaf(t, []string{"api.demo.com"})
	for name, test := range map[string]struct {
		file []pkitest.Identity
		want bool
	}{
		"the stranger's first":         {[]pkitest.Identity{leaf, cross, trusted}, true},
		"the stranger's behind":        {[]pkitest.Identity{leaf, trusted, cross}, false},
		"the stranger's, but expired":  {[]pkitest.Identity{leaf, ended, trusted}, false},
		"alone":                        {[]pkitest.Identity{leaf, trusted}, false},
		"the leaf alone, and its path": {[]pkitest.Identity{leaf}, false},
	} {
		facts := evidence.Certificate{Source: "chain.pem"}
		for i, one := range test.file {
			facts.Chain = append(facts.Chain, evidence.NewCert(one.Certificate, i, 0))
		}
		facts.Path.DER = [][]byte{leaf.Raw, trusted.Raw, root.Raw}
		s := checks.Subject{Binding: binding.Binding{Certificate: &binding.Certificate{Body: "chain.pem"}}}
		s.Evidence.Run.Now = pkitest.Now()
		s.Evidence.Certificate = evidence.Observed(facts, "chain.pem", pkitest.Now())
		warned := false
		for _, f := range checks.Run(t.Context(), []checks.Check{chainIsOrdered()}, nil, s)[0].Findings {
			warned = warned || strings.Contains(f.Message, "OpenSSL uses the first")
		}
		if warned != test.want {
			t.Errorf("%s: warned is %v, want %v", name, warned, test.want)
		}
	}
}
