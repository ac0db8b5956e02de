package apig

import (
	"cmp"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// domainIsPublished is apig/domain-is-published.
func domainIsPublished() checks.Check {
	return checks.Check{
		ID: "apig/domain-is-published", Severity: checks.Warning,
		NeedsFor: func(b binding.Binding) []evidence.Need {
			if b.Unserved {
				return nil
			}
			return []evidence.Need{evidence.NeedRecords, evidence.NeedServing}
		},
		Applies: func(b binding.Binding) (bool, string) {
			if b.Unserved {
				return true, ""
			}
			return target.Gateway(b)
		},
		Judge: judgePublished,
		Doc: checks.Doc{
			Title: "A route that is deployed on the gateway serves the domain",
			Why: "A domain serves nothing until an API or a route that names it is deployed on the gateway: every call gets 404. bindgate " +
				"makes and updates the domain, and deploys nothing.",
			Fix:        "Add the domain to a route or an API, and deploy it on the gateway.",
			References: []string{pageGetDomain, "Alibaba Cloud, cloud-native API Gateway, ListHttpApiRoutes and DeployHttpApi (2024-03-27): deployStatus, customDomainIds"},
			Failing:    "base: apig\nevidence: {serving: {facts: {routes: [{gatewayId: gw-other, httpApiId: api-1, routeId: hr-1, deployStatus: Deployed}]}}}",
			Passing:    "base: apig",
		},
	}
}

func judgePublished(s checks.Subject) checks.Verdict {
	b, r, serving := s.Binding, s.Evidence.Records.Facts.Domain, s.Evidence.Serving.Facts
	if b.Unserved {
		return checks.Judge(checks.Warns("/domainName", "no gateway serves the domain: no route and no deployment names it, so every call gets 404",
			"delete the domain if it is no longer needed; else add it to a route or an API, and deploy it on a gateway"))
	}
	if r == nil {
		return checks.NotApplicable("the domain has no record yet; add it to a route and deploy that once it has")
	}
	const fix = "add the domain to a route or an API, and deploy it on the gateway"
	var found []checks.Finding
	warn := func(format string, args ...any) {
		found = append(found, checks.Warns("/domainName", fmt.Sprintf(format, args...), fix))
	}
	if r.Status != "" && r.Status != "Published" {
		warn("the status of the domain is %q, want Published", bounded(r.Status))
	}
	deployed := serving.Deployed(b.GatewayID)
	switch {
	case deployed:
	case !serving.Complete:
		return checks.Unknown("the APIs and routes of the gateway could not all be read: "+cmp.Or(serving.Problem, "the listing is not complete"), found...)
	default:
		warn("no route or API that names the domain is deployed on gateway %s, so every call gets 404", b.GatewayID)
	}
	if deployed && r.Status == "" && r.UsedBy == 0 {
		warn("the platform shows neither a status nor a use of the domain")
	}
	return checks.Judge(found...)
}
