// Package cutover observes a domain that moves from an API group to a cloud-native
// gateway: what each side serves at its own addresses, what else the classic gateway says
// of the domain, and where each DNS server leads its callers. It judges nothing; an error
// becomes a failed observation.
package cutover

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/probe"
)

// Probe asks addresses what they serve for a name; probe.Collector implements it.
type Probe interface {
	Handshake(context.Context, probe.Target) evidence.Observation[evidence.Probe]
	Plain(context.Context, probe.Target) evidence.Observation[evidence.Probe]
}

// DNS resolves the names of entries.
type DNS interface {
	Collect(context.Context, binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof])
}

// Served reads what DescribeDomain shows; client.Reader of classic implements it.
type Served interface {
	Served(ctx context.Context, region, groupID, domain string) (evidence.Served, error)
	Endpoint(region string) string
}

// Account observes the other API groups; group.Collector implements it.
type Account interface {
	Account(ctx context.Context, b binding.Binding, g evidence.Group, chain []string) evidence.Observation[evidence.Account]
}

// Collector is safe for concurrent use.
type Collector struct {
	Old, New Probe // at the addresses of the API group and of the gateway
	DNS      DNS
	Served   Served
	Account  Account
	Now      func() time.Time
}

// Collect observes the move of a binding, whose DNS, gateway, records and predecessor were
// observed before.
func (c *Collector) Collect(ctx context.Context, b binding.Binding, ev *evidence.Evidence) evidence.Observation[evidence.Cutover] {
	from := ev.DNS.From
	for _, m := range []evidence.Metadata{ev.DNS.Metadata, ev.Gateway.Metadata, ev.Records.Metadata, ev.Predecessor.Metadata} {
		if m.State != evidence.StateObserved {
			return evidence.Failed[evidence.Cutover]("one side of the move was not observed: "+m.Reason, from, c.Now())
		}
	}
	group, d := ev.Predecessor.Facts.Group, ev.DNS.Facts
	ends := endsOf(group, ev.Gateway.Facts)
	var facts evidence.Cutover
	facts.Directions, facts.OldTTL = directions(ev.DNS, ends)
	domain, holds := group.Domain(b.DomainName)
	var work errgroup.Group
	work.Go(func() error {
		if !holds {
			facts.Old = evidence.NotCollected[evidence.Probe]("the API group does not hold the domain")
			return nil
		}
		tls := domain.CertificateName != "" || domain.CertificateID != ""
		facts.Old = c.ask(ctx, c.Old, d.QueryName, tls, strings.EqualFold(domain.CustomDomainType, binding.Intranet), func(ctx context.Context) ([]netip.Addr, error) {
			if ends.throughOld(d) {
				return parse(d.End.Addresses), nil
			}
			return c.resolve(ctx, group.SubDomain)
		})
		return nil
	})
	work.Go(func() error {
		facts.New = c.successor(ctx, b, ev)
		return nil
	})
	work.Go(func() error {
		endpoint := c.Served.Endpoint(b.MovesFrom.RegionID)
		if !holds {
			facts.Served = evidence.NotCollected[evidence.Served]("the API group does not hold the domain")
			facts.Account = evidence.NotCollected[evidence.Account]("the API group does not hold the domain")
			return nil
		}
		s, err := c.Served.Served(ctx, b.MovesFrom.RegionID, b.MovesFrom.GroupID, b.DomainName)
		facts.Served = evidence.Observed(s, endpoint, c.Now())
		if err != nil {
			facts.Served = evidence.Failed[evidence.Served](err.Error(), endpoint, c.Now())
		}
		as := binding.Binding{DomainName: b.DomainName, GroupID: group.GroupID, RegionID: b.MovesFrom.RegionID, CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME}
		facts.Account = c.Account.Account(ctx, as, group, nil)
		return nil
	})
	_ = work.Wait() // errors are in the facts
	return evidence.Observed(facts, from, c.Now())
}

