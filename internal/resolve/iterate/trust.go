package iterate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/dnssec"
)

// Validate returns the DNSSEC status of every name of a walk, from the first CNAME record to
// the records at the end.
func (w *Walker) Validate(ctx context.Context, walk Walk) ([]Security, error) {
	t := newTrail()
	var all []Security
	for _, step := range walk.Steps {
		z := step.Aliases.Zone
		known, err := w.trustOf(ctx, t, z)
		if err != nil {
			return all, err
		}
		s := Security{Name: step.Aliases.Name, Zone: z.Name, Status: known.status, Reason: known.reason, Until: known.until}
		if known.status == Secure {
			s.join(w.matrix(step.Aliases, known.keys))
			if said, _ := step.Aliases.Agreed(); len(said.CNAMEs) == 0 {
				for _, m := range step.Others {
					s.join(w.matrix(m, known.keys))
				}
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// join adds the status of another answer about the same name.
func (s *Security) join(status Status, until time.Time, reason string) {
	switch {
	case status == Secure:
		s.Until = earlier(s.Until, until)
		if s.Status == Secure && reason != "" {
			s.Reason = reason
		}
		return
	case s.Status == Secure || status == Bogus:
		s.Status, s.Reason = status, reason
	}
	s.Until = time.Time{}
}

// matrix validates the servers' answers. Resolvers that get a bad answer ask
// the next server, so one good answer is enough; a bad one in addition is reported.
func (w *Walker) matrix(m ZoneAnswers, keys []*dns.DNSKEY) (Status, time.Time, string) {
	best, until, bad := Indeterminate, time.Time{}, ""
	for _, r := range m.Replies {
		if r.Status != Authoritative {
			continue
		}
		d, err := w.reply(m, r, keys)
		switch {
		case err != nil:
			bad = fmt.Sprintf("%s %s from %s: %v", m.Name, dns.Type(m.Type), r.Server.Host, err)
			if best == Indeterminate {
				best = Bogus
			}
		case d.Insecure:
			best, until = Insecure, d.Until
		case best != Insecure:
			best, until = Secure, earlier(until, d.Until)
		}
	}
	switch best {
	case Indeterminate:
		return best, until, "no server answered with authority"
	case Insecure:
		return best, until, m.Name + " lies among names that are not signed (opt-out)"
	}
	return best, until, bad
}

// reply validates one answer: an alias or records, or the proof that there are none.
func (w *Walker) reply(m ZoneAnswers, r Reply, keys []*dns.DNSKEY) (dnssec.Denial, error) {
	zone, now := m.Zone.Name, w.cfg.Now()
	switch {
	case len(r.Answer.CNAMEs) > 0:
		if d := dnameFor(r.message, m.Name); d != "" {
			return w.synthesized(r, zone, m.Name, d, keys)
		}
		return w.positive(r.message, zone, m.Name, dns.TypeCNAME, keys)
	case len(r.Answer.Records) > 0:
		return w.positive(r.message, zone, m.Name, m.Type, keys)
	case r.Answer.NameError:
		return dnssec.NameError(r.message.Ns, zone, keys, m.Name, now)
	}
	return dnssec.NoData(r.message.Ns, zone, keys, m.Name, m.Type, now)
}

func (w *Walker) positive(m *dns.Msg, zone, name string, qtype uint16, keys []*dns.DNSKEY) (dnssec.Denial, error) {
	now := w.cfg.Now()
	sig, err := dnssec.SetOf(m.Answer, name, qtype).Verify(zone, keys, now)
	if err != nil {
		return dnssec.Denial{}, err
	}
	d := dnssec.Denial{Until: dnssec.Until(sig, now)}
	if int(sig.Labels) < dns.CountLabel(dns.Fqdn(name)) {
		proof, err := dnssec.Expanded(m.Ns, zone, keys, name, int(sig.Labels), now)
		if err != nil {
			return dnssec.Denial{}, fmt.Errorf("it comes from a wildcard, and %w", err)
		}
		d = dnssec.Denial{Insecure: proof.Insecure, Until: earlier(d.Until, proof.Until)}
	}
	return d, nil
}

// synthesized validates a CNAME record that a server synthesized from a DNAME record: the
// DNAME is signed, the CNAME is not (RFC 6672 §5.3.1).
func (w *Walker) synthesized(r Reply, zone, name, owner string, keys []*dns.DNSKEY) (dnssec.Denial, error) {
	d, err := w.positive(r.message, zone, owner, dns.TypeDNAME, keys)
	if err != nil {
		return d, err
	}
	for _, rr := range r.message.Answer {
		if dname, ok := rr.(*dns.DNAME); ok && resolve.Canonical(dname.Hdr.Name) == owner {
			want := strings.TrimSuffix(name, owner) + resolve.Canonical(dname.Target)
			if len(r.Answer.CNAMEs) == 1 && r.Answer.CNAMEs[0].Target == resolve.Canonical(want) {
				return d, nil
			}
		}
	}
	return dnssec.Denial{}, errors.New("the CNAME record does not follow from the signed DNAME record")
}

// dnameFor returns the owner of the DNAME record of an unsigned CNAME record.
func dnameFor(m *dns.Msg, name string) string {
	if len(dnssec.SetOf(m.Answer, name, dns.TypeCNAME).Signatures) > 0 {
		return ""
	}
	for _, rr := range m.Answer {
		if owner := resolve.Canonical(rr.Header().Name); rr.Header().Rrtype == dns.TypeDNAME && owner != name && within(owner, name) {
			return owner
		}
	}
	return ""
}

// Status is the DNSSEC status of data (RFC 4035 §4.3).
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
	Reason string    // why it is not secure; if Secure: the invalid answer of a single server, or ""
	Until  time.Time // Secure: when the first signature of the chain expires
}

// trust is the DNSSEC status of a zone, with its keys.
type trust struct {
	status Status
	reason string
	keys   []*dns.DNSKEY
	until  time.Time
}

// Trusted reports whether Validate has no question to ask: what is known of the zones of
// a walk was found before.
func (w *Walker) Trusted(walk Walk) bool {
	return !slices.ContainsFunc(walk.Steps, func(s Step) bool {
		_, known := w.trusted.Known(s.Aliases.Zone.Name)
		return !known
	})
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

// vouched returns the DS records of a zone, from its parent or the trust anchors; none if the
// parent's status already decides the zone's.
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

// unfetched returns the status Indeterminate for data that could not be fetched, or err if
// the run has ended or the walk has used up its queries.
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
