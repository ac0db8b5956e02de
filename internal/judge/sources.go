package judge

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect"
	"github.com/bindgate/bindgate/internal/collect/apig"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/cutover"
	"github.com/bindgate/bindgate/internal/collect/dns"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/collect/revocation"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/platform/api"
	apigclient "github.com/bindgate/bindgate/internal/platform/apig/client"
	classicclient "github.com/bindgate/bindgate/internal/platform/classic/client"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

// observe returns the evidence of the binding with a number.
type observe func(ctx context.Context, number int, b binding.Binding) evidence.Evidence

// observer returns a function with new collectors, so that it does not reuse cached
// answers of an earlier pass; in a replay it returns the saved evidence.
func (e *Engine) observer(run evidence.Run, look Scope) (observe, error) {
	if e.saved != nil {
		return e.replayed()
	}
	c := &collect.Collector{Certificate: e.certificates, Served: look.Served, Related: e.related,
		Timeout: e.o.Timeout, Now: e.o.Clock, WithoutDNS: e.o.Skip.DNS, WithoutGroup: e.o.Skip.Group}
	var err error
	if c.DNS, err = e.dns.collector(e.o.Clock); err != nil {
		return nil, err
	}
	if c.Revocation, err = e.revocations(); err != nil {
		return nil, err
	}
	if e.transport != nil {
		r := e.readers()
		groups := group.New(r.classic, e.o.Clock, e.o.Concurrency)
		c.Group, c.Gateway = groups, apig.New(r.apig, r.classic, e.o.Clock)
		c.Cutover = &cutover.Collector{Old: e.moves[binding.Classic], New: e.moves[binding.APIG], DNS: c.DNS, Served: r.classic, Account: groups, Now: e.o.Clock}
	}
	return func(ctx context.Context, number int, b binding.Binding) evidence.Evidence {
		ev := c.Collect(ctx, number, b)
		ev.Run = run
		if e.o.Progress != nil {
			e.o.Progress()
		}
		return ev
	}, nil
}

// readers are those of the platforms, for one pass.
type readers struct {
	classic *classicclient.Reader
	apig    *apigclient.Reader
}

func newReaders(t *api.Transport, parallel int) *readers {
	return &readers{classic: classicclient.NewReader(t), apig: apigclient.NewReader(t, parallel)}
}

// readers returns new readers, but for the first pass those that listed the bindings.
func (e *Engine) readers() *readers {
	if e.o.Held != nil {
		if r := e.o.Held.readers.Swap(nil); r != nil {
			return r
		}
	}
	return newReaders(e.transport, e.o.Concurrency)
}

// openCertificates opens roots, lists of weak keys and CRLs.
func (e *Engine) openCertificates() error {
	weak := e.o.WeakKeys
	without := func(b binding.Binding) bool { return b.Certificate == nil }
	if len(weak) > 0 && (e.o.Evidence != "" || e.each(without)) { // no key will be looked up: a replay reports what the saved run found
		weak = nil
	}
	var err error
	if e.certificates, err = certificate.New(certificate.Config{Files: e.set.Files, LookupEnv: e.o.LookupEnv, Roots: e.o.Roots,
		Dir: e.o.Dir, Profile: e.o.Profile, WeakKeys: weak, Now: e.o.Clock}); err != nil {
		return err
	}
	_, err = e.revocations()
	return err
}

func (e *Engine) revocations() (*revocation.Collector, error) {
	return revocation.New(revocation.Config{CRLs: e.o.CRLs, Dir: e.o.Dir, Offline: e.o.Skip.Revocation, Private: e.o.RevocationPrivate, Now: e.o.Clock})
}

// DNS configures the DNS servers that a run asks.
type DNS struct {
	Resolver   string // asked instead of the authoritative servers: ADDR[:PORT], tls://HOST or https://URL; may be empty
	RootHints  string // master file; empty: IANA's
	Port       uint16 // of the authoritative servers
	Rate       float64
	ResolvConf string // resolv.conf(5), where the system's resolvers are found
}

// dnsSource holds the DNS servers that a run asks: one resolver, or the
// authoritative servers from the roots down and the system's resolvers in
// addition, or none.
type dnsSource struct {
	DNS
	asked     bool
	roots     iterate.Roots
	resolvers []string // authoritative mode; there may be none
	without   string   // why some or all of the system's resolvers are not used
}

// openDNS reads the settings that the DNS mode needs. Missing system resolvers are not an
// error in authoritative mode.
func (e *Engine) openDNS() error {
	o := e.o.DNS
	if e.o.Skip.DNS != "" || e.certificateOnly() && o.Resolver == "" {
		return nil
	}
	e.dns = dnsSource{DNS: o, asked: true}
	if o.RootHints != "" {
		if o.Resolver != "" {
			return fmt.Errorf("reading flags: got both --resolver and rootHints of the owner's file, want one: a resolver is asked instead of the authoritative servers")
		}
		text, err := confine.ReadBounded(e.path(o.RootHints), 1<<20)
		if err != nil {
			return fmt.Errorf("reading rootHints of the owner's file: %w", err)
		}
		if e.dns.roots, err = iterate.ParseRoots(string(text)); err != nil {
			return err
		}
	}
	if o.Resolver == "" {
		var err error
		if e.dns.resolvers, err = resolve.SystemResolvers(o.ResolvConf); err != nil { // the authoritative servers are asked all the same
			e.dns.without = err.Error()
		}
	}
	_, err := e.dns.collector(e.o.Clock)
	return err
}

// AsksDNS reports whether the run asks DNS at all.
func (e *Engine) AsksDNS() bool { return e.dns.asked }

func (d dnsSource) mode() string {
	switch {
	case !d.asked:
		return evidence.DNSNone
	case d.Resolver != "":
		return evidence.DNSResolver
	}
	return evidence.DNSAuthoritative
}

// collector creates a collector; nil if DNS is not asked.
func (d dnsSource) collector(now func() time.Time) (collect.DNS, error) {
	if !d.asked {
		return nil, nil
	}
	if d.Resolver != "" {
		client, err := resolve.New(resolve.Config{Server: d.Resolver, Rate: d.Rate})
		if err != nil {
			return nil, err
		}
		return dns.New(client, now, rand.Text), nil
	}
	walker, err := iterate.New(iterate.Config{Roots: d.roots, Port: d.Port, Rate: d.Rate, Now: now})
	if err != nil {
		return nil, err
	}
	var resolvers []*resolve.Client
	for _, server := range d.resolvers {
		client, err := resolve.New(resolve.Config{Server: server, Rate: d.Rate, Tries: 2}) // one more look, which must not cost much
		if err != nil {
			return nil, err
		}
		resolvers = append(resolvers, client)
	}
	return dns.NewAuthority(walker, resolvers, d.without, now, rand.Text), nil
}

// readSaved reads a file of saved evidence.
func readSaved(path string) (*replay.Saved, error) {
	data, err := confine.ReadBounded(path, replay.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("reading --evidence: %w", err)
	}
	saved, err := replay.Read(data)
	return &saved, err
}

// replayed returns the saved evidence, at the time and in the mode of its run.
func (e *Engine) replayed() (observe, error) {
	all, err := e.saved.Match(slices.Collect(e.set.All()))
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, number int, _ binding.Binding) evidence.Evidence {
		ev := all[number]
		if e.o.MinRemaining > 0 { // what the owner wants today, no observation
			ev.Run.MinRemainingSeconds = int64(e.o.MinRemaining / time.Second)
		}
		if len(e.o.Labels) > 0 {
			ev.Run.Labels = e.o.Labels
		}
		return ev
	}, nil
}
