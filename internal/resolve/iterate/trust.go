package iterate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve/dnssec"
)

// Status is what DNSSEC says of data (RFC 4035 §4.3).
type Status string

// The statuses. Indeterminate: a signature or key could not be fetched.
const (
	Secure        Status = "secure"
	Insecure      Status = "insecure"
	Bogus         Status = "bogus"
	Indeterminate Status = "indeterminate"
)

// Security is the status of one name of a chain.
type Security struct {
	Name   string
	Zone   string
	Status Status
	Reason string    // why it is not secure; Secure: what of some server does not hold, or ""
	Until  time.Time // Secure: when the first signature on the way ends
}

// trust is what is known of a zone's keys.
type trust struct {
	status Status
	reason string
	keys   []*dns.DNSKEY
	until  time.Time
}

// trustOf follows the chain of trust from the root's anchors down to a zone.
func (w *Walker) trustOf(ctx context.Context, t trail, z *Zone) (trust, error) {
	return w.trusted.Get(ctx, z.Name, func(ctx context.Context, _ string) (trust, error) {
		vouched, above, err := w.vouched(ctx, t, z)
		if err != nil || vouched == nil {
			return above, err
		}
		m, err := w.anyOf(ctx, t, z, z.Name, dns.TypeDNSKEY, func(m *dns.Msg) bool { return m.Authoritative })
		if err != nil {
			return unfetched(ctx, "the keys of "+z.Name, err)
		}
		now := w.cfg.Now()
		keys, sig, err := dnssec.Keys(z.Name, dnssec.SetOf(m.Answer, z.Name, dns.TypeDNSKEY), vouched, now)
		switch {
		case errors.Is(err, dnssec.ErrUnsupported):
			return trust{status: Insecure, reason: fmt.Sprintf("%s is signed with %v", z.Name, err)}, nil
		case err != nil:
			return trust{status: Bogus, reason: fmt.Sprintf("%s: %v", z.Name, err)}, nil
		}
		return trust{status: Secure, keys: keys, until: earlier(above.until, dnssec.Until(sig, now))}, nil
	})
}

// vouched are the DS records for a zone's keys, from the zone above or the
// anchors; none if what is above settles the zone's status already.
func (w *Walker) vouched(ctx context.Context, t trail, z *Zone) ([]*dns.DS, trust, error) {
	if z.parent == nil {
		if len(w.anchors) == 0 {
			return nil, trust{status: Insecure, reason: "no trust anchor was given for the root"}, nil
		}
		return w.anchors, trust{}, nil
	}
	above, err := w.trustOf(ctx, t, z.parent)
	if err != nil || above.status != Secure {
		return nil, above, err
	}
	m, err := w.anyOf(ctx, t, z.parent, z.Name, dns.TypeDS, func(m *dns.Msg) bool { return m.Authoritative })
	if err != nil {
		found, err := unfetched(ctx, "the DS records of "+z.Name, err)
		return nil, found, err
	}
	now := w.cfg.Now()
	set := dnssec.SetOf(m.Answer, z.Name, dns.TypeDS)
	if len(set.Records) == 0 {
		if _, err := dnssec.NoData(m.Ns, z.parent.Name, above.keys, z.Name, dns.TypeDS, now); err != nil {
			return nil, trust{status: Bogus, reason: fmt.Sprintf("%s has no DS record in %s, and %v", z.Name, z.parent.Name, err)}, nil
		}
		return nil, trust{status: Insecure, reason: z.Name + " is not signed"}, nil
	}
	sig, err := set.Verify(z.parent.Name, above.keys, now)
	if err != nil {
		return nil, trust{status: Bogus, reason: fmt.Sprintf("the DS records of %s: %v", z.Name, err)}, nil
	}
	var list []*dns.DS
	for _, rr := range set.Records {
		list = append(list, rr.(*dns.DS))
	}
	return list, trust{until: earlier(above.until, dnssec.Until(sig, now))}, nil
}

// unfetched: what could not be had says nothing, unless the run itself ended, or
// the walk's own budget did.
func unfetched(ctx context.Context, what string, err error) (trust, error) {
	if ctx.Err() != nil {
		return trust{}, context.Cause(ctx)
	}
	if spent(err) {
		return trust{}, err
	}
	return trust{status: Indeterminate, reason: fmt.Sprintf("fetching %s: %v", what, err)}, nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
