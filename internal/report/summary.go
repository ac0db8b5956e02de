package report

import (
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// Summarize counts the bindings of a report. A decision or an outcome of no
// known kind counts as undetermined or unknown, never as something better.
func Summarize(bindings []Binding) Summary {
	s := Summary{Bindings: len(bindings)}
	for _, b := range bindings {
		*s.ofDecision(b.Decision)++
		if b.Outcome != nil {
			*s.ofOutcome(b.Outcome.Status)++
		}
		for _, c := range b.Checks {
			for _, f := range c.Findings {
				if f.Severity == checks.Warning {
					s.Warnings++
				}
			}
		}
	}
	return s
}

func (s *Summary) ofDecision(status gate.Status) *int {
	switch status {
	case gate.Allowed:
		return &s.Allowed
	case gate.Refused:
		return &s.Refused
	case gate.Partial:
		return &s.Partial
	}
	return &s.Undetermined
}

func (s *Summary) ofOutcome(status string) *int {
	switch status {
	case bound:
		return &s.Bound
	case unchanged:
		return &s.Unchanged
	case incomplete:
		return &s.Incomplete
	case failed:
		return &s.Failed
	case notAttempted:
		return &s.NotAttempted
	}
	return &s.Unknown
}

// counted is the summary in one line.
func (r Report) counted() string {
	var words []string
	warnings := "warnings"
	if r.Summary.Warnings == 1 {
		warnings = "warning"
	}
	for _, s := range counts(count(r.Summary.Bindings, "binding:", "bindings:"), []counted{{n: r.Summary.Allowed, word: "allowed"},
		{n: r.Summary.Refused, word: "refused"}, {n: r.Summary.Undetermined, word: "undetermined"}, {n: r.Summary.Partial, word: "partial"},
		{n: r.Summary.Bound, word: bound}, {n: r.Summary.Unchanged, word: unchanged}, {n: r.Summary.Incomplete, word: incomplete},
		{n: r.Summary.Failed, word: failed}, {n: r.Summary.Unknown, word: "of unknown outcome"},
		{n: r.Summary.NotAttempted, word: "not attempted"}, {n: r.Summary.Warnings, word: warnings}}) {
		words = append(words, s.text)
	}
	if r.Run.Interrupted {
		words = append(words, "(interrupted)")
	}
	return strings.Join(words, " ")
}
