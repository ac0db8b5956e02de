// Package demo demonstrates bindgate on one machine: it creates a CA and
// certificates, starts a sandbox, runs bindgate lint and apply on a manifest
// with valid and invalid bindings, and compares what the sandbox received with
// bindgate's decisions and with the expectation for each binding.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// Options configure the demo.
type Options struct {
	Platform string // binding.Classic or binding.APIG

	Dir   string // keeps the files; must be empty or missing. "": a temporary folder, removed at the end
	Name  string // Dir as the user typed it
	Temp  string // parent of the temporary folder; "": the system's default
	Out   io.Writer
	Color bool // Out supports colours
	Now   func() time.Time

	// Bindgate runs one command of bindgate in a folder with the environment
	// (NAME=value), prints to Out, and returns the exit code.
	Bindgate func(ctx context.Context, dir string, environ []string, args ...string) int
}

// Names of the files in the folder.
const (
	manifestName = "bindings.yaml"
	seedName     = "seed.yaml"
	policyFile   = "policies/tls_floor/tls_floor.rego"
	rootsName    = "ca.pem"
	journalName  = "journal.jsonl"
	reportName   = "report.json"
)

// Run runs the demo. agree reports whether every binding ended as expected and
// the sandbox received exactly the decided calls. An error is a failure of the
// demo itself: a folder that is not empty, a file that cannot be written, an
// interruption.
func Run(ctx context.Context, o Options) (agree bool, err error) {
	f, err := openFolder(o.Dir, o.Temp)
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
	s := scenarioOf(o.Platform)
	if err := mint(f, s.orders, o.Now()); err != nil {
		return false, err
	}
	files := map[string]string{manifestName: s.manifest, seedName: s.seed}
	maps.Copy(files, s.more)
	for name, text := range files {
		if err := f.write(name, text); err != nil {
			return false, err
		}
	}
	box, err := o.start(ctx, f, s)
	if err != nil {
		return false, err
	}
	defer func() {
		if cerr := box.Close(); err == nil {
			err = cerr
		}
	}()
	p := &printer{w: o.Out, color: o.Color}
	p.opening(box, len(s.expected), o.Name)
	seen, err := o.execute(ctx, p, f, s, box)
	if err != nil {
		return false, err
	}
	rows := compare(s.expected, seen)
	if s.plain {
		without, err := o.without(ctx, f, s)
		if err != nil {
			return false, err
		}
		p.without(without)
		rows = merged(rows, without)
	}
	agree = p.closing(rows, s.promise)
	p.nextSteps(o.Name, s)
	return agree, p.err
}

// without makes the same requests on a second sandbox, without bindgate.
func (o Options) without(ctx context.Context, f folder, s scenario) (rows []row, err error) {
	box, err := o.start(ctx, f, s)
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := box.Close(); err == nil {
			err = cerr
		}
	}()
	met, refused, err := bindWithout(ctx, f, s, box)
	if err != nil {
		return nil, err
	}
	return withoutRows(s.expected, met, refused), nil
}

func (o Options) start(ctx context.Context, f folder, s scenario) (*sandbox.Sandbox, error) {
	seed, err := account.ParseSeed([]byte(s.seed), f.path)
	if err != nil {
		return nil, err
	}
	return sandbox.Start(ctx, sandbox.Options{Seed: seed, Now: o.Now, Roots: f.join(rootsName)})
}

// execute runs the two commands and collects their results.
func (o Options) execute(ctx context.Context, p *printer, f folder, s scenario, box *sandbox.Sandbox) (run, error) {
	seen := run{before: box.State(), cloudBefore: box.StateAPIG()}
	var code int
	for _, args := range [][]string{
		{"lint", "-q"},
		{"apply", "--each", "-q", "-f", "json=" + reportName, "--journal", journalName},
	} {
		args = slices.Concat(args, s.args, []string{manifestName})
		p.command(args)
		code = o.Bindgate(ctx, f.path, box.Env(), args...)
		if ctx.Err() != nil {
			return seen, fmt.Errorf("running the demo: interrupted: %w", ctx.Err())
		}
		p.exit(code)
		seen.exits = append(seen.exits, code)
	}
	seen.after, seen.received, seen.cloudAfter, seen.certificates = box.State(), box.Calls(), box.StateAPIG(), box.Certificates()
	var err error
	if seen.bindings, err = readReport(f.join(reportName)); err != nil {
		err = fmt.Errorf("`bindgate apply` ended with exit code %d: %w", code, err)
	}
	return seen, err
}

// folder contains the demo's files.
type folder struct {
	path      string
	temporary bool
}

// openFolder creates the folder, or uses an empty one; without a path it
// creates a temporary folder in temp.
func openFolder(path, temp string) (folder, error) {
	if path == "" {
		path, err := os.MkdirTemp(temp, "bindgate-demo-")
		if err != nil {
			return folder{}, fmt.Errorf("creating a temporary folder: %w", err)
		}
		return folder{path, true}, nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return folder{}, fmt.Errorf("creating the folder: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return folder{}, fmt.Errorf("reading the folder: %w", err)
	}
	if len(entries) > 0 {
		return folder{}, fmt.Errorf("got folder %q, which is not empty, want one that is empty or does not exist", path)
	}
	return folder{path: path}, nil
}

// close removes a temporary folder.
func (f folder) close() error {
	if !f.temporary {
		return nil
	}
	if err := os.RemoveAll(f.path); err != nil {
		return fmt.Errorf("removing the temporary folder: %w", err)
	}
	return nil
}

func (f folder) join(name string) string { return filepath.Join(f.path, filepath.FromSlash(name)) }

func (f folder) write(name, data string) error { return f.create(name, data, 0o644) }

// writeSecret writes a file that only the owner may read.
func (f folder) writeSecret(name, data string) error { return f.create(name, data, 0o600) }

// create never overwrites a file that appeared in the folder meanwhile.
func (f folder) create(name, data string, mode fs.FileMode) error {
	path := f.join(name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode); err == nil {
			_, err = file.WriteString(data)
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
