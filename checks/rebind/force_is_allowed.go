package rebind

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// policies is the prefix of packages that must allow a force.
const policies = "bindgate.force"

// forceIsAllowed returns the check rebind/force-is-allowed.
func forceIsAllowed() checks.Check {
	return checks.Check{
		ID: "rebind/force-is-allowed", Severity: checks.Error, Core: true,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedGroup, evidence.NeedAccount, evidence.NeedPolicy},
		Applies:     forces,
		Judge:       judgeForceIsAllowed,
		Doc: checks.Doc{
			Title: "Every policy allows the force, and only groups in forceFrom are displaced",
			Why: "IsForce unbinds the domain from every group that it conflicts with, at once and without confirmation; the platform's " +
				"documentation calls the operation risky. So it needs an allow from each package under bindgate.force, and the binding " +
				"must list every group to displace.",
			Fix:        "Add the groups to displace to forceFrom, and satisfy the reasons of the policies.",
			References: []string{pageForce},
			Failing: "binding: {isForce: true}\nevidence:\n  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           domain: {domainName: api.demo.com}, conflicts: true}",
			Passing: "binding:\n  isForce: true\n  forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d]\nevidence:\n" +
				"  account:\n    facts:\n      boundGroups:\n" +
				"        - {groupId: 523e8dc7bbe04613b5b1d726c2a7889d, groupName: legacy,\n" +
				"           domain: {domainName: api.demo.com}, conflicts: true}\n" +
				"  policy:\n    facts:\n      packages: [{name: bindgate.force.rebind, allow: true}]",
		},
	}
}

func judgeForceIsAllowed(s checks.Subject) checks.Verdict {
	conflicts, none := displacedGroups(s)
	if conflicts == nil {
		return none
	}
	var findings []checks.Finding
	for _, h := range conflicts {
		if !slices.Contains(s.Binding.ForceFrom, h.GroupID) {
			findings = append(findings, checks.Fails("/forceFrom",
				fmt.Sprintf("%s would lose %q and is not in forceFrom", name(h), h.Domain.DomainName),
				fmt.Sprintf("if it may lose the domain, add %s to forceFrom", h.GroupID)))
		}
	}
	refusals, notRun := permission(s.Evidence.Policy.Facts)
	if findings = append(findings, refusals...); len(findings) == 0 && notRun != "" {
		return checks.NotRun(notRun)
	}
	return checks.Judge(findings...)
}

// permission returns a finding for each package that does not allow the force,
// and the name of one that was not run.
func permission(p evidence.Policy) (refusals []checks.Finding, notRun string) {
	packages := p.PackagesUnder(policies)
	if len(packages) == 0 {
		return []checks.Finding{checks.Fails("/isForce", "no policy under "+policies+" is loaded, so none allows the force",
			"load the policies that come with bindgate, or your own under "+policies)}, ""
	}
	for _, pkg := range packages {
		switch {
		case pkg.NotRun != "":
			notRun = fmt.Sprintf("%s was not run: %s", pkg.Name, pkg.NotRun)
		case !pkg.Allow:
			refusals = append(refusals, refusal(pkg)...)
		}
	}
	return refusals, notRun
}

// refusal returns a finding for each reason of a package, and one if it has
// none.
func refusal(pkg evidence.PolicyPackage) []checks.Finding {
	if len(pkg.Reasons) == 0 {
		return []checks.Finding{checks.Fails("/isForce", pkg.Name+" does not allow the force and states no reason",
			"see the conditions of its rule allow")}
	}
	var out []checks.Finding
	for _, r := range pkg.Reasons {
		pointer := r.Pointer
		if pointer == "" {
			pointer = "/isForce"
		}
		out = append(out, checks.Fails(pointer, fmt.Sprintf("%s does not allow the force: %s", pkg.Name, r.Text),
			"satisfy the policy, or remove isForce"))
	}
	return out
}
