package report

import (
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
