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
			Title: "The authoritative servers were asked",
			Why: "A resolver may answer from its cache for the TTL of the record, and may be configured to answer differently. Its " +
				"answer does not prove what the zone contains. Where port 53 is closed there is no other way: this check then warns, " +
				"and a policy may require more (input.run.dnsMode).",
			Fix:        "Run without --resolver from a place that may send DNS queries to the Internet.",
			References: []string{"RFC 9499 §6 (authoritative server, resolver)", "RFC 1035 §7.4 (caches)"},
			Failing:    "binding: {domainName: api.demo.com}",
			Passing:    "evidence: {dns: {facts: {mode: authoritative}}}",
		},
	}
}
