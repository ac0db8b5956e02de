package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
)

// What a policy can need beside evidence of a binding.
const (
	needCI        evidence.Need = "ci" // a verified token of the CI job
	needApprovals evidence.Need = evidence.NeedApprovals

	needExternal = "external." // and the name of facts that the owner declares
)

// givenNeeds are the parts of the input that a run may be given.
func givenNeeds() []evidence.Need { return []evidence.Need{needCI, needApprovals} }

// give adds what the run was given to a document. Approvals that have ended by the
// time of the run are not in it; they are a list also where there are none.
func (d *document) give(run evidence.Run) {
	d.Approvals = run.Given.ApprovalsAt(run.Now)
	if g := run.Given; g != nil {
		d.CI, d.PlanDigest = g.CI, g.Plan
		maps.Copy(d.External, g.External)
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
		name, external := strings.CutPrefix(string(need), needExternal)
		if !external {
			return d.Evidence.of(need)
		}
		facts, ok := d.External[name]
		if ok && !d.Run.Now.Before(facts.Until) {
			return evidence.Metadata{State: evidence.StateFailed, Reason: "the facts may be used until " + facts.Until.Format(time.RFC3339)}
		}
		given, reason = ok, fmt.Sprintf("the facts were not given (--external %s=FILE)", name)
	}
	if given {
		return evidence.Metadata{State: evidence.StateObserved}
	}
	return evidence.Metadata{State: evidence.StateNotCollected, Reason: reason}
}

// givenIn returns the part of what a run is given that a reference to the input reads;
// empty: none.
func givenIn(path []string) evidence.Need {
	if len(path) > 1 && path[0] == "external" {
		return evidence.Need(needExternal + path[1])
	}
	if len(path) > 0 && slices.Contains(givenNeeds(), evidence.Need(path[0])) {
		return evidence.Need(path[0])
	}
	return ""
}

// encodeRaw turns JSON into a term.
func encodeRaw(v reflect.Value) (*ast.Term, error) {
	raw, _ := v.Interface().(json.RawMessage)
	if len(raw) == 0 {
		return ast.InternedNullTerm, nil
	}
	value, err := ast.ValueFromReader(bytes.NewReader(raw))
	return ast.NewTerm(value), err
}
