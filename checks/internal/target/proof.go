package target

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Ways in which a domain is proved for a gateway.
const (
	ByDNS         = "dns"       // it leads to the gateway
	ByTXT         = "txt"       // a TXT record names the gateway
	ByPredecessor = "movesFrom" // it leads to the API group that it moves from
)

// Proof is what the evidence says of the ownership of a gateway's domain. The platform
// checks none, so this rule is bindgate's own.
type Proof struct {
	By      []string // the ways that prove it; none: it is not proved
	Missing []string // why the other ways do not
	Unknown []string // why it is not known whether some do
}

// Elsewhere reports whether the domain is proved by other means than that it leads to the
// gateway.
func (p Proof) Elsewhere() bool {
	return slices.Contains(p.By, ByTXT) || slices.Contains(p.By, ByPredecessor)
}

// Prove returns how the domain of a gateway's binding is proved.
func Prove(s checks.Subject) (p Proof) {
	add := func(way string, proved bool, missing, unknown string) {
		switch {
		case proved:
			p.By = append(p.By, way)
		case unknown != "":
			p.Unknown = append(p.Unknown, unknown)
		case missing != "":
			p.Missing = append(p.Missing, missing)
		}
	}
	missing, unknown := byDNS(s)
	add(ByDNS, missing+unknown == "", missing, unknown)
	missing, unknown = byTXT(s)
	add(ByTXT, missing+unknown == "", missing, unknown)
	if s.Binding.MovesFrom != nil {
		missing, unknown = byPredecessor(s)
		add(ByPredecessor, missing+unknown == "", missing, unknown)
	}
	return p
}

// byDNS returns why the domain does not lead to the gateway, or why that is not known.
func byDNS(s checks.Subject) (missing, unknown string) {
	d, g := s.Evidence.DNS, s.Evidence.Gateway
	switch {
	case d.State != evidence.StateObserved:
		return "", "where the domain leads was not observed"
	case !asked(s):
		return "", fmt.Sprintf("the evidence is about %q, the binding names %q", d.Facts.QueryName, s.Binding.DomainName)
	case g.State != evidence.StateObserved || !g.Facts.Found || g.Facts.GatewayID != s.Binding.GatewayID:
		return "", "the entries of the gateway were not observed"
	}
	if why := Gap(d.Facts); why != "" {
		return "", why
	}
	t := Of(s)
	if !t.Reaches(d.Facts) {
		if g.Facts.EntriesProblem != "" {
			return "", "the entries of the gateway are not all known: " + g.Facts.EntriesProblem
		}
		return "DNS does not lead to an entry of the gateway", ""
	}
	if Aliases(d.Facts, t.Names) == 0 && !slices.ContainsFunc(t.Addresses, func(a netip.Addr) bool {
		return evidence.PublicAddress(a) && slices.Contains(d.Facts.End.Addresses, a.String())
	}) {
		return "DNS has only private addresses of the gateway, which other networks use too", ""
	}
	return disagreement(d.Facts), ""
}

// asked reports whether DNS was asked for the name of the binding; of a wildcard, for a
// label below its parent.
func asked(s checks.Subject) bool {
	name, queried := s.Binding.DomainName, s.Evidence.DNS.Facts.QueryName
	if s.Binding.Wildcard() {
		return evidence.CoversOneLabel(name, queried)
	}
	return evidence.SameName(name, queried)
}

// disagreement says which servers do not lead where the chain does; empty: none. Names of
// the platform are its own affair.
func disagreement(d evidence.DNS) string {
	for _, m := range d.Servers {
		if PlatformName(m.Name) {
			continue
		}
		said, first := "", true
		for _, r := range m.Answers {
			if r.Status != evidence.ServerAuthoritative {
				continue
			}
			targets := strings.Join(r.Targets, " ")
			if !first && targets != said {
				return fmt.Sprintf("the servers of %s do not all lead %s to the same place", m.Zone, m.Name)
			}
			said, first = targets, false
		}
	}
	if d.Clients == nil {
		return ""
	}
	for _, a := range d.Clients.Differing {
		if !PlatformName(a.Name) {
			return fmt.Sprintf("%s answers for %s %s differently than the chain", a.Server, a.Name, a.Type)
		}
	}
	return ""
}

