package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/followup"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/progress"
	"github.com/bindgate/bindgate/internal/report"
)

// run is one judging command with its outputs open and all that it reads loaded.
type run struct {
	compares bool // two sets of policies, whose rules differ
	env      console.Env
	s        settings.Settings
	out      outputs
	bar      *progress.Bar
	engine   *judge.Engine
	classic  bool               // an audit of the classic gateway
	inputs   []string           // arguments that name manifests
	held     *judge.Held        // what an audit listed; nil: it is none
	after    *followup.FollowUp // of an audit; nil: none
	keeps    []string           // files that a report of a failure does not replace, in addition to what is read

	earlier cutover.Earlier // of --since, or from before --wait

	countPlan bool // even if no policy reads it
	unread    bool // standard input is not read although no manifest is named
}

// begin resolves what a command was called with, opens every file that it is to
// write and loads all that it reads. Every error is usage, and nothing was
// called; without one, close the run.
func begin(ctx context.Context, env console.Env, c *cobra.Command, f settings.Flags, paths []string) (*run, error) {
	r, err := ready(env, c, f, paths)
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 {
		if r.inputs, err = expand(env, paths); err != nil {
			r.inputs = paths
			r.close(err)
			return nil, err
		}
		paths = r.inputs
	}
	r.unread = len(paths) == 0 && !r.s.Binding.Named(c) && !r.s.Quiet
	load := func() (*manifest.Set, error) { return load(env, c, r.s, paths) }
	if err := r.open(ctx, load); err != nil {
		r.close(err)
		return nil, err
	}
	return r, nil
}

// ready is the part of begin that reads nothing: what the command was called with
// is resolved, and its outputs are open.
func ready(env console.Env, c *cobra.Command, f settings.Flags, paths []string) (*run, error) {
	s, err := settings.Settle(env, c, f)
	r := &run{env: env, s: s, inputs: paths}
	if len(paths) == 0 {
		r.inputs = []string{"."}
	}
	if err != nil {
		_ = r.openOutputs() // those that open take the error
	} else {
		err = r.openOutputs()
	}
	if err != nil {
		r.close(err)
		return nil, err
	}
	return r, nil
}

// open loads the manifest and all that judging it needs, and waits for DNS if the
// command is to.
func (r *run) open(ctx context.Context, load func() (*manifest.Set, error)) (err error) {
	r.engine, err = judge.Open(ctx, r.options(), func() (*manifest.Set, error) {
		set, err := load()
		if err != nil {
			r.out.reports.Annotate(r.env.Stdout, r.reportHead(), err)
			return nil, err
		}
		r.bar = r.progress(set.Len())
		return set, r.fits(set)
	})
	if errors.Is(err, judge.ErrNoCredentials) && r.s.Command == "lint" {
		return fmt.Errorf("%w, or use --offline", err)
	}
	if err != nil {
		return err
	}
	return r.await(ctx)
}

// progress starts a progress bar on a terminal; elsewhere it returns nil.
func (r *run) progress(total int) *progress.Bar {
	if r.s.Quiet || !r.env.ErrTerminal || r.env.Get("TERM") == "dumb" {
		return nil
	}
	return progress.Start(r.env.Stderr, total)
}

// options turns the settings into what the engine judges by.
func (r *run) options() judge.Options {
	s := r.s
	o := judge.Options{
		Command: s.Command, Actor: s.Actor, Contract: s.Contract, Dir: r.env.Dir, Clock: s.Clock, Live: s.Live,
		Severities: s.Severities, Raised: s.Raised, FailOn: checks.Severity(cmp.Or(s.FailOn, string(checks.Error))), MinRemaining: s.MinRemaining,
		Plan: r.countPlan, Policies: s.Policy, FetchPolicy: s.Fetcher(r.env).Fetch, Data: s.Data, Labels: s.Labels, Waivers: s.Waivers, ForeignRules: r.compares, External: s.Facts, Evidence: s.Evidence,
		Roots: s.Roots, Profile: s.Profile, WeakKeys: s.WeakKeys, CRLs: s.CRLs, RevocationPrivate: s.RevocationPrivate,
		DNS:     judge.DNS{Resolver: s.Resolver, RootHints: s.RootHints, Port: cmp.Or(s.DNSPort, 53), Rate: s.DNSRate, ResolvConf: r.env.ResolvConf},
		Gateway: judge.Gateway{Endpoint: s.Endpoint, STS: s.STS, APIG: s.APIG, CAS: s.CAS, Account: s.Account, CA: s.EndpointCA, Rate: s.GatewayRate, UserAgent: "bindgate/" + built.Version()},
		Held:    r.held, Timeout: s.Timeout, Concurrency: s.Concurrency, LookupEnv: r.env.LookupEnv, Given: s.Given,
		Progress: func() { r.bar.Step() },
	}
	o.Moves = judge.Probe{Allow: s.ProbeAllow, Via: s.ProbeVia, ViaGateway: s.ProbeGateway}
	if s.Probe {
		o.Probe = &judge.Probe{Allow: s.ProbeAllow, Via: s.ProbeVia, ViaGateway: s.ProbeGateway}
	}
	o.Skip = judge.Skip{DNS: s.Skips("dns"), Group: s.Skips("group"), Revocation: s.Skips("revocation")}
	return o
}

