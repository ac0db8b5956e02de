package request

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
)

// groupIDIsWellFormed is request/group-id-is-well-formed. No page states the
// form as a rule, so it is advice; whether the group exists is group/exists.
func groupIDIsWellFormed() checks.Check {
	return checks.Check{
		ID: "request/group-id-is-well-formed", Severity: checks.Warning,
		Applies: setsGroup,
		Judge:   judgeGroupID,
		Doc: checks.Doc{
			Title: "The group id has the format of a group id",
			Why: "Every published example of a GroupId is 32 lower-case hexadecimal digits. Another format is usually a group's name, " +
				"its SubDomain, or an id that was copied incompletely.",
			Fix:        "Copy GroupId from DescribeApiGroups or from the console.",
			References: []string{pageSetDomain},
			Failing:    "binding: {groupId: payments}",
			Passing:    "binding: {groupId: 927d50c0f2e54b359919923d908bb015}",
		},
	}
}

func judgeGroupID(s checks.Subject) checks.Verdict {
	if id := s.Binding.GroupID; len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" {
		return checks.Pass()
	}
	return checks.Judge(checks.Warns("/groupId",
		fmt.Sprintf("got group id %q, want 32 lower-case hexadecimal digits as in every published example", s.Binding.GroupID),
		"copy GroupId from DescribeApiGroups or from the console"))
}
