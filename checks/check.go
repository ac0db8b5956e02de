// Package checks is the vocabulary of judgement: what a check is, what it may
// answer, and the runner that turns a list of checks and one binding's evidence
// into results. It is pure: it reads no file, asks no server and knows no clock.
package checks

import (
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Check is one statement about a binding, true when the check passes. It is a
// value: its judgement and its documentation travel together.
type Check struct {
	ID       string   // family/statement
	Severity Severity // Error: it blocks a bind; Warning: advice
	Core     bool     // no configuration may lower or switch it off
	Needs    []evidence.Need
	// NeedsFor, where it is set, replaces Needs for one binding: a check that
	// can often judge by the binding alone asks for evidence only when it must.
	NeedsFor func(binding.Binding) []evidence.Need
	// Applies reports by the binding alone whether the check has anything to
	// judge, and if not, why. Nil: it always applies.
	Applies func(binding.Binding) (bool, string)
	// Judge returns the verdict. It is called only if every need is observed.
	Judge func(Subject) Verdict

	// MustPass returns the requirement that the check proves for a binding, for
	// which "does not apply" is no substitute; empty: none. Nil: never any.
	MustPass func(binding.Binding) Requirement
	// AfterPolicy: the check reads the verdict of the policies, so it runs after
	// them and they do not see its result.
	AfterPolicy bool
	// ShowsPropagation: the check passes once a change of DNS is visible.
	ShowsPropagation bool

	Doc Doc
}

// Requirement is what every bind requires a check to have proved.
type Requirement string

// The requirements. The gate refuses a catalogue without a check for each of the
// last two.
const (
	RequestIsValid Requirement = "that the request is valid"
	TargetExists   Requirement = "that the target exists"
	DomainIsProved Requirement = "that the domain is the caller's"
)

// Proves returns a MustPass for a check that proves r for every binding.
func Proves(r Requirement) func(binding.Binding) Requirement {
	return func(binding.Binding) Requirement { return r }
}

// Requirement returns what the check proves for a binding, as MustPass.
func (c Check) Requirement(b binding.Binding) Requirement {
	if c.MustPass == nil {
		return ""
	}
	return c.MustPass(b)
}

// Family returns the part of the id before the slash.
func (c Check) Family() string {
	for i := range c.ID {
		if c.ID[i] == '/' {
			return c.ID[:i]
		}
	}
	return c.ID
}

// Subject is what a check judges: one binding and its evidence.
type Subject struct {
	Binding  binding.Binding
	Evidence evidence.Evidence
}

// Doc is what `bindgate checks explain` prints and docs/checks holds.
type Doc struct {
	Title      string   // one line, no full stop
	Why        string   // what happens to people when the statement is false
	Fix        string   // what to do about it
	References []string // RFC and section, document and date, or an address
	// Failing and Passing are YAML fixtures: what to change on the sound
	// binding and evidence of testdata/checks/base.yaml (a JSON merge patch,
	// RFC 7396) so that the check fails, or passes. A test runs both.
	Failing string
	Passing string
}

// Severity says what a failed check, or one finding, means for a bind.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // blocks
	Warning Severity = "warning" // informs
)

// Severities are those that the owner of the gate gives to checks, by id. A check
// that is not in the map keeps its own.
type Severities map[string]Severity

// Of returns the severity of a check in this run. A core check, and one that must
// pass, blocks whatever the map says.
func (m Severities) Of(c Check) Severity {
	said, given := m[c.ID]
	if !given {
		said = c.Severity
	}
	if said == Warning && !c.Core && c.MustPass == nil {
		return Warning
	}
	return Error
}

// Finding is one thing to tell about a binding.
type Finding struct {
	Severity Severity         `json:"severity"`      // error or warning
	Message  string           `json:"message"`       // what is wrong: got, then want
	Fix      string           `json:"fix,omitempty"` // the next step
	Source   binding.Position `json:"source"`
	Pointer  string           `json:"-"` // JSON pointer into the binding; the runner makes Source of it
}

// Fails returns an error about the value at pointer ("" for the whole binding).
func Fails(pointer, message, fix string) Finding {
	return Finding{Severity: Error, Pointer: pointer, Message: message, Fix: fix}
}

// Warns returns a warning about the value at pointer.
func Warns(pointer, message, fix string) Finding {
	return Finding{Severity: Warning, Pointer: pointer, Message: message, Fix: fix}
}
