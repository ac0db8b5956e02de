package apig

import (
	"net/http"
	"slices"

	"github.com/bindgate/bindgate/internal/sandbox/refusal"
)

// deployAPI deploys a route, or the whole API to a gateway. Deprecated forms of the
// call and operationDeployments are refused, which is the sandbox's strictness.
func deployAPI(s *Store, r *Request) (any, error) {
	f := readFields(r.object)
	routeID, rest := f.text("routeId"), f.nested("restApiConfig")
	if err := f.end(); err != nil {
		return nil, err
	}
	if (routeID == nil) == (rest == nil) {
		return nil, invalid("want one of routeId and restApiConfig")
	}
	var gatewayID string
	var domains *[]string
	if rest != nil {
		id := rest.text("gatewayId")
		rest.text("description")
		rest.text("revisionId")
		if environment := rest.nested("environment"); environment != nil {
			domains = environment.texts("customDomainIds")
			if err := environment.end(); err != nil {
				return nil, err
			}
		}
		if err := rest.end(); err != nil {
			return nil, err
		}
		if id == nil {
			return nil, invalid("restApiConfig has no gatewayId")
		}
		gatewayID = *id
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.foundAPI(r)
	if err != nil {
		return nil, err
	}
	if routeID != nil {
		return a.answer(), s.deployRoute(r, a, *routeID, deployed)
	}
	return a.answer(), s.deployOn(r, a, gatewayID, domains)
}

func (a *HTTPAPI) answer() map[string]any { return map[string]any{"httpApiId": a.HTTPAPIID} }

func (s *Store) deployRoute(r *Request, a *HTTPAPI, id, status string) error {
	i := slices.IndexFunc(a.Routes, func(r Route) bool { return r.RouteID == id })
	if i < 0 {
		return refusal.New(http.StatusNotFound, "NotFound.RouteNotFound", "The route %q is not found.", id)
	}
	if err := s.running(r, a.Routes[i].GatewayID); err != nil {
		return err
	}
	a.Routes[i].DeployStatus = status
	return nil
}

// deployOn makes the deployment of an API on a gateway. Without domains it keeps
// those that it has, or takes them away.
func (s *Store) deployOn(r *Request, a *HTTPAPI, gatewayID string, domains *[]string) error {
	if err := s.running(r, gatewayID); err != nil {
		return err
	}
	if domains != nil {
		for _, id := range *domains {
			if s.domainAt(r, id) == nil {
				return s.noDomain()
			}
		}
	}
	i := slices.IndexFunc(a.Deployments, func(d Deployment) bool { return d.GatewayID == gatewayID })
	if i < 0 {
		i = len(a.Deployments)
		a.Deployments = append(a.Deployments, Deployment{GatewayID: gatewayID})
	}
	a.Deployments[i].DeployStatus = deployed
	switch {
	case domains != nil:
		a.Deployments[i].DomainIDs = *domains
	case s.assume.DeployUnbinds:
		a.Deployments[i].DomainIDs = nil
	}
	return nil
}

// undeployAPI undeploys a route, or the whole API from a gateway. That the domains
// stay bound is an invention.
func undeployAPI(s *Store, r *Request) (any, error) {
	f := readFields(r.object)
	routeID, gatewayID := f.text("routeId"), f.text("gatewayId")
	if err := f.end(); err != nil {
		return nil, err
	}
	if routeID == nil && gatewayID == nil {
		return nil, invalid("want routeId or gatewayId")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.foundAPI(r)
	if err != nil {
		return nil, err
	}
	if routeID != nil {
		return a.answer(), s.deployRoute(r, a, *routeID, "NotDeployed")
	}
	if err := s.running(r, *gatewayID); err != nil {
		return nil, err
	}
	for i := range a.Deployments {
		if a.Deployments[i].GatewayID == *gatewayID {
			a.Deployments[i].DeployStatus = "NotDeployed"
		}
	}
	return a.answer(), nil
}
