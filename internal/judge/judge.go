// Package judge is the engine: it collects the evidence of each binding, runs
// checks and policies on it and decides, in a bounded stream of verdicts. It is independent
// of command line, reports and exit codes, and makes no changing call.
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
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/waiver"
)

// Options configures a run: policies and checks, servers, limits. Relative paths
// begin at Dir.
type Options struct {
	Command  string // lint, plan, apply or audit, for policies and reports
	Actor    string // name of the person or job, for policies; not verified
	Contract string // evidence.Contract2026 or Contract2017
	Dir      string // working directory, absolute
	Clock    func() time.Time
	Live     bool // current time and fresh evidence; otherwise no decision gives a permit

	Extra        []checks.Check    // in addition to the catalogue, see catalog.With
	Severities   checks.Severities // the owner's, and those that the tree raises; may be nil
	Raised       []string          // ids of Severities that the tree raises and the owner does not set
	FailOn       checks.Severity   // the lowest severity that refuses a binding; empty: error
	MinRemaining time.Duration     // shortest accepted remaining validity, in addition to a third of the lifetime
	Policies     []string          // files, folders, bundles and registry references, in addition to the built-in policies
	Data         []string          // files that override policy data
	FetchPolicy  policy.Fetch      // of registries; nil: none can be asked

	Waivers      []waiver.Waiver // of the owner
	ForeignRules bool            // waivers may name rules that no policy has: two sets of policies are compared

	Plan bool // count the plan of the run even if no policy reads it

	Labels map[string]evidence.Label // the labels that the owner declares, by name; none: any label is allowed

	Skip     Skip   // evidence that is not collected
	Evidence string // file of saved evidence to judge instead of collecting any; may be empty

	Roots             string   // mozilla (also when empty), system or a PEM file
	Profile           string   // evidence.ProfilePublic, ProfilePrivate or empty: it follows the root
	WeakKeys, CRLs    []string // files
	RevocationPrivate bool     // CRL and OCSP addresses may be private ones

	DNS     DNS
	Gateway Gateway
	Held    *Held  // what Bound listed, whose connections and answers are used; nil: nothing was
	Probe   *Probe // nil: domains are not probed
	Moves   Probe  // how both sides of a domain that moves are probed, which needs no flag: a map asks for it

	External map[string]policy.FactsSchema // the facts that the owner declares, by name

	Given *evidence.Given // verified tokens, approvals and facts; nil: none

	Timeout     time.Duration // for the evidence of one binding; 0: no limit
	Concurrency int           // bindings at a time; below 1 counts as 1
	Progress    func()        // called once the evidence of a binding is collected, by several goroutines; may be nil

	LookupEnv func(name string) (string, bool)
}

// ErrNoCredentials is the error of Open and Bound if no credentials were found.
var ErrNoCredentials = api.ErrNoCredentials

// Skip contains for each source the reason why it is not collected, such as
// "--offline"; a source with an empty reason is collected.
type Skip struct{ DNS, Group, Revocation string }

// Gateway configures the connection to the gateway.
type Gateway struct {
	Endpoint  string // URL; empty: the region's own
	STS       string // URL, or api.NoSTS; empty: the region's own, or a private Endpoint itself
	APIG      string // URL of the cloud-native gateway's API; empty: as STS
	CAS       string // URL of the certificate store; empty: that of the region's site, or a private Endpoint itself
	Account   string // the account that the owner names; empty: any
	CA        string // PEM file of a private CA; may be empty
	Rate      float64
	UserAgent string
}

// Probe configures probing the addresses of allowed domains.
type Probe struct {
	Allow []string // prefixes of addresses that may be asked in addition to public ones
	Via   string   // ADDR:PORT on loopback that is asked in place of every address of an API group; may be empty

	ViaGateway string // the same for cloud-native gateways
}

