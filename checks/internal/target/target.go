// Package target is the one view of what serves a domain, whether it is an API group or
// a gateway. Checks read it instead of asking for which platform a binding is.
package target

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Need returns the evidence about the target of a binding.
func Need(b binding.Binding) evidence.Need {
	if b.GatewayID != "" {
		return evidence.NeedGateway
	}
	return evidence.NeedGroup
}

// Pointer returns the JSON pointer to the id of the target.
func Pointer(b binding.Binding) string {
	if b.GatewayID != "" {
		return "/gatewayId"
	}
	return "/groupId"
}

// Word returns the noun for the target in messages.
func Word(b binding.Binding) string {
	if b.GatewayID != "" {
		return "gateway"
	}
	return "group"
}

// Group is the Applies of checks about API groups.
func Group(b binding.Binding) (bool, string) {
	switch {
	case b.CertificateOnly:
		return false, "the certificate is judged alone, no API group was named"
	case b.GatewayID != "":
		return false, "the binding names a gateway, not an API group"
	}
	return true, ""
}

// Gateway is the Applies of checks about gateways.
func Gateway(b binding.Binding) (bool, string) {
	switch {
	case b.CertificateOnly:
		return false, "the certificate is judged alone, no gateway was named"
	case b.Unserved:
		return false, "no gateway serves the domain"
	case b.GatewayID == "":
		return false, "the binding names an API group, not a gateway"
	}
	return true, ""
}

// Proves returns a MustPass for a check that proves r for bindings that a family's Applies
// lets through.
func Proves(r checks.Requirement, applies func(binding.Binding) (bool, string)) func(binding.Binding) checks.Requirement {
	return func(b binding.Binding) checks.Requirement {
		b.CertificateOnly, b.Unserved = false, false // the gate counts such a result as not run
		if ok, _ := applies(b); ok {
			return r
		}
		return ""
	}
}

// Target is what serves the domain of a binding.
type Target struct {
	Observed  bool
	Word      string       // group or gateway
	Names     []string     // its own names for the network type of the binding, in the form in which names are compared
	Others    []string     // its names for the other network type
	Addresses []netip.Addr // its own addresses for that network type; a group states none
}

// Of returns the target of a subject, from the evidence that Need names.
func Of(s checks.Subject) Target {
	other := binding.Intranet
	if s.Binding.CustomDomainType == binding.Intranet {
		other = binding.Internet
	}
	t := Target{Word: Word(s.Binding)}
	if Need(s.Binding) == evidence.NeedGateway {
		t.Observed = s.Evidence.Gateway.State == evidence.StateObserved
		g := s.Evidence.Gateway.Facts
		t.Names, t.Addresses = entries(g, s.Binding.CustomDomainType)
		if t.Others, _ = entries(g, other); !s.Binding.CustomDomainTypeGiven { // its record has no network type
			_, addresses := entries(g, other)
			t.Names, t.Addresses, t.Others = append(t.Names, t.Others...), append(t.Addresses, addresses...), nil
		}
		return t
	}
	t.Observed = s.Evidence.Group.State == evidence.StateObserved
	t.Names = GroupNames(s.Evidence.Group.Facts, s.Binding.CustomDomainType)
	t.Others = GroupNames(s.Evidence.Group.Facts, other)
	return t
}

// GroupNames returns a group's own names for a network type; none for a type that is not
// known.
func GroupNames(g evidence.Group, networkType string) (names []string) {
	var all []string
	switch networkType {
	case binding.Internet:
		all = []string{g.SubDomain}
	case binding.Intranet:
		all = []string{g.VpcDomain, g.VpcSlbIntranetDomain}
	}
	for _, name := range all {
		if evidence.PlainName(name) != "" {
			names = append(names, evidence.PlainName(name))
		}
	}
	return names
}

// OfNetwork reports whether an entry is for the network type of a gateway's binding: any,
// unless the binding states one.
func OfNetwork(b binding.Binding, e evidence.Entry) bool {
	return e.NetworkType != "" && (!b.CustomDomainTypeGiven || strings.EqualFold(e.NetworkType, b.CustomDomainType))
}

