package request

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// regions are the region ids that Alibaba Cloud publishes, those for finance and
// government included. A private cloud has its own.
func regions() []string {
	return strings.Fields(`
		cn-qingdao cn-beijing cn-zhangjiakou cn-huhehaote cn-wulanchabu cn-hangzhou cn-shanghai cn-nanjing cn-fuzhou
		cn-wuhan-lr cn-zhengzhou-jva cn-shenzhen cn-heyuan cn-guangzhou cn-chengdu cn-zhongwei cn-hongkong
		ap-northeast-1 ap-northeast-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-5 ap-southeast-6 ap-southeast-7 ap-south-1
		us-east-1 us-west-1 us-southeast-1 na-south-1 eu-central-1 eu-west-1 eu-west-2 me-east-1 me-central-1
		cn-hangzhou-finance cn-shanghai-finance-1 cn-shenzhen-finance-1 cn-beijing-finance-1 cn-north-2-gov-1 cn-heyuan-acdr-1`)
}

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
	got, known := s.Binding.RegionID, regions()
	if slices.Contains(known, got) {
		return checks.Pass()
	}
	message, fix := fmt.Sprintf("got region %.64q, which is in no published list", got), "write the region id as the console shows it; one of a private cloud is fine"
	if meant := nearestRegion(got, known); meant != "" {
		message, fix = message+fmt.Sprintf("; did you mean %s?", meant), "write regionId: "+meant
	}
	return checks.Judge(checks.Warns("/regionId", message, fix))
}

// nearestRegion is the region that was probably meant: two edits away at most, or
// the same without its country.
func nearestRegion(got string, known []string) string {
	best, distance := "", 3
	for _, r := range known {
		_, place, _ := strings.Cut(r, "-")
		if place == got {
			return r
		}
		if len(got) > 64 {
			continue
		}
		if d := levenshtein.ComputeDistance(got, r); d < distance {
			best, distance = r, d
		}
	}
	return best
}
