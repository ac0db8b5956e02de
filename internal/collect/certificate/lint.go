package certificate

import (
	"crypto/x509"
	"fmt"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki/lints"
)

// maxLinted limits the linted certificates of a file.
const maxLinted = 10

// lint lints the leaf and the following CA certificates that are no roots.
func (c *Collector) lint(profile string, chain []*x509.Certificate) *evidence.Lints {
	linter := c.linters[profile]
	out := &evidence.Lints{Linter: c.linter, Profile: profile, LintsRun: linter.Count()}
	for i, one := range chain[:min(len(chain), maxLinted)] {
		var found []lints.Finding
		var err error
		switch {
		case i == 0:
			found, err = linter.Leaf(one.Raw)
		case one.IsCA && string(one.RawSubject) != string(one.RawIssuer):
			found, err = linter.Issuer(one.Raw)
		}
		if err != nil {
			out.Problem = fmt.Sprintf("certificate %d: %v", i+1, err)
			return out
		}
		for _, f := range found {
			out.Findings = append(out.Findings, evidence.Lint{ID: f.ID, Certificate: i, Error: f.Error,
				Source: f.Source, Citation: f.Citation, Details: f.Details})
		}
	}
	return out
}
