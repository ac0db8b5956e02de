package request

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// forceIsExplained is request/force-is-explained. It only advises: what a force
// must bring with it is for the force policies to say.
func forceIsExplained() checks.Check {
	return checks.Check{
		ID: "request/force-is-explained", Severity: checks.Warning,
		Applies: func(b binding.Binding) (bool, string) {
			if !b.IsForce {
				return false, "no force is asked for"
			}
			return setsDomain(b)
		},
		Judge: judgeExplained,
		Doc: checks.Doc{
			Title: "A force names the groups it may displace, the owner and the ticket",
			Why: "A force unbinds the domain from other groups, in production and without asking their owners. A reviewer, or an " +
				"engineer who is called at night, must be able to see what was intended.",
			Fix:        "Add forceFrom with the ids of the groups to displace, and the labels owner and changeTicket.",
			References: []string{pageSetDomain},
			Failing:    "binding:\n  isForce: true\n  forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d]\n  labels: {changeTicket: null}",
			Passing:    "binding:\n  isForce: true\n  forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d]",
		},
	}
}

func judgeExplained(s checks.Subject) checks.Verdict {
	b := s.Binding
	var findings []checks.Finding
	if len(b.ForceFrom) == 0 {
		findings = append(findings, checks.Warns("/isForce", "isForce without forceFrom: no group is named that may lose the domain",
			"add forceFrom with the ids of the groups that may lose it"))
	}
	if b.Labels["owner"] == "" {
		findings = append(findings, checks.Warns("/labels/owner", "isForce without the label owner, which names who is responsible",
			"add labels: {owner: …}").Writing(""))
	}
	if b.Labels["changeTicket"] == "" {
		findings = append(findings, checks.Warns("/labels/changeTicket", "isForce without the label changeTicket: nothing explains it",
			"add labels: {changeTicket: …}").Writing(""))
	}
	return checks.Judge(findings...)
}
