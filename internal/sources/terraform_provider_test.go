package sources

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/manifest"
)

// withProvider returns a plan with one binding of each platform, whose provider block has
// these arguments besides the region, and with what the provider reported of its account.
func withProvider(arguments, more string) []byte {
	if arguments != "" {
		arguments = ", " + arguments
	}
	return []byte(fmt.Sprintf(`{"format_version": "1.2", "planned_values": {},
"resource_changes": [
 {"address": "alicloud_api_gateway_domain.api", "mode": "managed", "type": "alicloud_api_gateway_domain", "name": "api",
  "change": {"actions": ["create"], "before": null, "after": {"group_id": "g1", "domain_name": "api.demo.com"}}},
 {"address": "alicloud_apig_domain.web", "mode": "managed", "type": "alicloud_apig_domain", "name": "web",
  "change": {"actions": ["create"], "before": null, "after": {"domain_name": "web.demo.com", "protocol": "HTTP"}}}],
"configuration": {"provider_config": {
  "alicloud": {"name": "alicloud", "full_name": "registry.terraform.io/aliyun/alicloud", "expressions": {"region": {"constant_value": "cn-hangzhou"}%s}},
  "alicloud.other": {"name": "alicloud", "alias": "other", "full_name": "registry.terraform.io/aliyun/alicloud", "expressions": {"profile": {"constant_value": "s3cret"}}}},
 "root_module": {"resources": [
  {"address": "alicloud_api_gateway_domain.api", "mode": "managed", "type": "alicloud_api_gateway_domain", "name": "api", "provider_config_key": "alicloud", "expressions": {}},
  {"address": "alicloud_apig_domain.web", "mode": "managed", "type": "alicloud_apig_domain", "name": "web", "provider_config_key": "alicloud", "expressions": {}},
  {"address": "data.alicloud_caller_identity.current", "mode": "data", "type": "alicloud_caller_identity", "name": "current", "provider_config_key": "alicloud"},
  {"address": "data.alicloud_caller_identity.other", "mode": "data", "type": "alicloud_caller_identity", "name": "other", "provider_config_key": "alicloud.other"}]}}%s}`, arguments, more))
}

// reported is the part of a plan in which a data source has an account.
func reported(name, account, sensitive string) string {
	return fmt.Sprintf(`, "prior_state": {"values": {"root_module": {"resources": [
 {"address": "alicloud_vpc.v", "mode": "managed", "type": "alicloud_vpc", "name": "v", "values": {"account_id": "5"}},
 {"address": "data.alicloud_account.a", "mode": "data", "type": "alicloud_account", "name": "a", "values": {"id": "5", "account_id": "5"}},
 {"address": "data.alicloud_caller_identity.%s", "mode": "data", "type": "alicloud_caller_identity", "name": "%s", "values": {"account_id": %q}, "sensitive_values": %s}]}}}`, name, name, account, sensitive)
}

