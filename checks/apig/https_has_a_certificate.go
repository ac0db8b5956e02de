package apig

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// httpsHasACertificate is apig/https-has-a-certificate.
func httpsHasACertificate() checks.Check {
	return checks.Check{
		ID: "apig/https-has-a-certificate", Severity: checks.Error,
		Applies: target.Gateway,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.Protocol != "" && b.ForceHTTPS != nil && (b.Protocol == protocolHTTP || b.Certificate != nil) {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeHTTPS,
		Doc: checks.Doc{
			Title: "A domain with HTTPS has a certificate, and states whether HTTP is redirected",
			Why: "Whether the platform refuses an HTTPS domain without a certificate is not documented; if it does not, every handshake " +
				"fails. With forceHttps plain HTTP is redirected to HTTPS, and for an HTTPS domain it must be stated. On an HTTP domain " +
				"neither a certificate nor forceHttps has an effect, so callers that were meant to be protected are not.",
			Fix:        "Add the certificate to the binding and state forceHttps; or write protocol: HTTP and remove both.",
			References: []string{pageCreateDomain, pageUpdateDomain},
			Failing:    "base: apig\nbinding: {certificate: null}\nevidence: {records: {facts: {domain: {certIdentifier: null}}}}",
			Passing:    "base: apig",
		},
	}
}

func judgeHTTPS(s checks.Subject) checks.Verdict {
	b, r := s.Binding, record(s)
	var found []checks.Finding
	unstated := b.ForceHTTPS == nil && r == nil
	switch {
	case scope(s) == scopeServerless:
	case protocol(s) == protocolHTTPS:
		if b.Certificate == nil && (r == nil || r.CertIdentifier == "") {
			found = append(found, checks.Fails("/protocol", fmt.Sprintf("%q has protocol HTTPS, and neither the binding nor the domain has a certificate", b.DomainName),
				"add certificate to the binding, or write protocol: HTTP"))
		}
	case protocol(s) == protocolHTTP:
		unstated = false
		if b.ForceHTTPS != nil && *b.ForceHTTPS {
			found = append(found, checks.Fails("/forceHttps", fmt.Sprintf("forceHttps has no effect for protocol HTTP: plain HTTP to %q is served", b.DomainName),
				"write protocol: HTTPS and add a certificate, or remove forceHttps"))
		}
		if b.Certificate != nil {
			found = append(found, checks.Fails("/certificate", fmt.Sprintf("the certificate has no effect for protocol HTTP: %q is not served over HTTPS", b.DomainName),
				"write protocol: HTTPS, or remove certificate"))
		}
	default:
		return checks.Unknown("the protocol of the domain is not known; see apig/protocol-fits-the-scope")
	}
	if unstated {
		found = append(found, checks.Fails("/forceHttps", "the binding does not state forceHttps, which a new HTTPS domain must have",
			"write forceHttps: true to redirect plain HTTP, or forceHttps: false"))
	}
	return checks.Judge(found...)
}
