package checks

import (
	"context"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks/evidence"
)

// MaxFindings is the limit of findings in a result. One more finding counts the
// rest.
const MaxFindings = 20

// Run judges one subject with every check of the list, in order, and returns
// exactly one result for each. severities are the owner's; nil changes none. No
// check can prevent the result of another: a panic, an invalid verdict and a
// cancelled context are unknown.
func Run(ctx context.Context, list []Check, severities Severities, s Subject) []Result {
	results := make([]Result, len(list))
	for i := range list {
		c := &list[i]
		results[i] = result(c, severities.Of(*c), &s, judge(ctx, c, &s))
	}
	return results
}

// judge tries the statuses in order: not-applicable by the binding alone,
// not-run, unknown, and then the check's own verdict.
func judge(ctx context.Context, c *Check, s *Subject) (v Verdict) {
	defer func() {
		if r := recover(); r != nil {
			v = Unknown(fmt.Sprintf("the check panicked: %v; this is a defect of bindgate, please report it", r))
		}
	}()
	if err := ctx.Err(); err != nil {
		return Unknown(fmt.Sprintf("interrupted before it was judged: %v", err))
	}
	if c.Applies != nil {
		if ok, why := c.Applies(s.Binding); !ok {
			return NotApplicable(why)
		}
	}
	if v, stop := needs(c, s); stop {
		return v
	}
	if c.Judge == nil {
		return Unknown("the check has no Judge function; this is a defect of bindgate")
	}
	return c.Judge(*s)
}

// needs examines the evidence that the check needs: skipped evidence gives
// not-run, missing or failed evidence unknown.
func needs(c *Check, s *Subject) (Verdict, bool) {
	wanted := c.Needs
	if c.NeedsFor != nil {
		wanted = c.NeedsFor(s.Binding)
	}
	var failed *Verdict
	for _, need := range wanted {
		m := s.Evidence.Of(need)
		switch m.State {
		case evidence.StateObserved:
		case evidence.StateNotCollected:
			return NotRun(fmt.Sprintf("%s evidence was skipped: %s", need, m.Reason)), true
		case evidence.StateFailed:
			if failed == nil {
				v := Unknown(fmt.Sprintf("collecting %s evidence failed: %s", need, m.Reason))
				failed = &v
			}
		default:
			if failed == nil {
				v := Unknown(fmt.Sprintf("%s evidence is missing", need))
				failed = &v
			}
		}
	}
	if failed != nil {
		return *failed, true
	}
	return Verdict{}, false
}

// result turns a verdict into a result, resolves the positions of findings in
// the manifest, and corrects a status that its findings contradict.
func result(c *Check, severity Severity, s *Subject, v Verdict) Result {
	r := Result{ID: c.ID, Status: v.status, Reason: v.reason, Findings: make([]Finding, len(v.findings))}
	if r.Status == "" {
		r.Status, r.Reason = StatusUnknown, "the check returned no verdict; this is a defect of bindgate"
	}
	for i, f := range v.findings {
		f.Severity = severityIn(c, severity, f.Severity)
		r.Findings[i] = f
	}
	if r.Status == StatusPass || r.Status == StatusFail {
		r.Status = statusOf(r.Findings)
	}
	r.Findings = capped(r.Findings)
	for i, f := range r.Findings {
		if f.Source.File == "" && f.Source.Line == 0 {
			r.Findings[i].Source = s.Binding.At(f.Pointer)
		}
	}
	return r
}

// capped keeps the first MaxFindings findings, errors before warnings, and
// counts the rest in one more with the highest severity among them.
func capped(findings []Finding) []Finding {
	more := len(findings) - MaxFindings
	if more <= 0 {
		return findings
	}
	weight := func(f Finding) int {
		if f.Severity == Warning {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return weight(a) - weight(b) })
	rest := Finding{Severity: findings[MaxFindings].Severity, Message: fmt.Sprintf("and %d more", more),
		Fix: "fix the listed ones; the next run lists the rest"}
	return append(slices.Clone(findings[:MaxFindings]), rest) // a copy: the rest of the array may be large
}

// severityIn returns the severity of a finding in its check: an advisory check
// has only warnings, one that the owner raised only errors, a blocking one may
// have both.
func severityIn(c *Check, severity, reported Severity) Severity {
	switch {
	case severity == Warning:
		return Warning
	case c.Severity == Warning || reported != Warning:
		return Error
	}
	return Warning
}

// statusOf returns failed if there is an error finding, else passed.
func statusOf(findings []Finding) Status {
	if HasError(findings) {
		return StatusFail
	}
	return StatusPass
}
