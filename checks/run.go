package checks

import (
	"context"
	"fmt"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Run judges one subject with every check of the list, in its order, and gives
// exactly one result for each. Nothing a check does keeps another from its
// result: a panic, a verdict of no kind and a cancelled context are unknown.
func Run(ctx context.Context, list []Check, s Subject) []Result {
	results := make([]Result, 0, len(list))
	for _, c := range list {
		v := judge(ctx, c, s)
		results = append(results, result(c, s, v))
	}
	return results
}

// judge follows the order of the statuses: not-applicable by the binding alone,
// not-run, unknown, and only then what the check itself says.
func judge(ctx context.Context, c Check, s Subject) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v = CannotTell(fmt.Sprintf("the check panicked: %v; this is a defect of bindgate, please report it", r))
		}
	}()
	if err := ctx.Err(); err != nil {
		return CannotTell(fmt.Sprintf("interrupted before it was judged: %v", err))
	}
	if c.Applies != nil {
		if ok, why := c.Applies(s.Binding); !ok {
			return DoesNotApply(why)
		}
	}
	if v, stop := needs(c, s); stop {
		return v
	}
	if c.Judge == nil {
		return CannotTell("the check has no judgement; this is a defect of bindgate")
	}
	return c.Judge(s)
}

// needs looks at the evidence that the check asks for: what the mode left out
// makes it not-run, what is missing or failed makes it unknown.
func needs(c Check, s Subject) (Verdict, bool) {
	wanted := c.Needs
	if c.NeedsFor != nil {
		wanted = c.NeedsFor(s.Binding)
	}
	var failed *Verdict
	for _, need := range wanted {
		st := s.Evidence.Of(need)
		switch st.State {
		case evidence.StateObserved:
		case evidence.StateNotCollected:
			return NotRun(fmt.Sprintf("%s evidence was left out: %s", need, st.Reason)), true
		case evidence.StateFailed:
			if failed == nil {
				v := CannotTell(fmt.Sprintf("collecting %s evidence failed: %s", need, st.Reason))
				failed = &v
			}
		default:
			if failed == nil {
				v := CannotTell(fmt.Sprintf("%s evidence is missing", need))
				failed = &v
			}
		}
	}
	if failed != nil {
		return *failed, true
	}
	return Verdict{}, false
}

// result names a verdict, places its findings in the manifest, and never
// believes a status that its findings contradict.
func result(c Check, s Subject, v Verdict) Result {
	r := Result{ID: c.ID, Status: v.status, Reason: v.reason, Findings: []Finding{}}
	if r.Status == "" {
		r.Status, r.Reason = StatusUnknown, "the check gave no verdict; this is a defect of bindgate"
	}
	for _, f := range v.findings {
		f.Severity = severityIn(c, f.Severity)
		if f.Source.File == "" && f.Source.Line == 0 {
			f.Source = s.Binding.At(f.Pointer)
		}
		r.Findings = append(r.Findings, f)
	}
	if r.Status == StatusPass || r.Status == StatusFail {
		r.Status = statusOf(r.Findings)
	}
	return r
}

// severityIn is what a finding weighs in its check: an advisory check speaks in
// warnings, one that the owner raised in errors, a blocking one may hold both.
func severityIn(c Check, said Severity) Severity {
	switch {
	case c.Severity == Warning:
		return Warning
	case c.Raised || said != Warning:
		return Error
	}
	return Warning
}

// statusOf: a judged check fails when it holds an error finding, else it passes.
func statusOf(findings []Finding) Status {
	for _, f := range findings {
		if f.Severity == Error {
			return StatusFail
		}
	}
	return StatusPass
}
