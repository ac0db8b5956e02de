package cli

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect"
	"github.com/bindgate/bindgate/internal/collect/dns"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

// names is whom a run asks for DNS: one resolver, or the authorities from the
// roots down and the system's resolvers beside them, or nobody.
type names struct {
	asked     bool
	resolver  string // resolver mode
	roots     iterate.Roots
	resolvers []string // authority mode; there may be none
}

// openDNS reads what the mode needs. A system without resolvers still has
// authorities to ask.
func (r *run) openDNS() error {
	if _, left := r.s.leftOut("dns"); left || r.alone() && r.s.resolver == "" {
		return nil
	}
	r.names = names{asked: true, resolver: r.s.resolver}
	if r.s.rootHints != "" {
		if r.s.resolver != "" {
			return fmt.Errorf("reading flags: got both --resolver and --root-hints, want one: a resolver is asked instead of the authorities")
		}
		text, err := readBounded(absolute(r.env, r.s.rootHints), 1<<20)
		if err != nil {
			return fmt.Errorf("reading --root-hints: %w", err)
		}
		if r.names.roots, err = iterate.ParseRoots(string(text)); err != nil {
			return err
		}
	}
	if r.names.resolver == "" {
		r.names.resolvers, _ = resolve.SystemResolvers(r.env.ResolvConf) // none: the authorities are asked alone
	}
	_, err := r.names.collector(r.s, r.env.Now)
	return err
}

func (n names) mode() string {
	switch {
	case !n.asked:
		return evidence.DNSNone
	case n.resolver != "":
		return evidence.DNSResolver
	}
	return evidence.DNSAuthority
}

// collector makes a fresh one; nil when DNS is left out.
func (n names) collector(s settings, now func() time.Time) (collect.DNS, error) {
	if !n.asked {
		return nil, nil
	}
	if n.resolver != "" {
		client, err := resolve.New(resolve.Config{Server: n.resolver, Rate: s.dnsRate})
		if err != nil {
			return nil, err
		}
		return dns.New(client, now, rand.Text), nil
	}
	walker, err := iterate.New(iterate.Config{Roots: n.roots, Port: s.dnsPort, Rate: s.dnsRate, Now: now})
	if err != nil {
		return nil, err
	}
	var beside []*resolve.Client
	for _, server := range n.resolvers {
		client, err := resolve.New(resolve.Config{Server: server, Rate: s.dnsRate})
		if err != nil {
			return nil, err
		}
		beside = append(beside, client)
	}
	return dns.NewAuthority(walker, beside, now, rand.Text), nil
}
