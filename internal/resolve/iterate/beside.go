package iterate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// besideTypes are what people put next to an alias by mistake.
func besideTypes() []uint16 {
	return []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeHTTPS, dns.TypeCAA}
}

// Beside are the types of records that stand beside the alias of a matrix's
// name, as one of its servers gives them; the zone's own records if it is the
// apex. With an error some of the types could not be asked for.
func (w *Walker) Beside(ctx context.Context, m Matrix) ([]string, error) {
	var types []string
	if m.Zone.Name == m.Name {
		types = append(types, "SOA", "NS")
	}
	asked := besideTypes()
	there, problems := make([]bool, len(asked)), make([]error, len(asked))
	var all sync.WaitGroup
	for i, qtype := range asked {
		all.Go(func() { there[i], problems[i] = w.stands(ctx, m, qtype) })
	}
	all.Wait()
	for i, qtype := range asked {
		if there[i] {
			types = append(types, dns.Type(qtype).String())
		}
	}
	return types, errors.Join(problems...)
}

// stands reports whether a matrix's name has records of a type. A server that
// does not know the type (NOTIMP) holds none.
func (w *Walker) stands(ctx context.Context, m Matrix, qtype uint16) (bool, error) {
	got, err := w.anyOf(ctx, newTrail(), m.Zone, m.Name, qtype, func(m *dns.Msg) bool {
		return m.Rcode == dns.RcodeNotImplemented || m.Authoritative && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError)
	})
	if err != nil {
		return false, err
	}
	said, err := resolve.Reduce(got, m.Name, qtype)
	if err != nil {
		return false, fmt.Errorf("reading %s %s: %w", m.Name, dns.Type(qtype), err)
	}
	return len(said.Records) > 0, nil
}

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
	var all sync.WaitGroup
	for i, r := range m.Replies {
		if r.Standing != Authoritative {
			continue
		}
		all.Go(func() {
			v, err := w.versions.Get(ctx, versionKey{m.Zone.Name, r.Server.Address}, func(ctx context.Context, key versionKey) (Version, error) {
				return version(ctx, r.Server.client, key.zone)
			})
			if err == nil {
				out[i] = v
			}
		})
	}
	all.Wait()
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
