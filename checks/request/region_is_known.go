package request

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// regionIsKnown is request/region-is-known.
func regionIsKnown() checks.Check {
	return checks.Check{
		ID: "request/region-is-known", Severity: checks.Warning,
		Applies: func(b binding.Binding) (bool, string) {
			if b.RegionID == "" {
				return false, "no region was named"
			}
			return setsDomain(b)
		},
		Judge: judgeRegion,
		Doc: checks.Doc{
			Title: "The region is a published region",
			Why: "The region becomes part of the endpoint's host name. For a misspelt region there is no such host; with a private " +
				"endpoint it is accepted, and the group is searched in the wrong region.",
			Fix:        "Write the region id as the console shows it. Ignore the warning for a region of a private cloud.",
			References: []string{"Alibaba Cloud, Regions and zones: https://www.alibabacloud.com/help/en/cloud-migration-guide-for-beginners/latest/regions-and-zones"},
			Failing:    "binding: {regionId: cn-hangzou}",
			Passing:    "binding: {regionId: cn-hangzhou}",
		},
	}
}

func judgeRegion(s checks.Subject) checks.Verdict {
	got := s.Binding.RegionID
	known, meant := binding.KnownRegion(got)
	if known {
		return checks.Pass()
	}
	message := fmt.Sprintf("got region %.64q, which is in no published list", got)
	if meant != "" {
		return checks.Judge(checks.Warns("/regionId", message+fmt.Sprintf("; did you mean %s?", meant), "write regionId: "+meant).Writing(meant))
	}
	return checks.Judge(checks.Warns("/regionId", message, "write the region id as the console shows it; one of a private cloud is fine"))
}