// byTXT returns why no TXT record proves the domain, or why that is not known.
func byTXT(s checks.Subject) (missing, unknown string) {
	o, want := s.Evidence.Proof, "gateway="+s.Binding.GatewayID
	p, owner := o.Facts, ProofOwner(s)
	switch {
	case o.State != evidence.StateObserved:
		return "", "the TXT record at " + owner + " was not looked up: " + o.Reason
	case p.OwnerProblem != "":
		return "there can be no TXT record: " + p.OwnerProblem, ""
	case !evidence.SameName(p.Owner, owner):
		return "", fmt.Sprintf("the TXT record was looked for at %q, want %q", p.Owner, owner)
	case len(p.Differing) > 0:
		return fmt.Sprintf("the servers do not agree on %s", owner), ""
	case len(p.Hops) > 0: // such as of a wildcard that a stranger's zone answers for
		return fmt.Sprintf("%s is an alias of %s; the TXT record must be at the name itself", owner, p.Hops[len(p.Hops)-1].Target), ""
	case p.Event == "" && slices.Contains(p.Records, want):
		return "", ""
	}
	for _, text := range p.Partial {
		if text == want {
			return fmt.Sprintf("some authoritative servers have the TXT record at %s, and others do not yet", owner), ""
		}
	}
	for _, m := range p.Misplaced {
		if slices.Contains(m.Records, want) {
			return fmt.Sprintf("the TXT record was published at %s instead of %s", m.Name, owner), ""
		}
	}
	if p.Event == "" {
		for _, text := range p.Records {
			if id, ok := strings.CutPrefix(text, "gateway="); ok {
				return fmt.Sprintf("the TXT record at %s names another gateway: got %q, want %q", owner, bounded(id), s.Binding.GatewayID), ""
			}
		}
	}
	return fmt.Sprintf("no TXT record at %s holds %s", owner, want), ""
}

// ProofOwner returns the name of the TXT record that proves the domain for a gateway.
func ProofOwner(s checks.Subject) string {
	return "_bindgate." + strings.TrimPrefix(evidence.PlainName(s.Binding.DomainName), "*.")
}

// byPredecessor returns why the API group that the binding moves from does not prove the
// domain, or why that is not known.
func byPredecessor(s checks.Subject) (missing, unknown string) {
	from, o, d := s.Binding.MovesFrom, s.Evidence.Predecessor, s.Evidence.DNS
	group := o.Facts.Group
	switch {
	case o.State != evidence.StateObserved:
		return "", fmt.Sprintf("the API group %s that it moves from was not observed: %s", from.GroupID, o.Reason)
	case d.State != evidence.StateObserved:
		return "", "where the domain leads was not observed"
	case !asked(s):
		return "", fmt.Sprintf("the evidence is about %q, the binding names %q", d.Facts.QueryName, s.Binding.DomainName)
	case !group.Found:
		return fmt.Sprintf("movesFrom names the API group %s, which is not in this account and region", from.GroupID), ""
	case group.GroupID != from.GroupID || from.RegionID != "" && group.RegionID != from.RegionID:
		return "", fmt.Sprintf("the evidence is about the API group %q, and movesFrom names %q", group.GroupID, from.GroupID)
	case Gap(d.Facts) != "":
		return "", Gap(d.Facts)
	}
	if _, holds := group.Domain(s.Binding.DomainName); !holds || !o.Facts.Serves {
		return fmt.Sprintf("the API group %s that it moves from does not hold exactly this name", from.GroupID), ""
	}
	names := append(GroupNames(group, binding.Internet), GroupNames(group, binding.Intranet)...)
	if Aliases(d.Facts, names) == 0 {
		return fmt.Sprintf("DNS does not lead to the API group %s that it moves from either", from.GroupID), ""
	}
	return disagreement(d.Facts), ""
}

// Gap says why a chain proves nothing: its records do not follow on each other, or it
// ends in no known way. Empty: it can be judged.
func Gap(d evidence.DNS) string {
	last := d.QueryName
	for _, hop := range d.Hops {
		if !evidence.SameName(hop.Owner, last) {
			return fmt.Sprintf("the CNAME chain has a gap: %s leads to %s, and the next record is of %s", d.QueryName, last, hop.Owner)
		}
		last = hop.Target
	}
	switch d.End.Event {
	case evidence.EventTooLong: // the last target was not asked any more
	case evidence.EventAddress, evidence.EventNoData, evidence.EventNameError, evidence.EventLoop, evidence.EventMultipleCNAMEs:
		if !evidence.SameName(d.End.Name, last) {
			return fmt.Sprintf("the CNAME chain has a gap: it leads to %s, and %s was asked for its end", last, d.End.Name)
		}
	default:
		return fmt.Sprintf("the CNAME chain ends in no known way (%q)", d.End.Event)
	}
	return ""
}

// bounded shortens a text from outside.
func bounded(text string) string {
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
