package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// ruleRun is the rule of what ended a run, in the formats that know only rules and
// places.
const ruleRun = "run/completed"

// Failure is an error that ended a run before its report was whole.
type Failure struct {
	Message string  `json:"message"`          // all of it, one line for each thing that is wrong
	Faults  []Fault `json:"faults,omitempty"` // those that have a place in a file
}

// Fault is one thing wrong in one place of a file.
type Fault struct {
	Message string           `json:"message"`
	Source  binding.Position `json:"source"`
}

// WriteFailure writes the report of a run that ended with an error: in the named
// format, without a binding, and marked as failed. It replaces an older
// report, which a later step could mistake for this run's.
func WriteFailure(w io.Writer, format string, head Head, o Options, f Failure) error {
	s, err := Open(w, format, head, o)
	if err != nil {
		return err
	}
	return s.Close(Tail{Error: &f})
}

// notes returns what is wrong for formats that know only rules and places.
func (f *Failure) notes(command string) []note {
	if f == nil {
		return nil
	}
	out := []note{}
	add := func(message string, at binding.Position) {
		out = append(out, note{Rule: ruleRun, Severity: checks.Error, domain: "bindgate " + orElse(command, "lint"), Message: message, Source: at})
	}
	for _, fault := range f.Faults {
		add(fault.Message, fault.Source)
	}
	if len(f.Faults) == 0 {
		add(strings.Join(f.lines(), "; "), binding.Position{})
	}
	return out
}

func (f *Failure) lines() []string { return strings.Split(strings.TrimSpace(f.Message), "\n") }

// sentence is the error in place of the counts.
func (f *Failure) sentence() string {
	return fmt.Sprintf("ended with an error, nothing was judged: %s", strings.Join(f.lines(), "; "))
}

// path returns the path of a note's file as the tools of a repository know it.
func (s *state) path(n note) string {
	if s.Path == nil || n.Source.File == "" {
		return n.file()
	}
	return s.Path(n.Source.File)
}
