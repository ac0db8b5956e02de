package rebind

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// forceIsNeeded returns the check rebind/force-is-needed.
func forceIsNeeded() checks.Check {
	return checks.Check{
		ID: "rebind/force-is-needed", Severity: checks.Warning,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedAccount},
		Applies:     forces,
		Judge:       judgeForceIsNeeded,
		Doc: checks.Doc{
			Title: "A force is requested only if there is a conflict",
			Why: "isForce is a permission, not an instruction: it is sent only if there is a conflict. A permission that stays in a manifest " +
				"after the take-over also allows displacing any later group.",
			Fix:        "Remove isForce and forceFrom from the binding once the domain has moved.",
			References: []string{pageForce},
			Failing:    "binding: {isForce: true}",
			Passing: "binding: {isForce: true}\nevidence:\n  account:\n    facts:\n      boundGroups:\n" +
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
		_, unknown := displacedGroups(s)
		return unknown
	}
	return checks.Judge(checks.Warns("/isForce", "isForce is true but no group conflicts, so it would not be sent",
		"remove isForce and forceFrom from the binding"))
}
