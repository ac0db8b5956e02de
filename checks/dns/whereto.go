package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// whereto says in words where a domain leads that does not lead to its group,
// and what could be done instead of publishing the right record ("" if nothing).
func whereto(s checks.Subject) (what, instead string) {
	d := s.Evidence.DNS.Facts
	if what := mistyped(s); what != "" {
		return what, ""
	}
	if n := target.Aliases(d, target.Of(s).Others); n > 0 {
		return fmt.Sprintf("%s is a name of the group, but not its name for network type %s", evidence.PlainName(d.Hops[n-1].Target), s.Binding.CustomDomainType),
			"; or correct customDomainType"
	}
	if g := s.Evidence.Account.Facts.CNAMETarget; g != nil && s.Evidence.Account.State == evidence.StateObserved {
		other := fmt.Sprintf("%q", g.GroupName)
		if name, _ := gatewayName(d); !strings.Contains(name, evidence.PlainName(g.GroupID)) { // else the chain shows it
			other += " (" + g.GroupID + ")"
		}
		return "it leads to another group of the account, " + other, "; or correct groupId"
	}
	if region, ok := otherRegion(s); ok {
		return fmt.Sprintf("it leads to the same group id in region %s, and the binding names region %s", region, s.Binding.RegionID), "; or correct regionId"
	}
	if name, ok := gatewayName(d); ok {
		return name + " looks like a group's name, but belongs to " + nobodyKnown(s.Evidence.Account) +
			": a deleted group, or one of another account; that it may resolve proves nothing", ""
	}
	if p, found := proxyOf(s); found {
		return "it is behind " + p.String(), ""
	}
	if endless(d) {
		return "the chain has no sound end, see dns/cname-chain-terminates", ""
	}
	if len(d.Hops) == 0 {
		return noAlias(s)
	}
	return "it leads elsewhere", ""
}

// mistyped recognises the commonest mistakes in records: a value without its final dot,
// to which the provider adds the zone, and an owner with the zone's name twice.
func mistyped(s checks.Subject) string {
	d := s.Evidence.DNS.Facts
	if a := d.Context; a != nil && len(a.Misplaced) > 0 && len(d.Hops) == 0 {
		m := a.Misplaced[0]
		return fmt.Sprintf("the record was published at %s. (%s): the zone's name is there twice, because the provider adds it to the name that is entered", ownerLike(s.Binding, m.Name), some(m.Records))
	}
	if hop, meant, ok := withoutDot(s); ok {
		return fmt.Sprintf("the value of the CNAME record of %s lacks its final dot, so the zone was added to it: got %s., want %s.", hop.Owner, hop.Target, meant)
	}
	return ""
}

// withoutDot finds a record of the chain whose value lacks its final dot: the target is a
// name of the gateway or the group, followed by the zone of the record's owner.
func withoutDot(s checks.Subject) (hop evidence.Hop, meant string, ok bool) {
	d := s.Evidence.DNS.Facts
	t := target.Of(s)
	own := append(t.Names, t.Others...)
	for _, hop := range d.Hops {
		got := evidence.PlainName(hop.Target)
		for _, zone, more := strings.Cut(evidence.PlainName(hop.Owner), "."); more; _, zone, more = strings.Cut(zone, ".") {
			meant, found := strings.CutSuffix(got, "."+zone)
			if found && (target.OwnAffair(s.Binding, meant) || slices.Contains(own, meant)) {
				return hop, meant, true
			}
		}
	}
	return hop, "", false
}

// ownerLike is the owner of a record that answered for a name, with the wildcard in
// place of the random label.
func ownerLike(b binding.Binding, name string) string {
	if _, parent, ok := strings.Cut(name, "."); ok && b.Wildcard() {
		return "*." + parent
	}
	return name
}

// otherRegion is the region of a name of the same group id that the chain leads to.
func otherRegion(s checks.Subject) (region string, ok bool) {
	name, ok := gatewayName(s.Evidence.DNS.Facts)
	if !ok {
		return "", false
	}
	region, ok = strings.CutPrefix(strings.TrimSuffix(name, ".alicloudapi.com"), evidence.PlainName(s.Binding.GroupID)+"-")
	region = strings.TrimSuffix(strings.TrimSuffix(region, "-vpc"), "-intranet")
	return region, ok && region != "" && region != s.Binding.RegionID
}

// inZone names the zone in which a record that is missing has to be published, where it
// may be another than one would think: a record in a zone above is hidden by the
// delegation.
func inZone(d evidence.DNS) string {
	if len(d.Hops) > 0 || len(d.Servers) == 0 {
		return ""
	}
	m := d.Servers[0]
	if m.Zone == "" || evidence.SameName(m.Zone, registrable(d.QueryName)) {
		return ""
	}
	var hosts []string
	for _, r := range m.Answers {
		if !slices.Contains(hosts, r.Server) {
			hosts = append(hosts, r.Server)
		}
	}
	return fmt.Sprintf(" in the zone %s, which is served by %s: the delegation hides what a zone above it holds for that name", m.Zone, some(hosts))
}

// gatewayName is the last name under API Gateway's own domain that the chain points at.
func gatewayName(d evidence.DNS) (string, bool) {
	for i := len(d.Hops) - 1; i >= 0; i-- {
		if isGatewayName(d.Hops[i].Target) {
			return evidence.PlainName(d.Hops[i].Target), true
		}
	}
	return "", false
}

func nobodyKnown(account evidence.Observation[evidence.Account]) string {
	if account.State == evidence.StateObserved && account.Facts.Complete {
		return "no group of this account and region"
	}
	return "no group that could be read (not all of the account's were)"
}

// noAlias words the ends of a chain without any alias.
func noAlias(s checks.Subject) (what, instead string) {
	switch s.Evidence.DNS.Facts.End.Event {
	case evidence.EventNameError:
		if s.Binding.Wildcard() {
			return "no wildcard record answers for a random label", ""
		}
		return "the name has no record at all", ""
	case evidence.EventNoData:
		return "the name has no CNAME record", ""
	}
	return "it has address records instead of a CNAME record (A or AAAA, or a CNAME that the DNS provider flattened)",
		"; or, if the name cannot have a CNAME record, prove it by TXT: domainProof: txt"
}
