package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

var update = flag.Bool("update", false, "update the expected files of the scripts")

// TestScript runs testdata/script: whole commands, on real sockets, against a
// sandbox. `bindgate` and `exits` run a command in this process; `exec bindgate`
// starts one, for scripts about signals and terminals. A script has its own files and
// those of testdata/script/base, testdata at $TESTDATA, and a hostile
// text in $ESCAPE.
func TestScript(t *testing.T) {
	t.Parallel()
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
			e.Setenv("COLUMNS", "400") // what scripts look for is on one line
			e.Setenv("TESTDATA", testdata)
			e.Setenv("ESCAPE", "\x1b[2J\n::error::pwned") // what a hostile text does to a terminal and to a CI log
			run := &running{}
			for _, pair := range e.Vars {
				name, _, _ := strings.Cut(pair, "=")
				run.variables = append(run.variables, name)
			}
			script := strings.TrimPrefix(filepath.Base(e.WorkDir), "script-") + ".txtar"
			text, err := os.ReadFile(filepath.Join(testdata, "script", script))
			if err != nil {
				return err
			}
			for line := range strings.Lines(string(text)) { // testscript does not list its environment
				if pairs, ok := strings.CutPrefix(line, "env "); ok {
					for _, pair := range strings.Fields(pairs) {
						name, _, _ := strings.Cut(pair, "=")
						run.own = append(run.own, name)
					}
				}
			}
			e.Values[sandboxKey{}] = run
			return lay(e.WorkDir, filepath.Join(testdata, "script", "base"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"bindgate": succeeds, "exits": exits, "input": input, "begin": begin, "interrupt": interrupt, "sandbox": startSandbox, "calls": calls, "dns": setRecords, "fault": setFaults,
			"held": held, "release": release, "ended": ended, "waitfor": waitFor,
			"dates": dates, "mint": mint, "fifo": fifo, "file": bigFile, "mode": mode, "valid": valid, "registry": startRegistry, "webhook": startWebhook, "received": received, "jwt": writeToken,
		},
	})
}

// bindgate ARGS…: the command succeeds, or with ! in front fails.
func succeeds(ts *testscript.TestScript, neg bool, args []string) {
	if code := runCommand(ts, args); (code == 0) == neg {
		ts.Fatalf("exit code %d", code)
	}
}

// exits CODE bindgate ARGS…: the command ends with exactly this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "bindgate" {
		ts.Fatalf("usage: exits CODE bindgate [ARGS…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := runCommand(ts, args[2:]); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// runCommand runs bindgate in this process, in the script's folder and
// environment, and returns its exit code.
func runCommand(ts *testscript.TestScript, args []string) int {
	if len(args) > 0 && strings.HasSuffix(args[len(args)-1], "&") {
		ts.Fatalf("in the background: begin bindgate, or exec bindgate for a process")
	}
	return shown(ts, inProcess(context.Background(), scriptEnv(ts), args...))
}

// shown makes what a command wrote the output that stdout and stderr look at.
func shown(ts *testscript.TestScript, f finish) int {
	_, err := io.WriteString(ts.Stdout(), f.out)
	ts.Check(err)
	_, err = io.WriteString(ts.Stderr(), f.err)
	ts.Check(err)
	return f.code
}

// scriptEnv is the Env of the next command of a script.
func scriptEnv(ts *testscript.TestScript) console.Env {
	run := ts.Value(sandboxKey{}).(*running)
	var environ []string
	for _, name := range run.own {
		if v := ts.Getenv(name); v != "" { // else it may not be set yet
			environ = append(environ, name+"="+v)
		}
	}
	for _, name := range run.variables {
		environ = append(environ, name+"="+ts.Getenv(name))
	}
	env := environment(ts.MkAbs("."), environ)
	env.Stdin = strings.NewReader(run.stdin)
	run.stdin = ""
	return env
}

var days = regexp.MustCompile(`@(-?[0-9]+)d@`)

// dates FILE: @Nd@ in the file becomes the time N days from now.
func dates(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: dates FILE")
	}
	text := days.ReplaceAllStringFunc(ts.ReadFile(args[0]), func(found string) string {
		n, err := strconv.Atoi(days.FindStringSubmatch(found)[1])
		ts.Check(err)
		return time.Now().UTC().AddDate(0, 0, n).Format(time.RFC3339)
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// input FILE: standard input of the next command in this process.
func input(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: input FILE")
	}
	ts.Value(sandboxKey{}).(*running).stdin = ts.ReadFile(args[0])
}

type sandboxKey struct{}

// running is what one script has started.
type running struct {
	authority *ca.Authority
	sandbox   *sandbox.Sandbox
	registry  *httptest.Server
	stopped   atomic.Bool // the registry
	hook      *hook       // of the last webhook
	held      *sandbox.Held
	watched   *exec.Cmd // the process in the background whose call is held
	begun     *begun    // the command in the background of this process
	stdin     string    // of the next command in this process
	variables []string  // names in the environment, of a script's start and of its sandbox
	own       []string  // names that the script itself sets at some point
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
	run := ts.Value(sandboxKey{}).(*running)
	run.sandbox = s
	for _, pair := range s.Env() {
		name, value, _ := strings.Cut(pair, "=")
		ts.Setenv(name, value)
		run.variables = append(run.variables, name)
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
		reads := func(prefix string) bool { return strings.HasPrefix(c.Action, prefix) }
		if slices.ContainsFunc([]string{"Describe", "Get", "List"}, reads) {
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
