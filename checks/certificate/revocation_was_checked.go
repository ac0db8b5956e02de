package certificate

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// revocationWasChecked returns the check certificate/revocation-was-checked.
func revocationWasChecked() checks.Check {
	return checks.Check{
		ID: "certificate/revocation-was-checked", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedRevocation},
		Applies: applies,
		Judge:   judgeRevocationChecked,
		Doc: checks.Doc{
			Title: "Every revocation source of the certificates gave an answer",
			Why: "Only a fresh CRL or OCSP response of the CA shows whether a certificate is revoked. If none is available, " +
				"the verdict is given without it: a CA's outage must not stop every deployment, but it is not a pass.",
			Fix: "Run again, or give the list with --crl FILE. If you require an answer, raise this check to an error in the " +
				"configuration of the gate.",
			References: []string{
				"RFC 5280 §6.3 (CRL validation)",
				"RFC 6960 §3.2 (what makes an OCSP response acceptable)",
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
		return checks.NotApplicable(ofARoot)
	}
	certificates := s.Evidence.Revocation.Facts.Certificates
	if len(certificates) == 0 {
		return checks.Unknown("no certificate was looked up; see certificate/chain-is-trusted")
	}
	var found []checks.Finding
	sources := 0
	for _, c := range certificates {
		if c.Status != evidence.RevocationNoSource {
			sources++
		}
		if c.Status == evidence.RevocationUnknown {
			found = append(found, checks.Warns(atBody, fmt.Sprintf("the revocation status of the certificate of %q is unknown: %s", bounded(c.Subject), why(c.Problems)),
				"run again, or give the CA's list with --crl FILE; openssl crl -in FILE -noout -issuer -nextupdate shows the issuer of a list, and how long it is valid"))
		}
	}
	if sources == 0 {
		return checks.NotApplicable("the certificates name no revocation source")
	}
	return checks.Judge(found...)
}

// why returns the problem of each source.
func why(problems []string) string {
	var list []string
	for _, p := range problems[:min(len(problems), 5)] {
		list = append(list, boundedTo(300, p))
	}
	return strings.Join(list, "; ")
}