// entries returns the names and addresses of a gateway's entries for a network type. A
// load balancer that is not ready does not count.
func entries(g evidence.Gateway, networkType string) (names []string, addresses []netip.Addr) {
	for _, e := range g.Entries {
		if e.GatewayID != "" && e.GatewayID != g.GatewayID || e.NetworkType == "" || !strings.EqualFold(e.NetworkType, networkType) || !Usable(e) {
			continue
		}
		if !slices.Contains(names, evidence.PlainName(e.Name)) && EntryName(e) != "" {
			names = append(names, EntryName(e))
		}
		addresses = append(addresses, EntryAddresses(e)...)
	}
	return names, addresses
}

// Usable reports whether the platform says that an entry is in use. Only load balancers
// have a status.
func Usable(e evidence.Entry) bool { return e.Ready || e.Kind != evidence.EntryBalancer }

// EntryName returns the name of an entry in the form in which names are compared; empty
// for one that has only an address.
func EntryName(e evidence.Entry) string {
	if _, err := netip.ParseAddr(e.Name); err == nil {
		return ""
	}
	return evidence.PlainName(e.Name)
}

// EntryAddresses returns the addresses of an entry.
func EntryAddresses(e evidence.Entry) (out []netip.Addr) {
	for _, text := range append(slices.Clone(e.Addresses), e.Name) {
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, addr.Unmap())
		}
	}
	return out
}

// Aliases counts the CNAME records from the queried name to the first of the names that
// the chain points at; 0 if it points at none. What follows is the platform's own affair.
// The queried name does not count: to be called like the target is not to lead to it.
func Aliases(d evidence.DNS, names []string) int {
	for i, hop := range d.Hops {
		if slices.Contains(names, evidence.PlainName(hop.Target)) {
			return i + 1
		}
	}
	return 0
}

// Reaches reports whether a chain leads to the target: through one of its names, or to
// its own addresses and no others.
func (t Target) Reaches(d evidence.DNS) bool {
	return Aliases(d, t.Names) > 0 || endsAt(d, t.Addresses)
}

// endsAt reports whether a chain ends at addresses that are all among the given ones.
func endsAt(d evidence.DNS, addresses []netip.Addr) bool {
	if d.End.Event != evidence.EventAddress || len(d.End.Addresses) == 0 {
		return false
	}
	return !slices.ContainsFunc(d.End.Addresses, func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err != nil || !slices.Contains(addresses, addr.Unmap())
	})
}

// Entry returns the entry that a chain leads to by name or by an address.
func Entry(d evidence.DNS, all []evidence.Entry) (evidence.Entry, bool) {
	for _, e := range all {
		if name := EntryName(e); name != "" && Aliases(d, []string{name}) > 0 {
			return e, true
		}
	}
	for _, e := range all {
		for _, addr := range EntryAddresses(e) {
			if d.End.Event == evidence.EventAddress && slices.Contains(d.End.Addresses, addr.String()) {
				return e, true
			}
		}
	}
	return evidence.Entry{}, false
}

// OwnAffair reports whether a name is the platform's, for a binding: what its servers
// answer is not for the owner of the domain to change.
func OwnAffair(b binding.Binding, name string) bool {
	return strings.HasSuffix(evidence.PlainName(name), ".alicloudapi.com") || b.GatewayID != "" && PlatformName(name)
}

// PlatformName reports whether a name lies where Alibaba Cloud names API groups, gateways
// and load balancers. Whoever is given such a name gets the traffic that leads to it.
// Load balancers made since 2024-11-15 lie under aliyuncsslb.com, outside the Chinese
// mainland under aliyuncsslbintl.com.
func PlatformName(name string) bool {
	return slices.ContainsFunc([]string{".alicloudapi.com", ".nlb.aliyuncs.com", ".alb.aliyuncs.com", ".slb.aliyuncs.com", ".aliyuncsslb.com", ".aliyuncsslbintl.com"},
		func(zone string) bool { return strings.HasSuffix(evidence.PlainName(name), zone) })
}
