// Package session is one judging run: the manifests that it loads, the outputs that it writes
// and the reports of its verdicts.
package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/followup"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/progress"
	"github.com/bindgate/bindgate/internal/replay"
	"github.com/bindgate/bindgate/internal/report"
)

// Run is one judging command with its outputs open and all that it reads loaded.
type Run struct {
	Env      console.Env
	Settings settings.Settings
	Out      outputs
	Bar      *progress.Bar
	Engine   *judge.Engine
	Classic  bool               // an audit of the classic gateway
	Inputs   []string           // arguments that name manifests
	Held     *judge.Held        // what an audit listed; nil: it is none
	FollowUp *followup.FollowUp // of an audit; nil: none
	Keeps    []string           // files that a report of a failure does not replace, in addition to what is read

	Earlier cutover.Earlier // of --since, or from before --wait

	unread bool // standard input is not read although no manifest is named
}

// Do resolves what a command was called with, opens every file that it is to write, loads
// all that it reads, and calls do. Every error before that is usage, and nothing was called.
func Do(ctx context.Context, env console.Env, f settings.Flags, paths []string, do func(*Run) error) error {
	return Ready(env, f, paths, func(r *Run) error { return r.read(ctx, paths, do) })
}

// Silent is Do for a command that writes no report.
func Silent(ctx context.Context, env console.Env, f settings.Flags, paths []string, do func(*Run) error) error {
	s, err := settings.Settle(env, f)
	s.Formats = nil
	return start(env, s, err, paths, func(r *Run) error { return r.read(ctx, paths, do) })
}

// Settled is Do with settings that are resolved.
func Settled(ctx context.Context, env console.Env, s settings.Settings, paths []string, do func(*Run) error) error {
	return start(env, s, nil, paths, func(r *Run) error { return r.read(ctx, paths, do) })
}

// Ready is the part of Do that reads nothing: what the command was called with is
// resolved, and its outputs are open.
func Ready(env console.Env, f settings.Flags, paths []string, do func(*Run) error) error {
	s, err := settings.Settle(env, f)
	return start(env, s, err, paths, do)
}

// Nothing is Settled without a binding: an older report must not stand for this run.
func Nothing(ctx context.Context, env console.Env, s settings.Settings, do func(*Run) error) error {
	return start(env, s, nil, nil, func(r *Run) error {
		if err := r.Open(ctx, func() (*manifest.Set, error) { return manifest.Of(nil, env.Dir) }); err != nil {
			return err
		}
		return do(r)
	})
}

// start opens the outputs and calls do. An error of the settings goes into the outputs.
func start(env console.Env, s settings.Settings, err error, paths []string, do func(*Run) error) error {
	r := &Run{Env: env, Settings: s, Inputs: paths}
	if len(paths) == 0 {
		r.Inputs = []string{"."}
	}
	defer func() { r.close(err) }()
	if failed := r.openOutputs(); err == nil { // else those that open take the error
		err = failed
	}
	if err == nil {
		err = do(r)
	}
	return err
}

// read loads the manifests, and all that judging them needs, and calls do.
func (r *Run) read(ctx context.Context, paths []string, do func(*Run) error) error {
	paths, err := expand(r.Env, paths)
	if err != nil {
		return err
	}
	if len(paths) > 0 {
		r.Inputs = paths
	}
	r.unread = len(paths) == 0 && len(r.Settings.Binding.Given()) == 0 && !r.Settings.Quiet
	if err := r.Open(ctx, func() (*manifest.Set, error) { return r.Load(paths) }); err != nil {
		return err
	}
	return do(r)
}

// Open loads the manifest and all that judging it needs, and waits for DNS if the
// command is to.
func (r *Run) Open(ctx context.Context, load func() (*manifest.Set, error)) (err error) {
	r.Engine, err = judge.Open(ctx, r.options(), func() (*manifest.Set, error) {
		set, err := load()
		if err != nil {
			r.Out.Reports.Annotate(r.Env.Stdout, r.reportHead(), err)
			return nil, err
		}
		r.Bar = r.progress(set.Len())
		return set, r.fits(set)
	})
	if errors.Is(err, judge.ErrNoCredentials) && r.Settings.Command == "lint" {
		return fmt.Errorf("%w, or use --offline", err)
	}
	if err != nil {
		return err
	}
	return r.Await(ctx)
}

