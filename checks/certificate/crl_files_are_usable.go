package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// crlFilesAreUsable is certificate/crl-files-are-usable.
func crlFilesAreUsable() checks.Check {
	return checks.Check{
		ID: "certificate/crl-files-are-usable", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRevocation},
		Applies: applies,
		Judge:   judgeCRLFiles,
		Doc: checks.Doc{
			Title: "Every CRL file that --crl names can be used",
			Why: "A CRL file is handed over to be asked. One that is out of date, of another issuer, or a delta list without its " +
				"base list answers nothing, and unlike a server that does not answer it stays so: the certificate may be revoked " +
				"and nobody would learn it.",
			Fix: "Fetch the issuer's current complete list, and name that with --crl; or omit the flag.",
			References: []string{
				"RFC 5280 §6.3.3 (which list tells of which certificate)",
				"RFC 5280 §5.2.4 (delta lists)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: unknown, unusable: [\"old.crl: the list is out of date\"]}]}}}",
			Passing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: good, source: list.crl}]}}}",
		},
	}
}

func judgeCRLFiles(s checks.Subject) checks.Verdict {
	if isRoot(s) {
		return checks.DoesNotApply(ofARoot)
	}
	certificates := s.Evidence.Revocation.Facts.Certificates
	if len(certificates) == 0 {
		return checks.CannotTell("no certificate was looked up; see certificate/chain-is-trusted")
	}
	var found []checks.Finding
	for _, c := range certificates {
		for _, file := range c.Unusable {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("a list of --crl cannot be used for the certificate of %q: %s", bounded(c.Subject), boundedTo(300, file)),
				"fetch the issuer's current complete list and name that with --crl, or omit the flag; openssl crl -in FILE -noout -issuer -nextupdate -crlnumber shows what a list is"))
		}
	}
	return checks.Judge(found...)
}
