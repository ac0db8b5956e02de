package group

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// allGroupsWereListed is group/all-groups-were-listed.
func allGroupsWereListed() checks.Check {
	return checks.Check{
		ID: "group/all-groups-were-listed", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedAccount},
		Applies: withoutForce,
		Judge: func(s checks.Subject) checks.Verdict {
			account := s.Evidence.Account.Facts
			if account.Complete {
				return checks.Pass()
			}
			return checks.Judge(checks.Warns("/domainName",
				"another group may hold the domain, and then the platform will refuse it: "+why(account),
				"allow apigateway:DescribeApiGroups and apigateway:DescribeApiGroup on every group of the region"))
		},
		Doc: checks.Doc{
			Title: "Every group of the account was searched for the domain",
			Why: "The only way to find out which group has a domain is to read each group. If RAM permissions prevent that, a conflict " +
				"is found only when SetDomain is refused. That does no harm: without a force the platform takes the domain from no " +
				"group.",
			Fix:        "Allow the reading actions on acs:apigateway:<region>:*:apigroup/*, or accept that a conflict is found late.",
			References: []string{pageGroups, pageBind},
			Failing:    "evidence:\n  account:\n    facts: {complete: false, problem: 'no permission'}",
			Passing:    "evidence: {}",
		},
	}
}

func withoutForce(b binding.Binding) (bool, string) {
	if b.IsForce {
		return false, "with isForce group/domain-is-free insists on it"
	}
	return target.Group(b)
}
