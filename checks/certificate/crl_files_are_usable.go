package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// crlFilesAreUsable returns the check certificate/crl-files-are-usable.
func crlFilesAreUsable() checks.Check {
	return checks.Check{
		ID: "certificate/crl-files-are-usable", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRevocation},
		Applies: applies,
		Judge:   judgeCRLFiles,
		Doc: checks.Doc{
			Title: "Every CRL file named by --crl is usable",
			Why: "A CRL file is given to be consulted. One that is out of date, of another issuer, or a delta list without its " +
				"base list gives no answer, and unlike a failing server never will: the certificate may be revoked " +
				"unnoticed.",
			Fix: "Fetch the issuer's current complete list, and name that with --crl; or omit the flag.",
			References: []string{
				"RFC 5280 §6.3.3 (which list covers which certificate)",
				"RFC 5280 §5.2.4 (delta lists)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: unknown, unusableCrls: [\"old.crl: the list is out of date\"]}]}}}",
			Passing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: good, source: list.crl}]}}}",
		},
	}
}

func judgeCRLFiles(s checks.Subject) checks.Verdict {
	if isRoot(s) {
		return checks.NotApplicable(ofARoot)
	}
	certificates := s.Evidence.Revocation.Facts.Certificates
	if len(certificates) == 0 {
		return checks.Unknown("no certificate was looked up; see certificate/chain-is-trusted")
	}
	var found []checks.Finding
	for _, c := range certificates {
		for _, file := range c.UnusableCRLs {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("a list of --crl is not usable for the certificate of %q: %s", bounded(c.Subject), boundedTo(300, file)),
				"fetch the issuer's current complete list and name that with --crl, or omit the flag; openssl crl -in FILE -noout -issuer -nextupdate -crlnumber describes a list"))
		}
	}
	return checks.Judge(found...)
}