// progress starts a progress bar on a terminal; elsewhere it returns nil.
func (r *Run) progress(total int) *progress.Bar {
	if r.Settings.Quiet || !r.Env.ErrTerminal || r.Env.Get("TERM") == "dumb" {
		return nil
	}
	return progress.Start(r.Env.Stderr, total)
}

// options are what the engine judges by.
func (r *Run) options() judge.Options {
	o := r.Settings.Options
	o.Held, o.Progress = r.Held, func() { r.Bar.Step() }
	return o
}

// fits refuses a manifest that the command cannot take: one that an output would
// overwrite, a certificate without a name that would be sent, more than one
// certificate for --write-chain.
func (r *Run) fits(set *manifest.Set) error {
	if err := r.apart(set); err != nil {
		return err
	}
	if r.Settings.Command != "lint" {
		for b := range set.All() {
			if b.Certificate != nil && b.Certificate.Name == "" && !b.CertificateOnly { // flags alone can leave it out
				return fmt.Errorf("reading flags: the certificate of %q has no name on the gateway; add --certificate-name", b.DomainName)
			}
		}
	}
	if r.Settings.Map && !set.Moves() {
		return fmt.Errorf("reading --map: it is a manifest with bindings, want a map with domains; see bindgate schema cutover-map, or run bindgate apply")
	}
	if err := r.Settings.CheckCertificates(); err != nil {
		return err
	}
	if r.Settings.WriteChain == "" {
		return nil
	}
	for b := range set.All() {
		if set.Len() == 1 && b.Certificate != nil {
			return nil
		}
	}
	return fmt.Errorf("reading --write-chain: got %d bindings, want one, with a certificate", set.Len())
}

// Await waits until every change of DNS is visible or the time of --wait is up,
// with a line on standard error for each look.
func (r *Run) Await(ctx context.Context) error {
	if r.Settings.Wait == 0 {
		return nil
	}
	if !r.Engine.AsksDNS() || r.Settings.Wait < 0 {
		return fmt.Errorf("reading --wait: got %s in a run that asks no DNS or with a negative time; leave it out", r.Settings.Wait)
	}
	all := r.Engine.Bindings().Len()
	return r.Engine.Wait(ctx, r.Settings.Wait, func(left time.Duration, waiting int, example string) {
		_, _ = fmt.Fprintf(r.Env.Stderr, "bindgate: waiting for DNS, %s left: %d of %d bindings are not visible everywhere yet; %s\n",
			left.Round(time.Second), waiting, all, report.Escape(example))
	})
}

// Judge judges every binding, saves the evidence if it is to, and hands each
// verdict on in the order of the manifest.
func (r *Run) Judge(ctx context.Context, look judge.Scope, yield func(judge.Verdict) error) error {
	defer r.Bar.End()
	if r.Out.evidence == nil {
		return r.Engine.Judge(ctx, look, yield)
	}
	facts, err := r.Engine.Run()
	if err != nil {
		return err
	}
	saved, err := replay.NewWriter(r.Out.evidence, replay.Header{Run: facts.Run, Offline: facts.Offline,
		Endpoint: facts.Endpoint, RootsDigest: facts.RootsDigest})
	if err != nil {
		return err
	}
	err = r.Engine.Judge(ctx, look, func(v judge.Verdict) error {
		if err := saved.Add(v.Binding, v.Evidence); err != nil {
			return err
		}
		return yield(v)
	})
	if err != nil {
		return err
	}
	return save("evidence", r.Out.evidence, saved.Close())
}

// close ends the run: an error that no report holds goes into the report files, and
// what is not whole is given up.
func (r *Run) close(err error) {
	r.Bar.End()
	if r.unread && r.Env.Unread != nil && r.Env.Unread() {
		r.Env.Complain(errors.New("standard input is not read: the manifests of this folder were; say - to read the manifest from it"))
	}
	if err != nil && !errors.Is(err, exit.ErrReported) {
		r.fail(err)
	}
	r.Out.discard()
	if r.Engine != nil {
		r.Engine.Close()
	} else if r.Held != nil {
		r.Held.Close()
	}
}

// CertificateOnly reports that a certificate is judged with no group named.
func (r *Run) CertificateOnly() bool {
	only := false // flags alone can ask for it, and name one binding
	for b := range r.Engine.Bindings().All() {
		only = b.CertificateOnly
	}
	return only
}
