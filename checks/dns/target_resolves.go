package dns

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// TargetResolves is dns/target-resolves.
func TargetResolves() checks.Check {
	return checks.Check{
		ID: "dns/target-resolves", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeTarget,
		Doc: checks.Doc{
			Title: "The last name of the chain has an address",
			Why: "An alias of a name without address gives callers an error that looks like an outage of the gateway. An address that is " +
				"private or reserved works, if at all, from inside one network only.",
			Fix:        "Correct the alias. If it is right, the group's own name has no address: ask Alibaba Cloud about the group.",
			References: []string{"RFC 1034 §3.6.2", "RFC 6890 (special-purpose addresses)", "Zonemaster: https://doc.zonemaster.net/"},
			Failing:    "evidence: {dns: {facts: {end: {event: nodata, addresses: null}}}}",
			Passing:    "evidence: {dns: {facts: {end: {addresses: [47.96.0.10]}}}}",
		},
	}
}

func judgeTarget(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	switch {
	case len(d.Hops) == 0 || endless(d):
		return checks.DoesNotApply("the domain is no alias with an end; see dns/name-exists and dns/chain-is-sound")
	case d.End.Event != evidence.EventAddress:
		return checks.Found(checks.Fails("/domainName", draw(d), "correct the alias, or give its target an address"))
	}
	var findings []checks.Finding
	for _, text := range d.End.Addresses {
		if addr, err := netip.ParseAddr(text); err != nil || !reachable(addr) {
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("%s: %s is a private or reserved address; callers on the Internet cannot get there", draw(d), text),
				"check that the alias leads to the group's public name"))
		}
	}
	return checks.Found(findings...)
}

// reachable reports whether an address can be one of the public Internet.
// 198.18.0.0/15, for benchmarks, is also what proxies make up addresses from.
// Documentation networks (RFC 5737, RFC 3849) are what examples and sandboxes use.
func reachable(addr netip.Addr) bool {
	addr = addr.Unmap()
	reserved := []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b:1::/48", "100::/64", "fec0::/10"}
	return addr.IsGlobalUnicast() && !addr.IsPrivate() &&
		!slices.ContainsFunc(reserved, func(block string) bool { return netip.MustParsePrefix(block).Contains(addr) })
}
