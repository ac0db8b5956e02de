package checktest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// differences returns the expectations of a fixture that a result does not
// meet.
func differences(r checks.Result, status string, w want) (problems []string) {
	if got := statusIn(r); got != status {
		return []string{fmt.Sprintf("got %s (reason %q, findings %+v), want %s", got, r.Reason, r.Findings, status)}
	}
	in := func(part, what string, text func(checks.Finding) string) {
		if !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return strings.Contains(text(f), part) }) {
			problems = append(problems, fmt.Sprintf("no %s contains %q: %+v", what, part, r.Findings))
		}
	}
	for _, part := range w.Messages {
		in(part, "message", func(f checks.Finding) string { return f.Message })
	}
	for _, part := range w.Fixes {
		in(part, "fix", func(f checks.Finding) string { return f.Fix })
	}
	if !strings.Contains(r.Reason, w.Reason) {
		problems = append(problems, fmt.Sprintf("got reason %q, want %q in it", r.Reason, w.Reason))
	}
	if w.Pointer != nil && !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return f.Pointer == *w.Pointer }) {
		problems = append(problems, fmt.Sprintf("no finding points at %q: %+v", *w.Pointer, r.Findings))
	}
	return problems
}

// statusIn returns the result's status as a prefix of fixture names.
func statusIn(r checks.Result) string {
	if r.Status == checks.StatusPass && len(r.Findings) > 0 {
		return "warn"
	}
	return string(r.Status)
}

// flaws returns violations of the rules for every result: a panic, a finding
// without a message or with a pointer that no binding has, an error without a
// fix, an unjudged status without a reason or a judged one with a reason.
func flaws(r checks.Result) (problems []string) {
	for _, f := range r.Findings {
		switch {
		case f.Message == "":
			problems = append(problems, fmt.Sprintf("a finding has no message: %+v", f))
		case f.Severity == checks.Error && f.Fix == "":
			problems = append(problems, fmt.Sprintf("the error %q has no fix", f.Message))
		case !pointsIntoBinding(f.Pointer):
			problems = append(problems, fmt.Sprintf("%q points at %q, which no binding has", f.Message, f.Pointer))
		}
	}
	judged := r.Status == checks.StatusPass || r.Status == checks.StatusFail
	if judged == (r.Reason != "") || strings.Contains(r.Reason, "panicked") {
		problems = append(problems, fmt.Sprintf("got status %s with reason %q", r.Status, r.Reason))
	}
	return problems
}

// unseen returns the fixtures that a check lacks: fixtures must show it pass,
// find something, and return unknown if it depends on evidence.
func unseen(c checks.Check, seen map[string]int) (problems []string) {
	wanted := []string{"pass", finds(c)}
	if len(c.Needs) > 0 || c.NeedsFor != nil {
		wanted = append(wanted, "unknown")
	}
	for _, status := range wanted {
		if seen[status] == 0 {
			problems = append(problems, fmt.Sprintf("%s has no fixture %s-*.yaml", c.ID, status))
		}
	}
	return problems
}

// finds returns the status of a check with a finding.
func finds(c checks.Check) string {
	if c.Severity == checks.Warning {
		return "warn"
	}
	return "fail"
}

// undocumented returns the missing or bad fields of a check's documentation.
func undocumented(d checks.Doc) (problems []string) {
	fields := []struct{ name, text string }{
		{"Title", d.Title}, {"Why", d.Why}, {"Fix", d.Fix}, {"Failing", d.Failing}, {"Passing", d.Passing},
		{"References", strings.Join(d.References, "")},
	}
	for _, f := range fields {
		if strings.TrimSpace(f.text) == "" {
			problems = append(problems, fmt.Sprintf("Doc.%s is empty", f.name))
		}
	}
	if strings.HasSuffix(d.Title, ".") || strings.Contains(d.Title, "\n") {
		problems = append(problems, fmt.Sprintf("Doc.Title %q: want one line without a full stop", d.Title))
	}
	return problems
}

// with returns the subject with one observation without facts.
func with(s checks.Subject, need evidence.Need, state evidence.State) checks.Subject {
	m := evidence.Metadata{State: state}
	if state != evidence.StateObserved {
		m.Reason = "removed by the test"
	}
	s.Evidence.Set(m, need)
	return s
}

// withoutEvidence removes each needed piece of evidence from a passing subject,
// one at a time: the check must not pass any more.
func withoutEvidence(c checks.Check, s checks.Subject) (problems []string) {
	needs := c.Needs
	if c.NeedsFor != nil {
		needs = c.NeedsFor(s.Binding)
	}
	for _, need := range needs {
		for state, want := range map[evidence.State]checks.Status{
			evidence.StateFailed:       checks.StatusUnknown,
			evidence.StateMissing:      checks.StatusUnknown,
			evidence.StateNotCollected: checks.StatusNotRun,
		} {
			r := judge(c, with(s, need, state))
			if r.Status != want {
				problems = append(problems, fmt.Sprintf("with %s evidence in state %q: got %s, want %s", need, state, r.Status, want))
			}
		}
		// Empty facts may give any verdict, but no flaw.
		r := judge(c, with(s, need, evidence.StateObserved))
		for _, flaw := range flaws(r) {
			problems = append(problems, fmt.Sprintf("with empty %s evidence: %s", need, flaw))
		}
	}
	return problems
}
