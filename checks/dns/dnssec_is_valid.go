package dns

import (
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// soonExpired is when a signature that still holds is worth a warning: signers
// renew theirs at least this long before.
const soonExpired = 3 * 24 * time.Hour

// validatesDNSSEC is dns/dnssec-is-valid.
func validatesDNSSEC() checks.Check {
	return checks.Check{
		ID: "dns/dnssec-is-valid", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeDNSSEC,
		Doc: checks.Doc{
			Title: "Signed zones pass DNSSEC validation",
			Why: "A zone with invalid signatures does not exist for the many callers behind validating resolvers, and since 2026-03-15 " +
				"certificate authorities must validate too and refuse. Every name of the CNAME chain counts. An unsigned zone is fine. " +
				"bindgate validates from the root's trust anchor itself; it blocks only if a validating resolver agrees.",
			Fix: "Sign the zone again, or make the DS record in the parent zone match the zone's keys.",
			References: []string{"RFC 4035 §5 (validation)", "RFC 5155 §8 (NSEC3)", "RFC 9276 (NSEC3 parameters)",
				"CA/Browser Forum ballot SC-085v2, 2025 (validation of CAA and domain lookups from 2026-03-15)"},
			Failing: "evidence: {dns: {facts: {mode: authoritative, security: [{name: api.demo.com, zone: demo.com, status: bogus, reason: the signature is wrong}],\n" +
				"  resolvers: [{server: '192.0.2.53:53', bogus: true, problem: DNSSEC validation fails, end: {name: api.demo.com, event: ''}}]}}}",
			Passing: "evidence: {dns: {facts: {mode: authoritative, security: [{name: api.demo.com, zone: demo.com, status: secure, expires: '2026-12-21T12:00:00Z'}]}}}",
		},
	}
}

func judgeDNSSEC(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	switch {
	case d.Mode == evidence.DNSResolver:
		return checks.NotApplicable("resolver mode: only authoritative mode validates signatures; run without --resolver")
	case len(d.Security) == 0:
		return checks.Unknown("the evidence holds no validation")
	}
	refuses := slices.ContainsFunc(d.Resolvers, func(v evidence.ResolverAnswer) bool { return v.Bogus })
	answered := slices.ContainsFunc(d.Resolvers, func(v evidence.ResolverAnswer) bool { return v.Problem == "" })
	var findings []checks.Finding
	for _, n := range d.Security {
		switch n.Status {
		case evidence.DNSSECBogus:
			if !refuses && !answered {
				return checks.Unknown(fmt.Sprintf("%s does not validate (bogus): %s; and no resolver answered, so whether they refuse it is not known", n.Name, cut(n.Reason)), findings...)
			}
			findings = append(findings, bogus(n, refuses))
		case evidence.DNSSECIndeterminate:
			if answered && !refuses {
				findings = append(findings, checks.Warns("/domainName",
					fmt.Sprintf("whether the signatures of %s hold could not be found out: %s; no resolver that was asked refuses it", n.Name, cut(n.Reason)),
					"let the servers answer for DS and DNSKEY records"))
				continue
			}
			return checks.Unknown(fmt.Sprintf("whether the signatures of %s hold could not be found out: %s", n.Name, cut(n.Reason)), findings...)
		case evidence.DNSSECSecure:
			if left := n.Expires.Sub(s.Evidence.Run.Now); !n.Expires.IsZero() && left < soonExpired {
				findings = append(findings, checks.Warns("/domainName",
					fmt.Sprintf("a signature on the way to %s ends at %s; the zone should have been signed again by now", n.Name, n.Expires.Format(time.RFC3339)),
					"check that the signer of "+n.Zone+" still works"))
			}
			if n.Reason != "" {
				findings = append(findings, checks.Warns("/domainName", fmt.Sprintf("one server of %s gives an answer that does not validate, and resolvers that ask it first fail or lose time: %s", n.Zone, cut(n.Reason)),
					"bring that server's copy of the zone, and its signatures, up to date"))
			}
		case evidence.DNSSECInsecure:
		default:
			return checks.Unknown(fmt.Sprintf("the DNSSEC status %q of %s is not known", n.Status, n.Name))
		}
	}
	return checks.Judge(findings...)
}

func bogus(n evidence.NameSecurity, refuses bool) checks.Finding {
	const fix = "sign the zone again, or correct its DS record in the zone above"
	message := fmt.Sprintf("%s does not validate (bogus): %s", n.Name, cut(n.Reason))
	if refuses {
		return checks.Fails("/domainName", message+"; a validating resolver refuses it too", fix)
	}
	return checks.Warns("/domainName", message+"; no resolver that was asked refuses it", fix)
}
