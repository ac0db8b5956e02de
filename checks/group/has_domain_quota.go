package group

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// room is how many domains of each network type a group takes, wildcards
// counted. The quota can be raised, so that a full group is only advice.
const room = 5

// hasDomainQuota is group/has-domain-quota.
func hasDomainQuota() checks.Check {
	return checks.Check{
		ID: "group/has-domain-quota", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedGroup},
		Applies: namesGroup,
		Judge:   judgeHasRoom,
		Doc: checks.Doc{
			Title: "The group has room for one more domain",
			Why: "A group takes five INTERNET and five INTRANET domains, wildcards counted, unless its quota was raised. The " +
				"next one is refused when it is bound, in the middle of a release.",
			Fix:        "Unbind a domain that is not used any more, have the quota raised, or use another group.",
			References: []string{pageBind},
			Failing: "evidence:\n  group:\n    facts:\n      domains: [{domainName: a.demo.com}, {domainName: b.demo.com},\n" +
				"                {domainName: c.demo.com}, {domainName: d.demo.com},\n" +
				"                {domainName: '*.demo.com'}]",
			Passing: "evidence:\n  group:\n    facts:\n      domains: [{domainName: a.demo.com}, {domainName: b.demo.com},\n" +
				"                {domainName: c.demo.com}, {domainName: d.demo.com},\n" +
				"                {domainName: e.demo.com, customDomainType: INTRANET}]",
		},
	}
}

func judgeHasRoom(s checks.Subject) checks.Verdict {
	b, taken := s.Binding, 0
	for _, d := range s.Evidence.Group.Facts.Domains {
		if !strings.EqualFold(networkType(d), b.CustomDomainType) {
			continue
		}
		if evidence.SameName(d.DomainName, b.DomainName) {
			return checks.Pass() // it has its place already
		}
		taken++
	}
	if taken < room {
		return checks.Pass()
	}
	return checks.Judge(checks.Warns("/groupId",
		fmt.Sprintf("the group has %d %s domains already, and %d is the default quota", taken, b.CustomDomainType, room),
		"unbind one that is not used any more, or have the quota raised"))
}
