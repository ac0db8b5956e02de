package apig

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// updateKeepsSettings is apig/update-keeps-settings.
func updateKeepsSettings() checks.Check {
	return checks.Check{
		ID: "apig/update-keeps-settings", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRecords},
		Applies: target.Gateway,
		Judge:   judgeKept,
		Doc: checks.Doc{
			Title: "An update keeps every setting that the binding does not state",
			Why: "It is not documented whether UpdateDomain replaces the whole record. If it does, a call that only changes the " +
				"certificate takes away the CA of client certificates, and the domain accepts every client. bindgate reads the record and " +
				"sends back each field that it can write. A field that it does not know, or cannot read, would be lost. Terraform and ROS make " +
				"their own calls: whether those keep a setting that the plan or template does not state is not documented.",
			Fix:        "State the setting in the binding if it has a key there, or make this change in the console, which shows the whole record.",
			References: []string{pageUpdateDomain, pageGetDomain, codeProvider},
			Failing:    "base: apig\nevidence: {records: {facts: {domain: {unknownFields: [wafEnabled]}}}}",
			Passing:    "base: apig",
		},
	}
}

func judgeKept(s checks.Subject) checks.Verdict {
	b, r := s.Binding, s.Evidence.Records.Facts.Domain
	if r == nil {
		return checks.NotApplicable("the domain has no record yet, so there is nothing to keep")
	}
	changed := target.Changes(s, *r)
	if !b.Called && len(changed) == 0 { // another tool makes its call whatever bindgate would change
		return checks.Pass()
	}
	var why []string
	if len(r.UnknownFields) > 0 {
		why = append(why, fmt.Sprintf("its record has fields that bindgate does not know (%s)", some(r.UnknownFields)))
	}
	if r.MTLSEnabled && b.ClientCertificate == nil && r.ClientCACert == "" {
		why = append(why, "it requires client certificates, and the record does not show their CA (clientCACert)")
	}
	if r.Suites != nil && r.Suites.ConfigType == "Custom" && len(r.Suites.Suites) == 0 && b.TLSCipherSuites == nil {
		why = append(why, "it has custom cipher suites, and the record does not show them")
	}
	if b.Called {
		if lost := unstated(b, *r); len(lost) > 0 {
			why = append(why, "the tool of the binding makes the call, and does not state what the domain has: "+strings.Join(lost, ", "))
		}
	}
	if len(why) == 0 {
		return checks.Pass()
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("an update of %q, which would change %s, cannot keep what the binding does not state: %s", b.DomainName, cmp.Or(strings.Join(changed, ", "), "nothing that it states"), strings.Join(why, "; ")),
		"state the setting in the binding if it has a key there; else make this change in the console"))
}

// unstated returns what the record has, other than the documented default, and the binding
// does not state.
func unstated(b binding.Binding, r evidence.Record) (fields []string) {
	for _, f := range []struct {
		name  string
		lost  bool
		value string
	}{
		{"mTLSEnabled", r.MTLSEnabled && b.ClientCertificate == nil, "true"},
		{"tlsMin", r.TLSMin != "" && evidence.TLSVersion(r.TLSMin) != evidence.TLSVersion("TLS 1.0") && b.TLSMin == "", r.TLSMin},
		{"tlsMax", r.TLSMax != "" && evidence.TLSVersion(r.TLSMax) != evidence.TLSVersion("TLS 1.3") && b.TLSMax == "", r.TLSMax},
		{"http2Option", r.HTTP2Option != "" && b.HTTP2Option == "", r.HTTP2Option},
		{"forceHttps", r.ForceHTTPS && b.ForceHTTPS == nil, "true"},
		{"certIdentifier", r.CertIdentifier != "" && b.Certificate == nil, r.CertIdentifier},
		{"tlsCipherSuitesConfig", r.Suites != nil && r.Suites.ConfigType == "Custom" && b.TLSCipherSuites == nil, "Custom"},
	} {
		if f.lost {
			fields = append(fields, fmt.Sprintf("%s %.64q", f.name, f.value))
		}
	}
	return fields
}
