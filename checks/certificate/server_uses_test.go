package certificate

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// TestOtherUses checks uses of a server's key other than TLS servers, by
// profile.
func TestOtherUses(t *testing.T) {
	ca := pkitest.Root(t, "Root").CA(t, "CA")
	uses := func(known []x509.ExtKeyUsage, others ...asn1.ObjectIdentifier) *x509.Certificate {
		return ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) {
			c.ExtKeyUsage, c.UnknownExtKeyUsage = append([]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, known...), others
		}).Certificate
	}
	tests := map[string]struct {
		leaf *x509.Certificate
		want string // "" for none
	}{
		"server alone":    {uses(nil), ""},
		"code":            {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}), "codeSigning"},
		"mail":            {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}), "emailProtection"},
		"time":            {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}), "timeStamping"},
		"OCSP":            {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}), "OCSPSigning"},
		"precertificates": {uses(nil, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 4}), "precertificates"},
		"two, the first":  {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageCodeSigning}), "timeStamping"},
		"only advised":    {uses([]x509.ExtKeyUsage{x509.ExtKeyUsageIPSECTunnel}), ""},
		"an unknown one":  {uses(nil, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 10, 3, 12}), ""},
	}
	for name, test := range tests {
		for profile, severity := range map[string]checks.Severity{evidence.ProfilePublic: checks.Error, evidence.ProfilePrivate: checks.Warning} {
			s := checks.Subject{Binding: binding.Binding{Certificate: &binding.Certificate{Body: "chain"}}}
			s.Evidence.Certificate = evidence.Observed(evidence.Certificate{Profile: profile, Chain: []evidence.Cert{evidence.NewCert(test.leaf, 0, 0)}}, "chain", pkitest.Now())
			found := checks.Run(t.Context(), []checks.Check{leafIsAServerCertificate()}, nil, s)[0].Findings
			switch {
			case test.want == "" && len(found) > 0:
				t.Errorf("%s, %s: got %v", name, profile, found)
			case test.want != "" && (len(found) != 1 || found[0].Severity != severity || !strings.Contains(found[0].Message, test.want)):
				t.Errorf("%s, %s: got %v, want one %s about %q", name, profile, found, severity, test.want)
			}
		}
	}
}
