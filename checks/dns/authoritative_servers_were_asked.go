package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// authoritativeServersWereAsked is dns/authoritative-servers-were-asked.
func authoritativeServersWereAsked() checks.Check {
	return checks.Check{
		ID: "dns/authoritative-servers-were-asked", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge: func(s checks.Subject) checks.Verdict {
			switch s.Evidence.DNS.Facts.Mode {
			case evidence.DNSAuthoritative:
				return checks.Pass()
			case evidence.DNSResolver:
				return checks.Judge(checks.Warns("/domainName",
					fmt.Sprintf("only the resolver %s was asked, which may answer from its cache: whether all authoritative servers agree, and since when, is not known", s.Evidence.DNS.From),
					"run without --resolver where port 53 is open"))
			}
			return checks.Unknown("the evidence does not say who was asked")
		},
		Doc: checks.Doc{
			Title: "The zone's own servers were asked",
			Why: "A resolver repeats a cached answer for the TTL of the record, and may be configured to answer differently. Its answer is not " +
				"proof of what the zone holds. Where port 53 is closed there is no other way; then this says so, and a policy may demand " +
				"more (input.run.dnsMode).",
			Fix:        "Run without --resolver from a place that may send DNS queries to the Internet.",
			References: []string{"RFC 9499 §6 (authoritative server, resolver)", "RFC 1035 §7.4 (caches)"},
			Failing:    "binding: {domainName: api.demo.com}",
			Passing:    "evidence: {dns: {facts: {mode: authoritative}}}",
		},
	}
}
