package request

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// field is one that an API has no parameter for, and what would come of sending the
// binding without.
type field struct {
	name  string
	isSet bool
	harm  string
}

func notIn2017(b binding.Binding) []field {
	return []field{
		{"bindStageName", b.BindStageName != nil && !(b.Called && *b.BindStageName == ""), "the domain would open every environment"},
		{"customDomainType", b.CustomDomainTypeGiven || b.CustomDomainType != binding.Internet,
			"the domain would be bound for the public network"},
		{"isForce", b.IsForce, "the call would fail where another group holds the domain"},
		{"clientCertificate", b.ClientCertificate != nil && !b.ClientCertificate.None, "callers would be let in without a certificate"},
		{"isHttpRedirectToHttps", b.IsHTTPRedirectToHTTPS != nil, "plain HTTP would be served despite this setting"},
	}
}

// notForGateways are fields that only API groups have.
func notForGateways(b binding.Binding) []field {
	const lost = "UpdateDomain has no parameter for it"
	fields := []field{
		{"groupId", b.GroupID != "", "a binding names an API group or a gateway, not both"},
		{"bindStageName", b.BindStageName != nil, "a gateway has no stages: use one gateway for each environment"},
		{"isForce", b.IsForce, "no domain is taken from another gateway"},
		{"forceFrom", len(b.ForceFrom) > 0, "no domain is taken from another gateway"},
		{"isHttpRedirectToHttps", b.IsHTTPRedirectToHTTPS != nil, "a gateway's field for it is forceHttps"},
	}
	if c := b.ClientCertificate; c != nil {
		fields = append(fields, field{"clientCertificate/verifyDepth", c.VerifyDepth != 0, lost},
			field{"clientCertificate/passSubjectDN", c.PassSubjectDN, lost}, field{"clientCertificate/ocsp", c.OCSP, lost},
			field{"clientCertificate/ocspCache", c.OCSPCache, lost})
	}
	return fields
}

// notForGroups are fields that only gateways have.
func notForGroups(b binding.Binding) []field {
	const lost = "SetDomain has no parameter for it"
	return []field{
		{"protocol", b.Protocol != "", lost}, {"forceHttps", b.ForceHTTPS != nil, "a group's field for it is isHttpRedirectToHttps"},
		{"http2Option", b.HTTP2Option != "", lost}, {"tlsMin", b.TLSMin != "", "a group has one HTTPS policy for all its domains"},
		{"tlsMax", b.TLSMax != "", "a group has one HTTPS policy for all its domains"}, {"tlsCipherSuitesConfig", b.TLSCipherSuites != nil, lost},
		{"domainScope", b.DomainScope != "", lost}, {"gatewayType", b.GatewayType != "", lost}, {"resourceGroupId", b.ResourceGroupID != "", lost},
		{"movesFrom", b.MovesFrom != nil, "only a gateway's domain moves from a group"},
		{"certificate/casId", b.Certificate != nil && b.Certificate.CASID != "", "a group takes the certificate itself"},
		{"clientCertificate/casId", b.ClientCertificate != nil && b.ClientCertificate.CASID != "", "a group takes the certificate itself"},
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
				"them, a binding for TEST would be published in every environment, and an INTRANET domain would be public. The API of the " +
				"cloud-native gateway has other fields, and none of a group's.",
			Fix: "Remove the field, or use an endpoint that implements the current version (--contract 2026). Name an API group or a gateway, not " +
				"both.",
			References: []string{pageSetDomain2017, pageSetDomain, pageUpdateDomain},
			Failing:    "evidence: {run: {contract: '2017'}}\nbinding: {bindStageName: TEST, isHttpRedirectToHttps: null}",
			Passing:    "evidence: {run: {contract: '2017'}}\nbinding: {bindStageName: null, isHttpRedirectToHttps: null}",
		},
	}
}

func judgeExpressible(s checks.Subject) checks.Verdict {
	if ok, _ := target.Gateway(s.Binding); ok {
		return unsupported(notForGateways(s.Binding), "a gateway's domain has no %s: %s", "remove %s, or name an API group")
	}
	if fields := notForGroups(s.Binding); slices.ContainsFunc(fields, func(f field) bool { return f.isSet }) {
		return unsupported(fields, "an API group's domain has no %s: %s", "remove %s, or name a gateway")
	}
	switch contract := s.Evidence.Run.Contract; contract {
	case evidence.Contract2026: // carries everything; the certificate by SetDomainCertificate
		return checks.Pass()
	case evidence.Contract2017:
	default:
		return checks.Unknown(fmt.Sprintf("got contract %q, want 2017 or 2026: what it can carry is not known", contract))
	}
	return unsupported(notIn2017(s.Binding), "the 2017 contract cannot carry %s: %s", "remove %s, or use an endpoint that speaks the 2026 contract")
}

// unsupported returns an error for each field that is set.
func unsupported(fields []field, message, fix string) checks.Verdict {
	var findings []checks.Finding
	for _, f := range fields {
		if f.isSet {
			name := strings.ReplaceAll(f.name, "/", ".")
			findings = append(findings, checks.Fails("/"+f.name, fmt.Sprintf(message, name, f.harm), fmt.Sprintf(fix, name)))
		}
	}
	return checks.Judge(findings...)
}
