package rebind

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// forceIsNeeded is rebind/force-is-needed.
func forceIsNeeded() checks.Check {
	return checks.Check{
		ID: "rebind/force-is-needed", Severity: checks.Warning,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedAccount},
		Applies:     forces,
		Judge:       judgeForceIsNeeded,
		Doc: checks.Doc{
			Title: "A force is asked for only where something conflicts",
			Why: "isForce is leave, not an order: it is sent only where a conflict was seen. Leave that stays in a manifest " +
				"when the take-over is done is leave given by habit, for whoever holds the domain next.",
			Fix:        "Take isForce and forceFrom out of the binding once the domain has moved.",
			References: []string{pageForce},
			Failing:    "binding: {isForce: true}",
			Passing: "binding: {isForce: true}\nevidence:\n  account:\n    facts:\n      holders:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           domain: {domainName: api.demo.com}, conflicts: true}",
		},
	}
}

func judgeForceIsNeeded(s checks.Subject) checks.Verdict {
	account := s.Evidence.Account.Facts
	switch {
	case len(account.Conflicts()) > 0:
		return checks.Pass()
	case !account.Complete:
		_, unknown := losers(s)
		return unknown
	}
	return checks.Judge(checks.Warns("/isForce", "isForce is true although no group conflicts: it would not be sent",
		"take isForce and forceFrom out of the binding"))
}
