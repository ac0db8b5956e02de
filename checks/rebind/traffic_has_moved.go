package rebind

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// trafficHasMoved returns the check rebind/traffic-has-moved.
func trafficHasMoved() checks.Check {
	return checks.Check{
		ID: "rebind/traffic-has-moved", Severity: checks.Error,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedDNS, evidence.NeedAccount, evidence.NeedDisplaced},
		Applies:     forces,
		Judge:       judgeTrafficHasMoved,
		Doc: checks.Doc{
			Title: "The name no longer resolves to a group that would be displaced",
			Why: "While the name resolves to the old group, clients connect to that group. After a force has unbound the domain, that " +
				"group answers them with an error, until the last cached record has expired. The platform's rule for a take-over is to " +
				"change the resolution before binding.",
			Fix:        "Point the name at the new group, wait for the old record's TTL, then force.",
			References: []string{page2017, pageForce, "RFC 2181 section 5.2, TTLs"},
			Failing: "binding: {isForce: true}\nevidence:\n  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           subDomain: 523e-cn-hangzhou.alicloudapi.com,\n" +
				"           domain: {domainName: api.demo.com}, conflicts: true}\n" +
				"  dns:\n    facts:\n" +
				"      hops: [{owner: api.demo.com, target: 523e-cn-hangzhou.alicloudapi.com, ttl: 600, server: 'a:53'}]\n" +
				"      end: {name: 523e-cn-hangzhou.alicloudapi.com, event: address, addresses: [192.0.2.20]}",
			Passing: "binding: {isForce: true}\nevidence:\n  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           subDomain: 523e-cn-hangzhou.alicloudapi.com,\n" +
				"           domain: {domainName: api.demo.com}, conflicts: true}",
		},
	}
}

func judgeTrafficHasMoved(s checks.Subject) checks.Verdict {
	conflicts, none := displacedGroups(s)
	if conflicts == nil {
		return none
	}
	// The CNAME chain of the binding covers its own name; each other displaced
	// name has its own chain.
	dns := s.Evidence.DNS.Facts
	var findings []checks.Finding
	for _, h := range conflicts {
		if leadsTo(dns, h) || isAliasedTo(s.Evidence.Account.Facts, h) {
			findings = append(findings, checks.Fails("/isForce",
				fmt.Sprintf("%q still resolves to %s, which would lose it", dns.QueryName, name(h)),
				fmt.Sprintf("point the name at group %s first, then wait %s", s.Binding.GroupID, wait(dns))))
		}
	}
	unknown := ""
	for _, h := range conflicts {
		if evidence.SameName(h.Domain.DomainName, s.Binding.DomainName) {
			continue
		}
		seen, found := displaced(s.Evidence.Displaced.Facts, h)
		switch {
		case !found:
			unknown = fmt.Sprintf("%q, which %s would lose too, was not resolved", h.Domain.DomainName, name(h))
		case leadsTo(seen.DNS, h):
			findings = append(findings, checks.Fails("/isForce",
				fmt.Sprintf("the force would also unbind %q, which still resolves to %s", h.Domain.DomainName, name(h)),
				fmt.Sprintf("bind %q to its new group first, or point it there and wait %s", h.Domain.DomainName, wait(seen.DNS))))
		case seen.Problem != "":
			unknown = fmt.Sprintf("the target of %q is unknown, and %s would lose it too: %s", h.Domain.DomainName, name(h), seen.Problem)
		case !absent(seen.DNS) && h.SubDomain == "":
			unknown = fmt.Sprintf("%s would lose %q too, and has no name to compare its CNAME chain with", name(h), h.Domain.DomainName)
		}
	}
	if !checks.HasError(findings) && unknown != "" {
		return checks.Unknown(unknown, findings...)
	}
	return checks.Judge(findings...)
}

// displaced returns the DNS evidence of a name that a group would lose.
func displaced(d evidence.Displaced, h evidence.BoundGroup) (evidence.DisplacedName, bool) {
	for _, n := range d.Names {
		if n.GroupID == h.GroupID && evidence.SameName(n.Name, h.Domain.DomainName) {
			return n, true
		}
	}
	return evidence.DisplacedName{}, false
}

// absent reports that a name does not exist, so that it has no clients.
func absent(d evidence.DNS) bool { return d.End.Event == evidence.EventNameError && len(d.Hops) == 0 }

// leadsTo reports whether the CNAME chain contains the group's SubDomain, or
// an answer to clients does.
func leadsTo(dns evidence.DNS, h evidence.BoundGroup) bool {
	if h.SubDomain == "" {
		return false
	}
	names := []string{dns.Final()}
	for _, hop := range dns.Hops {
		names = append(names, hop.Target)
	}
	if dns.Clients != nil {
		for _, a := range dns.Clients.Differing {
			names = append(names, a.Targets...)
		}
	}
	for _, n := range append(names, dns.End.Targets...) {
		if evidence.SameName(n, h.SubDomain) {
			return true
		}
	}
	return false
}

// isAliasedTo covers names of a group that its record does not list, those of
// its VPC.
func isAliasedTo(a evidence.Account, h evidence.BoundGroup) bool {
	return a.CNAMETarget != nil && a.CNAMETarget.GroupID == h.GroupID
}

// wait returns how long resolvers may cache the CNAME record that has to
// change.
func wait(dns evidence.DNS) string {
	if len(dns.Hops) == 0 {
		return "until its old record has expired"
	}
	return fmt.Sprintf("%d s, the TTL of its CNAME record", dns.Hops[0].TTL)
}
