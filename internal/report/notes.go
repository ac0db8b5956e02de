package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/gate"
)

// Rules of the formats that know only rules and places, for what is no finding
// of a check.
const (
	ruleDecision = "gate/decision" // why a binding is not allowed, where no result tells
	ruleOutcome  = "apply/outcome" // a call that did not end as wished
)

// note is one thing that a CI system shows at a place of the manifest. Its
// texts are as they came: each format escapes them.
type note struct {
	Rule        string // id of the check, ruleDecision or ruleOutcome
	Severity    checks.Severity
	domain      string
	Message     string
	Fix         string
	Source      binding.Position
	fingerprint string // hex; the same in every run for the same binding, rule and severity, and unique in this one
}

// text is a note in one line.
func (n note) text() string {
	out := n.domain + ": " + n.Message
	if n.Fix != "" {
		out += " (fix: " + n.Fix + ")"
	}
	return out
}

// file is the manifest of the note, by the one path that the tools of a repository
// know it by; formats that want a file get a name for the command line too.
func (n note) file() string { return filepath.Clean(orElse(n.Source.File, "command-line")) }

// Place is where the note belongs, for the html format.
func (n note) Place() string { return strings.TrimSuffix(place(n.Source), ":") }

// line and column count from 1, for the command line too.
func (n note) line() int   { return max(n.Source.Line, 1) }
func (n note) column() int { return max(n.Source.Column, 1) }

// notes are the findings of a report, and whatever else stands in the way: a
// check that cannot tell is no finding, and a format without it would look
// clean. Errors come first, each kind in the order of the report.
func notes(r Report) []note {
	var out []note
	seen := map[string]int{}
	for _, b := range r.Bindings {
		for _, n := range notesOf(b) {
			// Not the message and the place: they change (days left, lines) where the problem does not.
			stem := strings.Join([]string{b.DomainName, b.GroupID, b.RegionID, b.CustomDomainType, n.Rule, string(n.Severity)}, "\x00")
			seen[stem]++
			sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", stem, seen[stem]))
			n.domain, n.fingerprint = b.DomainName, hex.EncodeToString(sum[:16])
			out = append(out, n)
		}
	}
	errorsFirst(out)
	return out
}

// notesOf are those of one binding, errors first, without fingerprints.
func notesOf(b Binding) []note {
	var out []note
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			out = append(out, note{Rule: c.ID, Severity: f.Severity, Message: f.Message, Fix: f.Fix, Source: f.Source})
		}
		if c.Status == checks.StatusUnknown {
			n := note{Rule: c.ID, Severity: checks.Warning, Message: "cannot tell: " + orElse(c.Reason, "no reason was given"), Source: b.Source}
			if blocks(b, c.ID) {
				n.Severity = checks.Error
			}
			out = append(out, n)
		}
	}
	if b.Decision == gate.Refused || b.Decision == gate.Undetermined {
		for _, reason := range unexplained(b, b.Checks) {
			out = append(out, note{Rule: ruleDecision, Severity: checks.Error, Message: string(b.Decision) + ": " + reason, Source: b.Source})
		}
	}
	if o := b.Outcome; o != nil && (o.Status == failed || o.Status == incomplete || o.Status == unknown) {
		out = append(out, note{Rule: ruleOutcome, Severity: checks.Error, Message: outcomeText(*o), Source: b.Source})
	}
	errorsFirst(out)
	return out
}

func errorsFirst(all []note) {
	slices.SortStableFunc(all, func(a, b note) int { return strings.Compare(string(a.Severity), string(b.Severity)) })
}

// blocks reports whether a check is among the reasons of a decision.
func blocks(b Binding, id string) bool {
	return slices.ContainsFunc(b.Reasons, func(reason string) bool { return strings.HasPrefix(reason, id+": ") })
}

// outcomeText is an outcome in one line.
func outcomeText(o Outcome) string {
	parts := []string{"the outcome is " + o.Status}
	for _, p := range [][2]string{{"", o.Code}, {"", o.Message}, {"request id ", o.RequestID}} {
		if p[1] != "" {
			parts = append(parts, p[0]+p[1])
		}
	}
	return strings.Join(parts, "; ")
}