// A provider block by which Terraform may call in another account or at another address is
// compared, refused or not run, and no value of a credential is repeated.
func TestTerraformProvider(t *testing.T) {
	const role = `"assume_role": [{"role_arn": {"constant_value": "acs:ram::42:role/ci"}}]`
	proof := reported("current", "42", "{}")
	fromRole := binding.Account{ID: "42", Of: "role_arn of the provider"}
	fromData := binding.Account{ID: "42", Of: "data.alicloud_caller_identity.current"}
	for name, tc := range map[string]struct {
		arguments, more string
		given           Given
		want            string // of the reasons of the classic binding; empty: it is judged
		wantAPIG        string // "": as want
		refused         bool
		accounts        []binding.Account
	}{
		"plain":                      {},
		"harmless":                   {arguments: `"protocol": {"constant_value": "HTTPS"}, "profile": {"constant_value": null}, "access_key": {"constant_value": ""}, "configuration_source": {"references": ["var.x"]}`},
		"a role":                     {arguments: role, accounts: []binding.Account{fromRole}},
		"a role, whoever assumes it": {arguments: role + `, "access_key": {"references": ["var.key"]}`, accounts: []binding.Account{fromRole}},
		"no role":                    {arguments: `"assume_role": [{"role_arn": {"constant_value": ""}}]`},
		"a role that is no constant": {arguments: `"assume_role": [{"role_arn": {"references": ["local.role"]}}]`, want: "provider: it has assume_role, so it may call as another account"},
		"a constant that refers":     {arguments: `"assume_role": [{"role_arn": {"constant_value": "acs:ram::42:role/ci", "references": ["local.role"]}}]`, want: "it has assume_role"},
		"no ARN":                     {arguments: `"assume_role": [{"role_arn": {"constant_value": "ci"}}]`, want: "it has assume_role"},
		"an empty block":             {arguments: `"assume_role": [{}]`, want: "it has assume_role"},
		"not written as a block":     {arguments: `"assume_role": {"references": ["var.roles"]}`, want: "it has assume_role"},
		"two roles":                  {arguments: role + `, "assume_role_with_oidc": [{"role_arn": {"constant_value": "acs:ram::43:role/ci"}}]`, want: "it has assume_role, assume_role_with_oidc"},
		"a role by OIDC":             {arguments: strings.Replace(role, "assume_role", "assume_role_with_oidc", 1), accounts: []binding.Account{fromRole}},
		"credentials": {arguments: `"access_key": {"constant_value": "s3cret"}, "profile": {"constant_value": "s3cret"}, "credentials_uri": {"references": ["var.u"]}, "ecs_role_name": {}`,
			want: "it has access_key, ecs_role_name, profile, credentials_uri, so"},
		"credentials of a known account": {arguments: `"profile": {"constant_value": "s3cret"}`, more: proof, accounts: []binding.Account{fromData}},
		"a role of a known account":      {arguments: `"assume_role": [{"role_arn": {"references": ["var.role"]}}]`, more: proof, accounts: []binding.Account{fromData}},
		"what another provider reported": {arguments: `"profile": {"constant_value": "s3cret"}`, more: reported("other", "42", "{}"), want: "it has profile"},
		"what no configuration has":      {arguments: `"profile": {"constant_value": "s3cret"}`, more: reported("third", "42", "{}"), want: "it has profile"},
		"an account that is read later": {arguments: `"profile": {"constant_value": "s3cret"}`, want: "it has profile",
			more: proof + `, "deferred_changes": [{"resource_change": {"address": "data.alicloud_caller_identity.current", "mode": "data"}}]`},
		"an account of a part of the plan":        {arguments: `"profile": {"constant_value": "s3cret"}`, more: proof + `, "complete": false`, want: "it has profile"},
		"an account that is sensitive":            {arguments: `"profile": {"constant_value": "s3cret"}`, more: reported("current", "42", `{"account_id": true}`), want: "it has profile"},
		"an account that is none":                 {arguments: `"profile": {"constant_value": "s3cret"}`, more: reported("current", "me", "{}"), want: "it has profile"},
		"an account's id":                         {arguments: `"account_id": {"constant_value": "42"}`, accounts: []binding.Account{{ID: "42", Of: "account_id of the provider"}}},
		"an account's id proves nothing":          {arguments: `"account_id": {"constant_value": "42"}, "profile": {"constant_value": "s3cret"}`, want: "it has profile", accounts: []binding.Account{{ID: "42", Of: "account_id of the provider"}}},
		"an account's id that is none":            {arguments: `"account_id": {"constant_value": "s3cret"}`, want: "account_id of the provider: it is no account's id"},
		"an argument that bindgate does not know": {arguments: `"signer": {"constant_value": "s3cret"}`, want: `it has "signer"`},

		"the region's own endpoints": {arguments: `"endpoints": [{"apigateway": {"constant_value": "apigateway.cn-hangzhou.aliyuncs.com"}, "apig": {"constant_value": "https://apig-vpc.cn-hangzhou.aliyuncs.com"}, "ecs": {"references": ["var.x"]}}]`},
		"another region's endpoint":  {arguments: `"endpoints": [{"apigateway": {"constant_value": "apigateway.cn-beijing.aliyuncs.com"}}]`, want: `apigateway is "apigateway.cn-beijing.aliyuncs.com", and bindgate asks another address`, wantAPIG: "-", refused: true},
		"an endpoint elsewhere":      {arguments: `"endpoints": [{"apig": {"constant_value": "http://u:s3cret@gw.corp:8080"}}]`, wantAPIG: `apig is "gw.corp:8080"`},
		"an endpoint of a variable":  {arguments: `"endpoints": [{"apigateway": {"references": ["var.x"]}}]`, want: "apigateway is no constant", wantAPIG: "-"},
		"endpoints of a variable":    {arguments: `"endpoints": {"references": ["var.x"]}`, want: "they are no constants"},
		"bindgate's endpoint":        {arguments: `"endpoints": [{"apigateway": {"constant_value": "gw.corp"}}]`, given: Given{Endpoints: map[string]string{binding.Classic: "https://GW.corp"}}},
		"not bindgate's endpoint": {arguments: `"endpoints": [{"apigateway": {"constant_value": "apigateway.cn-hangzhou.aliyuncs.com"}}]`, given: Given{Endpoints: map[string]string{binding.Classic: "https://gw.corp"}},
			want: "bindgate asks another address", wantAPIG: "-", refused: true},
		"another STS":                    {arguments: `"endpoints": [{"sts": {"constant_value": "sts.corp"}}]`, more: proof, want: `sts is "sts.corp"`, refused: true, accounts: []binding.Account{fromData}},
		"a name that customers can have": {arguments: `"endpoints": [{"sts": {"constant_value": "sts.oss-cn-hangzhou.evil.aliyuncs.com"}}]`, want: "and bindgate asks another STS", refused: true},
		"an STS of Alibaba Cloud":        {arguments: `"endpoints": [{"sts": {"constant_value": "sts-vpc.cn-hangzhou.aliyuncs.com"}, "location": {"constant_value": "location-readonly.aliyuncs.com"}}]`},
		"bindgate's STS":                 {arguments: `"endpoints": [{"sts": {"constant_value": "sts.corp"}}]`, given: Given{STS: "https://sts.corp"}},
		"another location":               {arguments: `"endpoints": [{"location": {"constant_value": "l.corp"}}]`, want: `location is "l.corp"`, refused: true},
		"one of two blocks":              {arguments: `"endpoints": [{}, {"apigateway": {"constant_value": "gw.corp"}}]`, want: `apigateway is "gw.corp"`, wantAPIG: "-", refused: true},
	} {
		tc.given.Gateway = "gw-1"
		plan := withProvider(tc.arguments, tc.more)
		if !json.Valid(plan) {
			t.Fatalf("%s: the plan is no JSON", name)
		}
		entries, err := Terraform(plan, tc.given)
		if err != nil || len(entries) != 2 {
			t.Errorf("%s: got %+v, %v", name, entries, err)
			continue
		}
		for i, want := range []string{tc.want, strings.TrimPrefix(strings.TrimSuffix(tc.wantAPIG, "-"), "")} {
			if i == 1 && tc.wantAPIG == "" {
				want = tc.want
			}
			got := strings.Join(entries[i].NotRun, "\n")
			if (want == "") != (got == "") || !strings.Contains(got, want) {
				t.Errorf("%s: %s: got the reasons %q, want %q", name, entries[i].Address, got, want)
			}
		}
		if entries[0].Refused != tc.refused {
			t.Errorf("%s: got refused %t", name, entries[0].Refused)
		}
		if diff := cmp.Diff(tc.accounts, entries[0].Accounts); diff != "" {
			t.Errorf("%s: accounts: %s", name, diff)
		}
		if text, _ := json.Marshal(entries); strings.Contains(string(text), "s3cret") {
			t.Errorf("%s: a value of the provider is in %s", name, text)
		}
	}
}

