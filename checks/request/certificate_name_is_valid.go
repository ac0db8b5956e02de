package request

import (
	"fmt"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// Length of CertificateName in characters.
const (
	minCertificateName = 4
	maxCertificateName = 50
)

// certificateNameIsValid is request/certificate-name-is-valid.
func certificateNameIsValid() checks.Check {
	return checks.Check{
		ID: "request/certificate-name-is-valid", Severity: checks.Error,
		Applies: func(b binding.Binding) (bool, string) {
			if b.CertificateOnly || b.Certificate == nil || b.Certificate.Name == "" { // flags of lint alone may leave it out
				return false, "no certificate is to be named on the gateway"
			}
			return true, ""
		},
		Judge: judgeCertificateName,
		Doc: checks.Doc{
			Title: "The gateway accepts the certificate's name",
			Why: "The name is a parameter of the second call. If the gateway refuses it there, the domain is already bound, without a " +
				"certificate: its callers fail until one is attached by hand.",
			Fix:        "Write a name of 4 to 50 characters, such as api_demo_com_2026.",
			References: []string{"Published clients of SetDomainCertificate hold CertificateName to 4 to 50 characters; its page (2026-03-16) states no length"},
			Failing:    "binding: {certificate: {name: ab}}",
			Passing:    "binding: {certificate: {name: api_demo_com_2026}}",
		},
	}
}

func judgeCertificateName(s checks.Subject) checks.Verdict {
	name := s.Binding.Certificate.Name
	const fix = "write a name of 4 to 50 characters, such as api_demo_com_2026"
	if n := utf8.RuneCountInString(name); n < minCertificateName || n > maxCertificateName {
		return checks.Judge(checks.Fails("/certificate/name",
			fmt.Sprintf("the certificate name %.80q has %d characters, want %d to %d: the second call would be refused", name, n, minCertificateName, maxCertificateName), fix))
	}
	return checks.Pass()
}