// successor asks the addresses of the gateway, if the domain has a record there.
func (c *Collector) successor(ctx context.Context, b binding.Binding, ev *evidence.Evidence) evidence.Observation[evidence.Probe] {
	r := ev.Records.Facts.Domain
	if r == nil {
		return evidence.NotCollected[evidence.Probe]("the domain has no record on the gateway yet")
	}
	private, entries := usable(ev.Gateway.Facts)
	return c.ask(ctx, c.New, ev.DNS.Facts.QueryName, r.Protocol != "HTTP", private, func(ctx context.Context) (all []netip.Addr, err error) {
		for _, e := range entries {
			addresses := parse(e.Addresses)
			if len(addresses) == 0 {
				if addresses, err = c.resolve(ctx, e.Name); err != nil {
					return nil, err
				}
			}
			for _, a := range addresses {
				if !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("no address of an entry of gateway %s is known", b.GatewayID)
		}
		return all, nil
	})
}

// usable returns the entries of a gateway to ask: those for the Internet, else those for
// private networks. Load balancers state their addresses; names of the gateway lead to them.
func usable(g evidence.Gateway) (private bool, out []evidence.Entry) {
	for _, network := range []string{"Internet", "Intranet"} {
		for _, kind := range []string{evidence.EntryBalancer, evidence.EntrySubDomain} {
			for _, e := range g.Entries {
				ready := e.Kind == kind && (e.Ready || kind == evidence.EntrySubDomain) && strings.EqualFold(e.NetworkType, network)
				if ready && (e.GatewayID == "" || e.GatewayID == g.GatewayID) {
					out = append(out, e)
				}
			}
			if len(out) > 0 {
				return network == "Intranet", out
			}
		}
	}
	return false, nil
}

// ask probes addresses that find returns.
func (c *Collector) ask(ctx context.Context, p Probe, name string, tls, private bool, find func(context.Context) ([]netip.Addr, error)) (o evidence.Observation[evidence.Probe]) {
	defer func() {
		if recover() != nil {
			o = evidence.Failed[evidence.Probe]("the collector panicked; this is a defect of bindgate, please report it", "", c.Now())
		}
	}()
	addresses, err := find(ctx)
	if err != nil {
		return evidence.Failed[evidence.Probe](err.Error(), "", c.Now())
	}
	target := probe.Target{Name: name, Addresses: addresses, Intranet: private}
	if tls {
		return p.Handshake(ctx, target)
	}
	return p.Plain(ctx, target)
}

// resolve returns the addresses of a name of the platform.
func (c *Collector) resolve(ctx context.Context, name string) ([]netip.Addr, error) {
	o, _ := c.DNS.Collect(ctx, binding.Binding{DomainName: name, CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME})
	switch {
	case o.State != evidence.StateObserved:
		return nil, fmt.Errorf("looking up %s: %s", name, o.Reason)
	case o.Facts.End.Event != evidence.EventAddress:
		return nil, fmt.Errorf("looking up %s: it leads to no address", name)
	}
	return parse(o.Facts.End.Addresses), nil
}

func parse(texts []string) (out []netip.Addr) {
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil {
			out = append(out, addr.Unmap())
		}
	}
	return out
}

// ends are the names and addresses of both sides.
type ends struct {
	old, new  []string
	addresses []netip.Addr // of the gateway
}

func endsOf(group evidence.Group, g evidence.Gateway) (e ends) {
	for _, name := range []string{group.SubDomain, group.VpcDomain, group.VpcSlbIntranetDomain} {
		if name := evidence.PlainName(name); name != "" {
			e.old = append(e.old, name)
		}
	}
	for _, entry := range g.Entries {
		if entry.GatewayID != "" && entry.GatewayID != g.GatewayID {
			continue
		}
		if _, err := netip.ParseAddr(entry.Name); err != nil {
			e.new = append(e.new, evidence.PlainName(entry.Name))
		}
		e.addresses = append(e.addresses, parse(append(slices.Clone(entry.Addresses), entry.Name))...)
	}
	return e
}

// of returns where a name leads by itself; empty: it is neither side's.
func (e ends) of(name string) evidence.Leads {
	switch name = evidence.PlainName(name); {
	case slices.Contains(e.new, name):
		return evidence.LeadsNew
	case slices.Contains(e.old, name):
		return evidence.LeadsOld
	}
	return ""
}

// throughOld reports whether the chain leads through a name of the API group to addresses.
func (e ends) throughOld(d evidence.DNS) bool {
	return d.End.Event == evidence.EventAddress && slices.ContainsFunc(d.Hops, func(h evidence.Hop) bool { return e.of(h.Target) == evidence.LeadsOld })
}

