package certificate

import (
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// The status of an intermediate says nothing about the server's certificate,
// and for a root no status exists.
func TestNotRevokedOfAll(t *testing.T) {
	const good, revoked, unknown, none = evidence.RevocationGood, evidence.RevocationRevoked, evidence.RevocationUnknown, evidence.RevocationNoSource
	for name, test := range map[string]struct {
		reported []evidence.RevocationStatus
		path     int // certificates
		want     checks.Status
	}{
		"both good":                           {[]evidence.RevocationStatus{good, good}, 3, checks.StatusPass},
		"a source for the leaf alone":         {[]evidence.RevocationStatus{good, none}, 3, checks.StatusPass},
		"the leaf's could not tell":           {[]evidence.RevocationStatus{unknown, good}, 3, checks.StatusNotApplicable},
		"the CA's could not tell":             {[]evidence.RevocationStatus{good, unknown}, 3, checks.StatusNotApplicable},
		"a source for the CA alone":           {[]evidence.RevocationStatus{none, good}, 3, checks.StatusNotApplicable},
		"the CA revoked, leaf without source": {[]evidence.RevocationStatus{unknown, revoked}, 3, checks.StatusFail},
		"nothing looked up":                   {nil, 3, checks.StatusUnknown},
		"no path, nothing looked up":          {nil, 0, checks.StatusUnknown},
		"the certificate is the root":         {nil, 1, checks.StatusNotApplicable},
		"an undefined status":                 {[]evidence.RevocationStatus{"fine"}, 3, checks.StatusUnknown},
	} {
		var facts evidence.Revocation
		for _, status := range test.reported {
			facts.Certificates = append(facts.Certificates, evidence.CertificateRevocation{Subject: "CN=api.demo.com", Status: status})
		}
		s := checks.Subject{Binding: binding.Binding{Certificate: &binding.Certificate{Body: "chain"}}}
		s.Evidence.Revocation = evidence.Observed(facts, "chain", pkitest.Now())
		s.Evidence.Certificate = evidence.Observed(evidence.Certificate{Path: evidence.Path{DER: make([][]byte, test.path)}}, "chain", pkitest.Now())
		results := checks.Run(t.Context(), []checks.Check{isNotRevoked(), revocationWasChecked()}, nil, s)
		if got := results[0].Status; got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
		if got := results[1].Status; test.path == 1 && got != checks.StatusNotApplicable {
			t.Errorf("%s: revocation-was-checked: got %s", name, got)
		}
	}
}
