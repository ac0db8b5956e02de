package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

type object = map[string]any

// cloud is a sandbox with a gateway that serves api.demo.com, and what a test needs
// to change it.
type cloud struct {
	*testing.T
	*Sandbox
	client *openapi.Client
	leaf   ca.Leaf // api.demo.com
	other  ca.Leaf // other.demo.com
	root   *ca.Authority
}

const apiID, otherID = "d-api", "d-other"

func startCloud(t *testing.T, change ...func(*Options)) *cloud {
	t.Helper()
	c := &cloud{T: t}
	root, err := ca.New(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.root = root
	c.leaf, c.other = c.issue("api.demo.com"), c.issue("other.demo.com")
	seed := account.Seed{
		Certificates: []certstore.Certificate{
			{ID: 100, Name: "api", Body: string(c.leaf.Chain), PrivateKey: string(c.leaf.Key)},
			{ID: 101, Name: "other", Body: string(c.other.Chain), PrivateKey: string(c.other.Key)},
			{ID: 102, Name: "ca", Body: string(root.Root())},
		},
		APIG: apig.Seed{
			Gateways: []apig.Gateway{{GatewayID: "gw-1", Name: "pay"}, {GatewayID: "gw-2", Name: "idle"}, {GatewayID: "gw-gone", Released: true}},
			Domains: []apig.Domain{
				{DomainID: apiID, Name: "api.demo.com", CertIdentifier: "api", PublishedOn: []string{"gw-1"}},
				{DomainID: otherID, Name: "other.demo.com", CertIdentifier: "other", ForceHTTPS: true, TLSMin: "TLS1.2", MTLSEnabled: true, ClientCACert: string(root.Root()), CACertIdentifier: "ca"},
			},
			HTTPAPIs: []apig.HTTPAPI{{HTTPAPIID: "api-rest", Name: "rest", Deployments: []apig.Deployment{{GatewayID: "gw-2", DomainIDs: []string{"other.demo.com"}, DeployStatus: "NotDeployed"}}}},
		},
	}
	c.Sandbox = start(t, append([]func(*Options){func(o *Options) { o.Seed = seed }}, change...)...)
	c.client = client(t, c.Sandbox)
	return c
}

func (c *cloud) issue(names ...string) ca.Leaf {
	c.Helper()
	leaf, err := c.root.Issue(ca.Options{Names: names})
	if err != nil {
		c.Fatal(err)
	}
	return leaf
}

func assume(pairs ...string) func(*Options) {
	return func(o *Options) {
		var err error
		if o.Assume, err = ParseAssumptions(pairs); err != nil {
			panic(err)
		}
	}
}

// rest makes a call in the style of the cloud-native gateway by the official core.
func (c *cloud) rest(action, method, path string, query map[string]string, body object) (object, error) {
	request := &openapiutil.OpenApiRequest{Query: pointers(query)}
	if body != nil {
		request.Body = body
	}
	result, err := c.client.CallApi(
		&openapiutil.Params{
			Action: tea.String(action), Version: tea.String("2024-03-27"), Protocol: tea.String("HTTP"), Pathname: tea.String(path),
			Method: tea.String(method), AuthType: tea.String("AK"), Style: tea.String("ROA"), ReqBodyType: tea.String("json"), BodyType: tea.String("json"),
		}, request, runtimeOptions())
	if err != nil {
		return nil, err
	}
	answer, _ := result["body"].(object)
	return answer, nil
}

// form makes a call of the certificate store, parameters in the body.
func (c *cloud) form(action string, body object) (object, error) {
	result, err := c.client.CallApi(
		&openapiutil.Params{
			Action: tea.String(action), Version: tea.String("2020-04-07"), Protocol: tea.String("HTTP"), Pathname: tea.String("/"),
			Method: tea.String("POST"), AuthType: tea.String("AK"), Style: tea.String("RPC"), ReqBodyType: tea.String("formData"), BodyType: tea.String("json"),
		}, &openapiutil.OpenApiRequest{Body: body}, runtimeOptions())
	if err != nil {
		return nil, err
	}
	answer, _ := result["body"].(object)
	return answer, nil
}

// must returns the data of a successful call.
func (c *cloud) must(action, method, path string, query map[string]string, body object) object {
	c.Helper()
	answer, err := c.rest(action, method, path, query, body)
	if err != nil {
		c.Fatalf("%s: %v", action, err)
	}
	if answer["code"] != "Ok" || answer["requestId"] == "" {
		c.Fatalf("%s: got %v", action, answer)
	}
	data, _ := answer["data"].(object)
	return data
}

func (c *cloud) get(id string) object {
	c.Helper()
	return c.must("GetDomain", "GET", "/v1/domains/"+id, map[string]string{"withStatistics": "true"}, nil)
}

func items(data object) []object {
	var out []object
	list, _ := data["items"].([]any)
	for _, item := range list {
		one, _ := item.(object)
		out = append(out, one)
	}
	return out
}

func (c *cloud) list(query map[string]string) []object {
	c.Helper()
	return items(c.must("ListDomains", "GET", "/v1/domains", query, nil))
}

// domain returns a record of the state.
func (c *cloud) domain(id string) apig.Domain {
	c.Helper()
	for _, d := range c.StateAPIG().Domains {
		if d.DomainID == id {
			return d
		}
	}
	c.Fatalf("there is no domain %s", id)
	return apig.Domain{}
}

func wantCode(t *testing.T, what string, err error, want string, status int) {
	t.Helper()
	var e *tea.SDKError
	errors.As(err, &e)
	if code(err) != want || e != nil && status != 0 && tea.IntValue(e.StatusCode) != status {
		t.Errorf("%s: got %v, want %s with status %d", what, err, want, status)
	}
}

// TestDomainLife makes, reads, changes and deletes a domain by the official core.
func TestDomainLife(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	body := object{"name": "new.demo.com", "protocol": "HTTPS", "domainScope": "Dedicated", "gatewayType": "API", "certIdentifier": "100-cn-hangzhou",
		"forceHttps": true, "http2Option": "Open", "tlsMin": "TLS1.2", "tlsMax": "TLS 1.3", "tlsCipherSuitesConfig": object{"configType": "Custom",
			"tlsCipherSuite": []any{object{"name": "ECDHE-ECDSA-AES128-GCM-SHA256", "supportVersions": []any{"TLS 1.2"}}}}}
	id := c.must("CreateDomain", "POST", "/v1/domains", nil, body)["domainId"].(string) // of a name that the certificate does not have
	path := "/v1/domains/" + id
	got := c.get(id)
	for field, want := range map[string]any{"name": "new.demo.com", "protocol": "HTTPS", "forceHttps": true, "tlsMin": "TLS 1.2", "certName": "api", "sans": "api.demo.com",
		"certDetailStatus": "Success", "createFrom": "Console", "mTLSEnabled": false, "default": false, "notAfterTimstamp": json.Number(fmt.Sprint(c.leaf.Certificate.NotAfter.UnixMilli()))} {
		if diff := cmp.Diff(want, got[field]); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
	for _, absent := range []string{"status", "gatewayType", "gatewayId", "cert", "key", "privateKey"} {
		if _, shown := got[absent]; shown {
			t.Errorf("GetDomain shows %s", absent)
		}
	}
	listed := c.list(map[string]string{"nameLike": "NEW.demo"})
	if len(listed) != 1 || listed[0]["domainId"] != id || listed[0]["status"] != "Unpublished" || listed[0]["http2Option"] != nil {
		t.Errorf("got %v", listed)
	}
	if revision := c.must("UpdateDomain", "PUT", path, nil, object{"protocol": "HTTPS", "forceHttps": false, "domainScope": "Dedicated"})["deployRevisionId"]; revision == nil {
		t.Error("an update has no revision")
	}
	if d := c.domain(id); d.CertIdentifier != "" || d.HTTP2Option != "GlobalConfig" || d.TLSMin != "TLS 1.0" || d.CipherSuites.ConfigType != "Default" || d.ForceHTTPS {
		t.Errorf("the record was not replaced: %+v", d)
	}
	c.must("ChangeResourceGroup", "POST", "/move-resource-group", map[string]string{"ResourceId": id, "ResourceGroupId": "rg-2", "ResourceType": "Domain", "Service": "APIG"}, nil)
	if group := c.domain(id).ResourceGroupID; group != "rg-2" {
		t.Errorf("got resource group %s", group)
	}
	c.must("DeleteDomain", "DELETE", path, nil, nil)
	_, err := c.rest("GetDomain", "GET", path, nil, nil)
	wantCode(t, "a deleted domain", err, "DatabaseError.RecordNotFound", 404)
	last := c.Calls()[0]
	if last.Product != "apig" || last.Action != "CreateDomain" || last.Params["certIdentifier"] != "100-cn-hangzhou" || !last.Committed || last.Params["forceHttps"] != "true" {
		t.Errorf("recorded %+v", last)
	}
}

// TestMutualTLSIsLost shows the rotation that loses the client CA: the record goes
// back without the two fields that both published deployers leave out.
func TestMutualTLSIsLost(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.must("UpdateDomain", "PUT", "/v1/domains/"+otherID, nil, object{"protocol": "HTTPS", "forceHttps": true, "certIdentifier": "101-cn-hangzhou"})
	if d := c.domain(otherID); d.MTLSEnabled || d.ClientCACert != "" || d.CACertIdentifier != "" {
		t.Errorf("got %+v", d)
	}
}

func TestReadsOfGateways(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	list := items(c.must("ListGateways", "GET", "/v1/gateways", nil, nil))
	if len(list) != 2 || list[0]["gatewayId"] != "gw-1" || list[0]["status"] != "Running" || len(list[0]["subDomainInfos"].([]any)) != 2 || len(list[0]["loadBalancers"].([]any)) != 2 {
		t.Errorf("got %v", list)
	}
	for query, want := range map[[2]string]int{{"name", "pay"}: 1, {"keyword", "GW-"}: 2, {"gatewayId", "gw-2"}: 1, {"gatewayType", "AI"}: 0, {"name", "pa"}: 0} {
		if got := len(items(c.must("ListGateways", "GET", "/v1/gateways", map[string]string{query[0]: query[1]}, nil))); got != want {
			t.Errorf("%v: got %d gateways, want %d", query, got, want)
		}
	}
	one := c.must("GetGateway", "GET", "/v1/gateways/gw-1", nil, nil)
	if one["subDomainInfos"] != nil || one["gatewayEdition"] != "Professional" || one["version"] != "2.1.8" || len(one["environments"].([]any)) != 1 {
		t.Errorf("got %v", one)
	}
	features := items(c.must("ListGatewayFeatures", "GET", "/v1/gateways/gw-1/gateway-features", nil, nil))
	if len(features) != 1 || features[0]["definition"].(object)["name"] != "EnableHttp2" {
		t.Errorf("got %v", features)
	}
	_, err := c.rest("GetGateway", "GET", "/v1/gateways/gw-0", nil, nil)
	wantCode(t, "no gateway", err, "NotFound.GatewayNotFound", 404)
	regions, err := c.rest("DescribeRegions", "POST", "/v1/regions", nil, nil)
	if err != nil || regions["code"] != "200" || len(regions["data"].([]any)) != len(apig.Regions()) {
		t.Errorf("got %v, %v", regions, err)
	}
}

func TestReadsOfAPIs(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	list := items(c.must("ListHttpApis", "GET", "/v1/http-apis", map[string]string{"gatewayId": "gw-2", "withEnvironmentInfo": "true"}, nil))
	if len(list) != 1 || list[0]["name"] != "rest" {
		t.Fatalf("got %v", list)
	}
	one := list[0]["versionedHttpApis"].([]any)[0].(object)
	environment := one["environments"].([]any)[0].(object)
	if environment["deployStatus"] != "NotDeployed" || environment["customDomains"].([]any)[0].(object)["domainId"] != otherID {
		t.Errorf("got %v", one)
	}
	if got := c.must("GetHttpApi", "GET", "/v1/http-apis/api-rest", nil, nil); got["httpApiId"] != "api-rest" || got["type"] != "Rest" {
		t.Errorf("got %v", got)
	}
	for query, want := range map[[2]string]int{{"domainId", apiID}: 1, {"domainId", otherID}: 0, {"gatewayId", "gw-2"}: 0, {"deployStatuses", "NotDeployed,Deployed"}: 1, {"deployStatuses", "NotDeployed"}: 0, {"nameLike", "API."}: 1} {
		routes := items(c.must("ListHttpApiRoutes", "GET", "/v1/http-apis/api-sandbox-gw-1/routes", map[string]string{query[0]: query[1]}, nil))
		if len(routes) != want {
			t.Errorf("%v: got %v, want %d routes", query, routes, want)
		}
	}
	if got := c.get(apiID)["statisticsInfo"].(object); got["totalCount"] != "1" {
		t.Errorf("got %v", got)
	}
}

func TestDeployAndUndeploy(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	published := func(id string) bool {
		return slices.ContainsFunc(c.list(nil), func(d object) bool { return d["domainId"] == id && d["status"] == "Published" })
	}
	deploy := func(api string, body object) {
		c.must("DeployHttpApi", "POST", "/v1/http-apis/"+api+"/deploy", nil, body)
	}
	undeploy := func(api string, body object) {
		c.must("UndeployHttpApi", "POST", "/v1/http-apis/"+api+"/undeploy", nil, body)
	}
	if !published(apiID) || published(otherID) {
		t.Fatal("the seed is published otherwise")
	}
	deploy("api-rest", object{"restApiConfig": object{"gatewayId": "gw-1", "environment": object{"customDomainIds": []any{otherID}}}})
	if !published(otherID) || len(c.list(map[string]string{"gatewayId": "gw-1"})) != 2 {
		t.Error("a deployment does not publish")
	}
	undeploy("api-rest", object{"gatewayId": "gw-1"})
	route := "hr-" + apiID + "-gw-1"
	undeploy("api-sandbox-gw-1", object{"routeId": route})
	if published(otherID) || published(apiID) {
		t.Error("undeploying leaves domains published")
	}
	deploy("api-sandbox-gw-1", object{"routeId": route})
	if !published(apiID) {
		t.Error("a deployed route does not publish")
	}
	for want, call := range map[string][2]any{
		"NotFound.RouteNotFound":       {"api-rest", object{"routeId": "hr-0"}},
		"NotFound.GatewayNotFound":     {"api-rest", object{"restApiConfig": object{"gatewayId": "gw-gone"}}},
		"DatabaseError.RecordNotFound": {"api-rest", object{"restApiConfig": object{"gatewayId": "gw-1", "environment": object{"customDomainIds": []any{"d-0"}}}}},
		"InvalidParameter":             {"api-rest", object{}},
	} {
		_, err := c.rest("DeployHttpApi", "POST", "/v1/http-apis/"+call[0].(string)+"/deploy", nil, call[1].(object))
		wantCode(t, want, err, want, 0)
	}
	c.EditAPIG(func(s *apig.Seed) { s.Gateways[0].Status = "Upgrading" })
	_, err := c.rest("DeployHttpApi", "POST", "/v1/http-apis/api-sandbox-gw-1/deploy", nil, object{"routeId": route})
	wantCode(t, "a gateway that changes", err, "Conflict.AppClusterIsAlreadyInChanging", 409)
}

func TestListSslCerts(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	list := items(c.must("ListSslCerts", "GET", "/v1/ssl/certs", map[string]string{"domainName": "api.demo.com"}, nil))
	if len(list) != 3 || list[0]["domainMatchCert"] != true || list[1]["domainMatchCert"] != false || list[0]["certIdentifier"] != "100-cn-hangzhou" || list[0]["isChainCompleted"] != true {
		t.Fatalf("got %v", list)
	}
	if serial := fmt.Sprintf("%x", c.leaf.Certificate.SerialNumber); !strings.HasSuffix(list[0]["serialNo"].(string), serial) || len(list[0]["sha2"].(string)) != 64 {
		t.Errorf("got %v, want serial number %s", list[0], serial)
	}
	if text := fmt.Sprint(list); strings.Contains(text, "PRIVATE") || strings.Contains(text, "BEGIN") {
		t.Error("a list has a body or a key")
	}
	if list = items(c.must("ListSslCerts", "GET", "/v1/ssl/certs", map[string]string{"certNameLike": "OTH"}, nil)); len(list) != 1 {
		t.Errorf("got %v", list)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for i := range 23 {
		c.must("CreateDomain", "POST", "/v1/domains", nil, object{"name": fmt.Sprintf("n%d.demo.com", i), "protocol": "HTTP"})
	}
	seen := map[any]bool{}
	for number, want := range []int{10, 10, 5, 0} {
		data := c.must("ListDomains", "GET", "/v1/domains", map[string]string{"pageNumber": fmt.Sprint(number + 1)}, nil)
		if len(items(data)) != want || data["totalSize"] != json.Number("25") || data["pageSize"] != json.Number("10") {
			t.Errorf("page %d: got %d of %v", number+1, len(items(data)), data["totalSize"])
		}
		for _, d := range items(data) {
			seen[d["domainId"]] = true
		}
	}
	if len(seen) != 25 {
		t.Errorf("got %d different domains", len(seen))
	}
	_, err := c.rest("ListDomains", "GET", "/v1/domains", map[string]string{"pageSize": "101"}, nil)
	wantCode(t, "a large page", err, "InvalidParameter", 400)
}
