package sources

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// callerIdentity is the data source by which the provider itself reports its account.
// alicloud_account is none: it repeats the argument account_id.
const callerIdentity = "alicloud_caller_identity"

// tfProvider is the provider block that a resource uses.
type tfProvider struct {
	found       bool
	expressions map[string]any
	account     string // what the provider reported while planning; empty: it was not asked
	reporter    string // the address of the data source that did
}

// Arguments of a provider block.
const (
	// credentials may be of another account than bindgate's.
	credentials = "access_key secret_key security_token ecs_role_name profile shared_credentials_file credentials_uri"
	// harmless ones change neither the account nor the address of a call.
	harmless = "region account_id account_type assume_role assume_role_with_oidc endpoints skip_region_validation configuration_source protocol client_read_timeout" +
		" client_connect_timeout source_ip security_transport secure_transport max_retry_timeout sign_version ots_instance_name log_endpoint mns_endpoint fc version"
)

var (
	// Names under aliyuncs.com that customers cannot have.
	stsHost      = lazyregexp.New(`^sts(-vpc)?(\.[a-z0-9-]+)?\.aliyuncs\.com$`)
	locationHost = lazyregexp.New(`^location(-[a-z]+)?(\.[a-z0-9-]+)?\.aliyuncs\.com$`)

	roleARN   = lazyregexp.New(`^acs:ram::([0-9]{1,32}):role/[^\x00-\x20]+$`)
	accountID = lazyregexp.New(`^[0-9]{1,32}$`)
)

// provider returns the provider block of a resource in the configuration. Where the plan
// does not say which block it is, it is none, and found reports whether there is none.
func (p *tfPlan) provider(resource map[string]any) tfProvider {
	all := object(p.configuration, "provider_config")
	key := text(resource, "provider_config_key")
	block, there := all[key].(map[string]any)
	if there && !isAlicloud(block) {
		return tfProvider{}
	}
	var out tfProvider
	for _, r := range p.callers[key] {
		if out.account != "" && out.account != r.ID { // two answers are none
			out.account, out.reporter = "", ""
			break
		}
		out.account, out.reporter = r.ID, r.Of
	}
	// A block of a module without expressions may stand for one that the module was given.
	if _, own := block["expressions"]; there && (own || !strings.Contains(key, ":")) {
		out.found, out.expressions = true, object(block, "expressions")
		return out
	}
	for _, one := range all {
		other := tfProvider{expressions: object(one, "expressions")}
		if block, _ := one.(map[string]any); isAlicloud(block) && !other.plain() && (out.account == "" || stated(other.expressions["endpoints"])) {
			return tfProvider{}
		}
	}
	out.found = true // whichever it is, it says nothing of the address, and nothing of the account that is not known
	return out
}

// plain reports whether the block says nothing of the account and the address of calls.
func (p tfProvider) plain() bool {
	role, unproven := p.credentials()
	return role == "" && len(unproven) == 0 && !stated(p.expressions["endpoints"]) && !stated(p.expressions["account_id"])
}

func isAlicloud(block map[string]any) bool {
	name := text(block, "full_name")
	return text(block, "name") == "alicloud" && name == "" || strings.HasSuffix(name, "/alicloud")
}

// readCallers finds what providers reported of their accounts while the plan was made, by
// the key of the provider block. A data source that is read later has the answer of an
// earlier plan, which does not count.
func (p *tfPlan) readCallers(module map[string]any, later map[string]bool) {
	in := text(module, "address")
	for _, one := range list(module, "resources") {
		r, _ := one.(map[string]any)
		account := text(object(r, "values"), "account_id")
		if !isCaller(r) || !accountID.MatchString(account) || holds(r["sensitive_values"], "account_id") || later[text(r, "address")] {
			continue
		}
		key := text(p.find(map[string]any{"module_address": in, "mode": "data", "type": text(r, "type"), "name": text(r, "name")}), "provider_config_key")
		if key != "" {
			p.callers[key] = append(p.callers[key], binding.Account{ID: account, Of: address(text(r, "address"))})
		}
	}
	for _, one := range list(module, "child_modules") {
		if child, ok := one.(map[string]any); ok {
			p.readCallers(child, later)
		}
	}
}

// later returns the addresses of the data sources that are read during apply.
func later(root map[string]any) map[string]bool {
	out := map[string]bool{}
	for _, one := range list(root, "resource_changes") {
		if change, _ := one.(map[string]any); isCaller(change) {
			out[text(change, "address")] = true
		}
	}
	for _, one := range list(root, "deferred_changes") {
		out[text(object(one, "resource_change"), "address")] = true
	}
	return out
}

func isCaller(resource map[string]any) bool {
	return text(resource, "mode") == "data" && text(resource, "type") == callerIdentity
}

// caller returns the accounts that the binding's calls are made in, as far as the plan
// says it. stop is told why the plan does not, and refuse what cannot be judged at all.
func (p tfProvider) caller(given Given, platform, region string, stop, refuse func(name, reason string)) (accounts []binding.Account) {
	if !p.found {
		stop("provider", "the plan does not say which provider block makes the calls; write the plan with a newer Terraform, or name the provider in the resource")
		return nil
	}
	p.endpoint(given, platform, region, stop, refuse)
	switch id, ok := constant(p.expressions["account_id"]); {
	case !ok || id == "":
	case !accountID.MatchString(id):
		stop("account_id of the provider", "it is no account's id, which has digits alone")
	default:
		accounts = append(accounts, binding.Account{ID: id, Of: "account_id of the provider"})
	}
	role, unproven := p.credentials()
	if role != "" {
		accounts = append(accounts, binding.Account{ID: role, Of: "role_arn of the provider"})
	}
	if p.account != "" {
		return append(accounts, binding.Account{ID: p.account, Of: p.reporter})
	}
	if len(unproven) > 0 {
		stop("provider", fmt.Sprintf("it has %s, so it may call as another account than bindgate, and the plan does not say as which; add data %q %q {} with the same provider, and plan again",
			strings.Join(unproven, ", "), callerIdentity, "current"))
	}
	return accounts
}

