// Package checks defines checks and their results, and runs a list of checks on
// the evidence of one binding. It is pure: it reads no file, sends no request
// and has no clock.
package checks

import (
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Check is a statement about a binding that is true if the check passes, with
// its judgement and its documentation.
type Check struct {
	ID       string   // family/statement
	Severity Severity // Error: blocks a bind; Warning: advice
	Core     bool     // no configuration may lower or disable it
	Needs    []evidence.Need
	// NeedsFor, if set, replaces Needs for one binding: a check that can often
	// judge by the binding alone needs evidence only if it must.
	NeedsFor func(binding.Binding) []evidence.Need
	// Applies reports by the binding alone whether the check has anything to
	// judge, or the reason why not. Nil: it always applies.
	Applies func(binding.Binding) (bool, string)
	// Judge returns the verdict. It is called only if all needed evidence is
	// observed.
	Judge func(Subject) Verdict

	// MustPass returns the requirement that the check proves for a binding;
	// "does not apply" is not enough then. Empty: none. Nil: never any.
	MustPass func(binding.Binding) Requirement
	// AfterPolicy: the check reads the verdict of the policies, so it runs
	// after them and they do not read its result.
	AfterPolicy bool
	// ShowsPropagation: the check passes once a DNS change is visible.
	ShowsPropagation bool
	// ShowsService: the check passes if the target serves the domain, wherever DNS leads.
	ShowsService bool

	Doc Doc
}

// Requirement is something that a check must prove before every bind.
type Requirement string

// The requirements. The gate refuses a catalogue without a check for each of
// the last two.
const (
	RequestIsValid Requirement = "that the request is valid"
	TargetExists   Requirement = "that the target exists"
	DomainIsProved Requirement = "that the domain is the caller's"
)

// Proves returns a MustPass for a check that proves r for every binding.
func Proves(r Requirement) func(binding.Binding) Requirement {
	return func(binding.Binding) Requirement { return r }
}

// Requirement returns the requirement that the check proves for a binding.
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

// Subject is the input of a check: one binding and its evidence.
type Subject struct {
	Binding  binding.Binding
	Evidence evidence.Evidence
}

// Doc is the documentation of a check, shown by `bindgate checks explain` and
// docs/checks.
type Doc struct {
	Title      string   // one line, no full stop
	Why        string   // the consequence for people if the statement is false
	Fix        string   // how to fix it
	References []string // RFC and section, document and date, or an address
	// Failing and Passing are YAML fixtures: a change (a JSON merge patch, RFC
	// 7396) to the valid binding and evidence of checks/checktest/base.yaml (or apig.yaml, cutover.yaml) with
	// which the check fails, or passes. A test runs both.
	Failing string
	Passing string
}

// Home is the address of the project.
const Home = "https://github.com/bindgate/bindgate"

// Page returns the address of the documentation of a check, by its id.
func Page(id string) string {
	family, statement, _ := strings.Cut(id, "/")
	return Home + "/blob/main/docs/checks/" + family + ".md#" + statement
}

// Severity is the effect of a failed check, or of one finding, on a bind.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // blocks
	Warning Severity = "warning" // informs
)

// Severities are the severities that the owner of the gate sets, by check id.
// Other checks keep their own.
type Severities map[string]Severity

// Of returns the severity of a check in this run. A core check, or one that
// must pass, always blocks.
func (m Severities) Of(c Check) Severity {
	severity, given := m[c.ID]
	if !given {
		severity = c.Severity
	}
	if severity == Warning && !c.Core && c.MustPass == nil {
		return Warning
	}
	return Error
}

// Finding is one finding about a binding.
type Finding struct {
	Severity Severity         `json:"severity"`      // error or warning
	Message  string           `json:"message"`       // got, then want
	Fix      string           `json:"fix,omitempty"` // the next step
	Source   binding.Position `json:"source"`
	Rule     string           `json:"rule,omitempty"`   // of a policy: bindgate.policy.<name>/<id>
	Waived   *evidence.Waiver `json:"waived,omitempty"` // by the owner; absent: it counts
	Pointer  string           `json:"-"`                // JSON pointer into the binding; the runner converts it to Source

	Repair *Repair          `json:"-"` // the change of the manifest that removes the finding; nil: not known exactly
	Other  binding.Position `json:"-"` // another place that the finding is about; zero: none
}

// Repair is a change of one value of a binding. Editors offer it; bindgate changes no file.
type Repair struct {
	Pointer string // JSON pointer of the value; one that the binding does not have is added
	Text    string // the string to write; empty: one that a person fills in
	Rename  bool   // Text replaces the key, and the value stays
}

// Writing returns the finding with its repair: the string at its pointer becomes text.
func (f Finding) Writing(text string) Finding {
	f.Repair = &Repair{Pointer: f.Pointer, Text: text}
	return f
}

// Renaming returns the finding with its repair: the key at its pointer becomes text.
func (f Finding) Renaming(text string) Finding {
	f.Repair = &Repair{Pointer: f.Pointer, Text: text, Rename: true}
	return f
}

// Fails returns an error about the value at pointer ("" for the whole binding).
func Fails(pointer, message, fix string) Finding {
	return Finding{Severity: Error, Pointer: pointer, Message: message, Fix: fix}
}

// Warns returns a warning about the value at pointer.
func Warns(pointer, message, fix string) Finding {
	return Finding{Severity: Warning, Pointer: pointer, Message: message, Fix: fix}
}
