package apig

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// recordIsUpdatable is apig/record-is-updatable.
func recordIsUpdatable() checks.Check {
	return checks.Check{
		ID: "apig/record-is-updatable", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRecords, evidence.NeedGateway},
		Applies: target.Gateway,
		Judge:   judgeUpdatable,
		Doc: checks.Doc{
			Title: "An update can make the domain's record what the binding states",
			Why: "UpdateDomain cannot change a domain's scope, gateway type or resource group: the call succeeds, and the setting stays. A " +
				"record that an Ingress controller made is written by the cluster, which overwrites an update by others. The default " +
				"record answers for every name that no other record has, so its settings reach further than its name.",
			Fix: "State the setting that the record has, or create the domain again in the console. Change an Ingress's domain in the " +
				"cluster.",
			References: []string{pageUpdateDomain, pageGetDomain, codeProvider},
			Failing:    "base: apig\nbinding: {tlsMin: TLS 1.3}\nevidence: {records: {facts: {domain: {createFrom: Ingress}}}}",
			Passing:    "base: apig\nbinding: {tlsMin: TLS 1.3}",
		},
	}
}

func judgeUpdatable(s checks.Subject) checks.Verdict {
	b, r := s.Binding, s.Evidence.Records.Facts.Domain
	if r == nil {
		return checks.NotApplicable("the domain has no record yet")
	}
	if !evidence.SameName(r.Name, b.DomainName) {
		return checks.Unknown(fmt.Sprintf("the evidence is about the record of %q", bounded(r.Name)))
	}
	var found []checks.Finding
	fixed := func(name, pointer, want, got, fix string) {
		switch {
		case want == "" || strings.EqualFold(want, got):
		case got == "": // GetDomain does not return the gateway type
			found = append(found, checks.Warns(pointer, fmt.Sprintf("the record does not show its %s, which an update cannot change; the binding states %q", name, want),
				"compare it with the console"))
		default:
			found = append(found, checks.Fails(pointer, fmt.Sprintf("the domain's %s is %q and cannot be changed by an update; the binding states %q", name, bounded(got), want), fix))
		}
	}
	const again = "state what the domain has, or delete the domain and create it again"
	fixed("domainScope", "/domainScope", b.DomainScope, r.DomainScope, again)
	fixed("gatewayType", "/gatewayType", b.GatewayType, r.GatewayType, again)
	if g := s.Evidence.Gateway.Facts; b.GatewayType == "" && g.GatewayType != "" && r.GatewayType != "" && !strings.EqualFold(g.GatewayType, r.GatewayType) {
		found = append(found, checks.Fails("/gatewayId", fmt.Sprintf("the record of %q is for gateways of type %s, and the gateway %q is of type %s: an update would change what the other gateways serve",
			b.DomainName, bounded(r.GatewayType), b.GatewayID, bounded(g.GatewayType)), "name a gateway of the record's type, or delete the record and let this manifest create one"))
	}
	fixed("resourceGroupId", "/resourceGroupId", b.ResourceGroupID, r.ResourceGroupID, "state what the domain has, or move it with ChangeResourceGroup")
	changed := target.Changes(s, *r)
	if len(changed) == 0 {
		return checks.Judge(found...)
	}
	what := strings.Join(changed, ", ")
	if strings.EqualFold(r.CreateFrom, "Ingress") {
		found = append(found, checks.Fails("/domainName", fmt.Sprintf("an Ingress controller made the record of %q and overwrites what others change; this binding would change %s", b.DomainName, what),
			"change it in the cluster's Ingress, or remove the domain there and let this manifest create it"))
	} else if r.CreateFrom != "" && !strings.EqualFold(r.CreateFrom, "Console") {
		found = append(found, checks.Warns("/domainName", fmt.Sprintf("the record of %q was made by %q, which may overwrite what this binding changes: %s", b.DomainName, bounded(r.CreateFrom), what),
			"change it where it was made"))
	}
	if r.Default {
		found = append(found, checks.Warns("/domainName", fmt.Sprintf("%q is the default domain: it answers for every name that no other domain has, so the change of %s reaches those callers too", b.DomainName, what),
			"go on if that is intended"))
	}
	return checks.Judge(found...)
}
