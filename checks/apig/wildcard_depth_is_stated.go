package apig

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// wildcardDepthIsStated is apig/wildcard-depth-is-stated.
func wildcardDepthIsStated() checks.Check {
	return checks.Check{
		ID: "apig/wildcard-depth-is-stated", Severity: checks.Warning,
		Applies: func(b binding.Binding) (bool, string) {
			if ok, why := target.Gateway(b); !ok {
				return ok, why
			}
			return b.Wildcard(), "the domain is no wildcard"
		},
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.Protocol != "" {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords}
		},
		Judge: judgeDepth,
		Doc: checks.Doc{
			Title: "A wildcard's certificate covers every name that the gateway takes for it",
			Why: "A wildcard domain of the gateway takes names at any depth: *.demo.com answers for a.demo.com and a.b.demo.com. A wildcard " +
				"in a certificate covers one label, so clients of a.b.demo.com refuse the handshake. The classic gateway did not serve " +
				"such a name.",
			Fix:        "Publish DNS records for names one label below the wildcard's parent only, and bind deeper names with a certificate of their own.",
			References: []string{pageCreateDomain, "RFC 9525 §6.3 (a wildcard matches one label)"},
			Failing:    "base: apig\nbinding: {domainName: '*.demo.com'}",
			Passing:    "base: apig\nbinding: {domainName: '*.demo.com', protocol: HTTP, forceHttps: false, certificate: null}",
		},
	}
}

func judgeDepth(s checks.Subject) checks.Verdict {
	if protocol(s) == protocolHTTP {
		return checks.Pass() // no certificate takes part
	}
	parent := s.Binding.DomainName[2:]
	return checks.Judge(checks.Warns("/domainName",
		fmt.Sprintf("%q also takes names such as a.b.%s, and a certificate for it covers one label only: their clients refuse the handshake", s.Binding.DomainName, parent),
		fmt.Sprintf("let DNS hold no names deeper than one label below %s, or bind them as *.b.%s with a certificate of their own", parent, parent)))
}
