package request

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// field is one that SetDomain of 2017 has no parameter for, and what would come
// of sending it without.
type field struct {
	name  string
	isSet bool
	harm  string
}

func notIn2017(b binding.Binding) []field {
	return []field{
		{"bindStageName", b.BindStageName != nil, "the domain would open every environment"},
		{"customDomainType", b.CustomDomainTypeGiven || b.CustomDomainType != binding.Internet,
			"the domain would be bound for the public network"},
		{"isForce", b.IsForce, "the call would fail where another group holds the domain"},
		{"clientCertificate", b.ClientCertificate != nil && !b.ClientCertificate.None, "callers would be let in without a certificate"},
		{"isHttpRedirectToHttps", b.IsHTTPRedirectToHTTPS != nil, "plain HTTP would be served despite this setting"},
	}
}

// contractSupportsFields is request/contract-supports-fields.
func contractSupportsFields() checks.Check {
	return checks.Check{
		ID: "request/contract-supports-fields", Severity: checks.Error, Core: true,
		MustPass: checks.Proves(checks.RequestIsValid),
		Applies:  setsDomain,
		Judge:    judgeExpressible,
		Doc: checks.Doc{
			Title: "The API version has a parameter for every field that is set",
			Why: "SetDomain was published in two versions. The version of 2017 has no stage, network type, force or redirect: without " +
				"them, a binding for TEST would be published in every environment, and an INTRANET domain would be public.",
			Fix:        "Remove the field, or use an endpoint that implements the current version (--contract 2026).",
			References: []string{pageSetDomain2017, pageSetDomain},
			Failing:    "evidence: {run: {contract: '2017'}}\nbinding: {bindStageName: TEST, isHttpRedirectToHttps: null}",
			Passing:    "evidence: {run: {contract: '2017'}}\nbinding: {bindStageName: null, isHttpRedirectToHttps: null}",
		},
	}
}

func judgeExpressible(s checks.Subject) checks.Verdict {
	switch contract := s.Evidence.Run.Contract; contract {
	case evidence.Contract2026: // carries everything; the certificate by SetDomainCertificate
		return checks.Pass()
	case evidence.Contract2017:
	default:
		return checks.Unknown(fmt.Sprintf("got contract %q, want 2017 or 2026: what it can carry is not known", contract))
	}
	var findings []checks.Finding
	for _, f := range notIn2017(s.Binding) {
		if f.isSet {
			findings = append(findings, checks.Fails("/"+f.name,
				fmt.Sprintf("the 2017 contract cannot carry %s: %s", f.name, f.harm),
				fmt.Sprintf("remove %s, or use an endpoint that speaks the 2026 contract", f.name)))
		}
	}
	return checks.Judge(findings...)
}
