package certificate

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// revocationWasChecked is certificate/revocation-was-checked.
func revocationWasChecked() checks.Check {
	return checks.Check{
		ID: "certificate/revocation-was-checked", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedRevocation},
		Applies: applies,
		Judge:   judgeRevocationChecked,
		Doc: checks.Doc{
			Title: "Every source of revocation that the certificates name gave an answer",
			Why: "Whether a certificate is revoked can be told only by a fresh list or answer of its CA. Where none could be had, " +
				"the verdict stands without it; a CA's outage must not stop every deploy, but nobody should take it for a pass.",
			Fix: "Run again, or give the list with --crl FILE. Who cannot live without it raises this check to an error in the " +
				"configuration of the gate.",
			References: []string{
				"RFC 5280 §6.3 (CRL validation)",
				"RFC 6960 §3.2 (what makes an OCSP answer acceptable)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: unknown, problems: [\"http://crl.demo.com/ca.crl: no answer\"]}]}}}",
			Passing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: good, source: list.crl}]}}}",
		},
	}
}

func judgeRevocationChecked(s checks.Subject) checks.Verdict {
	if isRoot(s) {
		return checks.DoesNotApply(ofARoot)
	}
	certificates := s.Evidence.Revocation.Facts.Certificates
	if len(certificates) == 0 {
		return checks.CannotTell("no certificate was looked up; see certificate/chain-is-trusted")
	}
	var found []checks.Finding
	sources := 0
	for _, c := range certificates {
		if c.Status != evidence.RevocationNoSource {
			sources++
		}
		if c.Status == evidence.RevocationUnknown {
			found = append(found, checks.Warns(atBody, fmt.Sprintf("whether the certificate of %q is revoked could not be told: %s", bounded(c.Subject), why(c.Problems)),
				"run again, or give the CA's list with --crl FILE; openssl crl -in FILE -noout -issuer -nextupdate shows whose a list is, and how long it holds"))
		}
	}
	if sources == 0 {
		return checks.DoesNotApply("the certificates name no source of revocation")
	}
	return checks.Judge(found...)
}

// why is what hindered each source.
func why(problems []string) string {
	var told []string
	for _, p := range problems[:min(len(problems), 5)] {
		told = append(told, boundedTo(300, p))
	}
	return strings.Join(told, "; ")
}
