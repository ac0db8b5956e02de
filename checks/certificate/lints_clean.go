package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// lintsClean returns the check certificate/lints-clean.
func lintsClean() checks.Check {
	return checks.Check{
		ID: "certificate/lints-clean", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeLints,
		Doc: checks.Doc{
			Title: "The linter reports no errors or warnings for the certificates",
			Why: "Verifiers differ in how strictly they read a certificate, and the strictest one may be a client of " +
				"the service. A public CA that misissued a certificate must revoke it within days.",
			Fix: "Report it to the CA that issued the certificate and have it issued again; the citation names the rule that it " +
				"breaks.",
			References: []string{
				"zlint v3 (sources RFC*, CABF_BR, Mozilla, Apple, Chrome, Community; in profile private only RFC*)",
				"CA/Browser Forum Baseline Requirements §4.9.1.1 (misissued certificates are revoked within 5 days)",
			},
			Failing: "load: {certificate: lint-error.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeLints(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	lints := s.Evidence.Certificate.Facts.Lints
	switch {
	case lints == nil || lints.Linter == "" || lints.LintsRun == 0:
		return checks.Unknown("the certificates were not linted")
	case lints.Problem != "":
		return checks.Unknown(fmt.Sprintf("%s: %s", lints.Linter, bounded(lints.Problem)))
	}
	var found []checks.Finding
	for _, l := range lints.Findings {
		if l.Certificate < 0 || l.Certificate >= len(chain) {
			return checks.Unknown("the evidence refers to a certificate that is not in the file")
		}
		text := fmt.Sprintf("%s: %s (%s, %s; %s)", nth(chain, l.Certificate), bounded(l.ID), bounded(l.Source), bounded(l.Citation), lints.Linter)
		if l.Details != "" {
			text += ": " + bounded(l.Details)
		}
		report := checks.Warns
		if l.Error {
			report = checks.Fails
		}
		found = append(found, report(atBody, text, "report it to the CA that issued the certificate, and have it issued again"))
	}
	return checks.Judge(found...)
}
