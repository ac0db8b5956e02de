package iterate

import (
	"context"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// besideTypes are what people put next to an alias by mistake.
func besideTypes() []uint16 {
	return []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeHTTPS}
}

// Beside are the types of records that stand beside the alias of a matrix's
// name, as one of its servers gives them; the zone's own records if it is the
// apex. What cannot be asked for is left out.
func (w *Walker) Beside(ctx context.Context, m Matrix) []string {
	var types []string
	if m.Zone.Name == m.Name {
		types = append(types, "SOA", "NS")
	}
	for _, qtype := range besideTypes() {
		got, err := w.anyOf(ctx, newTrail(), m.Zone, m.Name, qtype, func(m *dns.Msg) bool { return m.Authoritative })
		if err != nil {
			continue
		}
		if said, err := resolve.Reduce(got, m.Name, qtype); err == nil && len(said.Records) > 0 {
			types = append(types, dns.Type(qtype).String())
		}
	}
	return types
}

// NegativeTTL is for how many seconds resolvers keep that a name of the zone
// does not exist (RFC 2308 §5); 0 if its SOA record cannot be had.
func (w *Walker) NegativeTTL(ctx context.Context, z *Zone) uint32 {
	ttl, err := w.negative.Get(ctx, z.Name, func(ctx context.Context, _ string) (uint32, error) {
		m, err := w.anyOf(ctx, newTrail(), z, z.Name, dns.TypeSOA, func(m *dns.Msg) bool { return m.Authoritative && len(m.Answer) > 0 })
		if err != nil {
			return 0, err
		}
		for _, rr := range m.Answer {
			if soa, ok := rr.(*dns.SOA); ok && resolve.Canonical(soa.Hdr.Name) == z.Name {
				return min(soa.Hdr.Ttl, soa.Minttl), nil
			}
		}
		return 0, nil
	})
	if err != nil {
		return 0
	}
	return ttl
}
