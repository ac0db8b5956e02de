// Package demo shows bindgate at work, whole and on one machine: it mints a CA
// and certificates, starts a sandbox, lets bindgate lint and apply a manifest
// with sound and unsound bindings, and then holds what the sandbox received
// against what bindgate decided and against what had to come of each binding.
package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// Options say where the demo runs and what it runs.
type Options struct {
	Dir   string // keeps the files; it must be empty or not exist. "": a temporary folder, removed at the end
	Name  string // what the user calls Dir
	Out   io.Writer
	Color bool // Out takes colours
	Now   func() time.Time

	// Bindgate runs one command of bindgate in a folder, with the environment
	// NAME=value, to its end; it prints to Out. It returns the exit code.
	Bindgate func(ctx context.Context, dir string, environ []string, args ...string) int
}

// The files of the folder that commands name.
const (
	manifestName = "bindings.yaml"
	seedName     = "seed.yaml"
	rootsName    = "ca.pem"
	journalName  = "journal.jsonl"
	reportName   = "report.json"
)

// Run runs the demo. agree tells whether every binding became what it had to,
// and the sandbox received just that. An error is one of the demo's own: a
// folder that is not empty, a file that cannot be written, an interruption.
func Run(ctx context.Context, o Options) (agree bool, err error) {
	f, err := openFolder(o.Dir)
	if err != nil {
		return false, err
	}
	agree, err = o.in(ctx, f)
	if cerr := f.close(); err == nil {
		err = cerr
	}
	return agree && err == nil, err
}

func (o Options) in(ctx context.Context, f folder) (agree bool, err error) {
	now := o.Now()
	minted, err := mint(f, now)
	if err != nil {
		return false, err
	}
	if err := f.write(manifestName, wishes); err != nil {
		return false, err
	}
	if err := f.write(seedName, seedFile); err != nil {
		return false, err
	}
	seed, err := account.ParseSeed([]byte(seedFile), f.path)
	if err != nil {
		return false, err
	}
	box, err := sandbox.Start(ctx, sandbox.Options{Seed: seed, Now: o.Now, Roots: f.join(rootsName)})
	if err != nil {
		return false, err
	}
	defer func() {
		if cerr := box.Close(); err == nil {
			err = cerr
		}
	}()
	p := &printer{w: o.Out, color: o.Color}
	p.opening(box, len(expectations()), o.Name)
	seen, err := o.play(ctx, p, f, box)
	if err != nil {
		return false, err
	}
	seen.minted = minted
	result := compare(expectations(), seen)
	p.closing(result)
	p.nextSteps(o.Name)
	return len(result.differences) == 0, p.err
}

// play runs the two commands and keeps what they left behind.
func (o Options) play(ctx context.Context, p *printer, f folder, box *sandbox.Sandbox) (observed, error) {
	seen := observed{before: box.State()}
	var code int
	for _, args := range [][]string{
		{"lint", "-q", manifestName},
		{"apply", "--each", "-f", "json=" + reportName, "--journal", journalName, manifestName},
	} {
		p.command(args)
		code = o.Bindgate(ctx, f.path, box.Env(), args...)
		if ctx.Err() != nil {
			return seen, fmt.Errorf("running the demo: interrupted: %w", ctx.Err())
		}
		p.exit(code)
		seen.exits = append(seen.exits, code)
	}
	seen.after, seen.received = box.State(), box.Calls()
	var err error
	if seen.report, err = readReport(f.join(reportName)); err != nil {
		err = fmt.Errorf("`bindgate apply` ended with exit code %d: %w", code, err)
	}
	return seen, err
}