// Engine judges the bindings of one manifest. The caller must close it.
type Engine struct {
	o            Options
	catalogue    []checks.Check
	before       []checks.Check // those of the catalogue that run before the policies
	after        []checks.Check // and those that read the policies' verdict
	set          *manifest.Set
	related      *siblings.Index
	policies     func() (*policy.Engine, error) // waits until they are compiled
	certificates *certificate.Collector
	dns          dnsSource
	again        renewal // of Again
	waivers      *waiver.Set
	totals       *Totals                            // of the plan; nil: no policy reads them
	probe        map[string]*probe.Collector        // by platform; nil: nothing is probed
	moves        map[string]*probe.Collector        // by platform: of domains that move
	transport    *api.Transport                     // nil: the gateway is not asked
	identity     func() (*evidence.Identity, error) // asks STS once; nil: the gateway is not asked
	saved        *replay.Saved                      // nil: evidence is collected
	began        func() evidence.Run                // facts of the run, as of its first use
}

// Open loads the manifest with load, and all that judging it needs: policies,
// roots, key lists, CRLs, root hints, saved evidence, credentials. It makes no request
// to DNS or the gateway; every error is an error of configuration.
func Open(ctx context.Context, o Options, load func() (*manifest.Set, error)) (*Engine, error) {
	list, err := catalog.With(o.Extra...)
	if err != nil {
		return nil, err
	}
	if err := catalog.Validate(list, o.Severities); err != nil {
		return nil, err
	}
	e := &Engine{o: o, catalogue: list}
	e.before, e.after = catalog.Passes(list)
	if e.waivers, err = waiver.New(o.Waivers, list, o.Severities, o.Raised, o.Clock()); err != nil {
		return nil, err
	}
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

// loadPolicies compiles the policies in the background, because compiling takes the most
// time of a short run.
func (e *Engine) loadPolicies(ctx context.Context) {
	e.policies = sync.OnceValues(func() (*policy.Engine, error) {
		rules, err := policy.Load(ctx, policy.Options{Dir: e.o.Dir, Dirs: e.o.Policies, Fetch: e.o.FetchPolicy, Data: e.o.Data, Results: PolicyResults(e.catalogue), Labels: e.o.Labels, External: e.o.External})
		if err != nil {
			return nil, err
		}
		if e.o.ForeignRules {
			return rules, nil
		}
		return rules, e.waivers.Rules(rules.Rules())
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
	if e.o.Held != nil {
		e.transport = e.o.Held.transport
	} else {
		var err error
		if e.transport, err = newTransport(ctx, e.o); err != nil {
			return err
		}
	}
	region := ""
	if e.o.Held != nil {
		region = e.o.Held.Region // also of no bindings
	}
	for b := range e.set.All() {
		region = b.RegionID
		break
	}
	e.identity = sync.OnceValues(func() (*evidence.Identity, error) { return identify(ctx, e.transport, e.o.Gateway.Account, region) })
	return nil
}

// identityTime is the time-out for STS.
const identityTime = 15 * time.Second

// ErrOtherAccount marks credentials of another account than the owner's.
var ErrOtherAccount = errors.New("use credentials of that account")

// identify asks STS which identity the credentials belong to. It fails if the credentials are
// rejected or belong to another account than the owner's; any other reason why the
// account is unknown is in the identity.
func identify(ctx context.Context, t *api.Transport, account, region string) (*evidence.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, identityTime)
	defer cancel()
	id, err := api.Identity(ctx, t, region)
	id.ExpectedAccountID = account
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Kind == api.Auth && refused.Code != "SignatureNonceUsed":
		return nil, fmt.Errorf("reading credentials from %s: %w", cmp.Or(id.Source, "the credential chain"), err)
	case err != nil:
		id.Problem = err.Error()
	case id.NoSTS && account != "":
		return nil, fmt.Errorf("reading account %q: without an STS nothing says whose the credentials are; remove account or sts: none", account)
	case !id.NoSTS && account != "" && id.AccountID != account:
		return nil, fmt.Errorf("reading credentials from %s: they belong to account %q (%s), and the owner names account %q; %w",
			cmp.Or(id.Source, "the credential chain"), id.AccountID, id.ARN, account, ErrOtherAccount)
	}
	return &id, nil
}

// newTransport finds the credentials and makes the gateway's client.
func newTransport(ctx context.Context, o Options) (*api.Transport, error) {
	get := func(name string) string { v, _ := o.LookupEnv(name); return v }
	credential, err := api.Credentials(ctx, get)
	if err != nil {
		return nil, err
	}
	var ca []byte
	if o.Gateway.CA != "" {
		if ca, err = os.ReadFile(confine.Absolute(o.Dir, o.Gateway.CA)); err != nil {
			return nil, fmt.Errorf("reading endpointCA of the owner's file: %w", err)
		}
	}
	return api.NewTransport(api.Config{Endpoint: o.Gateway.Endpoint, STS: o.Gateway.STS, APIG: o.Gateway.APIG, CAS: o.Gateway.CAS, Credential: credential, CA: ca,
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

// Run contains the facts that all bindings of a run share.
type Run struct {
	evidence.Run
	Offline      bool                     // neither DNS nor the gateway was asked
	Endpoint     string                   // as configured
	RootsDigest  string                   // sha256:<hex>
	PolicyDigest string                   // sha256:<hex>
	PolicyFiles  []policy.File            // of the user, with their data
	PoliciesOff  []evidence.PolicyPackage // with the reason in Off
}

// Run returns the facts of the run. The first call reads the clock and asks STS. It
// fails if the policies do not load or the credentials are rejected.
func (e *Engine) Run() (Run, error) {
	engine, err := e.policies()
	if err != nil {
		return Run{}, err
	}
	if e.saved != nil { // policies see the saved command, readers the one that they ran
		r := e.saved.Run
		r.Command = e.o.Command
		return Run{Run: r.Run, Offline: r.Offline, Endpoint: r.Endpoint, RootsDigest: r.RootsDigest, PolicyDigest: engine.Digest(), PoliciesOff: engine.Off()}, nil
	}
	if e.identity != nil {
		if _, err := e.identity(); err != nil {
			return Run{}, err
		}
	}
	return Run{Run: e.began(), Offline: e.o.Skip.DNS != "" && e.o.Skip.Group != "", Endpoint: e.o.Gateway.Endpoint,
		RootsDigest: e.certificates.RootsDigest(), PolicyDigest: engine.Digest(), PolicyFiles: engine.Files(), PoliciesOff: engine.Off()}, nil
}

func (e *Engine) facts() evidence.Run {
	var id *evidence.Identity
	if e.identity != nil {
		id, _ = e.identity() // its error ends the run in judge and Run
	}
	return evidence.Run{Identity: id, Now: e.o.Clock().UTC(), Command: e.o.Command, Contract: e.o.Contract, DNSMode: e.dns.mode(),
		Actor: e.o.Actor, Live: e.o.Live, Given: e.o.Given, MinRemainingSeconds: int64(e.o.MinRemaining / time.Second), Labels: e.o.Labels}
}

// certificateOnly reports whether the run judges a certificate without a group. Only
// flags can request that, and they describe a single binding.
func (e *Engine) certificateOnly() bool {
	return e.set.Len() > 0 && e.each(func(b binding.Binding) bool { return b.CertificateOnly }) // an account may hold none
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

// Waivers returns the owner's waivers, and which the run used. It is for the end of a run.
func (e *Engine) Waivers() []waiver.State {
	run, err := e.Run()
	if err != nil {
		return nil // and nothing was judged
	}
	return e.waivers.States(run.Now)
}

// Transport returns the gateway's client; nil where the gateway is not asked.
func (e *Engine) Transport() *api.Transport { return e.transport }

// Refused returns the error of the gateway that stays if it is asked again: it rejected
// the credentials, or a list is too long.
func (e *Engine) Refused() error {
	if e.transport == nil {
		return nil
	}
	return e.transport.Refused()
}

// Certificates returns the collector of certificates and keys; the writer uses it to read
// them again before sending.
func (e *Engine) Certificates() *certificate.Collector { return e.certificates }