// fits refuses a manifest that the command cannot take: one that an output would
// overwrite, a certificate without a name that would be sent, more than one
// certificate for --write-chain.
func (r *run) fits(set *manifest.Set) error {
	if err := r.apart(set); err != nil {
		return err
	}
	if r.s.Command != "lint" {
		for b := range set.All() {
			if b.Certificate != nil && b.Certificate.Name == "" && !b.CertificateOnly { // flags alone can leave it out
				return fmt.Errorf("reading flags: the certificate of %q has no name on the gateway; add --certificate-name", b.DomainName)
			}
		}
	}
	if r.s.Moves && !set.Moves() {
		return fmt.Errorf("reading --map: it is a manifest with bindings, want a map with domains; see bindgate schema cutover-map, or run bindgate apply")
	}
	if err := r.s.CheckCertificates(); err != nil {
		return err
	}
	if r.s.WriteChain == "" {
		return nil
	}
	for b := range set.All() {
		if set.Len() == 1 && b.Certificate != nil {
			return nil
		}
	}
	return fmt.Errorf("reading --write-chain: got %d bindings, want one, with a certificate", set.Len())
}

// load reads the manifests, or the one binding that flags name.
func load(env console.Env, c *cobra.Command, s settings.Settings, paths []string) (*manifest.Set, error) {
	o := manifest.Options{WorkDir: env.Dir, Root: s.ConfigDir, AllowPaths: s.AllowPath, AllowEnv: s.AllowEnv, Stdin: env.Stdin, Confined: s.Confined, Overlay: s.Overlay}
	named := s.Binding.Named(c)
	switch {
	case s.Terraform != "":
		return loadTerraform(env, c, s, paths, o)
	case named && len(paths) > 0:
		return nil, fmt.Errorf("reading arguments: got both a manifest %q and flags that name a binding, want one of them", paths[0])
	case named:
		f, err := s.Binding.Manifest(c)
		if err != nil {
			return nil, err
		}
		return manifest.FromFlags(f, o)
	case len(paths) == 0:
		paths = []string{"."}
	}
	set, err := manifest.Load(paths, o)
	if err != nil {
		err = cmp.Or(notAManifest(env, s.Command, paths), err)
	}
	if err == nil && !s.Quiet {
		passedOver(env, set.Foreign)
	}
	return set, err
}

// notAManifest says so where one of the paths is a saved plan; nil if none is.
func notAManifest(env console.Env, command string, paths []string) error {
	for _, path := range paths {
		data, err := confine.ReadBounded(env.Absolute(path), plan.MaxFileSize)
		switch {
		case err == nil && isEmpty(data):
			return fmt.Errorf("reading arguments: %q holds no manifest and no saved plan: its object is empty; a manifest has apiVersion and bindings, see `bindgate init`", path)
		case err != nil || !plan.IsFile(data):
		case command == "apply":
			return fmt.Errorf("reading arguments: %q is a saved plan, not a manifest; run `bindgate apply --plan %s`", path, path)
		default:
			return fmt.Errorf("reading arguments: %q is a saved plan and no manifest; run `bindgate apply --plan %s` to apply it", path, path)
		}
	}
	return nil
}

// isEmpty reports whether a file is an empty JSON object.
func isEmpty(data []byte) bool {
	var members map[string]json.RawMessage
	return json.Unmarshal(data, &members) == nil && len(members) == 0
}

// await waits until every change of DNS is visible or the time of --wait is up,
// with a line on standard error for each look.
func (r *run) await(ctx context.Context) error {
	if r.s.Wait == 0 {
		return nil
	}
	if !r.engine.AsksDNS() || r.s.Wait < 0 {
		return fmt.Errorf("reading --wait: got %s in a run that asks no DNS or with a negative time; leave it out", r.s.Wait)
	}
	all := r.engine.Bindings().Len()
	return r.engine.Wait(ctx, r.s.Wait, func(left time.Duration, waiting int, example string) {
		_, _ = fmt.Fprintf(r.env.Stderr, "bindgate: waiting for DNS, %s left: %d of %d bindings are not visible everywhere yet; %s\n",
			left.Round(time.Second), waiting, all, report.Escape(example))
	})
}

