package checks

import "slices"

// Status is the status of a result. The zero value is unknown, and unknown never opens the gate.
type Status string

// The statuses, in the words of the report.
const (
	StatusUnknown       Status = "unknown"
	StatusFail          Status = "fail"
	StatusNotApplicable Status = "not-applicable"
	StatusNotRun        Status = "not-run"
	StatusPass          Status = "pass"
)

// Verdict is what Judge answers. Its zero value is unknown: a judgement that
// forgets to answer has not passed. Only Pass, Judge, Unknown, NotRun and
// NotApplicable make others.
type Verdict struct {
	status   Status
	reason   string
	findings []Finding
}

// Pass returns the verdict of a check that found nothing.
func Pass() Verdict { return Verdict{status: StatusPass} }

// Judge returns the verdict that follows from the findings: fail if one of them is
// an error, else pass.
func Judge(findings ...Finding) Verdict {
	v := Verdict{status: StatusPass, findings: findings}
	if HasError(findings) {
		v.status = StatusFail
	}
	return v
}

// HasError reports whether one of the findings is more than a warning.
func HasError(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity != Warning })
}

// Unknown returns the verdict of a check whose evidence does not decide; reason
// says what is missing.
func Unknown(reason string, findings ...Finding) Verdict {
	return Verdict{status: StatusUnknown, reason: reason, findings: findings}
}

// NotRun returns the verdict of a check that would need evidence that the mode of
// the run skips.
func NotRun(reason string) Verdict { return Verdict{status: StatusNotRun, reason: reason} }

// NotApplicable returns the verdict of a check that the evidence gives nothing to
// judge.
func NotApplicable(reason string) Verdict {
	return Verdict{status: StatusNotApplicable, reason: reason}
}

// Result is what became of one check on one binding.
type Result struct {
	ID       string    `json:"id"`
	Status   Status    `json:"status"`
	Reason   string    `json:"reason,omitempty"` // why it is unknown, not-run or not-applicable
	Findings []Finding `json:"findings"`
}
