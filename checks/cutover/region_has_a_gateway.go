package cutover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// regionHasAGateway is cutover/region-has-a-gateway.
func regionHasAGateway() checks.Check {
	return checks.Check{
		ID: "cutover/region-has-a-gateway", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedGateway},
		Applies: moves,
		Judge:   judgeRegion,
		Doc: checks.Doc{
			Title: "The cloud-native gateway is offered in the region of the API group",
			Why: "The cloud-native gateway is sold in fewer regions than the classic one. A domain of a region without it has to move to " +
				"another region, which changes where its callers' data is processed and how far its backends are.",
			Fix:        "Choose a region of the list in `to`, and move the backends or connect the networks first.",
			References: []string{"Alibaba Cloud, cloud-native API Gateway, DescribeRegions (2024-03-27)", pageMigration},
			Failing:    "base: cutover\nevidence: {gateway: {facts: {regions: [cn-shanghai]}}}",
			Passing:    "base: cutover",
		},
	}
}

func judgeRegion(s checks.Subject) checks.Verdict {
	regions, from, to := s.Evidence.Gateway.Facts.Regions, s.Binding.MovesFrom.RegionID, s.Binding.RegionID
	switch {
	case len(regions) == 0:
		return checks.Unknown("the platform did not say in which regions it is offered; allow apig:DescribeRegions")
	case !slices.Contains(regions, to):
		return checks.Judge(checks.Fails("/regionId", fmt.Sprintf("the cloud-native gateway is not offered in %s; its regions are %s", to, bounded(strings.Join(regions, ", "))),
			"name a gateway in one of them"))
	case from != to:
		message := fmt.Sprintf("the domain moves from %s to %s, although the cloud-native gateway is offered in %s too", from, to, from)
		if !slices.Contains(regions, from) {
			message = fmt.Sprintf("the domain moves from %s, where the cloud-native gateway is not offered, to %s", from, to)
		}
		return checks.Judge(checks.Warns("/regionId", message, "look at the backends, the filing and where data may be processed"))
	}
	return checks.Pass()
}
