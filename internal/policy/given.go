package policy

import (
	"slices"

	"github.com/bindgate/bindgate/checks/evidence"
)

// What a policy can need beside evidence of a binding.
const (
	needCI        evidence.Need = "ci" // a verified token of the CI job
	needApprovals evidence.Need = evidence.NeedApprovals
)

// givenNeeds are the parts of the input that a run may be given.
func givenNeeds() []evidence.Need { return []evidence.Need{needCI, needApprovals} }

// give adds what the run was given to a document. Approvals that have ended by the
// time of the run are not in it; they are a list also where there are none.
func (d *document) give(run evidence.Run) {
	d.Approvals = run.Given.ApprovalsAt(run.Now)
	if g := run.Given; g != nil {
		d.CI, d.PlanDigest = g.CI, g.Plan
	}
}

// of returns how collecting one piece of evidence went, or whether the run was given
// it.
func (d *document) of(need evidence.Need) evidence.Metadata {
	given, reason := false, ""
	switch need {
	case needCI:
		given, reason = d.CI != nil, "no token of a CI job was given (--ci-token)"
	case needApprovals:
		given, reason = d.PlanDigest != "", "no saved plan is applied, and approvals are of one (apply --plan FILE --approval FILE)"
	case needPlan:
		return d.Plan.Metadata
	default:
		return d.Evidence.of(need)
	}
	if given {
		return evidence.Metadata{State: evidence.StateObserved}
	}
	return evidence.Metadata{State: evidence.StateNotCollected, Reason: reason}
}

// givenIn returns the part of what a run is given that a reference to the input reads;
// empty: none.
func givenIn(path []string) evidence.Need {
	if len(path) > 0 && slices.Contains(givenNeeds(), evidence.Need(path[0])) {
		return evidence.Need(path[0])
	}
	return ""
}
