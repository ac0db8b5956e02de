// Package exit has the exit codes of bindgate, and errors that carry one.
package exit

import (
	"context"
	"errors"

	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy/registry"
)

// Exit codes, the same for every command.
const (
	Clean       = 0   // clean, bound, or partial in lint
	Refused     = 1   // refused by a finding
	Usage       = 2   // usage, configuration, manifest, policy load, missing credentials
	CannotTell  = 3   // evidence or policy evaluation failed
	Failed      = 4   // a call failed, is incomplete, or its outcome is unknown
	Changed     = 5   // the world or the plan changed since it was judged
	Interrupted = 130 // interrupted before a call
)

// exitError is an error with its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// With returns an error with an exit code.
func With(code int, err error) error { return &exitError{code: code, err: err} }

// CodeOf returns the exit code of an error; usage if the error carries none.
func CodeOf(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return Clean
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, registry.ErrUnavailable):
		return CannotTell
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Usage
}

// Worst returns the code that matters most of several causes: 5, 4, 1, 3, 0.
func Worst(codes ...int) int {
	for _, c := range []int{Usage, Interrupted, Changed, Failed, Refused, CannotTell} {
		for _, got := range codes {
			if got == c {
				return c
			}
		}
	}
	return Clean
}

// OfDecision is what a decision alone says. Partial is clean only where
// nothing more was asked for than to judge what can be judged.
func OfDecision(status gate.Status, partialIsClean bool) int {
	switch {
	case status == gate.Allowed, status == gate.Partial && partialIsClean:
		return Clean
	case status == gate.Refused:
		return Refused
	}
	return CannotTell
}

// ErrReported marks an error that the report already contains.
var ErrReported = errors.New("reported")

// Ended returns the error of a command that reported all it had to, with its code; nil if it
// is clean.
func Ended(code int) error {
	if code == Clean {
		return nil
	}
	return With(code, ErrReported)
}
