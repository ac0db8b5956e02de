package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// httpsRecordsAgree is dns/https-records-agree.
func httpsRecordsAgree() checks.Check {
	return checks.Check{
		ID: "dns/https-records-agree", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeHTTPS,
		Doc: checks.Doc{
			Title: "HTTPS records name the same target as the CNAME record",
			Why: "Browsers query HTTPS records (SVCB) first and follow their target and address hints. A forgotten HTTPS record, or one " +
				"that a CDN published, sends browsers to another place than all other clients, where neither the certificate nor the " +
				"API is yours.",
			Fix:        "Remove the HTTPS record of the name, or let it name the CNAME record's target.",
			References: []string{"RFC 9460 §2.4 (alias and service mode), §7.3 (hints), §9 (HTTPS)"},
			Failing:    "evidence: {dns: {facts: {context: {https: {name: api.demo.com, records: ['1 cdn.example.net. alpn=\"h2\"']}}}}}",
			Passing:    "evidence: {dns: {facts: {context: {https: {name: api.demo.com, event: nodata}}}}}",
		},
	}
}

func judgeHTTPS(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if d.Context == nil || d.Context.HTTPS == nil {
		return checks.Unknown("the evidence holds no lookup of HTTPS records")
	}
	h := d.Context.HTTPS
	if h.Problem != "" {
		return checks.Unknown("HTTPS records could not be looked up: " + cut(h.Problem))
	}
	var findings []checks.Finding
	for _, record := range h.Records {
		if where := elsewhere(d, record); where != "" {
			findings = append(findings, checks.Warns("/domainName", fmt.Sprintf("an HTTPS record of %s sends browsers to %s, and the CNAME record leads to %s", h.Name, cut(where), d.Final()),
				"remove the HTTPS record, or let it lead to the same place"))
		}
	}
	return checks.Judge(findings...)
}

// elsewhere is the target or the hints of an HTTPS record (priority target
// parameters) that are not where the chain leads; "" if it leads there.
func elsewhere(d evidence.DNS, record string) string {
	parts := strings.Fields(record)
	if len(parts) < 2 {
		return ""
	}
	target := evidence.PlainName(parts[1])
	known := func(name string) bool {
		return target == "" || evidence.SameName(name, target) // "." is the owner itself
	}
	if !known(d.QueryName) && !known(d.Final()) && !slices.ContainsFunc(d.Hops, func(h evidence.Hop) bool { return known(h.Target) }) {
		return target
	}
	for _, param := range parts[2:] {
		key, value, _ := strings.Cut(param, "=")
		if key != "ipv4hint" && key != "ipv6hint" {
			continue
		}
		for hint := range strings.SplitSeq(strings.Trim(value, `"`), ",") {
			if !slices.Contains(d.End.Addresses, hint) {
				return hint
			}
		}
	}
	return ""
}
