// Package console is what a command may touch of the process that it runs in: streams,
// environment, clock, folder.
package console

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/report"
)

// Env is everything a command may touch of the process it runs in.
type Env struct {
	Stdin     io.Reader
	Stdout    io.Writer
	Stderr    io.Writer
	LookupEnv func(string) (string, bool)
	Environ   []string
	Now       func() time.Time
	Dir       string // working directory, absolute

	ResolvConf string // resolv.conf(5), where the system's resolvers are found
	Terminal   bool   // Stdout is one

	ErrTerminal bool // Stderr is one

	Width  int         // of the terminal, in columns; 0: not known
	Unread func() bool // reports whether Stdin is a pipe or file with content that was not read; may be nil

	Opened *bool // of one run: set when its reports are open, which then receive an error
}

// System is the real process. It is the one place that reads the clock, the
// environment and the standard streams.
func System() Env {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 0
	}
	return Env{
		Width: width, Unread: func() bool { return unread(os.Stdin) },
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		LookupEnv: lookupEnv, Environ: os.Environ(),
		Now:         time.Now,
		Dir:         dir,
		ResolvConf:  "/etc/resolv.conf",
		Terminal:    term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// lookupEnv is os.LookupEnv. On Windows, the home folder is USERPROFILE, also for the SDK.
func lookupEnv(name string) (string, bool) {
	if runtime.GOOS == "windows" && name == "HOME" {
		name = "USERPROFILE"
	}
	return os.LookupEnv(name)
}

// Get returns the value of a variable, empty when it is not set.
func (e Env) Get(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

// Columns returns the width of the report: $COLUMNS, else that of the terminal, else 0.
func (e Env) Columns() int {
	if n, err := strconv.Atoi(e.Get("COLUMNS")); err == nil && n >= 40 && n <= 1000 {
		return n
	}
	return e.Width
}

// Color reports whether the output is coloured: --color, then NO_COLOR
// (https://no-color.org), FORCE_COLOR and CLICOLOR_FORCE, then whether it is a terminal
// that can.
func (e Env) Color(when string) bool {
	forced := func(name string) bool { v := e.Get(name); return v != "" && v != "0" && v != "false" }
	switch {
	case when == "always":
		return true
	case when == "never" || e.Get("NO_COLOR") != "":
		return false
	case forced("FORCE_COLOR") || forced("CLICOLOR_FORCE"):
		return true
	}
	return e.Terminal && e.Get("TERM") != "dumb" && e.Get("CLICOLOR") != "0"
}

// Complain prints an error on Stderr, each line escaped: parts of it come from
// manifests, name servers and the gateway.
func (e Env) Complain(err error) {
	for line := range strings.SplitSeq(strings.TrimRight(err.Error(), "\n"), "\n") {
		_, _ = fmt.Fprintf(e.Stderr, "bindgate: %s\n", report.Escape(line)) // there is no other place to report to
	}
}

// Print prints a text on Stdout.
func (e Env) Print(text string) error {
	if _, err := io.WriteString(e.Stdout, text); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// Println prints one line on Stdout, escaped.
func (e Env) Println(line string) error { return e.Print(report.Escape(line) + "\n") }

// Replace replaces a file by a text, unless it is only to be checked, and prints its name.
func (e Env) Replace(name string, text []byte, check bool) error {
	if !check {
		if err := confine.WriteFile(e.Dir, name, text, 0o666); err != nil {
			return fmt.Errorf("replacing %q: %w", name, err)
		}
	}
	return e.Println(name)
}

// ReadStdin reads Stdin, of at most limit bytes, which are whole MiB.
func (e Env) ReadStdin(limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(e.Stdin, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading standard input: %w", err)
	case int64(len(data)) > limit:
		return nil, fmt.Errorf("reading standard input: it is too large, more than %d MiB; split it into several files", limit>>20)
	}
	return data, nil
}

// Absolute returns a path that is relative to Dir as an absolute one.
func (e Env) Absolute(path string) string { return confine.Absolute(e.Dir, path) }

// Apart returns e for a run in another folder with a separate environment and no input.
// Of the user's variables it keeps those of the terminal, and DEBUG, which makes the
// gateway's client print requests; no credentials and no proxies.
func (e Env) Apart(dir string, environ []string) Env {
	for _, name := range []string{"TERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLUMNS", "DEBUG"} {
		if v, ok := e.LookupEnv(name); ok {
			environ = append(environ, name+"="+v)
		}
	}
	e.Stdin, e.Dir, e.Environ, e.LookupEnv = strings.NewReader(""), dir, environ, Lookup(environ)
	return e
}

// Lookup makes a LookupEnv of a list as os.Environ gives it; the last wins.
func Lookup(environ []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range slices.Backward(environ) {
			if k, v, ok := strings.Cut(pair, "="); ok && k == name {
				return v, true
			}
		}
		return "", false
	}
}