// Where the plan does not say which provider block makes the calls, every block counts.
func TestTerraformProviderIsNotKnown(t *testing.T) {
	lost := func(plan []byte) []byte {
		return []byte(strings.ReplaceAll(string(plan), `"provider_config_key": "alicloud"`, `"provider_config_key": "module.x:alicloud"`))
	}
	entries, err := Terraform(lost(withProvider("", "")), Given{Gateway: "gw-1", Region: "cn-hangzhou"})
	if err != nil || len(entries) != 2 || !strings.Contains(strings.Join(entries[0].NotRun, ""), "does not say which provider block") {
		t.Errorf("got %+v, %v, want a block that is not known", entries, err)
	}
	plain := strings.Replace(string(withProvider("", "")), `"profile": {"constant_value": "s3cret"}`, "", 1)
	entries, err = Terraform(lost([]byte(plain)), Given{Gateway: "gw-1", Region: "cn-hangzhou"})
	if err != nil || len(entries) != 2 || len(entries[0].NotRun) > 0 {
		t.Errorf("got %+v, %v, want bindings: no block says anything of accounts", entries, err)
	}
}

// Terraform before 1.1 lists a module's provider without saying whose block it is.
func TestTerraformProviderOfModule(t *testing.T) {
	for arguments, want := range map[string]string{`"profile": {"constant_value": "s3cret"}`: "does not say which provider block", "": ""} {
		plan := strings.ReplaceAll(string(withProvider(arguments, "")), `"provider_config_key": "alicloud"`, `"provider_config_key": "module.x:alicloud"`)
		plan = strings.ReplaceAll(plan, `"alicloud.other": {"name": "alicloud", "alias": "other", "full_name": "registry.terraform.io/aliyun/alicloud", "expressions": {"profile": {"constant_value": "s3cret"}}}`,
			`"module.x:alicloud": {"name": "alicloud", "full_name": "registry.terraform.io/aliyun/alicloud", "module_address": "module.x"}`)
		entries, err := Terraform([]byte(plan), Given{Gateway: "gw-1", Region: "cn-hangzhou"})
		if all := strings.Join(entries[0].NotRun, ""); err != nil || (want == "") != (all == "") || !strings.Contains(all, want) {
			t.Errorf("%s: got %q, %v; want %q", arguments, all, err, want)
		}
	}
}

