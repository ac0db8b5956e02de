// Package judge is the engine: it collects the evidence of each binding, runs
// checks and policies on it and decides, in a bounded stream of verdicts. It
// knows no command line, no report and no exit code. It changes nothing.
package judge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/probe"
	"github.com/bindgate/bindgate/internal/collect/siblings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/replay"
)

// Options decide what a run judges by, which servers it asks and how long. Relative paths
// begin at Dir.
type Options struct {
	Command  string // lint, plan, apply or audit, for policies and reports
	Actor    string // who claims to run it; unproven
	Contract string // evidence.Contract2026 or Contract2017
	Dir      string // working directory, absolute
	Clock    func() time.Time
	Live     bool // on the live clock, with fresh evidence: without it no decision gives a permit

	Extra        []checks.Check    // in addition to the catalogue, see catalog.With
	Severities   checks.Severities // the owner's; may be nil
	FailOn       checks.Severity   // the least severity of a finding that refuses; empty: error
	MinRemaining time.Duration     // what the owner wants a certificate to last, in addition to a third of its lifetime
	Policies     []string          // folders or files of Rego in addition to the shipped ones
	Data         []string          // files that override policy data

	Labels map[string]evidence.Label // the labels that the owner declares, by name; none: any label is allowed

	Skip     Skip   // evidence that is not collected
	Evidence string // file of saved evidence to judge instead of collecting any; may be empty

	Roots             string   // mozilla (also when empty), system or a PEM file
	Profile           string   // evidence.ProfilePublic, ProfilePrivate or empty: it follows the root
	WeakKeys, CRLs    []string // files
	RevocationPrivate bool     // CRL and OCSP addresses may be private ones

	DNS     DNS
	Gateway Gateway
	Probe   *Probe // nil: no address of a domain is asked what it serves

	Timeout     time.Duration // for the evidence of one binding; 0: no limit
	Concurrency int           // bindings at a time; below 1 counts as 1
	Progress    func()        // called once the evidence of a binding is collected, by several goroutines; may be nil

	LookupEnv func(name string) (string, bool)
}

// Skip says why a piece of evidence is not collected, in words such as
// "--offline"; an empty reason collects it.
type Skip struct{ DNS, Group, Revocation string }

// Gateway says how the gateway is reached.
type Gateway struct {
	Endpoint  string // URL; empty: the region's own
	STS       string // URL, or gateway.NoSTS; empty: the region's own, or a private Endpoint itself
	Account   string // the account that the owner names; empty: any
	CA        string // PEM file of a private CA; may be empty
	Rate      float64
	UserAgent string
}

// Probe says how the addresses of an allowed domain are asked what they serve.
type Probe struct {
	Allow []string // prefixes of addresses that may be asked in addition to public ones
	Via   string   // ADDR:PORT on loopback that is asked in place of every address; may be empty
}

// Engine judges the bindings of one manifest. Close it.
type Engine struct {
	o            Options
	catalogue    []checks.Check
	set          *manifest.Set
	related      *siblings.Index
	policies     func() (*policy.Engine, error) // waits until they are compiled
	certificates *certificate.Collector
	dns          dnsSource
	again        renewal                            // of Again
	probe        *probe.Collector                   // nil: nothing is probed
	transport    *gateway.Transport                 // nil: the gateway is not asked
	identity     func() (*evidence.Identity, error) // asks STS once; nil: the gateway is not asked
	saved        *replay.Saved                      // nil: evidence is collected
	began        func() evidence.Run                // facts of the run, as of its first use
}

// Open loads the manifest with load, and all that judging it needs: policies,
// roots, key lists, CRLs, root hints, saved evidence, credentials. Nothing is
// asked of DNS or the gateway. Every error is one of configuration.
func Open(ctx context.Context, o Options, load func() (*manifest.Set, error)) (*Engine, error) {
	list, err := catalog.With(o.Extra...)
	if err != nil {
		return nil, err
	}
	if err := catalog.Validate(list, o.Severities); err != nil {
		return nil, err
	}
	e := &Engine{o: o, catalogue: list}
	e.began = sync.OnceValue(e.facts)
	e.loadPolicies(ctx)
	if e.set, err = load(); err != nil {
		return nil, err
	}
	if err := e.open(ctx); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) (err error) {
	if err := e.openCertificates(); err != nil {
		return err
	}
	if e.o.Skip.Group == "" || e.o.Skip.DNS == "" { // before anything is asked
		if _, err := e.policies(); err != nil {
			return err
		}
	}
	e.related = siblings.NewIndex(e.set.All())
	if e.o.Evidence != "" {
		e.saved, err = readSaved(e.path(e.o.Evidence))
		return err
	}
	if err := e.openDNS(); err != nil {
		return err
	}
	if err := e.openProbe(); err != nil {
		return err
	}
	return e.openGateway(ctx)
}

// loadPolicies compiles the policies while the rest is loaded: it is the longest
// part of a short run.
func (e *Engine) loadPolicies(ctx context.Context) {
	e.policies = sync.OnceValues(func() (*policy.Engine, error) {
		return policy.Load(ctx, policy.Options{Dir: e.o.Dir, Dirs: e.o.Policies, Data: e.o.Data, Results: PolicyResults(e.catalogue), Labels: e.o.Labels})
	})
	go func() { _, _ = e.policies() }()
}

// PolicyResults lists the ids of the checks whose results a policy may read.
func PolicyResults(list []checks.Check) []string {
	first, _ := catalog.Passes(list)
	ids := make([]string, len(first))
	for i, c := range first {
		ids[i] = c.ID
	}
	return ids
}

