package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// whereto says in words where a domain leads that does not lead to its group,
// and what could be done instead of publishing the right record ("" if nothing).
func whereto(s checks.Subject) (what, instead string) {
	d := s.Evidence.DNS.Facts
	if n := aliasesTo(d, otherNames(s)); n > 0 {
		return fmt.Sprintf("%s is a name of the group, but not its name for network type %s", evidence.PlainName(d.Hops[n-1].Target), s.Binding.CustomDomainType),
			"; or correct customDomainType"
	}
	if g := s.Evidence.Account.Facts.AliasedTo; g != nil && s.Evidence.Account.State == evidence.StateObserved {
		return fmt.Sprintf("it leads to another group of the account, %s %q", g.GroupID, g.GroupName), "; or correct groupId"
	}
	if name, ok := gatewayName(d); ok {
		return name + " looks like a group's name, but belongs to " + nobodyKnown(s.Evidence.Account) +
			": a deleted group, or somebody else's; that it may resolve proves nothing", ""
	}
	if endless(d) {
		return "the chain has no sound end, see dns/chain-is-sound", ""
	}
	if len(d.Hops) == 0 {
		return noAlias(s)
	}
	return "it leads elsewhere", ""
}

// otherNames are the group's names for the other network type.
func otherNames(s checks.Subject) []string {
	other := binding.Intranet
	if s.Binding.CustomDomainType == binding.Intranet {
		other = binding.Internet
	}
	return ownNames(s.Evidence.Group.Facts, other)
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
	return "it has addresses of its own instead of an alias (an A or AAAA record, or an alias that the DNS provider flattened)",
		"; or, if the name cannot be an alias, prove it by TXT: domainProof: txt"
}
