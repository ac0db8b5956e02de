package sandbox

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/account"
	"github.com/bindgate/bindgate/internal/sandbox/apig"
	"github.com/bindgate/bindgate/internal/sandbox/certstore"
	"github.com/bindgate/bindgate/internal/sandbox/refusal"
	"github.com/bindgate/bindgate/internal/sandbox/sign"
)

// operation is one action of one product.
type operation struct {
	product string // in targets of faults and rates
	policy  string // in RAM policies
	version string
	name    string
	writes  bool
	rate    float64 // documented calls a second; 0: not documented
	match   func(method, path string) (params map[string]string, fits bool)
	do      func(*exchange) (any, error)
}

func (op operation) key() string { return op.product + "/" + op.name }

// operations returns every action of the sandbox.
func operations() []operation {
	var all []operation
	for _, a := range account.Actions() {
		op := operation{product: "classic", policy: "apigateway", version: a.Version(), name: a.Name, writes: a.Writes, match: root,
			do: func(x *exchange) (any, error) {
				return a.Do(x.account, account.Request{ID: x.id, Params: x.call.Params, Region: x.call.Region, Caller: x.caller(), Contract2017: x.options.Contract2017})
			}}
		if a.Version() != account.Version {
			op.product, op.policy = "sts", "sts"
		}
		all = append(all, op)
	}
	for _, a := range certstore.Actions() {
		all = append(all, operation{product: "cas", policy: "yundun-cert", version: certstore.Version, name: a.Name, writes: a.Writes, rate: a.Rate, match: root,
			do: func(x *exchange) (any, error) {
				return a.Do(x.certs, certstore.Request{ID: x.id, Params: x.call.Params})
			}})
	}
	for _, a := range apig.Actions() {
		all = append(all, operation{product: "apig", policy: "apig", version: apig.Version, name: a.Name, writes: a.Writes, rate: a.Rate, match: a.Match,
			do: func(x *exchange) (any, error) { return a.Do(x.apig, x.call.Region, x.path, x.call.Params, x.body) }})
	}
	return all
}

// root is the place of every action of the RPC style.
func root(_, path string) (map[string]string, bool) { return nil, path == "/" }

// find looks up the operation of an authenticated call.
func (x *exchange) find() error {
	var versions []string
	named := false
	for _, op := range x.ops {
		if (op.product == "apig") != x.rest {
			continue
		}
		if !slices.Contains(versions, op.version) {
			versions = append(versions, op.version)
		}
		if op.name != x.call.Action {
			continue
		}
		named = true
		if op.version != x.call.Version {
			continue
		}
		params, fits := op.match(x.r.Method, x.r.URL.Path)
		if !fits {
			return account.Refuse("InvalidApi.NotFound", "The action %s is not at this method and path.", op.name)
		}
		x.op, x.path = op, params
		return nil
	}
	if named || !slices.Contains(versions, x.call.Version) {
		return account.Invalid("Version", "it must be that of the action, one of "+strings.Join(versions, ", "))
	}
	return account.Refuse("InvalidApi.NotFound", "The action is not found.")
}

// admit applies the policy of the key, and flow control.
func (x *exchange) admit() error {
	if err := x.authorise(); err != nil {
		return err
	}
	return x.limits.allow(x.op.key())
}

// forbidden is the error of a RAM policy. That of the certificate store is not
// documented.
func (x *exchange) forbidden() error {
	message := "The RAM policy does not allow " + x.op.policy + ":" + x.op.name + "."
	if x.rest {
		return refusal.New(http.StatusForbidden, "APIG.ErrorCode.Forbidden", "%s", message)
	}
	return account.Refuse("NoPermission", "%s", message)
}

// recorded returns the call with the parameters of the path and the fields of a
// JSON body, as the log keeps it.
func (x *exchange) recorded() sign.Call {
	call := x.call
	call.Params = maps.Clone(call.Params)
	maps.Copy(call.Params, x.path)
	var body map[string]json.RawMessage
	if x.rest && json.Unmarshal(x.body, &body) == nil {
		for name, raw := range body {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			call.Params[name] = text
		}
	}
	return call
}

// scopes returns the names and ids in a call that a fault can name.
func (x *exchange) scopes() []string {
	var all []string
	for _, name := range [...]string{"DomainName", "GroupId", "domainId", "name", "gatewayId", "httpApiId", "routeId", "certIdentifier",
		"ResourceId", "domainName", "Name", "CertId", "CertificateId"} {
		if value := x.entry.Params[name]; value != "" {
			all = append(all, value)
		}
	}
	if name := x.apig.Name(x.path["domainId"]); name != "" {
		all = append(all, name)
	}
	return all
}
