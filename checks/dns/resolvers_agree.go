package dns

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// resolversAgree is dns/resolvers-agree.
func resolversAgree() checks.Check {
	return checks.Check{
		ID: "dns/resolvers-agree", Severity: checks.Warning,
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS},
		Applies:          public,
		Judge:            judgeResolvers,
		Doc: checks.Doc{
			Title: "Resolvers give the same answers as the authoritative servers",
			Why: "Callers ask resolvers. A resolver that still caches the old record sends callers to the old target until the TTL has " +
				"passed. One that never agrees sees another version of the zone (split horizon) or rewrites answers, and tests that use " +
				"it prove nothing.",
			Fix:        "Wait for the remaining TTL that the finding shows. If it does not help, look for a private zone or a filter at the resolver.",
			References: []string{"RFC 1035 §7.4 (caches)", "RFC 9499 §6 (split DNS)"},
			Failing: "evidence: {dns: {facts: {mode: authoritative, resolvers: [{server: '192.0.2.53:53', hops: [{owner: api.demo.com, target: old.example.net, ttl: 42, server: '192.0.2.53:53'}],\n" +
				"  end: {name: old.example.net, event: address}}]}}}",
			Passing: "evidence: {dns: {facts: {mode: authoritative, resolvers: [{server: '192.0.2.53:53', hops: [{owner: api.demo.com, ttl: 42, server: '192.0.2.53:53',\n" +
				"  target: 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com}],\n" +
				"  end: {name: 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com, event: address}}]}}}",
		},
	}
}

func judgeResolvers(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if d.Mode == evidence.DNSResolver {
		return checks.NotApplicable("resolver mode: there is no authority's answer to compare with; run without --resolver")
	}
	if v := readable(d); v != nil {
		return *v
	}
	if len(d.Resolvers) == 0 {
		if d.ResolversProblem != "" {
			return checks.Unknown("no resolver was asked in addition to the authoritative servers: " + cut(d.ResolversProblem))
		}
		return checks.Unknown("no resolver was asked in addition to the authoritative servers")
	}
	var findings []checks.Finding
	if d.ResolversProblem != "" {
		findings = append(findings, checks.Warns("/domainName", "not all of the system's resolvers were asked: "+cut(d.ResolversProblem), "correct that line"))
	}
	for _, view := range d.Resolvers {
		if what := unlike(d, view); what != "" {
			findings = append(findings, checks.Warns("/domainName", fmt.Sprintf("resolver %s: %s", view.Server, what), "wait for its cache to expire, or find out what it does to this name"))
		}
	}
	return checks.Judge(findings...)
}

// forSeconds says how long a resolver keeps that a name has no record.
func forSeconds(d evidence.DNS, name string) string {
	for _, m := range d.Servers {
		if evidence.SameName(m.Name, name) && m.NegativeTTL > 0 {
			return fmt.Sprintf(" for up to %d s", m.NegativeTTL)
		}
	}
	return ""
}

// unlike says how a view differs from what the authorities say; "" if it does not.
func unlike(d evidence.DNS, v evidence.ResolverAnswer) string {
	same := func(a, b evidence.Hop) bool {
		return evidence.SameName(a.Owner, b.Owner) && evidence.SameName(a.Target, b.Target)
	}
	switch {
	case v.Bogus:
		return "it refuses the name because DNSSEC validation fails; see dns/dnssec-is-valid"
	case v.Problem != "":
		return "it could not be asked: " + cut(v.Problem)
	case len(v.Differing) > 0:
		return contradiction(v.Differing[0]) + ": it overrides what clients get"
	case slices.EqualFunc(d.Hops, v.Hops, same) && d.End.Event == v.End.Event:
		return ""
	}
	for i, hop := range v.Hops {
		if i >= len(d.Hops) || !same(hop, d.Hops[i]) {
			return fmt.Sprintf("it leads %s to %s, and the authorities do not; a stale cache, for %d s more, or another view of the zone", hop.Owner, hop.Target, hop.TTL)
		}
	}
	absent := v.End.Event == evidence.EventNameError || v.End.Event == evidence.EventNoData
	switch {
	case absent && len(v.Hops) < len(d.Hops):
		what := "has no record of that kind"
		if v.End.Event == evidence.EventNameError {
			what = "does not exist"
		}
		return fmt.Sprintf("it reports that %s %s, but the authoritative servers have its CNAME record: it cached the earlier answer (negative cache)%s, or it sees another view of the zone (split horizon)",
			v.End.Name, what, forSeconds(d, v.End.Name))
	case v.End.Event == evidence.EventAddress && len(v.Hops) < len(d.Hops):
		return fmt.Sprintf("it returns addresses for %s (%s), and the authoritative servers a CNAME record: another view of the zone (split horizon), or an override", v.End.Name, some(v.End.Addresses))
	}
	return fmt.Sprintf("it ends at %s%s, and the authorities at %s%s: a stale cache, another view of the zone (split horizon), or a filter",
		v.End.Name, ending(evidence.DNS{End: v.End}), d.End.Name, ending(d))
}
