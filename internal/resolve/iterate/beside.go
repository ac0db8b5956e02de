package iterate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// otherTypes are what people put next to a CNAME record by mistake.
func otherTypes() []uint16 {
	return []uint16{dns.TypeA, dns.TypeAAAA, dns.TypeMX, dns.TypeTXT, dns.TypeHTTPS, dns.TypeCAA}
}

// others is the types of records that a name has in addition to its CNAME record.
type others struct {
	types   []string
	problem error
}

// OtherRecords returns the types of records that a matrix's name has in addition to
// its CNAME record, as one of its servers gives them; the zone's own records if it
// is the apex. With an error some of the types could not be asked for.
func (w *Walker) OtherRecords(ctx context.Context, m Matrix) ([]string, error) {
	found, err := w.others.Get(ctx, askKey{m.Zone.Name, m.Name, dns.TypeCNAME}, func(ctx context.Context, _ askKey) (others, error) {
		o := w.otherRecords(ctx, m)
		if ctx.Err() != nil {
			return o, o.problem // asked again by others
		}
		return o, nil
	})
	if err != nil {
		return found.types, err
	}
	return found.types, found.problem
}

// otherRecords asks the server that anyOf asks first for all types at once, and
// others for those that it gives no useful answer for.
func (w *Walker) otherRecords(ctx context.Context, m Matrix) (o others) {
	if m.Zone.Name == m.Name {
		o.types = append(o.types, "SOA", "NS")
	}
	asked := otherTypes()
	replies := make([]resolve.Reply, len(asked))
	var servers []Server
	for _, i := range order(m.Zone.Name, m.Name, len(m.Zone.Servers)) {
		if m.Zone.Servers[i].client != nil {
			servers = append(servers, m.Zone.Servers[i])
		}
	}
	if len(servers) > 0 {
		first, cancel := ctx, context.CancelFunc(func() {})
		if len(servers) > 1 {
			first, cancel = context.WithTimeout(ctx, stagger)
		}
		replies = servers[0].client.ExchangeAll(first, m.Name, asked)
		cancel()
	}
	var again sync.WaitGroup
	for i, qtype := range asked {
		if got := replies[i].Message; got == nil || !usefulForOthers(got) {
			again.Go(func() {
				replies[i].Message, replies[i].Err = w.anyOf(ctx, newTrail(), m.Zone, m.Name, qtype, usefulForOthers)
			})
		}
	}
	again.Wait()
	for i, qtype := range asked {
		if replies[i].Err != nil {
			o.problem = errors.Join(o.problem, replies[i].Err)
			continue
		}
		said, err := resolve.Reduce(replies[i].Message, m.Name, qtype)
		if err != nil {
			o.problem = errors.Join(o.problem, fmt.Errorf("reading %s %s: %w", m.Name, dns.Type(qtype), err))
		} else if len(said.Records) > 0 {
			o.types = append(o.types, dns.Type(qtype).String())
		}
	}
	return o
}

// usefulForOthers reports whether a message says whether a type is there. A server
// that does not know the type (NOTIMP) has none.
func usefulForOthers(m *dns.Msg) bool {
	return m.Rcode == dns.RcodeNotImplemented || m.Authoritative && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError)
}
