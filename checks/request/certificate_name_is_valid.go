package request

import (
	"fmt"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Lengths in characters: of CertificateName of a group, and of a name in the certificate
// store.
const (
	minCertificateName = 4
	maxCertificateName = 50
	maxStoredName      = 64
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
			Fix: "Write a name of 4 to 50 characters, for a gateway of 1 to 64, such as api_demo_com_2026.",
			References: []string{"Published clients of SetDomainCertificate hold CertificateName to 4 to 50 characters; its page (2026-03-16) states no length",
				"Alibaba Cloud Certificate Management Service, UploadUserCertificate (2020-04-07): a name has at most 64 characters"},
			Failing: "binding: {certificate: {name: ab}}",
			Passing: "binding: {certificate: {name: api_demo_com_2026}}",
		},
	}
}

func judgeCertificateName(s checks.Subject) checks.Verdict {
	name, least, most, harm := s.Binding.Certificate.Name, minCertificateName, maxCertificateName, "the second call would be refused"
	if ok, _ := target.Gateway(s.Binding); ok {
		least, most, harm = 1, maxStoredName, "the certificate store would refuse it"
	}
	if n := utf8.RuneCountInString(name); n < least || n > most {
		return checks.Judge(checks.Fails("/certificate/name",
			fmt.Sprintf("the certificate name %.80q has %d characters, want %d to %d: %s", name, n, least, most, harm),
			fmt.Sprintf("write a name of %d to %d characters, such as api_demo_com_2026", least, most)))
	}
	return checks.Pass()
}
