package judge

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/probe"
	"github.com/bindgate/bindgate/internal/gate"
)

// openProbe creates the collectors that probe the addresses of domains.
func (e *Engine) openProbe() (err error) {
	if e.o.Probe != nil {
		if e.probe, err = e.newProbes(*e.o.Probe); err != nil {
			return err
		}
	}
	e.moves, err = e.newProbes(e.o.Moves)
	return err
}

// newProbes creates a collector for each platform.
func (e *Engine) newProbes(o Probe) (map[string]*probe.Collector, error) {
	c := probe.Config{Trust: e.certificates.Trust, Now: e.o.Clock}
	for _, text := range o.Allow {
		prefix, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("reading probeAllow: got %q, want an address or a prefix such as 10.0.0.0/8", text)
		}
		c.Allow = append(c.Allow, prefix.Masked())
	}
	out := map[string]*probe.Collector{}
	for _, p := range []struct{ platform, via, variable string }{
		{binding.Classic, o.Via, "BINDGATE_PROBE"}, {binding.APIG, o.ViaGateway, "BINDGATE_PROBE_GATEWAY"},
	} {
		var err error
		c.Via = netip.AddrPort{}
		if p.via != "" {
			if c.Via, err = netip.ParseAddrPort(p.via); err != nil {
				return nil, fmt.Errorf("reading %s: got %q, want ADDR:PORT", p.variable, p.via)
			}
		}
		if out[p.platform], err = probe.New(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// probed probes the addresses of an allowed and already bound domain, and judges the
// binding again with the result. Any other binding keeps its verdict, and no
// connection is made for it.
func (e *Engine) probed(ctx context.Context, number int, v Verdict) Verdict {
	if e.probe == nil || v.Decision.Status != gate.Allowed || v.Evidence.DNS.State != evidence.StateObserved {
		return v
	}
	target, bound, certified := listener(v.Binding, v.Evidence)
	if !bound {
		return v
	}
	s := checks.Subject{Binding: v.Binding, Evidence: v.Evidence}
	c := e.probe[v.Binding.Platform()]
	if certified {
		s.Evidence.Probe = c.Handshake(ctx, target)
	} else {
		s.Evidence.Probe = c.Plain(ctx, target)
	}
	return e.assess(ctx, []judged{{number, s}})[0]
}

// listener returns where the domain of a binding is served, and whether the target has the
// domain, and a certificate for it. An API group is asked at the addresses in DNS. A
// gateway is asked at its own, because DNS may not lead there yet.
func listener(b binding.Binding, ev evidence.Evidence) (t probe.Target, bound, certified bool) {
	t.Name = ev.DNS.Facts.QueryName
	if b.Platform() == binding.APIG {
		record := ev.Records.Facts.Domain
		t.Addresses, t.Intranet = entries(ev)
		return t, record != nil, record != nil && record.CertIdentifier != ""
	}
	domain, bound := ev.Group.Facts.Domain(b.DomainName)
	t.Addresses, t.Intranet = addresses(ev.DNS.Facts.End.Addresses), b.CustomDomainType == binding.Intranet
	return t, bound, domain.CertificateName != "" || domain.CertificateID != ""
}

// entries returns the addresses of a gateway's entries: the public ones, else those of a
// private network. If the API states none, they are those that DNS has for the domain,
// provided that it leads to an entry by name.
func entries(ev evidence.Evidence) (all []netip.Addr, intranet bool) {
	var public, private []string
	reached := false
	for _, entry := range ev.Gateway.Facts.Entries {
		intranet = intranet || entry.NetworkType == "Intranet"
		if entry.NetworkType == "Intranet" {
			private = append(private, entry.Addresses...)
		} else {
			public = append(public, entry.Addresses...)
		}
		reached = reached || slices.ContainsFunc(ev.DNS.Facts.Hops, func(h evidence.Hop) bool { return evidence.SameName(h.Target, entry.Name) })
	}
	switch {
	case len(public) > 0:
		return addresses(public), false
	case len(private) > 0:
		return addresses(private), true
	case reached:
		return addresses(ev.DNS.Facts.End.Addresses), intranet
	}
	return nil, false
}

// addresses parses addresses, each once.
func addresses(texts []string) (all []netip.Addr) {
	for _, text := range texts {
		if addr, err := netip.ParseAddr(text); err == nil && !slices.Contains(all, addr) {
			all = append(all, addr)
		}
	}
	return all
}
