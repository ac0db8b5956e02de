package group

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// domainIsFree is group/domain-is-free.
func domainIsFree() checks.Check {
	return checks.Check{
		ID: "group/domain-is-free", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedGroup, evidence.NeedAccount},
		Applies: target.Group,
		Judge:   judgeDomainIsFree,
		Doc: checks.Doc{
			Title: "No other group has the domain, or a force was requested",
			Why: "The platform binds a domain once for each instance and base path, and treats a bound wildcard as a conflict. With " +
				"IsForce it does not refuse: it unbinds the domain from every other group, in production too and without confirmation. " +
				"So every group of the account must be known before a force.",
			Fix: "Unbind the domain from the group that no longer needs it. To take it over, move its resolution first, then set " +
				"isForce: true and list the groups to displace in forceFrom.",
			References: []string{pageBind, pageForce},
			Failing: "evidence:\n  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           domain: {domainName: api.demo.com, bindStageName: RELEASE},\n" +
				"           conflicts: true}",
			Passing: "evidence:\n  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           basePath: /v2, domain: {domainName: api.demo.com},\n" +
				"           conflicts: false}",
		},
	}
}

func judgeDomainIsFree(s checks.Subject) checks.Verdict {
	b, account := s.Binding, s.Evidence.Account.Facts
	var findings []checks.Finding
	for _, h := range account.Conflicts() {
		if b.IsForce {
			findings = append(findings, checks.Warns("/isForce",
				fmt.Sprintf("the force would take %q from %s", h.Domain.DomainName, describe(h)), ""))
			continue
		}
		if deep(h.Domain.DomainName, b.DomainName) {
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("%s %s several labels apart; whether the platform takes that for a clash is not documented", describe(h), holds(h.Domain.DomainName, b.DomainName)),
				"if SetDomain refuses the binding, unbind the name there first"))
			continue
		}
		findings = append(findings, checks.Fails("/domainName",
			fmt.Sprintf("%s %s, on the same instance and base path", describe(h), holds(h.Domain.DomainName, b.DomainName)),
			fmt.Sprintf("unbind it there, or move its resolution, then set isForce: true and forceFrom: [%s]", h.GroupID)))
	}
	if b.IsForce && !account.Complete {
		return checks.Unknown("with isForce every group of the account must be known: "+why(account), findings...)
	}
	return checks.Judge(findings...)
}

// deep reports whether one of two overlapping names is a wildcard more than one
// label above the other.
func deep(theirs, ours string) bool {
	return !evidence.SameName(theirs, ours) && !evidence.CoversOneLabel(theirs, ours) && !evidence.CoversOneLabel(ours, theirs)
}

func holds(theirs, ours string) string {
	if evidence.SameName(theirs, ours) {
		return fmt.Sprintf("has %q already", theirs)
	}
	return fmt.Sprintf("has %q, which clashes with %q", theirs, ours)
}

// why says why a listing is not complete.
func why(a evidence.Account) string {
	if a.Problem == "" {
		return fmt.Sprintf("the listing ended after %d groups", a.GroupsRead)
	}
	return a.Problem
}