func (e *Engine) openGateway(ctx context.Context) error {
	if e.o.Skip.Group != "" || e.certificateOnly() {
		return nil
	}
	var err error
	if e.transport, err = newTransport(e.o); err != nil {
		return err
	}
	region := ""
	for b := range e.set.All() {
		region = b.RegionID
		break
	}
	e.identity = sync.OnceValues(func() (*evidence.Identity, error) { return identify(ctx, e.transport, e.o.Gateway.Account, region) })
	return nil
}

// identityTime bounds how long STS is waited for.
const identityTime = 15 * time.Second

// identify asks who the credentials belong to. The error is of credentials that are
// not taken, or of another account than the owner's; why the account is not known
// otherwise stands in the identity.
func identify(ctx context.Context, t *gateway.Transport, account, region string) (*evidence.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, identityTime)
	defer cancel()
	id, err := gateway.Identity(ctx, t, region)
	id.ExpectedAccountID = account
	var refused *gateway.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == gateway.Auth && refused.Code != "SignatureNonceUsed":
		return nil, fmt.Errorf("reading credentials from %s: %w", cmp.Or(id.Source, "the credential chain"), err)
	case err != nil:
		id.Problem = err.Error()
	case id.NoSTS && account != "":
		return nil, fmt.Errorf("reading account %q: without an STS nothing says whose the credentials are; remove account or sts: none", account)
	case !id.NoSTS && account != "" && id.AccountID != account:
		return nil, fmt.Errorf("reading credentials from %s: they belong to account %q (%s), and the owner names account %q; use credentials of that account",
			cmp.Or(id.Source, "the credential chain"), id.AccountID, id.ARN, account)
	}
	return &id, nil
}

// newTransport finds the credentials and makes the gateway's client.
func newTransport(o Options) (*gateway.Transport, error) {
	get := func(name string) string { v, _ := o.LookupEnv(name); return v }
	credential, err := gateway.Credentials(get)
	if err != nil {
		return nil, err
	}
	var ca []byte
	if o.Gateway.CA != "" {
		if ca, err = os.ReadFile(confine.Absolute(o.Dir, o.Gateway.CA)); err != nil {
			return nil, fmt.Errorf("reading endpointCA of the owner's file: %w", err)
		}
	}
	return gateway.NewTransport(gateway.Config{Endpoint: o.Gateway.Endpoint, STS: o.Gateway.STS, Credential: credential, CA: ca,
		Env: get, Rate: o.Gateway.Rate, UserAgent: o.Gateway.UserAgent})
}

// Close ends the connections that the gateway's client keeps open.
func (e *Engine) Close() {
	if e.transport != nil {
		e.transport.Close()
	}
}

// Catalogue returns the checks that judge.
func (e *Engine) Catalogue() []checks.Check { return e.catalogue }

// Bindings returns the set that is judged.
func (e *Engine) Bindings() *manifest.Set { return e.set }

// Run is what holds for every binding of a run.
type Run struct {
	evidence.Run
	Offline      bool   // neither DNS nor the gateway was asked
	Endpoint     string // as configured
	RootsDigest  string // sha256:<hex>
	PolicyDigest string // sha256:<hex>
}

// Run returns the facts of the run, its clock read and STS asked at the first call. The error is that of policies
// that do not load, or of credentials that are not taken.
func (e *Engine) Run() (Run, error) {
	engine, err := e.policies()
	if err != nil {
		return Run{}, err
	}
	if e.saved != nil { // policies see the saved command, readers the one that they ran
		r := e.saved.Run
		r.Command = e.o.Command
		return Run{Run: r.Run, Offline: r.Offline, Endpoint: r.Endpoint, RootsDigest: r.RootsDigest, PolicyDigest: engine.Digest()}, nil
	}
	if e.identity != nil {
		if _, err := e.identity(); err != nil {
			return Run{}, err
		}
	}
	return Run{Run: e.began(), Offline: e.o.Skip.DNS != "" && e.o.Skip.Group != "", Endpoint: e.o.Gateway.Endpoint,
		RootsDigest: e.certificates.RootsDigest(), PolicyDigest: engine.Digest()}, nil
}

func (e *Engine) facts() evidence.Run {
	var id *evidence.Identity
	if e.identity != nil {
		id, _ = e.identity() // its error ends the run in judge and Run
	}
	return evidence.Run{Identity: id, Now: e.o.Clock().UTC(), Command: e.o.Command, Contract: e.o.Contract, DNSMode: e.dns.mode(),
		Actor: e.o.Actor, Live: e.o.Live, MinRemainingSeconds: int64(e.o.MinRemaining / time.Second), Labels: e.o.Labels}
}

// certificateOnly reports that the run judges a certificate with no group named.
// Flags alone can ask for that, and they name one binding.
func (e *Engine) certificateOnly() bool {
	return e.each(func(b binding.Binding) bool { return b.CertificateOnly })
}

// each reports whether every binding has a property.
func (e *Engine) each(has func(binding.Binding) bool) bool {
	for b := range e.set.All() {
		if !has(b) {
			return false
		}
	}
	return true
}

func (e *Engine) path(path string) string { return confine.Absolute(e.o.Dir, path) }

// Transport returns the gateway's client; nil where the gateway is not asked.
func (e *Engine) Transport() *gateway.Transport { return e.transport }

// Refused returns why the gateway did not take the credentials, if so: trying again
// will not help.
func (e *Engine) Refused() error {
	if e.transport == nil {
		return nil
	}
	return e.transport.Refused()
}

// Certificates returns the collector of certificates and keys, which reads them
// again when they are sent.
func (e *Engine) Certificates() *certificate.Collector { return e.certificates }