// A data source that is read during apply has the answer of an earlier plan in the state.
func TestTerraformAccountIsReadLater(t *testing.T) {
	read := `"resource_changes": [{"address": "data.alicloud_caller_identity.current", "mode": "data", "type": "alicloud_caller_identity", "name": "current", "change": {"actions": ["read"], "before": null, "after": {}}},`
	plan := strings.Replace(string(withProvider(`"profile": {"constant_value": "s3cret"}`, reported("current", "42", "{}"))), `"resource_changes": [`, read, 1)
	entries, err := Terraform([]byte(plan), Given{Gateway: "gw-1"})
	if err != nil || len(entries) != 2 || !strings.Contains(strings.Join(entries[0].NotRun, ""), "it has profile") {
		t.Errorf("got %+v, %v", entries, err)
	}
}

// No call is made for what the plan keeps, in whichever account.
func TestTerraformKeepsWithoutCall(t *testing.T) {
	plan := strings.ReplaceAll(string(withProvider(`"profile": {"constant_value": "s3cret"}`, "")), `["create"]`, `["no-op"]`)
	entries, err := Terraform([]byte(plan), Given{Gateway: "gw-1"})
	if err != nil || len(entries) != 2 || len(entries[0].NotRun) > 0 || entries[0].Called {
		t.Errorf("got %+v, %v", entries, err)
	}
}

// What DNS says now is not what it says after the same plan changed it.
func TestTerraformChangesRecords(t *testing.T) {
	for name, tc := range map[string]struct {
		kind, change, want string
	}{
		"a delete":        {"alicloud_alidns_record", `"actions": ["delete"], "before": {"domain_name": "demo.com", "rr": "API"}, "after": null`, "the plan changes its DNS record, too"},
		"an update":       {"alicloud_dns_record", `"actions": ["update"], "before": {"name": "demo.com", "host_record": "api"}, "after": {"name": "demo.com", "host_record": "api"}`, "the plan changes its DNS record, too"},
		"a wildcard":      {"alicloud_alidns_record", `"actions": ["create"], "before": null, "after": {"domain_name": "demo.com", "rr": "*"}`, "the plan changes its DNS record, too"},
		"not known":       {"alicloud_alidns_record", `"actions": ["create"], "before": null, "after": {"domain_name": "demo.com"}, "after_unknown": {"rr": true}`, "or one that may be its own"},
		"the apex":        {"alicloud_alidns_record", `"actions": ["update"], "before": {"domain_name": "demo.com", "rr": "@"}, "after": {"domain_name": "demo.com", "rr": "@"}`, ""},
		"the apex itself": {"alicloud_alidns_record", `"actions": ["update"], "before": {"domain_name": "api.demo.com", "rr": "@"}, "after": {"domain_name": "api.demo.com", "rr": "@"}`, "the plan changes its DNS record, too"},
		"kept":            {"alicloud_alidns_record", `"actions": ["no-op"], "before": {"domain_name": "demo.com", "rr": "api"}, "after": {"domain_name": "demo.com", "rr": "api"}`, ""},
	} {
		changes := fmt.Sprintf(`"resource_changes": [{"address": "x.r", "mode": "managed", "type": %q, "name": "r", "change": {%s}},`, tc.kind, tc.change)
		entries, err := Terraform([]byte(strings.Replace(string(withProvider("", "")), `"resource_changes": [`, changes, 1)), Given{Gateway: "gw-1"})
		if err != nil || len(entries) != 2 {
			t.Errorf("%s: got %+v, %v", name, entries, err)
			continue
		}
		if all := strings.Join(entries[0].NotRun, "\n"); (tc.want == "") != (all == "") || !strings.Contains(all, tc.want) {
			t.Errorf("%s: got the reasons %q, want %q", name, all, tc.want)
		}
	}
}

