package request

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
	"github.com/bindgate/bindgate/checks/spelling"
)

// everyGroupHas are the stages that no group can be without.
func everyGroupHas() []string { return []string{"TEST", "PRE", "RELEASE"} }

// stageIsValid is request/stage-is-valid. The well-known stages, and slips in
// writing them, are judged without the gateway; any other name needs the group.
func stageIsValid() checks.Check {
	return checks.Check{
		ID: "request/stage-is-valid", Severity: checks.Error, Core: true,
		MustPass: target.Proves(checks.RequestIsValid, target.Group),
		Applies:  setsGroup,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if stageSlip(b) != "" || stageIsWellKnown(b) {
				return nil
			}
			return []evidence.Need{evidence.NeedGroup}
		},
		Judge: judgeStage,
		Doc: checks.Doc{
			Title: "The stage exists in the group",
			Why: "The stage selects the published version of the APIs that answers under the domain. The platform refuses a misspelt " +
				"stage, but only after other bindings of the run were made; or the misspelt name is another stage of the group.",
			Fix: "Write TEST, PRE or RELEASE exactly, the exact name of a stage of the group (StageItems in DescribeApiGroup), " +
				`or "" for all environments.`,
			References: []string{pageSetDomain},
			Failing:    "binding: {bindStageName: RELAESE}",
			Passing:    "binding: {bindStageName: RELEASE}",
		},
	}
}

func stageIsWellKnown(b binding.Binding) bool {
	return b.BindStageName == nil || *b.BindStageName == "" || slices.Contains(everyGroupHas(), *b.BindStageName)
}

// stageSlip is the well-known stage that the binding's stage is one edit away from; empty: none.
func stageSlip(b binding.Binding) string {
	if stageIsWellKnown(b) {
		return ""
	}
	return spelling.Nearest(*b.BindStageName, everyGroupHas(), 1)
}

func judgeStage(s checks.Subject) checks.Verdict {
	if stageIsWellKnown(s.Binding) {
		return checks.Pass()
	}
	got := *s.Binding.BindStageName
	var has []string
	// A slip is judged without the group, but a group that was read may
	// really have a stage of that name.
	if s.Evidence.Group.State == evidence.StateObserved {
		for _, stage := range s.Evidence.Group.Facts.Stages {
			if stage.StageName == got {
				return checks.Pass()
			}
			has = append(has, fmt.Sprintf("%q", stage.StageName))
		}
	}
	if meant := stageSlip(s.Binding); meant != "" {
		return checks.Judge(checks.Fails("/bindStageName",
			fmt.Sprintf("got stage %q, want TEST, PRE, RELEASE or a stage of the group; did you mean %s?", got, meant),
			fmt.Sprintf("write bindStageName: %s", meant)).Writing(meant))
	}
	return checks.Judge(checks.Fails("/bindStageName",
		fmt.Sprintf("got stage %q, but the group's stages are: %s", got, strings.Join(has, ", ")),
		"write one of the group's stages exactly, or create the stage first"))
}
