package apig

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// protocolFitsTheScope is apig/protocol-fits-the-scope.
func protocolFitsTheScope() checks.Check {
	return checks.Check{
		ID: "apig/protocol-fits-the-scope", Severity: checks.Error,
		Applies: target.Gateway,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.Protocol != "" && b.DomainScope != "" {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeScope,
		Doc: checks.Doc{
			Title: "The protocol and certificate are those of the domain's scope",
			Why: "A dedicated domain has a protocol, HTTP or HTTPS, which must be stated when it is created. A serverless domain has " +
				"only HTTPS with a certificate that the platform manages: the platform refuses a protocol or a certificate for it.",
			Fix:        "State protocol for a dedicated domain; for a serverless one remove protocol and certificate.",
			References: []string{pageUpdateDomain, codeProvider},
			Failing:    "base: apig\nbinding: {domainScope: Serverless, certificate: null}\nevidence: {records: {facts: {domain: null}}}",
			Passing:    "base: apig\nbinding: {domainScope: Serverless, certificate: null, protocol: null}\nevidence: {records: {facts: {domain: null}}}",
		},
	}
}

func judgeScope(s checks.Subject) checks.Verdict {
	b := s.Binding
	var found []checks.Finding
	switch scope := scope(s); scope {
	case scopeServerless:
		if b.Protocol != "" {
			found = append(found, checks.Fails("/protocol", fmt.Sprintf("got protocol %q for a serverless domain, which has only HTTPS and takes no protocol", b.Protocol), "remove protocol"))
		}
		if b.Certificate != nil {
			found = append(found, checks.Fails("/certificate", "the binding has a certificate, and the platform manages the certificate of a serverless domain", "remove certificate, or use a dedicated domain"))
		}
	case scopeDedicated:
		switch p := protocol(s); {
		case p == "":
			found = append(found, checks.Fails("/protocol", "the binding states no protocol, which a dedicated domain must have", "write protocol: HTTPS or protocol: HTTP"))
		case !slices.Contains([]string{protocolHTTP, protocolHTTPS}, p):
			found = append(found, checks.Fails("/protocol", fmt.Sprintf("got protocol %q, want HTTP or HTTPS", bounded(p)), "write protocol: HTTPS or protocol: HTTP"))
		}
	default:
		found = append(found, checks.Fails("/domainScope", fmt.Sprintf("got scope %q, want Dedicated or Serverless", bounded(scope)), "write domainScope: Dedicated or domainScope: Serverless"))
	}
	return checks.Judge(found...)
}
