package apig

import (
	"cmp"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// nameIsHeldOnce is apig/name-is-held-once.
func nameIsHeldOnce() checks.Check {
	return checks.Check{
		ID: "apig/name-is-held-once", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRecords},
		Applies: target.Gateway,
		Judge:   judgeHeldOnce,
		Doc: checks.Doc{
			Title: "No other record of the account and region has the name or one that overlaps it",
			Why: "Two records of one name, such as one for API and one for AI gateways, have two certificates and two sets of routes, and " +
				"it is not documented which of them answers. A new record under another's wildcard, or a new wildcard over another's name, " +
				"takes that one's callers. Records of other accounts cannot be seen.",
			Fix:        "Delete the record that is no longer needed, or move its routes. An overlap that is intended needs a lowered severity by the gate's owner.",
			References: []string{pageGetDomain, pageCreateDomain},
			Failing:    "base: apig\nevidence: {records: {facts: {same: [{domainId: d-2, name: api.demo.com, gatewayType: AI}]}}}",
			Passing:    "base: apig\nevidence: {records: {facts: {domain: null}}}",
		},
	}
}

func judgeHeldOnce(s checks.Subject) checks.Verdict {
	b, facts := s.Binding, s.Evidence.Records.Facts
	var found []checks.Finding
	for _, r := range facts.Same {
		found = append(found, checks.Fails("/domainName",
			fmt.Sprintf("another record, %s, has the name %q too (gateway type %s); which of them answers is not documented", r.DomainID, bounded(r.Name), cmp.Or(r.GatewayType, "unknown")),
			"delete the record that is no longer needed"))
	}
	for _, r := range facts.Overlaps {
		message := fmt.Sprintf("the record %s has %q, which overlaps %q", r.DomainID, bounded(r.Name), b.DomainName)
		if facts.Domain != nil { // both answer already, and an update moves no traffic
			found = append(found, checks.Warns("/domainName", message+": the exact name answers before a wildcard", "delete the one that is no longer needed"))
			continue
		}
		found = append(found, checks.Fails("/domainName", message+": a new record would take some of its callers, and records of other accounts cannot be seen",
			"delete that record first, or bind a name outside of it"))
	}
	if !facts.Complete && !checks.HasError(found) {
		return checks.Unknown("the records of the account could not all be read: "+cmp.Or(facts.Problem, "the listing is not complete"), found...)
	}
	return checks.Judge(found...)
}
