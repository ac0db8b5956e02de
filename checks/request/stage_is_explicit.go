package request

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// stageIsExplicit is request/stage-is-explicit.
func stageIsExplicit() checks.Check {
	return checks.Check{
		ID: "request/stage-is-explicit", Severity: checks.Warning,
		Applies: setsGroup,
		Judge:   judgeExplicit,
		Doc: checks.Doc{
			Title: "The binding states its stage",
			Why: "An absent bindStageName and an empty one differ. Absent means every environment on a first bind, but keeps an earlier " +
				"restriction on an update; empty removes the restriction. A reader of the manifest cannot see which applies.",
			Fix:        `Write the stage, or bindStageName: "" if every environment is meant.`,
			References: []string{pageSetDomain},
			Failing:    "binding: {bindStageName: null}",
			Passing:    `binding: {bindStageName: ""}`,
		},
	}
}

func judgeExplicit(s checks.Subject) checks.Verdict {
	if s.Binding.BindStageName != nil {
		return checks.Pass()
	}
	if s.Evidence.Run.Contract == evidence.Contract2017 {
		return checks.NotApplicable("the 2017 contract has no stages")
	}
	return checks.Judge(checks.Warns("/bindStageName",
		"bindStageName is absent: a first bind opens every environment, a later one keeps the stage that is set",
		`write the stage, or bindStageName: "" if every environment is meant`))
}
