package iterate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// otherTypes returns the record types that are often added to a CNAME owner by mistake. The walk
// itself queries addresses.
func otherTypes() []uint16 {
	return []uint16{dns.TypeMX, dns.TypeTXT, dns.TypeHTTPS, dns.TypeCAA}
}

// Others lists the record types, except addresses, that a name has in addition to its
// CNAME record.
type Others struct {
	Types   []string
	Unasked []string // newer types for which the servers do not answer, so their existence is unknown
}

// others is a cached result, with the reason if some types could not be queried.
type others struct {
	Others
	problem error
}

// OtherRecords returns the types of records other than addresses that a matrix's name
// has in addition to its CNAME record, as one of its servers gives them; the zone's
// own records if it is the apex. If it fails, the result lacks some types.
func (w *Walker) OtherRecords(ctx context.Context, m ZoneAnswers) (Others, error) {
	if m.others != nil && !slices.ContainsFunc(m.others, uselessForOthers) { // there is nothing to ask
		o := w.otherRecords(ctx, m)
		return o.Others, o.problem
	}
	found, err := w.others.Get(ctx, askKey{m.Zone.Name, m.Name, setOf(otherTypes()...)}, func(ctx context.Context, _ askKey) (others, error) {
		o := w.otherRecords(ctx, m)
		if ctx.Err() != nil {
			return o, o.problem // asked again by others
		}
		return o, nil
	})
	if err != nil {
		return found.Others, err
	}
	return found.Others, found.problem
}

// otherRecords queries all types at the server that anyOf asks first, unless it was already
// asked, and asks other servers for the types without a useful answer.
func (w *Walker) otherRecords(ctx context.Context, m ZoneAnswers) (o others) {
	if m.Zone.Name == m.Name {
		o.Types = append(o.Types, "SOA", "NS")
	}
	asked := otherTypes()
	replies := slices.Clone(m.others)
	if replies == nil {
		replies = make([]resolve.Reply, len(asked))
		if i := firstAsked(m.Zone, m.Name); i >= 0 {
			client := m.Zone.Servers[i].client
			first, cancel := ctx, context.CancelFunc(func() {})
			if slices.ContainsFunc(m.Zone.Servers, func(s Server) bool { return s.client != nil && s.client != client }) {
				first, cancel = context.WithTimeout(ctx, stagger)
			}
			replies = client.ExchangeAll(first, m.Zone.Name, m.Name, asked)
			cancel()
		}
	}
	var again sync.WaitGroup
	for i, qtype := range asked {
		if uselessForOthers(replies[i]) {
			again.Go(func() {
				replies[i].Message, replies[i].Err = w.anyOf(ctx, newTrail(), m.Zone, m.Name, qtype, usefulForOthers)
			})
		}
	}
	again.Wait()
	for i, qtype := range asked {
		if replies[i].Err != nil && (qtype == dns.TypeHTTPS || qtype == dns.TypeCAA) && ctx.Err() == nil {
			o.Unasked = append(o.Unasked, dns.Type(qtype).String()) // some servers and firewalls drop what they do not know
			continue
		}
		if replies[i].Err != nil {
			o.problem = errors.Join(o.problem, replies[i].Err)
			continue
		}
		said, err := resolve.Reduce(replies[i].Message, m.Name, qtype)
		if err != nil {
			o.problem = errors.Join(o.problem, fmt.Errorf("reading %s %s: %w", m.Name, dns.Type(qtype), err))
		} else if len(said.Records) > 0 {
			o.Types = append(o.Types, dns.Type(qtype).String())
		}
	}
	return o
}

func uselessForOthers(r resolve.Reply) bool { return r.Message == nil || !usefulForOthers(r.Message) }

// usefulForOthers reports whether a message shows whether a type exists. A server
// that does not implement the type (NOTIMP) has no such records.
func usefulForOthers(m *dns.Msg) bool {
	return m.Rcode == dns.RcodeNotImplemented || m.Authoritative && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError)
}

// Version contains the SOA data of a zone at one server (RFC 1035 §3.3.13). The zero
// value means unknown.
type Version struct {
	Known       bool
	Serial      uint32
	NegativeTTL uint32 // seconds for which resolvers cache negative answers (RFC 2308 §5)
}

// versionKey is the cache key of a Version: each address is queried once per run and zone.
type versionKey struct {
	zone string
	at   netip.AddrPort
}

// Versions returns the Version of each reply of a matrix, in the same order. It queries only
// addresses with an authoritative reply.
func (w *Walker) Versions(ctx context.Context, m ZoneAnswers) []Version {
	out := make([]Version, len(m.Replies))
	together(len(m.Replies), func(i int) {
		r := m.Replies[i]
		if r.Status != Authoritative {
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
	m, err := c.Exchange(ctx, zone, zone, dns.TypeSOA)
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
