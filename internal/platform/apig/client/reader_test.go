package client_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
)

func gateway(id, sub, balancer string) object {
	return object{"gatewayId": id, "name": "n-" + id, "status": "Running", "gatewayType": "API", "gatewayEdition": "Professional", "version": "2.1.8",
		"expireTimestamp": "1795824000000", "subDomainInfos": []object{{"domainId": "d-s", "name": sub, "networkType": "Internet", "protocol": "HTTP"}},
		"loadBalancers": []object{{"loadBalancerId": "nlb", "address": balancer, "addressType": "Internet", "type": "NLB", "mode": "Managed", "status": "Ready",
			"ipv4Addresses": []string{"203.0.113.7"}, "ipv6Addresses": nil}}}
}

func TestGateway(t *testing.T) {
	w := newWorld(t)
	own := gateway("gw-1", "env-1.alicloudapi.com", "nlb-1.nlb.aliyuncs.com")
	own["loadBalancers"] = append(own["loadBalancers"].([]object), object{"address": "my.slb.example", "addressType": "Intranet", "mode": "Custom", "status": "NotCreate"}, object{})
	w.gateways = []object{own, gateway("gw-2", "env-2.alicloudapi.com", "nlb-2.nlb.aliyuncs.com"), gateway("gw-3", "env-3.alicloudapi.com", "")}
	r := w.reader()
	got, err := r.Gateway(apitest.Soon(t), of("api.demo.com"))
	if err != nil {
		t.Fatal(err)
	}
	entry := func(id, name, kind string) evidence.Entry {
		e := evidence.Entry{GatewayID: id, Name: name, Kind: kind, NetworkType: "Internet", Ready: true}
		if kind == evidence.EntryBalancer {
			e.Addresses = []string{"203.0.113.7"}
		}
		return e
	}
	want := evidence.Gateway{Found: true, GatewayID: "gw-1", Name: "n-gw-1", RegionID: region, Status: "Running", GatewayEdition: "Professional",
		GatewayType: "API", Version: "2.1.8", ExpireTimestamp: 1795824000000,
		Entries: []evidence.Entry{entry("gw-1", "nlb-1.nlb.aliyuncs.com", evidence.EntryBalancer),
			{GatewayID: "gw-1", Name: "my.slb.example", Kind: evidence.EntryBalancer, NetworkType: "Intranet", Own: true},
			entry("gw-1", "env-1.alicloudapi.com", evidence.EntrySubDomain)},
		Others: []evidence.Entry{entry("gw-2", "env-2.alicloudapi.com", evidence.EntrySubDomain), entry("gw-2", "nlb-2.nlb.aliyuncs.com", evidence.EntryBalancer),
			entry("gw-3", "env-3.alicloudapi.com", evidence.EntrySubDomain), entry("gw-3", "", evidence.EntryBalancer)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	b := of("api.demo.com")
	b.GatewayID, b.HTTP2Option, b.MovesFrom = "gw-2", "GlobalConfig", &binding.MovesFrom{GroupID: "g"}
	got, err = r.Gateway(apitest.Soon(t), b)
	if err != nil || got.Features["EnableHttp2"] != "true" || got.Features["Gzip"] != "false" || !cmp.Equal(got.Regions, []string{"cn-hangzhou", "cn-shanghai"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := w.count("ListGateways"); n != 2 { // two pages, once
		t.Errorf("gateways were listed by %d calls", n)
	}
	if n := w.count("ListGatewayFeatures") + w.count("DescribeRegions"); n != 2 {
		t.Errorf("parameters and regions were asked for by %d calls", n)
	}
}

// A gateway that was released is a fact; its balancer may be another gateway's by now.
func TestGatewayThatIsNotThere(t *testing.T) {
	for _, status := range []int{200, 404} {
		w := newWorld(t)
		w.gateways = []object{gateway("gw-2", "env-2.alicloudapi.com", "nlb-2.nlb.aliyuncs.com")}
		w.answer("GetGateway", "NotFound.GatewayNotFound", status)
		got, err := w.reader().Gateway(apitest.Soon(t), of("api.demo.com"))
		if err != nil || got.Found || len(got.Entries) != 0 || len(got.Others) != 2 || got.OthersProblem != "" {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	w := newWorld(t)
	w.answer("GetGateway", "APIG.ErrorCode.Forbidden", 403)
	if _, err := w.reader().Gateway(apitest.Soon(t), of("a.b")); err == nil || !strings.Contains(err.Error(), "allow apig:GetGateway on *") {
		t.Errorf("got %v, want the missing right", err)
	}
	w = newWorld(t)
	w.Script("GetGateway", apitest.Data(object{"gatewayId": "gw-9"}))
	if _, err := w.reader().Gateway(apitest.Soon(t), of("a.b")); err == nil {
		t.Error("an answer about another gateway was taken")
	}
}

func TestEntriesThatAreNotKnown(t *testing.T) {
	w := newWorld(t)
	w.gateways = []object{gateway("gw-1", "env-1.alicloudapi.com", "nlb-1.nlb.aliyuncs.com")}
	w.answer("ListGateways", "NoPermission", 403)
	got, err := w.reader().Gateway(apitest.Soon(t), of("a.b"))
	if err != nil || len(got.Entries) != 1 || !strings.Contains(got.EntriesProblem, "allow apig:ListGateways") || got.OthersProblem == "" {
		t.Errorf("got %+v, %v", got, err)
	}
	w = newWorld(t)
	w.gateways = []object{gateway("gw-1", "env-1.alicloudapi.com", "nlb-1.nlb.aliyuncs.com")}
	w.Script("ListGateways", apitest.Data(object{"totalSize": 0, "items": nil}))
	if got, err = w.reader().Gateway(apitest.Soon(t), of("a.b")); err != nil || !strings.Contains(got.EntriesProblem, "lacks") {
		t.Errorf("got %+v, %v, want a list that lacks the gateway", got, err)
	}
	w.answer("ListGateways", "Throttling.User", 400)
	if got, err = w.reader().Gateway(apitest.Soon(t), of("a.b")); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}

// apisOf are two HTTP APIs: one with routes, one that is deployed as a whole.
func (w *world) apisOf(id string) {
	w.apis = []object{
		{"name": "a", "type": "Http", "versionedHttpApis": []object{{"httpApiId": "api-1"}}},
		{"name": "b", "type": "Rest", "versionedHttpApis": []object{{"httpApiId": "api-2",
			"environments":  []object{{"deployStatus": "Deployed", "gatewayInfo": object{"gatewayId": "gw-1"}, "customDomains": []object{{"domainId": id}}}},
			"deployConfigs": []object{{"gatewayId": "gw-1", "customDomainIds": []string{id}}, {"gatewayId": "gw-2", "customDomainIds": []string{id}}}}}},
		{"name": "c", "type": "Http", "versionedHttpApis": nil},
	}
	w.routes["api-1"] = []object{
		{"routeId": "hr-1", "deployStatus": "Deployed", "gatewayStatus": object{"gw-1": "Deployed", "gw-3": "NotDeployed"}, "domainInfos": []object{{"domainId": id}},
			"environmentInfo": object{"gatewayInfo": object{"gatewayId": "gw-1"}}},
		{"routeId": "hr-2", "deployStatus": "Deployed", "domainInfos": []object{{"domainId": id}, {"domainId": "d-gone"}}, "environmentInfo": object{"gatewayInfo": object{"gatewayId": "gw-2"}}},
		{"routeId": "hr-3", "deployStatus": "Deployed"},
	}
}

func TestServing(t *testing.T) {
	w := newWorld(t)
	w.apisOf("d-1")
	r := w.reader()
	var asks sync.WaitGroup
	for _, id := range []string{"d-1", "d-2", "d-gone", "d-1"} { // each API is asked once, not once for each domain
		asks.Go(func() {
			if _, err := r.Serving(apitest.Soon(t), region, id); err != nil {
				t.Error(err)
			}
		})
	}
	asks.Wait()
	got, err := r.Serving(apitest.Soon(t), region, "d-1")
	want := evidence.Serving{Complete: true, Routes: []evidence.Route{
		{GatewayID: "gw-1", HTTPAPIID: "api-1", RouteID: "hr-1", DeployStatus: "Deployed"}, {GatewayID: "gw-1", HTTPAPIID: "api-2", DeployStatus: "Deployed"},
		{GatewayID: "gw-2", HTTPAPIID: "api-1", RouteID: "hr-2", DeployStatus: "Deployed"}, {GatewayID: "gw-2", HTTPAPIID: "api-2"},
		{GatewayID: "gw-3", HTTPAPIID: "api-1", RouteID: "hr-1", DeployStatus: "NotDeployed"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if apis, routes := w.count("ListHttpApis"), w.count("ListHttpApiRoutes"); apis != 2 || routes != 3 {
		t.Errorf("%d calls for APIs and %d for routes, want 2 and 3", apis, routes)
	}

	w.Script("ListHttpApiRoutes", apitest.Answer{Status: 400, Body: apitest.Refusal("NotSupported", "m")})
	if _, err := w.reader().Serving(apitest.Soon(t), region, "d-1"); err == nil {
		t.Error("an API whose routes cannot be read was skipped")
	}
	w.apis = w.apis[1:2] // of type Rest
	if got, err = w.reader().Serving(apitest.Soon(t), region, "d-1"); err != nil || !got.Complete || len(got.Routes) != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	w.answer("ListHttpApiRoutes", "APIG.ErrorCode.Forbidden", 403)
	if got, err = w.reader().Serving(apitest.Soon(t), region, "d-1"); err != nil || got.Complete || !strings.Contains(got.Problem, "allow apig:ListHttpApiRoutes") {
		t.Errorf("got %+v, %v, want an incomplete list", got, err)
	}
	w.answer("ListHttpApis", "APIG.ErrorCode.Forbidden", 403)
	if got, err = w.reader().Serving(apitest.Soon(t), region, "d-1"); err != nil || got.Complete || !strings.Contains(got.Problem, "allow apig:ListHttpApis") {
		t.Errorf("got %+v, %v, want an incomplete list", got, err)
	}
}

// Four megabytes of empty items must not become a gigabyte of memory.
func TestVastListsAreRefused(t *testing.T) {
	cputime.SkipUnderRace(t)
	for list, end := range map[string]string{`{"totalSize":2000000,"items":[`: "]}", `{"totalSize":1,"items":[{"domainId":"d","name":"a.b","tlsCipherSuitesConfig":{"tlsCipherSuite":[`: "]}}]}"} {
		w := newWorld(t)
		w.Script("ListDomains", apitest.Answer{Body: `{"requestId":"R","code":"Ok","data":` + list + strings.Repeat("{},", 1_300_000) + "{}" + end + "}"})
		transport := w.Transport()
		allocated := cputime.Allocated(func() {
			if _, err := client.NewReader(transport, 1).Records(apitest.Soon(t), of("a.b")); err == nil || !strings.Contains(err.Error(), "not of the documented shape") {
				t.Errorf("a vast list was read: %v", err)
			}
		})
		if allocated > 300<<20 { // of two lists
			t.Errorf("%d MiB were allocated, want at most 300", allocated>>20)
		}
	}
}

// A list that is too long is refused at its first page, and for good; one of more than ten
// thousand domains is read.
func TestLongLists(t *testing.T) {
	list := func(total int) *world {
		w := newWorld(t)
		w.Script("ListDomains", apitest.Answer{By: func(c apitest.Call) apitest.Answer {
			if c.URL.Get("gatewayType") != "" {
				return apitest.Data(object{"totalSize": 0, "items": []object{}})
			}
			page, _ := strconv.Atoi(c.URL.Get("pageNumber"))
			items := []object{}
			for i := 50 * (page - 1); i < min(50*page, total); i++ {
				items = append(items, domain(fmt.Sprintf("d-%d", i), fmt.Sprintf("d%d.demo.com", i)))
			}
			return apitest.Data(object{"totalSize": total, "items": items})
		}})
		return w
	}
	w := list(100_001)
	transport := w.Transport()
	_, err := client.NewReader(transport, 4).Records(apitest.Soon(t), of("d0.demo.com"))
	if !errors.Is(err, api.ErrTooLong) || !strings.Contains(err.Error(), "the platform counts 100001") || !errors.Is(transport.Refused(), api.ErrTooLong) {
		t.Errorf("got %v, noted %v, want that the list is too long", err, transport.Refused())
	}
	if n := w.count("ListDomains"); n > 2 { // of all domains, and of those of AI gateways
		t.Errorf("%d pages of a list that is too long were read", n)
	}
	w = list(10_060)
	w.domains = []object{domain("d-10059", "d10059.demo.com")} // for GetDomain
	got, err := w.reader().Records(apitest.Soon(t), of("d10059.demo.com"))
	if err != nil || got.CountRead != 10_060 || got.Domain == nil {
		t.Errorf("got %d of 10060 domains, %v", got.CountRead, err)
	}
}
