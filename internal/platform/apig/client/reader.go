// Package client reads the state of the cloud-native API Gateway and of the certificate
// store: gateways, domains, the routes that serve them, and the facts of certificates. It
// judges nothing, changes nothing, and never asks for a private key.
package client

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/memo"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// Reader asks the platform, each question once in its life, which is a run: what was
// answered is kept, errors too. State always asks. It is safe for concurrent use.
type Reader struct {
	transport *api.Transport
	parallel  int

	gateways     memo.Memo[place, gateway]
	gatewayLists memo.Memo[string, []gateway]
	features     memo.Memo[place, map[string]string]
	sold         memo.Memo[string, []string]
	listings     memo.Memo[string, *listing]
	records      memo.Memo[place, evidence.Record]
	serving      memo.Memo[string, *serving]
	stores       memo.Memo[string, *store]
	details      memo.Memo[place, detail]
	lacks        memo.Memo[string, string]
}

// place is an id in a region.
type place struct{ region, id string }

// NewReader makes a reader for one run; parallel bounds how many HTTP APIs it asks at
// once for their routes.
func NewReader(t *api.Transport, parallel int) *Reader {
	r := &Reader{transport: t, parallel: max(parallel, 1)}
	for _, m := range []*func(error) bool{&r.gateways.Transient, &r.gatewayLists.Transient, &r.features.Transient, &r.sold.Transient,
		&r.listings.Transient, &r.records.Transient, &r.serving.Transient, &r.stores.Transient, &r.details.Transient, &r.lacks.Transient} {
		*m = memo.Interrupted
	}
	return r
}

// Endpoint names who answers for a region.
func (r *Reader) Endpoint(region string) string { return r.transport.EndpointOf(wire.APIG, region) }

// Gateway is the gateway that a binding names, and the entries of the other gateways of
// the region. A gateway that the platform does not know is no error: its Found is false.
func (r *Reader) Gateway(ctx context.Context, b binding.Binding) (evidence.Gateway, error) {
	region, id := b.RegionID, b.GatewayID
	g, err := r.gateways.Get(ctx, place{region, id}, func(ctx context.Context, _ place) (g gateway, err error) {
		err = r.get(ctx, region, "GetGateway", []string{"gateways", id}, nil, &g)
		if err == nil && g.GatewayID != id {
			err = fmt.Errorf("asked for %q, the platform answered about %.128q", id, g.GatewayID)
		}
		return g, err
	})
	found := !missing(err)
	if err != nil && found {
		return evidence.Gateway{}, fmt.Errorf("reading the gateway: %w", err)
	}
	out := evidence.Gateway{Found: found}
	if found {
		out = evidence.Gateway{Found: true, GatewayID: g.GatewayID, Name: g.Name, RegionID: region, Status: g.Status, GatewayEdition: g.GatewayEdition,
			GatewayType: g.GatewayType, Version: g.Version, ExpireTimestamp: int64(g.ExpireTimestamp), Entries: g.entries()}
	}
	if err := r.others(ctx, region, id, &out); err != nil {
		return evidence.Gateway{}, err
	}
	if found && b.HTTP2Option == "GlobalConfig" {
		if out.Features, err = r.featuresOf(ctx, region, id); err != nil {
			return evidence.Gateway{}, err
		}
	}
	if b.MovesFrom != nil {
		out.Regions, err = r.Regions(ctx, region)
		if err != nil && !denied(err) {
			return evidence.Gateway{}, err
		}
	}
	return out, nil
}

// others reads what only the list of gateways shows: the names that gateways own, and the
// entries of the other gateways.
func (r *Reader) others(ctx context.Context, region, id string, out *evidence.Gateway) error {
	list, err := r.listGateways(ctx, region)
	switch {
	case denied(err):
		out.EntriesProblem, out.OthersProblem = err.Error(), err.Error()
		return nil
	case err != nil:
		return err
	}
	listed := false
	for _, g := range list {
		if g.GatewayID != id {
			out.Others = append(out.Others, g.entries()...)
			continue
		}
		listed = true
		for _, e := range g.entries() {
			same := func(have evidence.Entry) bool { return have.Kind == e.Kind && evidence.SameName(have.Name, e.Name) }
			if out.Found && !slices.ContainsFunc(out.Entries, same) {
				out.Entries = append(out.Entries, e)
			}
		}
	}
	if out.Found && !listed {
		out.EntriesProblem = fmt.Sprintf("the list of %d gateways lacks %q, so its own names are not known", len(list), id)
		out.OthersProblem = fmt.Sprintf("the list of %d gateways lacks %q, so it may lack others too", len(list), id)
	}
	return nil
}

// listGateways returns every gateway of the region.
func (r *Reader) listGateways(ctx context.Context, region string) ([]gateway, error) {
	return r.gatewayLists.Get(ctx, region, func(ctx context.Context, region string) ([]gateway, error) {
		list, err := all(ctx, r, question{region: region, action: "ListGateways", path: []string{"gateways"}, size: pageSize},
			func(g gateway) string { return g.GatewayID })
		if err != nil {
			return nil, fmt.Errorf("listing gateways: %w", err)
		}
		return list, nil
	})
}