// judge judges every binding, saves the evidence if it is to, and hands each
// verdict on in the order of the manifest.
func (r *run) judge(ctx context.Context, look judge.Scope, yield func(judge.Verdict) error) error {
	defer r.bar.End()
	facts, err := r.engine.Run()
	if err != nil {
		return err
	}
	saved, err := r.saveEvidence(facts)
	if err != nil {
		return err
	}
	err = r.engine.Judge(ctx, look, func(v judge.Verdict) error {
		if saved != nil {
			if err := saved.Add(v.Binding, v.Evidence); err != nil {
				return err
			}
		}
		return yield(v)
	})
	if err != nil || saved == nil {
		return err
	}
	return r.out.closeEvidence(saved.Close())
}

// head is what the report says of the run.
func (r *run) head() (report.Run, error) {
	facts, err := r.engine.Run()
	var off []report.PolicyOff
	for _, p := range facts.PoliciesOff {
		off = append(off, report.PolicyOff{Name: p.Name, Reason: p.Off})
	}
	var classic *report.Classic
	if r.classic || r.engine.Bindings().Moves() {
		classic = report.ClassicAt(facts.Now)
	}
	return report.Run{
		Classic: classic, Command: facts.Command, Now: facts.Now, Offline: facts.Offline, Endpoint: facts.Endpoint, Identity: facts.Identity, Contract: facts.Contract,
		DNSMode: facts.DNSMode, ManifestDigest: r.engine.Bindings().Digest, PolicyDigest: facts.PolicyDigest,
		ConfigDigest: r.s.ConfigDigest, RootsDigest: facts.RootsDigest, PoliciesOff: off,
	}.With(facts.Given), err
}

// entry is a verdict as the report has it.
func (r *run) entry(v judge.Verdict) report.Binding {
	b := v.Binding
	return report.Binding{
		Platform: b.Platform(), DomainName: b.DomainName, GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID,
		BindStageName: b.BindStageName, CustomDomainType: b.CustomDomainType, Source: b.Source,
		Decision: v.Decision.Status, Reasons: v.Decision.Reasons, Checks: v.Results,
		Evidence: report.ExcerptOf(v.Evidence), Cutover: r.moveOf(v), FullEvidence: &v.Evidence,
	}
}

// report begins the reports.
func (r *run) report() (*report.Several, error) {
	head, err := r.head()
	if err != nil {
		return nil, err
	}
	all := r.reportHead()
	all.Run, all.Catalogue, all.Severities, all.Text = head, r.engine.Catalogue(), r.s.Severities, r.engine.Bindings().Text
	return r.out.reports.Begin(report.Console{Out: r.env.Stdout, Color: r.env.Color(r.s.Color), StepSummary: r.env.Get("GITHUB_STEP_SUMMARY")}, all, r.reportOptions())
}

// waivers are the owner's waivers and what became of them.
func (r *run) waivers() (out []report.Waiver) {
	for _, w := range r.engine.Waivers() {
		out = append(out, report.Waiver{Check: w.Check, Rule: w.Rule, Domain: w.Domain, Owner: w.Owner, Reason: w.Reason, Until: w.Until, Status: w.Status, Soon: w.Soon})
	}
	return out
}

// close ends the run: an error that no report holds goes into the report files, and
// what is not whole is given up.
func (r *run) close(err error) {
	r.bar.End()
	if r.unread && r.env.Unread != nil && r.env.Unread() {
		r.env.Complain(errors.New("standard input is not read: the manifests of this folder were; say - to read the manifest from it"))
	}
	if err != nil && !errors.Is(err, exit.ErrReported) {
		r.fail(err)
	}
	r.out.discard()
	if r.engine != nil {
		r.engine.Close()
	} else if r.held != nil {
		r.held.Close()
	}
}

// certificateOnly reports that a certificate is judged with no group named.
func (r *run) certificateOnly() bool {
	only := false // flags alone can ask for it, and name one binding
	for b := range r.engine.Bindings().All() {
		only = b.CertificateOnly
	}
	return only
}

// expand replaces patterns among the arguments by the files that match them, because
// some shells do not. An argument that names a file is taken as it is.
func expand(env console.Env, paths []string) ([]string, error) {
	if !slices.ContainsFunc(paths, isPattern) {
		return paths, nil
	}
	var out []string
	for _, p := range paths {
		if !isPattern(p) || confine.Exists(env.Absolute(p)) {
			out = append(out, p)
			continue
		}
		found, err := filepath.Glob(env.Absolute(p))
		if err != nil {
			return nil, fmt.Errorf("reading arguments: %q is no pattern: %w; quote a name with [ as it is, or use * and ?", p, err)
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("reading arguments: no file matches %q; name a manifest, or a folder that holds bindings.yaml", p)
		}
		for _, f := range found {
			if !filepath.IsAbs(p) {
				if f, err = filepath.Rel(env.Dir, f); err != nil {
					return nil, fmt.Errorf("reading arguments: expanding %q: %w", p, err)
				}
			}
			if f == "-" { // a file of this name, and not standard input
				f = "./-"
			}
			out = append(out, f)
		}
	}
	return out, nil
}

func isPattern(path string) bool { return strings.ContainsAny(path, "*?[") }
