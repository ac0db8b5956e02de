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
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

var update = flag.Bool("update", false, "write what the scripts compare with anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bindgate": main})
}

// TestScript runs testdata/script: the real main, on real sockets, against a
// sandbox in this process. A script finds the files of testdata/script/base
// beside its own, testdata at $TESTDATA and a hostile text in $ESCAPE.
func TestScript(t *testing.T) {
	testdata, err := filepath.Abs(filepath.Join("..", "..", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(testdata, "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".state"))
			e.Setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("TESTDATA", testdata)
			e.Setenv("ESCAPE", "\x1b[2J\n::error::pwned") // what a hostile text does to a terminal and to a CI log
			e.Values[sandboxKey{}] = &running{}
			return lay(e.WorkDir, filepath.Join(testdata, "script", "base"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sandbox": startSandbox, "calls": calls, "dns": setRecords, "fault": setFaults,
			"held": held, "release": release, "ended": ended, "waitfor": waitFor,
			"mint": mint, "fifo": fifo, "file": bigFile, "mode": mode, "valid": valid,
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

type sandboxKey struct{}

// running is what one script has started.
type running struct {
	authority *ca.Authority
	sandbox   *sandbox.Sandbox
	held      *sandbox.Held
	watched   *exec.Cmd // the command in the background whose call is held
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
	seed, err := account.ParseSeed([]byte(ts.ReadFile(f.Arg(0))), filepath.Dir(path))
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

// fault SPEC: what goes wrong from now on; an empty one: nothing.
func setFaults(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 1 || run.sandbox == nil {
		ts.Fatalf("usage, after sandbox: fault SPEC")
	}
	faults, err := sandbox.ParseFaults(args[0])
	ts.Check(err)
	ts.Check(run.sandbox.SetFaults(faults))
}

// dns OWNER TEXT: the records that the owner has from now on.
func setRecords(ts *testscript.TestScript, neg bool, args []string) {
	run := ts.Value(sandboxKey{}).(*running)
	if neg || len(args) != 2 || run.sandbox == nil {
		ts.Fatalf("usage, after sandbox: dns OWNER TEXT")
	}
	ts.Check(run.sandbox.SetRecords(args[0], args[1]))
}
