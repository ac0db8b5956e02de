package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/policy"
)

// run is one judging command with everything that it reads loaded: what can go
// wrong before anything is asked has gone wrong by then.
type run struct {
	env          Env
	s            settings
	set          *manifest.Set
	policies     func() error // waits until engine is there
	engine       *policy.Engine
	certificates *certificate.Collector
	names        names              // whom to ask for DNS
	transport    *gateway.Transport // nil when the gateway is left out
	out          outputs
}

// begin resolves what a command was called with, opens every file that it is to
// write and loads all that it reads. Every error is usage, and nothing was
// called; without one, close the run.
func begin(ctx context.Context, env Env, c *cobra.Command, f flags, paths []string) (*run, error) {
	r, err := ready(env, c, f)
	if err != nil {
		return nil, err
	}
	if err := r.open(ctx, c, paths); err != nil {
		r.annotate(err)
		r.close()
		return nil, err
	}
	return r, nil
}

// ready is the part of begin that reads nothing: what the command was called with
// is resolved, and its outputs are open.
func ready(env Env, c *cobra.Command, f flags) (*run, error) {
	s, err := settle(env, c, f)
	if err != nil {
		return nil, err
	}
	r := &run{env: env, s: s}
	if err := r.openOutputs(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// open loads manifest, policies, roots, resolver and credentials.
func (r *run) open(ctx context.Context, c *cobra.Command, paths []string) error {
	r.loadPolicies(ctx)
	var err error
	if r.set, err = load(r.env, c, r.s, paths); err != nil {
		return err
	}
	if err := r.apart(); err != nil {
		return err
	}
	if err := r.named(); err != nil {
		return err
	}
	if err := r.openCertificates(); err != nil {
		return err
	}
	if !r.s.offline { // before anybody is asked
		if err := r.policies(); err != nil {
			return err
		}
	}
	if r.s.evidence != "" {
		return nil
	}
	if err := r.openDNS(); err != nil {
		return err
	}
	if err := r.openGateway(); err != nil {
		return err
	}
	return r.await(ctx)
}

// loadPolicies compiles the policies beside whatever follows: it is the longest
// part of a short run, and as long as nobody is asked the others need not wait.
func (r *run) loadPolicies(ctx context.Context) {
	load := sync.OnceValues(func() (*policy.Engine, error) {
		return policy.Load(ctx, policy.Options{Dirs: r.s.policy, Data: r.s.data, Results: firstIDs(r.s.catalogue)})
	})
	go func() { _, _ = load() }()
	r.policies = func() (err error) {
		r.engine, err = load()
		return err
	}
}

// load reads the manifests, or the one binding that flags name.
func load(env Env, c *cobra.Command, s settings, paths []string) (*manifest.Set, error) {
	o := manifest.Options{WorkDir: env.Dir, Root: s.configDir, AllowPaths: s.allowPath, AllowEnv: s.allowEnv, Stdin: env.Stdin}
	named := s.wish.named(c)
	switch {
	case named && len(paths) > 0:
		return nil, fmt.Errorf("reading arguments: got both a manifest %q and flags that name a binding, want one of them", paths[0])
	case named:
		f, err := s.wish.manifest(c)
		if err != nil {
			return nil, err
		}
		return manifest.FromFlags(f, o)
	case len(paths) == 0:
		paths = []string{"."}
	}
	set, err := manifest.Load(paths, o)
	if err != nil {
		err = cmp.Or(notAManifest(env, s.command, paths), err)
	}
	return set, err
}

// notAManifest says so where one of the paths is a saved plan; nil if none is.
func notAManifest(env Env, command string, paths []string) error {
	for _, path := range paths {
		data, err := readBounded(absolute(env, path), plan.MaxFileSize)
		switch {
		case err != nil || !plan.IsFile(data):
		case command == "apply":
			return fmt.Errorf("reading arguments: %q is a saved plan, and apply takes one alone; run `bindgate apply %s`", path, path)
		default:
			return fmt.Errorf("reading arguments: %q is a saved plan and no manifest; run `bindgate apply %s` to apply it", path, path)
		}
	}
	return nil
}

// named makes sure that a certificate that may be sent has a name to be sent
// under; only flags can leave it out.
func (r *run) named() error {
	if r.s.command == "lint" {
		return nil
	}
	for _, b := range r.set.Bindings {
		if b.Certificate != nil && b.Certificate.Name == "" && !b.CertificateAlone {
			return fmt.Errorf("reading flags: the certificate of %q has no name on the gateway; add --certificate-name", b.DomainName)
		}
	}
	return nil
}

func (r *run) openGateway() error {
	if _, left := r.s.leftOut("group"); left || r.transport != nil || r.alone() {
		return nil
	}
	credential, err := gateway.Credentials(r.env.get)
	if err != nil {
		return err
	}
	var ca []byte
	if r.s.endpointCA != "" {
		if ca, err = os.ReadFile(absolute(r.env, r.s.endpointCA)); err != nil {
			return fmt.Errorf("reading --endpoint-ca: %w", err)
		}
	}
	r.transport, err = gateway.NewTransport(gateway.Config{
		Endpoint: r.s.endpoint, Credential: credential, CA: ca, Env: r.env.get,
		Rate: r.s.rate, UserAgent: "bindgate/" + version(),
	})
	return err
}

// close closes the files, and ends the connections that the gateway's client
// keeps open, which a run inside another process would leave behind.
func (r *run) close() {
	r.out.close()
	if r.transport != nil {
		r.transport.Close()
	}
}

// alone reports that only certificates are judged, with no group named.
func (r *run) alone() bool {
	for _, b := range r.set.Bindings {
		if !b.CertificateAlone {
			return false
		}
	}
	return true
}

// collectors makes fresh collectors: what a run asked once is not remembered by
// the next.
func (r *run) collectors(served bool) (*collect.Collector, *group.Collector, *gateway.Reader, error) {
	c := &collect.Collector{Certificate: r.certificates, Served: served,
		Concurrency: r.s.concurrency, Timeout: r.s.timeout, Now: r.env.Now}
	if r.s.now != "" {
		c.Now = r.s.clock
	}
	var err error
	if c.DNS, err = r.names.collector(r.s, c.Now); err != nil {
		return nil, nil, nil, err
	}
	if c.Revocation, err = r.revocations(c.Now); err != nil {
		return nil, nil, nil, err
	}
	c.WithoutDNS, _ = r.s.leftOut("dns")
	c.WithoutGroup, _ = r.s.leftOut("group")
	if r.transport == nil {
		return c, nil, nil, nil
	}
	reader := gateway.NewReader(r.transport)
	groups := group.New(reader, c.Now, r.s.concurrency)
	c.Group = groups
	return c, groups, reader, nil
}

// facts are what holds for every binding of the run.
func (r *run) facts() evidence.Run {
	return evidence.Run{Now: r.s.clock().UTC(), Command: r.s.command, Contract: r.s.contract,
		DNSMode: r.names.mode(), Actor: r.s.actor, Live: r.s.live,
		MinRemainingSeconds: int64(r.s.minRemaining / time.Second)}
}

// loopbackURL reports whether an endpoint is an address of this machine.
func loopbackURL(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.User != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
}

// statePath is the default place of the journal.
func statePath(env Env) (string, error) {
	if dir := env.get("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "bindgate", "journal.jsonl"), nil
	}
	if home := env.get("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", "bindgate", "journal.jsonl"), nil
	}
	return "", fmt.Errorf("finding the journal: neither XDG_STATE_HOME nor HOME is set; use --journal FILE")
}
