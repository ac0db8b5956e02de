package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alibabacloud-go/tea/tea"

	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// TestStrictness lists what the sandbox refuses although it is not known whether the
// platform does.
func TestStrictness(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for name, body := range map[string]object{
		"unknown field":   {"name": "x.demo.com", "protocol": "HTTP", "colour": "red"},
		"other case":      {"Name": "x.demo.com", "protocol": "HTTP"},
		"null":            {"name": "x.demo.com", "protocol": "HTTP", "clientCACert": nil},
		"text for a bool": {"name": "x.demo.com", "protocol": "HTTP", "forceHttps": "true"},
		"number":          {"name": "x.demo.com", "protocol": "HTTP", "tlsMin": 1.2},
		"no name":         {"protocol": "HTTP"},
		"no protocol":     {"name": "x.demo.com"},
		"no forceHttps":   {"name": "x.demo.com", "protocol": "HTTPS"},
		"bad protocol":    {"name": "x.demo.com", "protocol": "https", "forceHttps": true},
		"bad TLS":         {"name": "x.demo.com", "protocol": "HTTP", "tlsMin": "TLSv1.2"},
		"bad HTTP/2":      {"name": "x.demo.com", "protocol": "HTTP", "http2Option": "open"},
		"bad scope":       {"name": "x.demo.com", "protocol": "HTTP", "domainScope": "Shared"},
		"serverless":      {"name": "x.demo.com", "protocol": "HTTP", "domainScope": "Serverless", "forceHttps": true},
		"mutual TLS":      {"name": "x.demo.com", "protocol": "HTTPS", "forceHttps": true, "mTLSEnabled": true},
		"bad suite":       {"name": "x.demo.com", "protocol": "HTTP", "tlsCipherSuitesConfig": object{"configType": "Custom", "tlsCipherSuite": []any{object{"name": "TLS_AES_128_GCM_SHA256"}}}},
		"nested field":    {"name": "x.demo.com", "protocol": "HTTP", "tlsCipherSuitesConfig": object{"configType": "Default", "x": "y"}},
	} {
		_, err := c.rest("CreateDomain", "POST", "/v1/domains", nil, body)
		wantCode(t, name, err, "InvalidParameter", 400)
	}
	_, err := c.rest("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"name": "x.demo.com", "protocol": "HTTP"})
	wantCode(t, "a name in an update", err, "InvalidParameter", 400)
	_, err = c.rest("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"protocol": "HTTP", "domainScope": "Serverless"})
	wantCode(t, "another scope", err, "InvalidParameter", 400)
	_, err = c.rest("ListDomains", "GET", "/v1/domains", map[string]string{"namelike": "x"}, nil)
	wantCode(t, "an unknown query name", err, "InvalidParameter", 400)
	_, err = c.rest("GetDomain", "GET", "/v1/domains/"+apiID, nil, object{"a": "b"})
	wantCode(t, "a body of a read", err, "InvalidParameter", 400)
	if n := len(c.StateAPIG().Domains); n != 2 {
		t.Errorf("%d domains: a refused call has made one", n)
	}
	if _, err = c.rest("CreateDomain", "POST", "/v1/domains", nil, object{"name": "s.demo.com", "domainScope": "Serverless", "forceHttps": true}); err != nil {
		t.Errorf("a Serverless domain: %v", err)
	}
}

func TestUnknownActionsOfBothProducts(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	_, err := c.rest("DeleteGateway", "DELETE", "/v1/gateways/gw-1", nil, nil)
	wantCode(t, "unknown action", err, "InvalidApi.NotFound", 404)
	_, err = c.rest("ListDomains", "POST", "/v1/domains", nil, nil)
	wantCode(t, "another method", err, "InvalidApi.NotFound", 404)
	_, err = c.rest("DeleteDomain", "DELETE", "/v1/domains", nil, nil)
	wantCode(t, "another path", err, "InvalidApi.NotFound", 404)
	_, err = c.rest("SetDomain", "GET", "/v1/domains", nil, nil)
	wantCode(t, "an action of the classic gateway", err, "InvalidApi.NotFound", 404)
	_, err = c.form("ListCert", nil)
	wantCode(t, "unknown action of the store", err, "InvalidApi.NotFound", 404)
	_, err = c.form("CreateDomain", nil)
	wantCode(t, "an action with a path", err, "InvalidApi.NotFound", 404)
	if _, err := call(c.client, "DescribeApiGroups", "POST", "json", nil); err != nil {
		t.Errorf("the classic gateway: %v", err)
	}
}

func TestDeny(t *testing.T) {
	t.Parallel()
	c := startCloud(t, func(o *Options) {
		o.Deny = []string{"apig:*Domain", "yundun-cert:Upload*", "apigateway:SetDomain", "sts:GetCallerIdentity"}
	})
	_, err := c.rest("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"protocol": "HTTP"})
	wantCode(t, "apig", err, "APIG.ErrorCode.Forbidden", 403)
	_, err = c.form("UploadUserCertificate", object{"Name": "x"})
	wantCode(t, "store", err, "NoPermission", 403)
	_, err = call(c.client, "SetDomain", "POST", "json", bind())
	wantCode(t, "classic", err, "NoPermission", 403)
	if _, err = c.rest("ListDomains", "GET", "/v1/domains", nil, nil); err != nil {
		t.Errorf("an action that no glob names: %v", err)
	}
	if d := c.domain(apiID); d.Protocol != "HTTPS" {
		t.Error("a denied call was made")
	}
	if _, err := Start(t.Context(), Options{Now: time.Now, Deny: []string{"CreateDomain"}}); err == nil || !strings.Contains(err.Error(), "PRODUCT:ACTION") {
		t.Errorf("a glob without a product: %v", err)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	clock := time.Now()
	perSecond, rates, err := ParseRates([]string{"documented", "GetDomain=3", "500"})
	if err != nil || perSecond != 500 || rates["apig/ListDomains"] != 60 || rates["apig/CreateDomain"] != 30 || rates["cas/ListUserCertificateOrder"] != 10 || rates["apig/GetDomain"] != 3 {
		t.Fatalf("got %v, %v, %v", perSecond, rates, err)
	}
	for _, wrong := range []string{"x", "GetDomian=3", "GetDomain=x", "-1"} {
		if _, _, err := ParseRates([]string{wrong}); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
	c := startCloud(t, func(o *Options) { o.Rates, o.Now = rates, func() time.Time { return clock } })
	for range 3 {
		c.get(apiID)
	}
	_, err = c.rest("GetDomain", "GET", "/v1/domains/"+apiID, nil, nil)
	wantCode(t, "the fourth", err, "Throttling.User", 400)
	c.list(nil)
}

func TestFaultsOfTheCloud(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]struct {
		code      string
		committed bool
	}{
		"apig/UpdateDomain:throttle":                      {"Throttling.User", false},
		"UpdateDomain@api.demo.com:status=503":            {"ServiceUnavailable", false},
		"UpdateDomain@" + apiID + ":code=Conflict.X/busy": {"Conflict.X", false},
		"apig/*:html":                                         {"transport", false},
		"UpdateDomain:reset-before-commit":                    {"transport", false},
		"UpdateDomain:reset-after-commit":                     {"transport", true},
		"UpdateDomain:code-after-commit=ServiceUnavailable":   {"ServiceUnavailable", true},
		"UpdateDomain:truncated":                              {"transport", true},
		"UpdateDomain:malformed":                              {"transport", true},
		"classic/*:throttle,UpdateDomain@other.demo.com:html": {"", true},
	} {
		t.Run(spec, func(t *testing.T) {
			c := startCloud(t, faults(t, spec))
			_, err := c.rest("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"protocol": "HTTP"})
			got := code(err)
			if want.code == "transport" && got != "" && !strings.Contains(got, "Throttling") && got != "ServiceUnavailable" {
				got = "transport"
			}
			if got != want.code {
				t.Errorf("got %v, want %s", err, want.code)
			}
			completed(t, c.Sandbox)
			if committed := c.domain(apiID).Protocol == "HTTP"; committed != want.committed {
				t.Errorf("committed: got %t, want %t", committed, want.committed)
			}
		})
	}
}

func TestHeldCallOfTheCloud(t *testing.T) {
	t.Parallel()
	c := startCloud(t, faults(t, "CreateDomain:hold-before-commit:1"))
	done := make(chan error, 1)
	go func() {
		_, err := c.rest("CreateDomain", "POST", "/v1/domains", nil, object{"name": "x.demo.com", "protocol": "HTTP"})
		done <- err
	}()
	held, err := c.Held(t.Context())
	if err != nil || held.Received.Params["name"] != "x.demo.com" || len(c.StateAPIG().Domains) != 2 {
		t.Fatalf("got %+v, %v", held, err)
	}
	held.Release()
	if err := <-done; err != nil || len(c.StateAPIG().Domains) != 3 {
		t.Errorf("got %v", err)
	}
}

// TestErrorEnvelopes reads both envelopes as they are sent.
func TestErrorEnvelopes(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	response, err := http.Get(c.Endpoint() + "/v1/domains")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	var outer object
	if json.Unmarshal(text, &outer) != nil || outer["Code"] != "MissingAuthorization" || outer["RequestId"] == nil || outer["requestId"] != nil || response.Header.Get("Content-Type") != "application/json;charset=utf-8" {
		t.Errorf("without a signature: got %s", text)
	}
	_, err = c.rest("GetDomain", "GET", "/v1/domains/d-0", nil, nil)
	var e *tea.SDKError
	var inner object
	if !errors.As(err, &e) || json.Unmarshal([]byte(tea.StringValue(e.Data)), &inner) != nil || inner["code"] != "DatabaseError.RecordNotFound" || inner["message"] != "record not found" || inner["requestId"] == nil {
		t.Errorf("got %v", err)
	}
}

func TestAccessLogOfTheCloud(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	c := startCloud(t, func(o *Options) { o.AccessLog = &log })
	c.must("UpdateDomain", "PUT", "/v1/domains/"+otherID, nil, object{"protocol": "HTTPS", "forceHttps": true, "clientCACert": "secret-thing"})
	if text := log.String(); !strings.Contains(text, `"PUT" "UpdateDomain" "OK"`) || strings.Contains(text, "secret") || strings.Contains(text, otherID) {
		t.Errorf("got %s", text)
	}
}

func TestStateHasNoKeys(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	if _, err := c.form("UploadUserCertificate", object{"Name": "n", "Cert": string(c.leaf.Chain), "Key": string(c.leaf.Key)}); err != nil {
		t.Fatal(err)
	}
	c.must("UpdateDomain", "PUT", "/v1/domains/"+otherID, nil, object{"protocol": "HTTPS", "forceHttps": true, "clientCACert": string(c.leaf.Key)})
	if text := fmt.Sprintf("%#v %#v", c.Certificates(), c.Calls()); strings.Contains(text, "PRIVATE KEY") {
		t.Error("the state or the log contains a key")
	}
}

func TestNamesOfGatewaysResolve(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	for name, want := range map[string]int{"nlb-1-1.cn-hangzhou.nlb.aliyuncs.com.": 1, "env-1-cn-hangzhou.alicloudapi.com.": 1, "nlb-gone-1.cn-hangzhou.nlb.aliyuncs.com.": 1,
		"env-gone-cn-hangzhou.alicloudapi.com.": 0} {
		if answer, _ := c.names.Lookup(name, 1); len(answer) != want {
			t.Errorf("%s: got %v, want %d addresses", name, answer, want)
		}
	}
}

func TestSeedFileOfTheCloud(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startCloud(t)
	for name, text := range map[string][]byte{"a.pem": c.leaf.Chain, "a.key": c.leaf.Key, "ca.pem": c.root.Root()} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	seed, err := account.ParseSeed([]byte(`
gateways:
  - {gatewayId: gw-1, name: pay, features: [{name: EnableHttp2, value: "false"}]}
certificates:
  - {id: 7, name: a, body: a.pem, privateKey: a.key}
domains:
  - {name: api.demo.com, certIdentifier: a, mTLSEnabled: true, clientCACert: ca.pem, tlsMin: TLS1.2,
     tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [{name: AES128-SHA, supportVersions: [TLS 1.2]}]}}
httpApis:
  - httpApiId: api-1
    routes: [{name: r, gatewayId: gw-1, domainIds: [api.demo.com], deployStatus: NotDeployed}]
`), dir)
	if err != nil {
		t.Fatal(err)
	}
	d := seed.APIG.Domains[0]
	if d.CertIdentifier != "7-cn-hangzhou" || d.ClientCACert != string(c.root.Root()) || d.TLSMin != "TLS 1.2" || d.Protocol != "HTTPS" || seed.APIG.HTTPAPIs[0].Routes[0].DomainIDs[0] != d.DomainID {
		t.Errorf("got %+v", seed.APIG)
	}
	for want, text := range map[string]string{
		"given twice":          "gateways: [{gatewayId: g}, {gatewayId: g}]",
		"not in the seed":      "domains: [{name: a.b, publishedOn: [g]}]",
		"has no name":          "domains: [{domainId: d}]",
		"no such file":         "certificates: [{id: 1, body: none.pem}]",
		"IP address":           "gateways: [{gatewayId: g, loadBalancers: [{ipv4Addresses: [x]}]}]",
		"domain \"x.y\"":       "gateways: [{gatewayId: g}]\nhttpApis: [{httpApiId: a, routes: [{gatewayId: g, domainIds: [x.y]}]}]",
		"gatewayID is unknown": "gateways: [{gatewayID: g}]",
		"no readable PEM":      "certificates: [{id: 1, body: a.key}]",
		"which is not in th":   "httpApis: [{httpApiId: a, deployments: [{gatewayId: g}]}]",
	} {
		if _, err := account.ParseSeed([]byte(text), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
