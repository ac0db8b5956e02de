package iterate

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// completed adds the servers in the zone's own data to those of the delegation: hosts that
// the delegation does not name, and addresses that differ from the glue. Resolvers use
// either, so it asks every server of the delegation for them.
func (w *Walker) completed(ctx context.Context, t trail, z *Zone, hosts map[string]*host, glue map[string][]netip.Addr) (*Zone, error) {
	all, err := w.askAll(ctx, t, z, z.Name, []uint16{dns.TypeNS})
	if err != nil {
		return nil, err
	}
	heard := false
	for _, r := range all[0].Replies {
		if r.Status != Authoritative {
			continue
		}
		heard = true
		for name := range hostsAt(r.message.Answer, z.Name) {
			if hosts[name] == nil && len(hosts) < 2*mostHosts {
				hosts[name] = &host{}
			}
		}
	}
	if !heard {
		return z, nil // keep the delegation; a later query reports that its servers do not answer
	}
	names := slices.Sorted(maps.Keys(hosts))
	failed := make([]error, len(names))
	together(len(names), func(i int) {
		h := hosts[names[i]]
		if len(h.addrs) > 0 && len(glue[names[i]]) == 0 {
			return // was looked up
		}
		own, err := w.ownAddresses(ctx, t, z, names[i])
		switch {
		case ctx.Err() != nil || spent(err):
			failed[i] = err
		case err != nil && len(h.addrs) == 0:
			h.problem = err.Error()
		default:
			h.merge(own)
		}
	})
	if err := errors.Join(failed...); err != nil {
		return nil, err
	}
	return w.newZone(z.parent, z.Name, hosts)
}

// merge adds the addresses that a host's own zone gives to those of the glue.
func (h *host) merge(own []netip.Addr) {
	if len(h.addrs) == 0 || len(own) == 0 {
		h.addrs = append(h.addrs, own...)
		return
	}
	h.origins = map[netip.Addr]origin{}
	glue := h.addrs
	for _, addr := range glue {
		// Addresses of a family that only one side has do not contradict the other side.
		if !slices.Contains(own, addr) && slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Is4() == addr.Is4() }) {
			h.origins[addr] = originGlue
		}
	}
	for _, addr := range own {
		if !slices.Contains(glue, addr) {
			h.addrs = append(slices.Clip(h.addrs), addr)
			if slices.ContainsFunc(glue, func(g netip.Addr) bool { return g.Is4() == addr.Is4() }) {
				h.origins[addr] = originZone
			}
		}
	}
}

// ownAddresses returns the authoritative addresses of a name server of z. If its name is in
// z, these are the addresses in the answers of all servers of z.
func (w *Walker) ownAddresses(ctx context.Context, t trail, z *Zone, name string) ([]netip.Addr, error) {
	if !within(z.Name, name) {
		return w.addressesOf(ctx, t, name)
	}
	all, err := w.askAll(ctx, t, z, name, []uint16{dns.TypeA, dns.TypeAAAA})
	if err != nil {
		return nil, err
	}
	t.helper = true // other walks may be waiting for this zone
	if _, below := cutBelow(all); below {
		return w.bothFamilies(ctx, t, z, name)
	}
	var addrs []netip.Addr
	var problem error
	for _, m := range all {
		for _, r := range m.Replies {
			if r.Status != Authoritative {
				continue
			}
			more, err := addressesIn(r.message, name)
			if err != nil {
				problem = err
			}
			for _, addr := range more {
				if !slices.Contains(addrs, addr) && len(addrs) < 2*mostAddresses {
					addrs = append(addrs, addr)
				}
			}
		}
	}
	if len(addrs) > 0 {
		problem = nil
	}
	return addrs, problem
}
