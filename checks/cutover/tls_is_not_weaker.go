package cutover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// tlsIsNotWeaker is cutover/tls-is-not-weaker.
func tlsIsNotWeaker() checks.Check {
	return checks.Check{
		ID: "cutover/tls-is-not-weaker", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedPredecessor, evidence.NeedRecords},
		Applies: moves,
		Judge:   judgeTLS,
		Doc: checks.Doc{
			Title: "TLS of the successor is not weaker than the API group's",
			Why: "On the classic gateway the API group sets TLS (HttpsPolicy), on the cloud-native one each domain does, and what is not " +
				"stated begins at TLS 1.0. A higher floor shuts out old callers, a different HTTP/2 setting changes how header names arrive, " +
				"and four cipher suites of the classic gateway do not exist any more.",
			Fix:        "State tlsMin, tlsMax and http2Option as the finding says; accept old-clients, http2 or suites where a change is intended.",
			References: []string{pageSetHTTPS, "Alibaba Cloud, cloud-native API Gateway, CreateDomain (2024-03-27): tlsMin, tlsMax, http2Option, tlsCipherSuitesConfig", "RFC 9325 §3.1.1 (TLS versions)", "RFC 9113 §8.2 (lower-case field names)"},
			Failing:    "base: cutover\nbinding: {tlsMin: TLS 1.0}",
			Passing:    "base: cutover",
		},
	}
}

func judgeTLS(s checks.Subject) checks.Verdict {
	d, none := held(s)
	if none != nil {
		return *none
	}
	if d.CertificateName == "" && d.CertificateID == "" {
		return checks.NotApplicable("the API group holds no certificate for the domain: it serves plain HTTP")
	}
	name := s.Evidence.Predecessor.Facts.Group.HTTPSPolicy
	was, known := evidence.TLSPolicyOf(name)
	will := after(s)
	var found []checks.Finding
	report := func(severity checks.Severity, pointer, fix, format string, args ...any) {
		found = append(found, checks.Finding{Severity: severity, Pointer: pointer, Message: fmt.Sprintf(format, args...), Fix: fix})
	}
	if will.Protocol != "HTTPS" {
		report(checks.Error, "/protocol", "set protocol: HTTPS and name the certificate", "the API group serves the domain with TLS, and the successor with protocol %q", bounded(will.Protocol))
	}
	if d.IsHTTPRedirectToHTTPS && !will.ForceHTTPS {
		report(checks.Error, "/forceHttps", "set forceHttps: true", "the API group redirects HTTP to HTTPS, and the successor does not")
	}
	if !known {
		return checks.Unknown(fmt.Sprintf("the HttpsPolicy of the API group, %q, is not known, so there is nothing to compare TLS with", bounded(name)), found...)
	}
	low, high := version(will.TLSMin), version(will.TLSMax)
	switch accepts := s.Binding.MovesFrom.Accepts; {
	case low == 0 || high == 0:
		return checks.Unknown(fmt.Sprintf("the TLS range of the successor, %q to %q, is not known", bounded(will.TLSMin), bounded(will.TLSMax)), found...)
	case low < version(was.Min):
		report(checks.Error, "/tlsMin", fmt.Sprintf("set tlsMin: %s", was.Min), "the successor accepts %s, and the API group (%s) nothing below %s", will.TLSMin, name, was.Min)
	case low > version(was.Min) && !accepts(binding.LossOldClients):
		report(checks.Warning, "/tlsMin", "look who still calls with it, or accept old-clients", "callers with %s, which the API group (%s) accepts, are refused from %s on", was.Min, name, will.TLSMin)
	}
	if high < version(was.Max) {
		report(checks.Error, "/tlsMax", fmt.Sprintf("set tlsMax: %s or higher", was.Max), "the successor offers at most %s, and the API group (%s) %s", will.TLSMax, name, was.Max)
	}
	http2 := map[string]string{"Open": "on", "Close": "off"}[will.HTTP2Option]
	wanted := map[bool]string{true: "on", false: "off"}[was.HTTP2]
	if http2 != wanted && !s.Binding.MovesFrom.Accepts(binding.LossHTTP2) {
		report(checks.Warning, "/http2Option", "set http2Option: "+map[bool]string{true: "Open", false: "Close"}[was.HTTP2]+", or accept http2",
			"HTTP/2 is %s on the API group (%s), and the successor has http2Option %q", wanted, name, bounded(will.HTTP2Option))
	}
	return checks.Judge(append(found, suites(s, was, will)...)...)
}

// homeless are the cipher suites of the classic gateway that the cloud-native one lacks.
func homeless() []string {
	return []string{"ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384", "AES128-SHA256", "AES256-SHA256"}
}

func suites(s checks.Subject, was evidence.TLSPolicy, will evidence.Record) (found []checks.Finding) {
	if !s.Binding.MovesFrom.Accepts(binding.LossSuites) {
		found = append(found, checks.Warns("/tlsCipherSuitesConfig", "callers that offer only "+strings.Join(homeless(), ", ")+" are refused: the cloud-native gateway does not have these suites",
			"look for such callers in the access log, or accept suites"))
	}
	if will.Suites == nil || will.Suites.ConfigType != "Custom" || version(was.Min) < 12 {
		return found
	}
	var weak []string
	for _, suite := range will.Suites.Suites {
		if strings.HasSuffix(suite.Name, "-SHA") && !slices.Contains(weak, suite.Name) {
			weak = append(weak, suite.Name)
		}
	}
	if len(weak) > 0 {
		found = append(found, checks.Warns("/tlsCipherSuitesConfig", "the list has suites with CBC and SHA-1: "+bounded(strings.Join(weak, ", ")), "remove them"))
	}
	return found
}

// version returns 10 to 13 for a TLS version, and 0 for what is none.
func version(name string) int {
	return map[string]int{"TLS 1.0": 10, "TLS 1.1": 11, "TLS 1.2": 12, "TLS 1.3": 13}[evidence.TLSVersion(name)]
}
