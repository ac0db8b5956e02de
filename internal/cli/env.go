package cli

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"

	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy/registry"
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

	opened *bool // of one run: set when its reports are open, which then receive an error
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

// get is the value of a variable, empty when it is not set.
func (e Env) get(name string) string {
	v, _ := e.LookupEnv(name)
	return v
}

// Exit codes, the same for every command.
const (
	exitClean       = 0   // clean, bound, or partial in lint
	exitRefused     = 1   // refused by a finding
	exitUsage       = 2   // usage, configuration, manifest, policy load, missing credentials
	exitCannotTell  = 3   // evidence or policy evaluation failed
	exitFailed      = 4   // a call failed, is incomplete, or its outcome is unknown
	exitChanged     = 5   // the world or the plan changed since it was judged
	exitInterrupted = 130 // interrupted before a call
)

// exitError is an error with its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func withCode(code int, err error) error { return &exitError{code: code, err: err} }

// codeOf returns the exit code of an error; usage if the error carries none.
func codeOf(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, registry.ErrUnavailable):
		return exitCannotTell
	}
	return exitUsage
}

// worst takes the code that matters most of several causes: 5, 4, 1, 3, 0.
func worst(codes ...int) int {
	for _, c := range []int{exitUsage, exitInterrupted, exitChanged, exitFailed, exitRefused, exitCannotTell} {
		for _, got := range codes {
			if got == c {
				return c
			}
		}
	}
	return exitClean
}

// codeOfDecision is what a decision alone says. Partial is clean only where
// nothing more was asked for than to judge what can be judged.
func codeOfDecision(status gate.Status, partialIsClean bool) int {
	switch {
	case status == gate.Allowed, status == gate.Partial && partialIsClean:
		return exitClean
	case status == gate.Refused:
		return exitRefused
	}
	return exitCannotTell
}

// codeOfOutcome returns the exit code of a binding's outcome.
func codeOfOutcome(o bind.Outcome) int {
	switch {
	case o.Changed:
		return exitChanged
	case o.Status == bind.Bound, o.Status == bind.Unchanged:
		return exitClean
	}
	return exitFailed
}
