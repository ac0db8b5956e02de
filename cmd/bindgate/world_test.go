package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// world is a folder, a CA and a sandbox, for whole commands in this process or in one of their own.
type world struct {
	testing.TB
	dir       string
	authority *ca.Authority
	box       *sandbox.Sandbox
	env       []string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, dir: t.TempDir()}
	root, err := ca.New(time.Now())
	w.check(err)
	w.authority, err = root.Intermediate(ca.Options{})
	w.check(err)
	w.write("ca.pem", string(root.Root()))
	w.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "TMPDIR=" + w.dir, "XDG_STATE_HOME=" + w.path("state"),
		"GOCOVERDIR=" + os.Getenv("GOCOVERDIR"), "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true",
		"GORACE=atexit_sleep_ms=0"} // else each process of a race test lingers for a second
	return w
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.Helper()
	w.check(os.MkdirAll(filepath.Dir(w.path(name)), 0o755))
	w.check(os.WriteFile(w.path(name), []byte(text), 0o600))
}

// group is the id of an API group of these tests; target is where a domain must
// lead to reach it.
func group(n int) string        { return fmt.Sprintf("beef%028x", n) }
func target(n int) string       { return group(n) + "-cn-hangzhou.alicloudapi.com." }
func groups(n int) account.Seed { return account.Seed{Groups: make([]account.Group, n)} }

// serve starts the sandbox. Groups without an id get group(0), group(1), …
func (w *world) serve(s account.Seed, zone map[string]string, change ...func(*sandbox.Options)) {
	w.Helper()
	for i := range s.Groups {
		if s.Groups[i].GroupID == "" {
			s.Groups[i].GroupID = group(i)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(zone)) {
		s.Zone += name + ". 60 IN CNAME " + zone[name] + "\n"
	}
	o := sandbox.Options{Seed: s, Now: time.Now, Roots: w.path("ca.pem")}
	for _, c := range change {
		c(&o)
	}
	var err error
	w.box, err = sandbox.Start(w.Context(), o)
	w.check(err)
	w.Cleanup(func() { w.check(w.box.Close()) })
	w.env = append(w.env, w.box.Env()...)
}

// faults replaces the sandbox's faults, in the grammar of package fault.
func (w *world) faults(spec string) {
	w.Helper()
	set, err := sandbox.ParseFaults(spec)
	w.check(err)
	w.check(w.box.SetFaults(set))
}

// process is a running bindgate: a separate process, or a run in this one.
type process struct {
	w         *world
	cmd       *exec.Cmd // nil: it runs in this process
	interrupt func()    // what main does at the first signal; nil for a separate process
	ended     chan struct{}
	how       finish // read after ended
	failed    error  // of waiting; read after ended
}

// start starts a process `bindgate args…`: the test binary, which TestMain put on PATH.
func (w *world) start(args ...string) *process {
	w.Helper()
	p := &process{w: w, cmd: exec.CommandContext(w.Context(), "bindgate", args...), ended: make(chan struct{})}
	var out, err bytes.Buffer
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = w.dir, w.env, &out, &err
	w.check(p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.failed = p.cmd.Wait()
		p.how = finish{p.cmd.ProcessState.ExitCode(), out.String(), err.String()}
	}()
	return p
}

// begin starts bindgate in this process.
func (w *world) begin(args ...string) *process {
	ctx, cancel := context.WithCancel(w.Context())
	p := &process{w: w, interrupt: cancel, ended: make(chan struct{})}
	env := environment(w.dir, w.env)
	go func() {
		defer close(p.ended)
		p.how = inProcess(ctx, env, args...)
	}()
	return p
}

// wait is how it ended; a signal gives the code -1.
func (p *process) wait() finish {
	p.w.Helper()
	<-p.ended
	if exit := (*exec.ExitError)(nil); p.failed != nil && !errors.As(p.failed, &exit) {
		p.w.Fatal(p.failed)
	}
	return p.how
}

// held waits until one of its calls is held open.
func (p *process) held() *sandbox.Held {
	p.w.Helper()
	ctx, cancel := context.WithCancel(p.w.Context())
	defer cancel()
	go func() {
		select {
		case <-p.ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	h, err := p.w.box.Held(ctx)
	if err != nil {
		e := p.wait()
		p.w.Fatalf("no call was held: exit code %d\n%s%s", e.code, e.out, e.err)
	}
	return h
}

// signal sends a signal to it.
func (p *process) signal(s os.Signal) {
	p.w.Helper()
	p.w.check(p.cmd.Process.Signal(s))
}

// run runs bindgate in this process.
func (w *world) run(args ...string) finish {
	w.Helper()
	return inProcess(w.Context(), environment(w.dir, w.env), args...)
}

// want runs bindgate and wants this exit code.
func (w *world) want(code int, args ...string) finish {
	w.Helper()
	e := w.run(args...)
	if e.code != code {
		w.Errorf("bindgate %s: exit code %d, want %d\n%s%s", args[0], e.code, code, e.out, e.err)
	}
	return e
}

// writes are the changes that the gateway took, each with what sets it apart.
func (w *world) writes() []string {
	var out []string
	for _, c := range w.box.Calls() {
		if !c.Committed {
			continue
		}
		line := c.Action
		for _, name := range []string{"IsForce", "IsHttpRedirectToHttps", "CertificateName"} {
			if v, given := c.Params[name]; given {
				line += " " + name + "=" + v
			}
		}
		out = append(out, line)
	}
	return out
}

// domain is a domain of a group as the gateway has it now; its zero value: none.
func (w *world) domain(group, name string) account.Domain {
	for _, g := range w.box.State() {
		for _, d := range g.Domains {
			if g.GroupID == group && strings.EqualFold(d.DomainName, name) {
				return d
			}
		}
	}
	return account.Domain{}
}
