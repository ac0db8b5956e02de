package sandbox

import (
	"cmp"
	"path"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// authorise applies the RAM policy of the options, and the list of what no key may call.
// GetCallerIdentity needs no right.
func (x *exchange) authorise() error {
	action := x.op.policy + ":" + x.op.name
	for _, glob := range x.options.Deny {
		if denied, _ := path.Match(glob, action); denied { // the glob was checked at the start
			return x.forbidden()
		}
	}
	if p := x.options.Policy; p != nil && x.op.policy != "sts" && !p.Allows(action, x.resource()) {
		return x.forbidden()
	}
	return nil
}

// resource is what the call concerns, as RAM names it. Where the call names no region, it is
// the group's, or that of the seed's first group.
func (x *exchange) resource() string {
	region := "cn-hangzhou"
	if groups := x.options.Seed.Groups; len(groups) > 0 {
		region = cmp.Or(groups[0].RegionID, region)
	}
	groupID := x.call.Params["GroupId"]
	if group, err := x.account.Group(account.Place{GroupID: groupID}); err == nil {
		region = group.RegionID
	}
	region = cmp.Or(x.call.Region, region)
	kind, id := "", ""
	switch {
	case x.op.policy == "apigateway":
		kind, id = "apigroup", groupID
	case strings.HasPrefix(x.r.URL.Path, "/v1/domains"):
		kind, id = "domain", x.path["domainId"]
	case strings.HasPrefix(x.r.URL.Path, "/v1/gateways"):
		kind, id = "gateway", x.path["gatewayId"]
	case strings.HasPrefix(x.r.URL.Path, "/v1/http-apis"):
		kind, id = "httpapi", x.path["httpApiId"]
	default: // of the certificate store, which has rights for actions only
		return "*"
	}
	return "acs:" + x.op.policy + ":" + region + ":" + x.caller() + ":" + kind + "/" + cmp.Or(id, "*")
}
