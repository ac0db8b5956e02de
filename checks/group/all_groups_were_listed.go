package group

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
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
			Title: "Every group of the account was looked at for the domain",
			Why: "Who holds a domain is known only by reading each group. Where the RAM rights do not reach that far a " +
				"conflict stays unseen until SetDomain is refused; nothing is lost by that, for without a force the " +
				"platform takes the domain from no group.",
			Fix:        "Allow the reading actions on acs:apigateway:<region>:*:apigroup/*, or accept that a conflict shows late.",
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
	return namesGroup(b)
}
