package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

var update = flag.Bool("update", false, "write what the scripts compare with anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bindgate": main})
}

// TestScript runs testdata/script: the real main, on real sockets, against a
// sandbox in this process.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".state"))
			e.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
			e.Setenv("HOME", e.WorkDir)
			e.Values[sandboxKey{}] = &running{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "mint": mint, "sandbox": startSandbox, "calls": calls, "dns": setRecords,
			"fifo": fifo, "file": bigFile,
		},
	})
}

// exits CODE COMMAND ARGS…: the command ends with exactly this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGS…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// mint FILE NAME… [expired]: a certificate for the names at FILE.pem and its
// key at FILE.key, signed by the CA at ca.pem, which is made at first.
func mint(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mint FILE NAME… [expired]")
	}
	run := ts.Value(sandboxKey{}).(*running)
	now := time.Now()
	if run.authority == nil {
		root, err := ca.New(now)
		ts.Check(err)
		run.authority, err = root.Intermediate(ca.Options{CommonName: "script intermediate"})
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), root.Root(), 0o644))
	}
	o := ca.Options{Names: slices.DeleteFunc(slices.Clone(args[1:]), func(s string) bool { return s == "expired" })}
	if slices.Contains(args, "expired") {
		o.NotBefore, o.NotAfter = now.Add(-48*time.Hour), now.Add(-24*time.Hour)
	}
	leaf, err := run.authority.Issue(o)
	ts.Check(err)
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), leaf.Chain, 0o644))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".key"), leaf.Key, 0o600))
}

type sandboxKey struct{}

// running is what one script has started.
type running struct {
	authority *ca.Authority
	sandbox   *sandbox.Sandbox
}

// sandbox [-faults=SPEC] [-latency=D] [-contract=2017] SEED: a sandbox in the
// environment of the commands that follow.
func startSandbox(ts *testscript.TestScript, neg bool, args []string) {
	f := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	faults, latency := f.String("faults", "", ""), f.Duration("latency", 0, "")
	contract := f.String("contract", "2026", "")
	if err := f.Parse(args); err != nil || neg || f.NArg() != 1 {
		ts.Fatalf("usage: sandbox [-faults=SPEC] [-latency=D] [-contract=2017] SEED")
	}
	path := ts.MkAbs(f.Arg(0))
	seed, err := sandbox.ParseSeed([]byte(ts.ReadFile(f.Arg(0))), filepath.Dir(path))
	ts.Check(err)
	o := sandbox.Options{Seed: seed, Now: time.Now, Latency: *latency, Contract2017: *contract == "2017"}
	if *faults != "" {
		o.Faults, err = sandbox.ParseFaults(*faults)
		ts.Check(err)
	}
	if _, err := os.Stat(ts.MkAbs("ca.pem")); err == nil {
		o.Roots = ts.MkAbs("ca.pem")
	}
	s, err := sandbox.Start(context.Background(), o)
	ts.Check(err)
	ts.Defer(func() { _ = s.Close() })
	ts.Value(sandboxKey{}).(*running).sandbox = s
	for _, pair := range s.Env() {
		name, value, _ := strings.Cut(pair, "=")
		ts.Setenv(name, value)
	}
}

// calls FILE: the calls that would change the gateway, as it received them, a
// line each.
func calls(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 1 || run.sandbox == nil {
		ts.Fatalf("usage, after sandbox: calls FILE")
	}
	var b strings.Builder
	for _, c := range run.sandbox.Calls() {
		if strings.HasPrefix(c.Action, "Describe") {
			continue
		}
		fmt.Fprintf(&b, "%s %s", c.Code, c.Action)
		for _, name := range slices.Sorted(maps.Keys(c.Params)) {
			if name != "GroupId" || c.Params[name] != "" {
				fmt.Fprintf(&b, " %s=%s", name, c.Params[name])
			}
		}
		if c.ChainDigest != "" {
			b.WriteString(" with a certificate")
		}
		b.WriteString("\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// dns OWNER TEXT: the records that the owner has from now on.
func setRecords(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 2 || run.sandbox == nil {
		ts.Fatalf("usage, after sandbox: dns OWNER TEXT")
	}
	ts.Check(run.sandbox.SetRecords(args[0], args[1]))
}
