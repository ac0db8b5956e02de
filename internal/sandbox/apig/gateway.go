package apig

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

// found returns a gateway that is not released. The lock must be held.
func (s *Store) found(r *Request, id string) (*Gateway, error) {
	g := s.gateway(id)
	switch {
	case g == nil || !r.here(g.RegionID) || g.Released && !s.assume.ReleasedIsConflict:
		return nil, refusal.New(http.StatusNotFound, "NotFound.GatewayNotFound", "The gateway %q is not found.", id)
	case g.Released:
		return nil, refusal.New(http.StatusConflict, "Conflict.GatewayIsDeleted", "The gateway %q is deleted.", id)
	}
	return g, nil
}

// running returns a gateway that takes changes. The code is documented; that it is
// the answer of every gateway that is not running is an invention.
func (s *Store) running(r *Request, id string) error {
	g, err := s.found(r, id)
	if err == nil && g.Status != "Running" {
		err = refusal.New(http.StatusConflict, "Conflict.AppClusterIsAlreadyInChanging", "The gateway %q is changing, retry after some minutes.", id)
	}
	return err
}

func (g Gateway) answer() map[string]any {
	balancers := []map[string]any{}
	for i, lb := range g.LoadBalancers {
		version := "ipv4"
		if len(lb.IPv4Addresses) == 0 && len(lb.IPv6Addresses) > 0 {
			version = "ipv6"
		}
		balancers = append(balancers, map[string]any{
			"loadBalancerId": lb.LoadBalancerID, "address": lb.Address, "addressType": lb.AddressType, "addressIpVersion": version, "type": lb.Type,
			"mode": "Managed", "gatewayDefault": i == 0, "status": lb.Status,
			"ports":         []map[string]any{{"port": 80, "protocol": "TCP"}, {"port": 443, "protocol": "TCP"}},
			"ipv4Addresses": append([]string{}, lb.IPv4Addresses...), "ipv6Addresses": append([]string{}, lb.IPv6Addresses...),
		})
	}
	out := map[string]any{
		"gatewayId": g.GatewayID, "name": g.Name, "status": g.Status, "gatewayType": g.GatewayType, "gatewayEdition": g.GatewayEdition,
		"version": g.Version, "targetVersion": g.TargetVersion, "chargeType": g.ChargeType, "createFrom": "Console", "createTimestamp": g.CreateTimestamp,
		"updateTimestamp": g.CreateTimestamp, "resourceGroupId": g.ResourceGroupID, "spec": "apigw.small.x1", "replicas": "2", "loadBalancers": balancers,
	}
	if g.ExpireTimestamp != 0 {
		out["expireTimestamp"] = g.ExpireTimestamp
	}
	return out
}

// getGateway has no subDomainInfos, as the definition has none.
func getGateway(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g, err := s.found(r, r.Params["gatewayId"])
	if err != nil {
		return nil, err
	}
	out := g.answer()
	out["environments"] = []map[string]any{{"environmentId": g.EnvironmentID, "name": "default", "alias": "default"}}
	return out, nil
}

// listGateways matches name exactly and keyword in name or id; the pages do not say
// how either is compared.
func listGateways(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []Gateway
	for _, g := range s.gateways {
		if g.Released || !r.here(g.RegionID) || !r.equals("gatewayId", g.GatewayID) || !r.equals("name", g.Name) || !r.equals("gatewayType", g.GatewayType) ||
			!r.equals("resourceGroupId", g.ResourceGroupID) || !like(g.Name+" "+g.GatewayID, r.Params["keyword"]) {
			continue
		}
		all = append(all, g)
	}
	return paged(r, s.maxPage(), all, func(g Gateway) map[string]any {
		item := g.answer()
		subs := []map[string]any{}
		for _, sub := range g.SubDomains {
			subs = append(subs, map[string]any{"domainId": sub.DomainID, "name": sub.Name, "networkType": sub.NetworkType, "protocol": sub.Protocol})
		}
		item["subDomainInfos"] = subs
		return item
	})
}

func listFeatures(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g, err := s.found(r, r.Params["gatewayId"])
	if err != nil {
		return nil, err
	}
	features := g.Features
	if !slices.ContainsFunc(features, func(f Feature) bool { return f.Name == http2Feature }) {
		features = append(slices.Clone(features), Feature{Name: http2Feature, Value: "true", DefaultValue: "true"})
	}
	items := []map[string]any{}
	for _, f := range features {
		items = append(items, map[string]any{"value": f.Value, "definition": map[string]any{"name": f.Name, "defaultValue": f.DefaultValue}})
	}
	return map[string]any{"items": items, "totalSize": len(items)}, nil
}

// Regions are those in which gateways are sold, as far as their ids are known.
func Regions() []string {
	return []string{"cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-wulanchabu", "cn-hangzhou", "cn-shanghai", "cn-shenzhen", "cn-chengdu", "cn-hongkong",
		"ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5", "us-west-1", "us-east-1", "eu-central-1", "cn-shanghai-finance-1"}
}

func describeRegions(_ *Store, _ *Request) (any, error) {
	list := []map[string]any{}
	for _, id := range Regions() {
		list = append(list, map[string]any{"regionId": id, "localName": id, "endpoint": "apig." + id + ".aliyuncs.com"})
	}
	return list, nil
}

