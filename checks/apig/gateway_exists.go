package apig

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// gatewayExists is apig/gateway-exists.
func gatewayExists() checks.Check {
	return checks.Check{
		ID: "apig/gateway-exists", Severity: checks.Error, Core: true,
		MustPass: target.Proves(checks.TargetExists, target.Gateway),
		Needs:    []evidence.Need{evidence.NeedGateway},
		Applies:  target.Gateway,
		Judge:    judgeGatewayExists,
		Doc: checks.Doc{
			Title: "The gateway exists in its region and is running",
			Why: "A domain on a gateway that was released, or is not running, answers no caller; and the load balancer that its DNS " +
				"record names may already belong to someone else. A domain record takes any name, so the platform reports no mistake.",
			Fix:        "Correct gatewayId and regionId as the console or ListGateways shows them; renew or start the gateway first.",
			References: []string{pageGetGateway},
			Failing:    "base: apig\nevidence: {gateway: {facts: {status: Deleting}}}",
			Passing:    "base: apig",
		},
	}
}

func judgeGatewayExists(s checks.Subject) checks.Verdict {
	b, g := s.Binding, s.Evidence.Gateway.Facts
	switch {
	case !g.Found:
		message := fmt.Sprintf("there is no gateway %q in region %q", b.GatewayID, b.RegionID)
		if len(g.Regions) > 0 && !slices.Contains(g.Regions, b.RegionID) {
			message += ", where the platform has none: its regions are " + strings.Join(g.Regions, ", ")
		}
		return checks.Judge(checks.Fails("/gatewayId", message,
			"correct gatewayId or regionId, and check that the credentials are the right account's"))
	case g.GatewayID != b.GatewayID:
		return checks.Unknown(fmt.Sprintf("the evidence is about gateway %q, the binding names %q", g.GatewayID, b.GatewayID))
	case g.RegionID != b.RegionID:
		return checks.Unknown(fmt.Sprintf("the evidence is about region %q, the binding names %q", g.RegionID, b.RegionID))
	case g.Status == "":
		return checks.Unknown("the platform left out the gateway's status")
	case g.ExpireTimestamp > 0 && s.Evidence.Run.Now.IsZero():
		return checks.Unknown("the run has no clock, so whether the gateway has expired is not known")
	}
	var found []checks.Finding
	if g.Status != "Running" {
		found = append(found, checks.Fails("/gatewayId", fmt.Sprintf("the gateway's status is %q, want Running", bounded(g.Status)),
			"wait until it is running, or bind to a gateway that is"))
	}
	if end := time.UnixMilli(g.ExpireTimestamp).UTC(); g.ExpireTimestamp > 0 && !s.Evidence.Run.Now.Before(end) {
		found = append(found, checks.Fails("/gatewayId", fmt.Sprintf("the gateway expired at %s, and is released with its load balancers", end.Format(time.RFC3339)),
			"renew the gateway, or bind to another one"))
	}
	if b.GatewayType != "" && g.GatewayType != "" && b.GatewayType != g.GatewayType { // unstated means the gateway's
		found = append(found, checks.Fails("/gatewayType", fmt.Sprintf("the gateway's type is %q, and the binding states %q", bounded(g.GatewayType), b.GatewayType),
			fmt.Sprintf("write gatewayType: %s, or name another gateway", bounded(g.GatewayType))))
	}
	return checks.Judge(found...)
}
