package iterate

import (
	"context"
	"net/netip"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// Version is what one server says of the zone itself (RFC 1035 §3.3.13); the zero
// value: it is not known.
type Version struct {
	Known       bool
	Serial      uint32
	NegativeTTL uint32 // seconds for which resolvers keep that there is none (RFC 2308 §5)
}

// versionKey: each address is asked once in a run for the version of a zone.
type versionKey struct {
	zone string
	at   netip.AddrPort
}

// Versions are those of the replies of a matrix, in the same order. Only addresses
// that answered with authority are asked.
func (w *Walker) Versions(ctx context.Context, m Matrix) []Version {
	out := make([]Version, len(m.Replies))
	together(len(m.Replies), func(i int) {
		r := m.Replies[i]
		if r.Standing != Authoritative {
			return
		}
		v, err := w.versions.Get(ctx, versionKey{m.Zone.Name, r.Server.Address}, func(ctx context.Context, key versionKey) (Version, error) {
			return version(ctx, r.Server.client, key.zone)
		})
		if err == nil {
			out[i] = v
		}
	})
	return out
}

func version(ctx context.Context, c *resolve.Client, zone string) (Version, error) {
	m, err := c.Exchange(ctx, zone, dns.TypeSOA)
	if err != nil || !m.Authoritative || m.Rcode != dns.RcodeSuccess {
		return Version{}, err
	}
	for _, rr := range m.Answer {
		if soa, ok := rr.(*dns.SOA); ok && resolve.Canonical(soa.Hdr.Name) == zone {
			return Version{Known: true, Serial: soa.Serial, NegativeTTL: min(soa.Hdr.Ttl, soa.Minttl)}, nil
		}
	}
	return Version{}, nil
}
