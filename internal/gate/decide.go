// Package gate turns the results of one binding into a decision, and an allowed
// decision into a permit. It is where the one rule lives: no check result but a
// pass opens the gate.
package gate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/plan"
)

// Status of a decision, in the words of the report. The zero value allows nothing.
type Status string

// The decisions.
const (
	Allowed      Status = "allowed"
	Refused      Status = "refused"
	Undetermined Status = "undetermined"
	Partial      Status = "partial" // all that ran passed; the mode left something blocking out
)

// Decision is the verdict over one binding.
type Decision struct {
	Status  Status
	Reasons []string // why it is not allowed, in the order of the catalogue

	// Plan is what would be sent, whatever the status; not to be relied on with
	// PlanErr.
	Plan    plan.Plan
	PlanErr error

	grant *grant // nil unless Status is Allowed
}

// Decide weighs the results of one subject against the catalogue that was run.
// Each id of the catalogue must have exactly one result and no other id may
// appear; what is missing, doubled or foreign counts as unknown. Findings of
// checks.Error refuse; unless failOn is that, warnings refuse as well.
func Decide(catalogue []checks.Check, s checks.Subject, results []checks.Result, failOn checks.Severity) Decision {
	t := tally{strict: failOn != checks.Error}
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
		t.add(c, s.Binding, byID[c.ID])
	}
	for _, r := range results {
		if !seen[r.ID] {
			t.unknown("%s: a result of a check that is not in the catalogue", r.ID)
			seen[r.ID] = true
		}
	}
	t.proof(s.Binding, seen)
	d := t.decision()
	d.Plan, d.PlanErr = plan.For(s)
	if d.Status == Allowed {
		d.grant = &grant{subject: s, plan: frozen(d.Plan), planErr: d.PlanErr}
	}
	return d
}

// tally sorts what stands in the way by how it weighs.
type tally struct {
	strict                      bool // warnings refuse
	refused, undetermined, left []string
}

func (t *tally) fail(format string, args ...any) {
	t.refused = append(t.refused, fmt.Sprintf(format, args...))
}

func (t *tally) unknown(format string, args ...any) {
	t.undetermined = append(t.undetermined, fmt.Sprintf(format, args...))
}

func (t *tally) notRun(format string, args ...any) {
	t.left = append(t.left, fmt.Sprintf(format, args...))
}

// add weighs the results of one check: one is right, none or several never pass.
func (t *tally) add(c checks.Check, b binding.Binding, rs []checks.Result) {
	advice := c.Severity == checks.Warning && !c.Core
	if t.strict {
		t.warnings(c, rs, advice)
	}
	if advice {
		if len(rs) != 1 {
			t.unknown("%s: %d results, want exactly 1", c.ID, len(rs))
		}
		return
	}
	for _, r := range rs {
		t.weigh(c, b, r)
	}
	if len(rs) != 1 {
		t.unknown("%s: %d results, want exactly 1", c.ID, len(rs))
	}
}

// warnings refuses what would only inform: warnings, and whatever advice finds.
func (t *tally) warnings(c checks.Check, rs []checks.Result, advice bool) {
	for _, r := range rs {
		for _, f := range r.Findings {
			if advice || f.Severity == checks.Warning {
				t.fail("%s: %s (a warning; warnings refuse under --fail-on warning)", c.ID, f.Message)
			}
		}
	}
}

func (t *tally) weigh(c checks.Check, b binding.Binding, r checks.Result) {
	for _, f := range r.Findings {
		if f.Severity != checks.Warning {
			t.fail("%s: %s", c.ID, f.Message)
			return
		}
	}
	switch r.Status {
	case checks.StatusPass:
	case checks.StatusFail:
		t.fail("%s: failed", c.ID)
	case checks.StatusNotRun:
		t.notRun("%s: %s", c.ID, r.Reason)
	case checks.StatusNotApplicable:
		if mustPass(c, b) {
			t.inapplicable(c, b, r)
		}
	default:
		t.unknown("%s: %s", c.ID, orElse(r.Reason, "unknown"))
	}
}

// inapplicable weighs a check that must pass and says that it does not apply:
// that is the chosen mode when no group was named, and a defect otherwise.
func (t *tally) inapplicable(c checks.Check, b binding.Binding, r checks.Result) {
	if b.CertificateAlone {
		t.notRun("%s: %s", c.ID, r.Reason)
		return
	}
	t.unknown("%s: it must pass and says that it does not apply: %s", c.ID, r.Reason)
}

// proof makes sure that the catalogue holds the checks without which nothing
// was proved.
func (t *tally) proof(b binding.Binding, seen map[string]bool) {
	for _, id := range []string{groupExists, proofOf(b)} {
		if !seen[id] {
			t.unknown("%s: the catalogue does not hold it", id)
		}
	}
}

func (t *tally) decision() Decision {
	switch {
	case len(t.refused) > 0:
		return Decision{Status: Refused, Reasons: t.refused}
	case len(t.undetermined) > 0:
		return Decision{Status: Undetermined, Reasons: t.undetermined}
	case len(t.left) > 0:
		return Decision{Status: Partial, Reasons: t.left}
	}
	return Decision{Status: Allowed, Reasons: []string{}}
}

const groupExists = "group/exists"

// proofOf is the check that proves that the domain is the caller's.
func proofOf(b binding.Binding) string {
	if b.DomainProof == binding.ProofTXT {
		return "dns/ownership-is-proved"
	}
	return "dns/cname-reaches-group"
}

// mustPass tells which checks have to pass and may not merely not apply: the
// core of the request, the group, the domain's proof.
func mustPass(c checks.Check, b binding.Binding) bool {
	return c.Core && c.Family() == "request" || c.ID == groupExists || c.ID == proofOf(b)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