// Many changes next to many bindings cost no more than their size.
func TestTerraformOfManyChanges(t *testing.T) {
	p := tfPlan{changed: tfChanged{deleted: map[deletion]string{}, records: map[string]string{}}}
	begun := cputime.Spent(t)
	for i := range 20_000 {
		at := fmt.Sprint("x.", i)
		p.record(map[string]any{"type": "alicloud_alidns_record", "address": at, "change": map[string]any{"actions": []any{"create"}, "after": map[string]any{"domain_name": "demo.com", "rr": at}}})
		p.delete(map[string]any{"type": typeClassic, "address": at, "change": map[string]any{"actions": []any{"delete"}, "before": map[string]any{"domain_name": "api.demo.com", "group_id": at}}})
		p.entries = append(p.entries, manifest.Entry{Platform: binding.Classic, Domain: "api.demo.com", Called: true, Values: map[string]any{"groupId": "g"}})
	}
	p.stopChanged()
	if took := cputime.Spent(t) - begun; took > 2*time.Second || len(p.entries[0].NotRun) > 0 {
		t.Errorf("it took %s of processor time, and the reasons are %q", took, p.entries[0].NotRun)
	}
}

// A region that may be made of something else is asked for.
func TestTerraformRegionRefers(t *testing.T) {
	plan := strings.Replace(string(withProvider("", "")), `{"constant_value": "cn-hangzhou"}`, `{"constant_value": "cn-hangzhou", "references": ["var.r"]}`, 1)
	entries, err := Terraform([]byte(plan), Given{Gateway: "gw-1"})
	if err != nil || !strings.Contains(strings.Join(entries[0].NotRun, ""), "region: the plan does not state") {
		t.Errorf("got %+v, %v", entries, err)
	}
}

// A binding whose domain or target the plan deletes at another address is not judged.
func TestTerraformDeletesWhatItBinds(t *testing.T) {
	for name, tc := range map[string]struct {
		kind, before, want string
	}{
		"a renamed resource":  {typeClassic, `{"domain_name": "api.demo.com", "group_id": "g1"}`, "the plan deletes the same domain, too (x.old)"},
		"of no known group":   {typeClassic, `{"domain_name": "api.demo.com"}`, "the plan deletes the same domain"},
		"of another group":    {typeClassic, `{"domain_name": "api.demo.com", "group_id": "g2"}`, ""},
		"another domain":      {typeClassic, `{"domain_name": "old.demo.com", "group_id": "g1"}`, ""},
		"of another platform": {typeAPIG, `{"domain_name": "api.demo.com"}`, ""},
		"the group":           {"alicloud_api_gateway_group", `{"id": "g1"}`, "the plan deletes its group or gateway, too (x.old)"},
		"another group":       {"alicloud_api_gateway_group", `{"id": "g2"}`, ""},
		"no domain":           {typeClassic, `null`, "-"},
	} {
		for _, actions := range []string{`["delete"]`, `["create", "delete"]`} {
			if tc.kind == typeClassic && actions != `["delete"]` {
				continue // a replacement is a binding, too
			}
			deleted := fmt.Sprintf(`"resource_changes": [{"address": "x.old", "mode": "managed", "type": %q, "name": "old", "change": {"actions": %s, "before": %s, "after": null}},`, tc.kind, actions, tc.before)
			entries, err := Terraform([]byte(strings.Replace(string(withProvider("", "")), `"resource_changes": [`, deleted, 1)), Given{Gateway: "gw-1"})
			if err != nil {
				t.Fatal(err)
			}
			all := ""
			for _, e := range entries {
				if e.Domain == "api.demo.com" {
					all = strings.Join(e.NotRun, "\n")
				} else if tc.want == "-" && e.Address == "x.old" && len(e.NotRun) == 1 {
					tc.want = ""
				}
			}
			if tc.want == "-" || (tc.want == "") != (all == "") || !strings.Contains(all, tc.want) {
				t.Errorf("%s: got the reasons %q, want %q", name, all, tc.want)
			}
		}
	}
}
