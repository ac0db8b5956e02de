package client_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/platform/apig/client"
	"github.com/bindgate/bindgate/internal/platform/apitest"
)

const region = "cn-hangzhou"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a JSON object.
type object = map[string]any

// world is an account that a scripted endpoint answers from. Its lists have pages of at
// most two items, for any page size.
type world struct {
	*apitest.Edge
	gateways, domains, ai, apis, certs []object
	routes                             map[string][]object // by HTTP API
	details                            map[string]object   // by number
	filters                            bool                // ListDomains filters by gatewayType
}

func newWorld(t *testing.T) *world {
	w := &world{filters: true, routes: map[string][]object{}, details: map[string]object{}}
	by := func(f func(apitest.Call) apitest.Answer) []apitest.Answer { return []apitest.Answer{{By: f}} }
	w.Edge = apitest.New(t, map[string][]apitest.Answer{
		"GetGateway": by(func(c apitest.Call) apitest.Answer {
			return one(w.gateways, "gatewayId", c, "NotFound.GatewayNotFound")
		}),
		"ListGateways":        by(func(c apitest.Call) apitest.Answer { return listOf(w.gateways, c) }),
		"ListGatewayFeatures": by(func(apitest.Call) apitest.Answer { return apitest.Data(object{"items": features}) }),
		"DescribeRegions":     {{Body: `{"requestId":"R","code":"200","data":[{"regionId":"cn-hangzhou"},{"regionId":"cn-shanghai"}]}`}},
		"ListDomains": by(func(c apitest.Call) apitest.Answer {
			var found []object
			for _, d := range slices.Concat(w.domains, w.ai) {
				isAI := slices.ContainsFunc(w.ai, func(o object) bool { return o["domainId"] == d["domainId"] })
				if kind := c.URL.Get("gatewayType"); w.filters && kind != "" && isAI != (kind == "AI") {
					continue
				}
				if strings.Contains(d["name"].(string), c.URL.Get("nameLike")) {
					found = append(found, d)
				}
			}
			return listOf(found, c)
		}),
		"GetDomain": by(func(c apitest.Call) apitest.Answer {
			return one(slices.Concat(w.domains, w.ai), "domainId", c, "DatabaseError.RecordNotFound")
		}),
		"ListHttpApis":      by(func(c apitest.Call) apitest.Answer { return listOf(w.apis, c) }),
		"ListHttpApiRoutes": by(func(c apitest.Call) apitest.Answer { return listOf(w.routes[strings.Split(c.Path, "/")[3]], c) }),
		"ListSslCerts": by(func(c apitest.Call) apitest.Answer {
			var found []object
			for _, o := range w.certs {
				if !strings.Contains(o["certName"].(string), c.URL.Get("certNameLike")) {
					continue
				}
				o := clone(o)
				o["domainMatchCert"] = c.URL.Get("domainName") != "" && strings.Contains(fmt.Sprint(o["sans"]), c.URL.Get("domainName"))
				found = append(found, o)
			}
			return listOf(found, c)
		}),
		"GetCertificateDetail": by(func(c apitest.Call) apitest.Answer {
			d, ok := w.details[c.Query.Get("CertificateId")]
			if !ok {
				return apitest.Answer{Status: 400, Body: apitest.Refusal("NotFound", "m")}
			}
			return apitest.OK(d)
		}),
	})
	t.Cleanup(func() { w.noKeyWasAsked(t) })
	return w
}

var features = []object{
	{"value": "true", "definition": object{"name": "EnableHttp2", "defaultValue": "false"}},
	{"definition": object{"name": "Gzip", "defaultValue": false}},
}

// noKeyWasAsked holds for every test of this package.
func (w *world) noKeyWasAsked(t *testing.T) {
	for _, c := range w.Calls() {
		if c.Action == "GetUserCertificateDetail" || c.Query.Has("CertFilter") || c.Query.Has("Key") || c.Query.Has("PrivateKey") {
			t.Errorf("%s asks for what may hold a private key", c.Action)
		}
		if !strings.HasPrefix(c.Action, "Get") && !strings.HasPrefix(c.Action, "List") && !strings.HasPrefix(c.Action, "Describe") {
			t.Errorf("a reader calls %s", c.Action)
		}
	}
}

func (w *world) reader() *client.Reader { return client.NewReader(w.Transport(), 4) }

func (w *world) count(action string) (n int) {
	for _, c := range w.Calls() {
		if c.Action == action {
			n++
		}
	}
	return n
}

func clone(o object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	return out
}

func one(all []object, key string, c apitest.Call, code string) apitest.Answer {
	segments := strings.Split(c.Path, "/")
	for _, o := range all {
		if o[key] == segments[len(segments)-1] {
			o = clone(o)
			delete(o, "status_of_list")
			delete(o, "subDomainInfos")
			return apitest.Data(o)
		}
	}
	return apitest.Answer{Body: `{"requestId":"R","code":"` + code + `","message":"m"}`}
}

func listOf(all []object, c apitest.Call) apitest.Answer {
	page, _ := strconv.Atoi(c.URL.Get("pageNumber"))
	from := min(2*(page-1), len(all))
	items := []object{}
	for _, o := range all[from:min(from+2, len(all))] {
		o = clone(o)
		if s, ok := o["status_of_list"]; ok {
			o["status"] = s
			delete(o, "status_of_list")
			delete(o, "http2Option")
		}
		items = append(items, o)
	}
	return apitest.Data(object{"pageNumber": page, "pageSize": 2, "totalSize": strconv.Itoa(len(all)), "items": items})
}

// domain is a record with as much as the list shows, and more.
func domain(id, name string) object {
	return object{"domainId": id, "name": name, "status_of_list": "Published", "protocol": "HTTPS", "domainScope": "Dedicated", "forceHttps": true,
		"mTLSEnabled": false, "certIdentifier": "1-cn-hangzhou", "http2Option": "Open", "tlsMin": "TLS1.2", "tlsMax": "TLS 1.3"}
}

func of(name string) binding.Binding {
	return binding.Binding{DomainName: name, GatewayID: "gw-1", RegionID: region}
}

// answer fixes the answer to an action.
func (w *world) answer(action, code string, status int) {
	w.Script(action, apitest.Answer{Status: status, Body: `{"requestId":"R","code":"` + code + `","message":"m"}`})
}
