package iterate

import (
	"context"
	"errors"
	"fmt"
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