// directions returns where each server leads callers, and the longest TTL of what does not
// lead to the gateway.
func directions(o evidence.Observation[evidence.DNS], e ends) (out []evidence.Direction, oldTTL uint32) {
	if len(o.Facts.Servers) == 0 {
		out = []evidence.Direction{ofResolver(o, e)}
	}
	for _, m := range o.Facts.Servers {
		if e.of(m.Name) != "" { // what follows is the platform's own affair
			break
		}
		for _, a := range m.Answers {
			if d, counts := direction(o.Facts, m, a, e); counts {
				out = append(out, d)
			}
		}
	}
	for _, d := range out {
		if d.Leads == evidence.LeadsOld || d.Leads == evidence.LeadsElsewhere {
			oldTTL = max(oldTTL, d.TTL)
		}
	}
	return out, oldTTL
}

// ofResolver is the direction of the one server that a run with --resolver asks.
func ofResolver(o evidence.Observation[evidence.DNS], e ends) evidence.Direction {
	d := evidence.Direction{Name: o.Facts.QueryName, Server: o.From, At: o.At, Leads: evidence.LeadsElsewhere, Target: o.Facts.Final()}
	for _, h := range o.Facts.Hops {
		d.TTL = max(d.TTL, h.TTL)
		if where := e.of(h.Target); where != "" {
			d.Leads, d.Target = where, h.Target
			return d
		}
	}
	d.TTL = max(d.TTL, o.Facts.End.TTL)
	if e.atGateway(o.Facts) {
		d.Leads = evidence.LeadsNew
	}
	return d
}

// atGateway reports whether a chain ends at addresses of the gateway and no others.
func (e ends) atGateway(d evidence.DNS) bool {
	all := parse(d.End.Addresses)
	return d.End.Event == evidence.EventAddress && len(all) > 0 && len(all) == len(d.End.Addresses) &&
		!slices.ContainsFunc(all, func(a netip.Addr) bool { return !slices.Contains(e.addresses, a) })
}

// direction is that of one address of an authoritative server. It does not count if the
// server gives no authoritative answer, or the name of the chain that is asked next.
func direction(d evidence.DNS, m evidence.ServerAnswers, a evidence.ServerAnswer, e ends) (evidence.Direction, bool) {
	server := a.Server
	if host, _, err := net.SplitHostPort(a.Address); err == nil {
		server += " " + host
	}
	out := evidence.Direction{Name: m.Name, Server: server, TTL: a.TTL, At: a.At, Target: strings.Join(a.Targets, ", "), Leads: evidence.LeadsElsewhere}
	switch {
	case a.Status == evidence.ServerLame: // callers get no answer from it
		return out, false
	case a.Status == evidence.ServerNotTested && answered(m, a.Server):
		return out, false
	case a.Status != evidence.ServerAuthoritative:
		out.Leads, out.Problem = evidence.LeadsUnknown, fmt.Sprintf("%s: %s", a.Status, a.Problem)
		return out, true
	case len(a.Targets) == 1 && e.of(a.Targets[0]) != "":
		out.Leads = e.of(a.Targets[0])
		return out, true
	case len(a.Targets) == 1 && slices.ContainsFunc(d.Servers, func(next evidence.ServerAnswers) bool { return evidence.SameName(next.Name, a.Targets[0]) }):
		return out, false // the servers of the next name say where it leads
	case len(a.Targets) == 0 && evidence.SameName(d.End.Name, m.Name):
		return atEnd(d, m, out, e), true
	}
	if len(a.Targets) == 0 {
		out.TTL = max(out.TTL, m.NegativeTTL)
	}
	return out, true
}

// atEnd is the direction of a server of the name where the chain ends in addresses.
func atEnd(d evidence.DNS, m evidence.ServerAnswers, out evidence.Direction, e ends) evidence.Direction {
	out.Target, out.TTL = strings.Join(d.End.Addresses, ", "), max(d.End.TTL, out.TTL)
	differs := func(a evidence.ClientAnswer) bool { return evidence.SameName(a.Name, m.Name) }
	switch {
	case !e.atGateway(d):
	case d.Clients == nil || slices.ContainsFunc(d.Clients.Differing, differs) || slices.ContainsFunc(d.Clients.Missing, differs):
		out.Leads, out.Problem = evidence.LeadsUnknown, "the servers do not all give the same addresses"
	default:
		out.Leads = evidence.LeadsNew
	}
	return out
}

// answered reports whether another address of a server answered.
func answered(m evidence.ServerAnswers, server string) bool {
	return slices.ContainsFunc(m.Answers, func(a evidence.ServerAnswer) bool {
		return a.Server == server && a.Status == evidence.ServerAuthoritative
	})
}
