package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/followup"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
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

// silent is begin for a command that writes no report. compares: it judges with policies
// whose rules differ; countPlan: it wants input.plan even if no policy reads it.
func silent(ctx context.Context, env console.Env, c *cobra.Command, f settings.Flags, paths []string, compares, countPlan bool) (_ *run, err error) {
	r := &run{env: env, inputs: paths, compares: compares, countPlan: countPlan}
	if r.s, err = settings.Settle(env, c, f); err != nil {
		return nil, err
	}
	r.s.Formats = nil
	if err := r.openOutputs(); err != nil {
		return nil, err
	}
	if err := r.open(ctx, func() (*manifest.Set, error) { return load(env, c, r.s, paths) }); err != nil {
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