// credentials returns the account of the role that the provider assumes, and the arguments
// by which the provider may be of another account that the plan does not name.
func (p tfProvider) credentials() (role string, unproven []string) {
	roles := 0
	for _, block := range []string{"assume_role", "assume_role_with_oidc"} {
		if !stated(p.expressions[block]) {
			continue
		}
		all := blocks(p.expressions[block])
		arn := ""
		if len(all) == 1 {
			arn, _ = constant(all[0]["role_arn"])
			if none, ok := constant(all[0]["role_arn"]); ok && none == "" && block == "assume_role" && all[0]["role_arn"] != nil {
				continue // documented: no role is assumed
			}
		}
		roles++
		if m := roleARN.FindStringSubmatch(arn); m != nil {
			role = m[1]
		} else {
			unproven = append(unproven, block)
		}
	}
	switch {
	case roles > 1: // which of both comes last is not documented
		return "", []string{"assume_role", "assume_role_with_oidc"}
	case roles == 1: // the role decides, whoever assumes it
		return role, append(unproven, p.unknown()...)
	}
	for _, name := range strings.Fields(credentials) {
		if stated(p.expressions[name]) {
			unproven = append(unproven, name)
		}
	}
	return "", append(unproven, p.unknown()...)
}

// unknown returns the arguments that bindgate does not know.
func (p tfProvider) unknown() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(p.expressions)) {
		if !slices.Contains(strings.Fields(credentials+" "+harmless), name) && stated(p.expressions[name]) {
			names = append(names, quoted(name))
		}
	}
	return names
}

// endpoint reports where the provider calls another address than bindgate asks.
func (p tfProvider) endpoint(given Given, platform, region string, stop, refuse func(name, reason string)) {
	product := map[string]string{binding.Classic: "apigateway", binding.APIG: "apig"}[platform]
	of := "endpoints of the provider"
	if !stated(p.expressions["endpoints"]) {
		return
	}
	all := blocks(p.expressions["endpoints"])
	if all == nil {
		stop(of, "they are no constants, so the address of the calls is not known")
		return
	}
	for _, block := range all {
		for _, name := range []string{product, "sts", "location"} {
			if !stated(block[name]) {
				continue
			}
			address, ok := constant(block[name])
			host := hostOf(address)
			switch {
			case !ok:
				stop(of, name+" is no constant, so the address of the calls is not known")
			case name == product && region == "": // and that stops it
			case name == product && !given.asks(platform, product, region, host):
				refuse(of, fmt.Sprintf("%s is %.128q, and bindgate asks another address; name it with --endpoint or in the owner's file, or remove it from the provider", name, host))
			case name == "sts" && !stsHost.MatchString(host) && (given.STS == "" || host != hostOf(given.STS)):
				refuse(of, fmt.Sprintf("sts is %.128q, which says whose the calls are, and bindgate asks another STS; name it as sts in the owner's file, or remove it from the provider", host))
			case name == "location" && !locationHost.MatchString(host) && !stated(block[product]):
				refuse(of, fmt.Sprintf("location is %.128q, which gives the address of the calls; state %s, too", host, product))
			}
		}
	}
}

// asks reports whether bindgate asks a product at a host, by its name on the Internet or in
// a VPC.
func (g Given) asks(platform, product, region, host string) bool {
	if own := hostOf(g.Endpoints[platform]); own != "" && !strings.HasSuffix(own, ".aliyuncs.com") {
		return host == own
	}
	return region != "" && (host == product+"."+region+".aliyuncs.com" || host == product+"-vpc."+region+".aliyuncs.com")
}

// hostOf is the host, and the port if there is one, of an address with or without a scheme.
func hostOf(address string) string {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// constant returns the text of an expression. It is none if the expression refers to
// something: what is made of that is not in the plan.
func constant(expression any) (string, bool) {
	e, ok := expression.(map[string]any)
	if !ok || e["references"] != nil {
		return "", false
	}
	s, ok := e["constant_value"].(string)
	return s, ok
}

// stated reports whether an argument or block has a value, or may have one.
func stated(expression any) bool {
	switch e := expression.(type) {
	case nil:
		return false
	case []any:
		return len(e) > 0
	case map[string]any:
		value, ok := e["constant_value"]
		return !ok || e["references"] != nil || !unset(value)
	}
	return true
}

// blocks returns the blocks of one name; nil if they are not written as blocks.
func blocks(expression any) (out []map[string]any) {
	all, ok := expression.([]any)
	if one, single := expression.(map[string]any); single && one["references"] == nil && one["constant_value"] == nil {
		all, ok = []any{one}, len(one) > 0
	}
	for _, one := range all {
		block, is := one.(map[string]any)
		if !is {
			return nil
		}
		out = append(out, block)
	}
	if !ok {
		return nil
	}
	return out
}