// featuresOf returns the parameters of a gateway by name, each with its value or default.
func (r *Reader) featuresOf(ctx context.Context, region, id string) (map[string]string, error) {
	return r.features.Get(ctx, place{region, id}, func(ctx context.Context, _ place) (map[string]string, error) {
		var a struct{ Items wire.List[feature] }
		if err := r.get(ctx, region, "ListGatewayFeatures", []string{"gateways", id, "gateway-features"}, nil, &a); err != nil {
			return nil, fmt.Errorf("reading the parameters of the gateway: %w", err)
		}
		out := map[string]string{}
		for _, f := range a.Items {
			out[f.Definition.Name] = string(cmp.Or(f.Value, f.Definition.DefaultValue))
		}
		return out, nil
	})
}

// Regions returns the regions where the platform can be bought.
func (r *Reader) Regions(ctx context.Context, region string) ([]string, error) {
	return r.sold.Get(ctx, region, func(ctx context.Context, region string) ([]string, error) {
		var a wire.List[struct{ RegionID string }]
		err := wire.Read(ctx, r.transport, wire.Request{Product: wire.APIG, Region: region, Action: "DescribeRegions", Method: "POST", Path: []string{"v1", "regions"}}, &a)
		if err != nil {
			return nil, fmt.Errorf("listing regions: %w", err)
		}
		out := []string{}
		for _, i := range a {
			out = append(out, i.RegionID)
		}
		return out, nil
	})
}

// serving is who serves the domains of a region.
type serving struct {
	routes  map[string][]evidence.Route // by id of the domain
	problem string                      // why some are missing; empty: there are all
}

// Serving is by which routes and deployments a domain is published. The first call in
// a run reads the HTTP APIs of the region and their routes.
func (r *Reader) Serving(ctx context.Context, region, domainID string) (evidence.Serving, error) {
	s, err := r.servingOf(ctx, region)
	if err != nil {
		return evidence.Serving{}, err
	}
	return evidence.Serving{Routes: s.routes[domainID], Complete: s.problem == "", Problem: s.problem}, nil
}

func (r *Reader) servingOf(ctx context.Context, region string) (*serving, error) {
	return r.serving.Get(ctx, region, func(ctx context.Context, region string) (*serving, error) {
		apis, err := all(ctx, r, question{region: region, action: "ListHttpApis", path: []string{"http-apis"}, size: largePage,
			params: map[string]string{"withEnvironmentInfo": "true"}}, httpAPI.id)
		s := &serving{routes: map[string][]evidence.Route{}}
		switch {
		case denied(err):
			s.problem = err.Error()
			return s, nil
		case err != nil:
			return nil, fmt.Errorf("listing HTTP APIs: %w", err)
		}
		var mu sync.Mutex
		work, ctx := errgroup.WithContext(ctx)
		work.SetLimit(r.parallel)
		for _, a := range apis {
			for _, v := range a.VersionedHTTPAPIs {
				work.Go(func() error {
					found, err := r.routesOf(ctx, region, a.Type, v)
					mu.Lock()
					defer mu.Unlock()
					for id, routes := range found {
						s.routes[id] = append(s.routes[id], routes...)
					}
					if denied(err) {
						s.problem, err = err.Error(), nil
					}
					return err
				})
			}
		}
		if err := work.Wait(); err != nil {
			return nil, fmt.Errorf("listing the routes of an HTTP API: %w", err)
		}
		for _, routes := range s.routes {
			slices.SortFunc(routes, func(a, b evidence.Route) int {
				return cmp.Or(cmp.Compare(a.GatewayID, b.GatewayID), cmp.Compare(a.HTTPAPIID, b.HTTPAPIID), cmp.Compare(a.RouteID, b.RouteID))
			})
		}
		return s, nil
	})
}

// id identifies an HTTP API: names are not unique between types.
func (a httpAPI) id() string {
	id := a.Type + " " + a.Name
	for _, v := range a.VersionedHTTPAPIs {
		id += " " + v.HTTPAPIID
	}
	return id
}

// routesOf returns what serves domains by one version of an HTTP API. One that was deleted
// meanwhile serves none. An API of type Rest has operations, which its deployments publish,
// so the platform may refuse to list routes of it.
func (r *Reader) routesOf(ctx context.Context, region, kind string, v version) (map[string][]evidence.Route, error) {
	out := v.deployments()
	list, err := all(ctx, r, question{region: region, action: "ListHttpApiRoutes", path: []string{"http-apis", v.HTTPAPIID, "routes"}, size: largePage},
		func(t route) string { return t.RouteID })
	if missing(err) || kind == "Rest" && is(err, wire.Rejected) {
		return out, nil
	}
	for _, t := range list {
		for _, d := range t.DomainInfos {
			out[d.DomainID] = append(out[d.DomainID], t.on(v.HTTPAPIID)...)
		}
	}
	return out, err
}

// State reads the records with the name of a binding afresh, and the facts of the
// certificates that it concerns if certificate asks for them, or if the binding names one:
// Matching has the one in effect, the one of casId, and those with the name of the binding's.
func (r *Reader) State(ctx context.Context, b binding.Binding, certificate bool) (plan.State, error) {
	records, err := r.recordsNow(ctx, b)
	if err != nil || !certificate && b.Certificate == nil {
		return plan.State{Records: records}, err
	}
	s, err := r.storeNow(ctx, b, records.Domain)
	return plan.State{Records: records, Store: s}, err
}
