package iterate

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

const (
	mostQuestions = 400 // of one walk, to whomever
	mostDepth     = 4   // looking up a server to look up a server …
)

// trail is how one question led to another. Whoever looks up the address of a
// server on the way to somewhere else is a helper: helpers share what others
// have found but never wait for it, for the others may be waiting for them.
type trail struct {
	helper bool
	depth  int
	zones  []string // being found
	left   *atomic.Int32
}

// errSpent: a delegation was built to make others ask (RFC 9520, NXNSAttack).
var errSpent = errors.New("the zones on the way need too many questions; a delegation without end, or a trap")

// spent reports whether an error says that a walk had no questions left. What
// another walk may ask is not touched by it.
func spent(err error) bool { return errors.Is(err, errSpent) }

func newTrail() trail {
	t := trail{left: new(atomic.Int32)}
	t.left.Store(mostQuestions)
	return t
}

func (t trail) spend() error {
	if t.left.Add(-1) < 0 {
		return errSpent
	}
	return nil
}

// addressesOf looks up a name server's addresses from the root. An alias is not
// followed: a name server must not be one (RFC 2181 §10.3).
func (w *Walker) addressesOf(ctx context.Context, t trail, host string) ([]netip.Addr, error) {
	if t.depth >= mostDepth {
		return nil, errors.New("the servers' names depend on too many other zones")
	}
	get := w.addresses.Get
	if t.helper {
		get = w.addresses.Alone
	}
	return get(ctx, host, func(ctx context.Context, host string) ([]netip.Addr, error) {
		next := t
		next.helper, next.depth = true, t.depth+1
		z, err := w.zoneOf(ctx, next, parent(host))
		if err != nil {
			return nil, err
		}
		var addrs []netip.Addr
		for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
			found, err := w.hostRecords(ctx, next, z, host, qtype)
			if err != nil {
				return addrs, err
			}
			addrs = append(addrs, found...)
		}
		return addrs, nil
	})
}

func (w *Walker) hostRecords(ctx context.Context, t trail, z *Zone, host string, qtype uint16) ([]netip.Addr, error) {
	m, err := w.anyOf(ctx, t, z, host, qtype, func(m *dns.Msg) bool {
		_, refers := referral(m, z.Name, host)
		return m.Authoritative || refers
	})
	if err != nil {
		return nil, err
	}
	if _, refers := referral(m, z.Name, host); refers {
		child, err := w.zoneOf(ctx, t, host)
		if err != nil || child.Name == z.Name {
			return nil, err
		}
		return w.hostRecords(ctx, t, child, host, qtype)
	}
	var addrs []netip.Addr
	for _, rr := range m.Answer {
		if addr, ok := addressIn(rr); ok && resolve.Canonical(rr.Header().Name) == host && len(addrs) < mostAddresses {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}