// domainInfos are the domains of a route or a deployment.
func (s *Store) domainInfos(ids []string) []map[string]any {
	out := []map[string]any{}
	for _, id := range ids {
		if d := s.domain(id); d != nil {
			info := map[string]any{"domainId": d.DomainID, "name": d.Name}
			if d.Protocol != "" {
				info["protocol"] = d.Protocol
			}
			out = append(out, info)
		}
	}
	return out
}

func (s *Store) gatewayInfo(id string) map[string]any {
	info := map[string]any{"gatewayId": id}
	if g := s.gateway(id); g != nil {
		info["name"] = g.Name
	}
	return info
}

// apiInfo is an API as both reads of it show it: deployments of the whole API in
// environments and deployConfigs, routes by ListHttpApiRoutes only.
func (s *Store) apiInfo(a HTTPAPI, environments bool) map[string]any {
	configs, envs := []map[string]any{}, []map[string]any{}
	for _, d := range a.Deployments {
		environment := ""
		if g := s.gateway(d.GatewayID); g != nil {
			environment = g.EnvironmentID
		}
		configs = append(configs, map[string]any{"gatewayId": d.GatewayID, "environmentId": environment, "autoDeploy": false,
			"customDomainIds": append([]string{}, d.DomainIDs...), "customDomainInfos": s.domainInfos(d.DomainIDs)})
		envs = append(envs, map[string]any{"environmentId": environment, "name": "default", "customDomains": s.domainInfos(d.DomainIDs),
			"deployStatus": d.DeployStatus, "gatewayInfo": s.gatewayInfo(d.GatewayID)})
	}
	out := map[string]any{"httpApiId": a.HTTPAPIID, "name": a.Name, "type": a.Type, "basePath": a.BasePath, "protocols": []string{"HTTP", "HTTPS"},
		"resourceGroupId": a.ResourceGroupID, "deployConfigs": configs}
	if environments {
		out["environments"] = envs
	}
	return out
}

// regionOf returns the region of an API: that of its gateways; empty without any.
func (s *Store) regionOf(a HTTPAPI) string {
	for _, g := range s.gateways {
		if a.touches(g.GatewayID) {
			return g.RegionID
		}
	}
	return ""
}

// touches reports whether an API has a deployment or a route on a gateway.
func (a HTTPAPI) touches(gatewayID string) bool {
	return slices.ContainsFunc(a.Deployments, func(d Deployment) bool { return d.GatewayID == gatewayID }) ||
		slices.ContainsFunc(a.Routes, func(r Route) bool { return r.GatewayID == gatewayID })
}

// listAPIs shows environments if the call asks for them, which is an invention.
func listAPIs(s *Store, r *Request) (any, error) {
	environments, err := r.yes("withEnvironmentInfo")
	if err != nil {
		return nil, err
	}
	if _, err := r.yes("withAPIsPublishedToEnvironment"); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []HTTPAPI
	for _, a := range s.apis {
		if gateway := r.Params["gatewayId"]; gateway != "" && !a.touches(gateway) || !r.here(s.regionOf(a)) || !r.equals("gatewayType", "API") ||
			!r.oneOf("types", a.Type) || !r.equals("name", a.Name) || !like(a.Name, r.Params["keyword"]) || !r.equals("resourceGroupId", a.ResourceGroupID) {
			continue
		}
		all = append(all, a)
	}
	return paged(r, documentedPage, all, func(a HTTPAPI) map[string]any {
		return map[string]any{"name": a.Name, "type": a.Type, "versionEnabled": false, "versionedHttpApis": []any{s.apiInfo(a, environments)}}
	})
}

// oneOf reports whether a filter, a list with commas, has the value or is absent.
func (r *Request) oneOf(name, value string) bool {
	list := r.Params[name]
	return list == "" || slices.Contains(strings.Split(list, ","), value)
}

// foundAPI wants the lock held.
func (s *Store) foundAPI(r *Request) (*HTTPAPI, error) {
	a := s.api(r.Params["httpApiId"])
	if a == nil || !r.here(s.regionOf(*a)) {
		return nil, s.noDomain()
	}
	return a, nil
}

func getAPI(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, err := s.foundAPI(r)
	if err != nil {
		return nil, err
	}
	return s.apiInfo(*a, true), nil
}

// listRoutes has the gateway's id as the key of gatewayStatus, which is an invention.
func listRoutes(s *Store, r *Request) (any, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, err := s.foundAPI(r)
	if err != nil {
		return nil, err
	}
	environment := func(gatewayID string) string {
		if g := s.gateway(gatewayID); g != nil {
			return g.EnvironmentID
		}
		return ""
	}
	var all []Route
	for _, route := range a.Routes {
		if id := r.Params["domainId"]; id != "" && !slices.Contains(route.DomainIDs, id) || !r.equals("gatewayId", route.GatewayID) ||
			!r.oneOf("deployStatuses", route.DeployStatus) || !r.equals("environmentId", environment(route.GatewayID)) || !r.equals("name", route.Name) ||
			!like(route.Name, r.Params["nameLike"]) {
			continue
		}
		all = append(all, route)
	}
	return paged(r, documentedPage, all, func(route Route) map[string]any {
		return map[string]any{"routeId": route.RouteID, "name": route.Name, "domainInfos": s.domainInfos(route.DomainIDs),
			"deployStatus": route.DeployStatus, "gatewayStatus": map[string]string{route.GatewayID: route.DeployStatus},
			"environmentInfo": map[string]any{"environmentId": environment(route.GatewayID), "name": "default", "gatewayInfo": s.gatewayInfo(route.GatewayID)},
			"createTimestamp": created, "updateTimestamp": created}
	})
}
