// Package gate turns the results of one binding into a decision, and an allowed
// decision into a permit. Its rule: only a pass opens the gate.
package gate

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform"
)

// Status is the status of a decision, as reports print it. The zero value allows nothing.
type Status string

// The decisions.
const (
	Allowed      Status = "allowed"
	Refused      Status = "refused"
	Undetermined Status = "undetermined"
	Partial      Status = "partial" // every blocking check that ran passed; others were not run, because the mode skipped their evidence
)

// Decision is the verdict over one binding.
type Decision struct {
	Status  Status
	Reasons []string // why it is not allowed, in the order of the catalogue

	// Plan contains the calls that would be made, for any status; it is invalid if
	// PlanErr is set.
	Plan    plan.Plan
	PlanErr error

	grant *grant // nil unless Status is Allowed
}

// Decide computes the decision from the results of one subject, the catalogue that was
// run and the owner's severities. Each id of the catalogue must have exactly one
// result, and no other id may appear. A missing, duplicate or unexpected result counts as
// unknown, and so does a requirement that no check of the catalogue proves.
// Findings of severity error refuse; warnings refuse too unless failOn is checks.Error.
func Decide(catalogue []checks.Check, severities checks.Severities, s checks.Subject, results []checks.Result, failOn checks.Severity) Decision {
	t := tally{strict: failOn != checks.Error}
	open := []checks.Requirement{checks.TargetExists, checks.DomainIsProved}
	byID := make(map[string][]checks.Result, len(results))
	for _, r := range results {
		byID[r.ID] = append(byID[r.ID], r)
	}
	if len(catalogue) == 0 {
		t.unknown("the catalogue of checks is empty")
	}
	seen := make(map[string]bool, len(catalogue))
	for _, c := range catalogue {
		if seen[c.ID] {
			t.unknown("%s: the catalogue lists it twice", c.ID)
			continue
		}
		seen[c.ID] = true
		proves := c.Requirement(s.Binding)
		open = slices.DeleteFunc(open, func(r checks.Requirement) bool { return r == proves })
		t.add(weighed{c.ID, severities.Of(c), proves, s.Binding.CertificateOnly || s.Binding.Unserved}, byID[c.ID])
	}
	for _, r := range results {
		if !seen[r.ID] {
			t.unknown("%s: a result of a check that is not in the catalogue", r.ID)
			seen[r.ID] = true
		}
	}
	for _, r := range open {
		t.unknown("no check of the catalogue proves %s", r)
	}
	d := t.decision()
	d.Plan, d.PlanErr = platform.Calls(s)
	if d.Status == Allowed {
		d.grant = &grant{subject: s, plan: frozen(d.Plan), planErr: d.PlanErr}
	}
	return d
}

// tally groups the reasons that block the binding by the status they lead to.
type tally struct {
	strict                         bool // warnings refuse
	refused, undetermined, skipped []string
}

func (t *tally) fail(format string, args ...any) {
	t.refused = append(t.refused, fmt.Sprintf(format, args...))
}

func (t *tally) unknown(format string, args ...any) {
	t.undetermined = append(t.undetermined, fmt.Sprintf(format, args...))
}

func (t *tally) notRun(format string, args ...any) {
	t.skipped = append(t.skipped, fmt.Sprintf(format, args...))
}

// weighed is a check with its severity and the requirement that it proves for one binding.
type weighed struct {
	id       string
	severity checks.Severity
	proves   checks.Requirement // empty: none, so the check may be not applicable
	alone    bool               // the certificate or a record is judged without a target
}

// add adds the results of one check. Zero results, or more than one, count as unknown.
func (t *tally) add(c weighed, rs []checks.Result) {
	if t.strict {
		t.warnings(c, rs)
	}
	if c.severity != checks.Warning {
		for _, r := range rs {
			t.weigh(c, r)
		}
	}
	if len(rs) != 1 {
		t.unknown("%s: the check returned %d results, want exactly 1", c.id, len(rs))
	}
}

// warnings refuses for each warning, for each finding of a check with severity warning,
// and where such a check failed without one. Waived warnings do not refuse.
func (t *tally) warnings(c weighed, rs []checks.Result) {
	for _, r := range rs {
		for _, f := range r.Findings {
			if f.Severity == checks.Warning && f.Waived != nil {
				continue
			}
			if c.severity == checks.Warning || f.Severity == checks.Warning {
				t.fail("%s: %s (a warning; warnings refuse under --fail-on warning)", c.id, f.Message)
			}
		}
		if c.severity == checks.Warning && r.Status == checks.StatusFail && len(r.Findings) == 0 {
			t.fail("%s: failed (a warning; warnings refuse under --fail-on warning)", c.id)
		}
	}
}

func (t *tally) weigh(c weighed, r checks.Result) {
	for _, f := range r.Findings {
		if f.Severity != checks.Warning {
			t.fail("%s: %s", c.id, f.Message)
			return
		}
	}
	switch r.Status {
	case checks.StatusPass:
	case checks.StatusFail:
		t.fail("%s: failed", c.id)
	case checks.StatusNotRun:
		t.notRun("%s: %s", c.id, r.Reason)
	case checks.StatusNotApplicable:
		if c.proves != "" {
			t.inapplicable(c, r)
		}
	default:
		t.unknown("%s: %s", c.id, cmp.Or(r.Reason, "unknown"))
	}
}

// inapplicable handles a required check that reports not applicable. lint --certificate
// has no group, and an audited domain that nothing serves no gateway, so there the check
// counts as not run; otherwise it counts as unknown.
func (t *tally) inapplicable(c weighed, r checks.Result) {
	if c.alone {
		t.notRun("%s: %s", c.id, r.Reason)
		return
	}
	t.unknown("%s: the check must pass for this binding, but reports that it does not apply: %s", c.id, r.Reason)
}

func (t *tally) decision() Decision {
	switch {
	case len(t.refused) > 0:
		return Decision{Status: Refused, Reasons: t.refused}
	case len(t.undetermined) > 0:
		return Decision{Status: Undetermined, Reasons: t.undetermined}
	case len(t.skipped) > 0:
		return Decision{Status: Partial, Reasons: t.skipped}
	}
	return Decision{Status: Allowed, Reasons: []string{}}
}
