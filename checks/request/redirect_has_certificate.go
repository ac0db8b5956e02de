package request

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// redirectHasCertificate is request/redirect-has-certificate.
func redirectHasCertificate() checks.Check {
	return checks.Check{
		ID: "request/redirect-has-certificate", Severity: checks.Error,
		Applies: func(b binding.Binding) (bool, string) {
			if b.IsHTTPRedirectToHTTPS == nil || !*b.IsHTTPRedirectToHTTPS {
				return false, "no redirect to HTTPS is asked for"
			}
			return setsDomain(b)
		},
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.Certificate != nil {
				return nil
			}
			return []evidence.Need{evidence.NeedGroup}
		},
		Judge: judgeRedirect,
		Doc: checks.Doc{
			Title: "A domain with a redirect to HTTPS has a certificate",
			Why: "With isHttpRedirectToHttps, the gateway redirects every plain HTTP request to HTTPS. If the domain has no certificate, " +
				"the TLS handshake fails for every caller.",
			Fix:        "Add the certificate to the binding, or bind without the redirect until the domain has one.",
			References: []string{pageSetDomain},
			Failing:    "binding: {isHttpRedirectToHttps: true, certificate: null}",
			Passing: "binding: {isHttpRedirectToHttps: true, certificate: null}\n" +
				"evidence:\n  group:\n    facts:\n      domains: [{domainName: api.demo.com, certificateName: demo_2025}]",
		},
	}
}

func judgeRedirect(s checks.Subject) checks.Verdict {
	if s.Binding.Certificate != nil {
		return checks.Pass()
	}
	if d, ok := s.Evidence.Group.Facts.Domain(s.Binding.DomainName); ok && (d.CertificateID != "" || d.CertificateName != "") {
		return checks.Pass()
	}
	return checks.Judge(checks.Fails("/isHttpRedirectToHttps",
		fmt.Sprintf("plain HTTP to %q would be redirected to HTTPS, but neither the binding nor the gateway has a certificate for it",
			s.Binding.DomainName),
		"add certificate to the binding, or remove isHttpRedirectToHttps"))
}
