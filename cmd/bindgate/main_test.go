package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/internal/cli"
	"github.com/bindgate/bindgate/internal/console"
)

// TestMain is bindgate when it is called by that name, as the tests about
// processes do, and a workshop by the name of one. Otherwise it runs the tests,
// most of which run commands in this process, and fails if one of those left
// something open.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "bindgate":
		main()
	case workshopName:
		os.Exit(serveWorkshop())
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "bindgate-test-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // at worst it stays in the temporary folder
		err = prepareProcess(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := flag.Set("test.parallel", "8"); err != nil { // most of the tests wait for a time-out or a process
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	before := openFiles()
	code := m.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, "goroutines are left:", err)
		return 1
	}
	if after := openFiles(); len(after) > len(before) {
		fmt.Fprintf(os.Stderr, "files are left open: before %q, after %q\n", before, after)
		return 1
	}
	return 0
}

// prepareProcess puts bindgate and the workshop on PATH, and spoils what a command in this
// process must take from its Env instead. Only the official credential chain
// reads the environment of the process; there it finds nothing.
func prepareProcess(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range []string{"bindgate", workshopName} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		"PATH": dir + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME": filepath.Join(dir, "home"), "XDG_STATE_HOME": filepath.Join(dir, "state"),
		"BINDGATE_ENDPOINT": "http://process.invalid", "BINDGATE_RESOLVER": "process.invalid", "BINDGATE_ROOTS": "process.invalid",
		"GITHUB_STEP_SUMMARY": filepath.Join(dir, "no", "summary"), "NO_COLOR": "", "DEBUG": "",
		"HTTP_PROXY": "http://process.invalid", "HTTPS_PROXY": "http://process.invalid",
		"ALIBABA_CLOUD_ACCESS_KEY_ID": "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "", "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// openFiles lists the sockets, pipes and deleted files that this process holds
// open: what a command leaves open in a test's folder is deleted with the folder.
// The list is empty on systems without /proc.
func openFiles() (all []string) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if err == nil && (strings.HasPrefix(to, "socket:") || strings.HasPrefix(to, "pipe:") || strings.HasSuffix(to, " (deleted)")) {
			all = append(all, to)
		}
	}
	return all
}

// finish is how a command ended.
type finish struct {
	code     int
	out, err string
}

// environment is the Env of a command in dir, with nothing on standard input.
func environment(dir string, environ []string) console.Env {
	return console.Env{
		Stdin: strings.NewReader(""), Now: time.Now, Dir: dir, Environ: environ,
		LookupEnv: func(name string) (string, bool) {
			for _, pair := range slices.Backward(environ) {
				if v, ok := strings.CutPrefix(pair, name+"="); ok {
					return v, true
				}
			}
			return "", false
		},
	}
}

// inProcess runs a command in this process and returns what it wrote.
func inProcess(ctx context.Context, env console.Env, args ...string) finish {
	var out, err stream
	env.Stdout, env.Stderr = &out, &err
	code := cli.Run(ctx, args, env)
	return finish{code, out.String(), err.String()}
}

// stream keeps what is written to it, by several writers at once as to a file.
type stream struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
