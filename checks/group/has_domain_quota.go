package group

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// defaultQuota is how many domains of each network type a group takes, wildcards
// counted. It can be raised, so that a full group is only a warning.
const defaultQuota = 5

// hasDomainQuota is group/has-domain-quota.
func hasDomainQuota() checks.Check {
	return checks.Check{
		ID: "group/has-domain-quota", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedGroup, evidence.NeedSiblings},
		Applies: target.Group,
		Judge:   judgeDomainQuota,
		Doc: checks.Doc{
			Title: "The group's quota allows the domains of this run",
			Why: "A group can have five INTERNET and five INTRANET domains, including wildcards, unless its quota was raised. The next " +
				"one is refused when it is bound, in the middle of a release.",
			Fix:        "Unbind an unused domain, request a higher quota, or use another group.",
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

func judgeDomainQuota(s checks.Subject) checks.Verdict {
	b, bound := s.Binding, map[string]bool{}
	for _, d := range s.Evidence.Group.Facts.Domains {
		if strings.EqualFold(networkType(d), b.CustomDomainType) {
			bound[evidence.PlainName(d.DomainName)] = true
		}
	}
	if bound[evidence.PlainName(b.DomainName)] {
		return checks.Pass()
	}
	others := 0
	for _, name := range s.Evidence.Siblings.Facts.SameGroup {
		if !bound[evidence.PlainName(name)] {
			others++
		}
	}
	got := fmt.Sprintf("the group has %d %s domains already", len(bound), b.CustomDomainType)
	switch {
	case len(bound)+others < defaultQuota:
		return checks.Pass()
	case others > 0:
		got += fmt.Sprintf(", and this run binds %d others to it", others)
	}
	return checks.Judge(checks.Warns("/groupId", fmt.Sprintf("%s; the default quota is %d", got, defaultQuota),
		"unbind one that is not used any more, use another group, or have the quota raised"))
}
