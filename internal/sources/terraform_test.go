package sources

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/manifest"
)

func samplePlan(t testing.TB) []byte {
	t.Helper()
	plan, err := os.ReadFile("testdata/plan.json")
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestTerraform(t *testing.T) {
	got, err := Terraform(samplePlan(t), Given{Region: "cn-beijing", Gateway: "gw-1", Labels: map[string]string{"owner": "pay"}})
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]any{"owner": "pay"}
	want := []manifest.Entry{
		{Address: "alicloud_api_gateway_domain.api", Domain: "api.demo.com", Platform: binding.Classic, Called: true,
			Values: map[string]any{"bindStageName": "", "domainName": "api.demo.com", "groupId": "927d50c0f2e54b359919923d908bb015", "regionId": "cn-hangzhou", "labels": labels}},
		{Address: `module.shop["cn"].alicloud_api_gateway_domain.shop[0]`, Domain: "shop.demo.com", Platform: binding.Classic, Called: true, NotRun: []string{"group_id: it is known only after apply"},
			Values: map[string]any{"bindStageName": "", "domainName": "shop.demo.com", "regionId": "cn-beijing", "labels": labels}},
		{Address: "alicloud_apig_domain.web", Domain: "web.demo.com", Platform: binding.APIG, Called: true, Values: map[string]any{
			"domainName": "web.demo.com", "gatewayId": "gw-1", "regionId": "cn-hangzhou", "protocol": "HTTP", "forceHttps": false, "http2Option": "Open",
			"tlsMin": "TLS 1.2", "tlsMax": "TLS 1.3", "domainScope": "Dedicated", "gatewayType": "API", "resourceGroupId": "rg-1", "labels": labels,
			"tlsCipherSuitesConfig": map[string]any{"configType": "Custom", "tlsCipherSuite": []any{
				map[string]any{"name": "ECDHE-RSA-AES128-GCM-SHA256", "supportVersions": []any{"TLS 1.2", "TLS 1.3"}}}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	set, err := manifest.FromEntries("plan.json", samplePlan(t), nil, got, manifest.Options{WorkDir: t.TempDir()})
	if err != nil || set.Len() != 2 || len(set.NotRun) != 1 {
		t.Fatalf("got %+v, %v; want two bindings and one that is not run", set, err)
	}
	for b := range set.All() {
		if !b.Called || b.Source.File != "plan.json" || b.Source.Address == "" || b.IsForce {
			t.Errorf("got the source %+v, force %t", b.Source, b.IsForce)
		}
	}
}

// change returns the sample with one classic and one APIG resource changed.
func change(t *testing.T, edit func(plan, classic, apig map[string]any)) []byte {
	t.Helper()
	var plan map[string]any
	if err := json.Unmarshal(samplePlan(t), &plan); err != nil {
		t.Fatal(err)
	}
	changes := list(plan, "resource_changes")
	edit(plan, object(changes[0], "change"), object(changes[3], "change"))
	plan["resource_changes"] = []any{changes[0], changes[3]}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What a plan does not say for certain is not run: neither passed nor guessed.
func TestTerraformNotRun(t *testing.T) {
	const secret = "s3cret.demo.com"
	for name, tc := range map[string]struct {
		edit  func(plan, classic, apig map[string]any)
		given Given
		want  string // of the reasons; empty: all are judged
	}{
		"sound": {edit: func(_, _, _ map[string]any) {}},
		"sensitive": {edit: func(_, c, _ map[string]any) {
			object(c, "after")["domain_name"], c["after_sensitive"] = secret, map[string]any{"domain_name": true}
		}, want: "domain_name: the plan marks it as sensitive"},
		"sensitive as a whole": {edit: func(_, c, _ map[string]any) { c["after_sensitive"] = true }, want: "group_id: the plan marks it as sensitive"},
		"unknown domain":       {edit: func(_, c, _ map[string]any) { object(c, "after_unknown")["domain_name"] = true }, want: "domain_name: it is known only after apply"},
		"unknown as a whole":   {edit: func(_, c, _ map[string]any) { c["after_unknown"] = true }, want: "domain_name: it is known only after apply"},
		"absent group":         {edit: func(_, c, _ map[string]any) { delete(object(c, "after"), "group_id") }, want: "group_id: the plan does not state it"},
		"no after":             {edit: func(_, c, _ map[string]any) { c["after"] = nil }, want: "does not hold the resource"},
		"unknown action":       {edit: func(_, c, _ map[string]any) { c["actions"] = []any{"replace"} }, want: `the actions "replace"`},
		"no action":            {edit: func(_, c, _ map[string]any) { delete(c, "actions") }, want: `the actions ""`},
		"kept":                 {edit: func(_, c, _ map[string]any) { c["actions"] = []any{"no-op"} }},
		"certificate call":     {edit: func(_, c, _ map[string]any) { object(c, "after")["ssl_ocsp_enable"] = true }, want: "ssl_ocsp_enable: the provider calls SetDomainCertificate"},
		"unknown attribute":    {edit: func(_, c, _ map[string]any) { object(c, "after")["alias_names"] = []any{"a"} }, want: "alias_names: bindgate does not know"},
		"computed attribute": {edit: func(_, _, a map[string]any) {
			object(a, "before")["create_time"], object(a, "after")["create_time"] = "2026-01-01", "2026-01-01"
		}},
		"default of an unknown attribute": {edit: func(_, c, _ map[string]any) { object(c, "after")["bind_stage"] = "RELEASE" }, want: "bind_stage: bindgate does not know"},
		"false of an unknown attribute":   {edit: func(_, c, _ map[string]any) { object(c, "after")["keep_stage"] = false }, want: "keep_stage: bindgate does not know"},
		"a certificate call with false": {edit: func(_, c, _ map[string]any) {
			c["actions"], c["before"] = []any{"update"}, map[string]any{"ssl_ocsp_enable": true}
			object(c, "after")["ssl_ocsp_enable"] = false
		}, want: "ssl_ocsp_enable: the provider calls SetDomainCertificate"},
		"another provider": {edit: func(p, _, _ map[string]any) {
			list(p, "resource_changes")[0].(map[string]any)["provider_name"] = "registry.terraform.io/acme/alicloud"
		}, want: `provider: it is "registry.terraform.io/acme/alicloud"`},
		"former name of the provider": {edit: func(p, _, _ map[string]any) {
			list(p, "resource_changes")[0].(map[string]any)["provider_name"] = "registry.opentofu.org/hashicorp/alicloud"
		}},
		"a replacement of the same domain": {edit: func(_, c, _ map[string]any) {
			c["actions"], c["before"] = []any{"create", "delete"}, map[string]any{"domain_name": "API.demo.com.", "group_id": "927d50c0f2e54b359919923d908bb015"}
		}, want: "the plan deletes the same domain, too (alicloud_api_gateway_domain.api)"},
		"a replacement of another domain": {edit: func(_, c, _ map[string]any) {
			c["actions"], c["before"] = []any{"delete", "create"}, map[string]any{"domain_name": "old.demo.com", "group_id": "927d50c0f2e54b359919923d908bb015"}
		}},
		"a replacement of the gateway's domain": {edit: func(_, _, a map[string]any) { a["actions"] = []any{"delete", "create"} }, want: "the plan deletes the same domain, too (alicloud_apig_domain.web)"},
		"a replacement of what is not known":    {edit: func(_, c, _ map[string]any) { c["actions"] = []any{"delete", "create"} }, want: "does not say which"},
		"computed scope": {edit: func(_, _, a map[string]any) {
			delete(object(a, "after"), "domain_scope")
			object(a, "after_unknown")["domain_scope"] = true
		}},
		"unknown protocol": {edit: func(_, _, a map[string]any) {
			delete(object(a, "after"), "protocol")
			object(a, "after_unknown")["protocol"] = true
		}, want: "protocol: it is known only after apply"},
		"no configuration": {edit: func(p, _, a map[string]any) {
			delete(p, "configuration")
			object(a, "after_unknown")["domain_scope"] = true
		}, given: Given{Region: "cn-hangzhou"}, want: "domain_scope: it is known only after apply"},
		"suites may be of a dynamic block": {edit: func(_, _, a map[string]any) { object(a, "after_unknown")["tls_cipher_suites_config"] = true }, want: "tls_cipher_suites_config: it is known only after apply"},
		"no longer stated":                 {edit: func(_, _, a map[string]any) { object(a, "before")["client_ca_cert"] = "x" }, want: "client_ca_cert: it is no longer stated"},
		"client CA":                        {edit: func(_, _, a map[string]any) { object(a, "after")["client_ca_cert"] = "x" }, want: "client_ca_cert: the plan holds the CA as a text"},
		"mutual TLS":                       {edit: func(_, _, a map[string]any) { object(a, "after")["m_tls_enabled"] = true }, want: "m_tls_enabled: "},
		"certificate":                      {edit: func(_, _, a map[string]any) { object(a, "after")["cert_identifier"] = "1-cn-hangzhou" }, want: "cert_identifier: it names a certificate of the store"},
		"certificate with its file": {edit: func(_, _, a map[string]any) { object(a, "after")["cert_identifier"] = "1-cn-hangzhou" },
			given: Given{Certificate: "web.pem"}},
		"region of a variable": {edit: func(p, _, _ map[string]any) {
			object(p, "configuration", "provider_config", "alicloud", "expressions")["region"] = map[string]any{"references": []any{"var.region"}}
		}, want: "region: the plan does not state"},
		"deferred": {edit: func(p, _, _ map[string]any) {
			p["deferred_changes"] = []any{map[string]any{"reason": "provider_config_unknown", "resource_change": map[string]any{"type": typeClassic, "mode": "managed", "address": "alicloud_api_gateway_domain.later"}}}
		}, want: "Terraform defers it"},
	} {
		tc.given.Gateway = "gw-1"
		entries, err := Terraform(change(t, tc.edit), tc.given)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var reasons []string
		for _, e := range entries {
			reasons = append(reasons, e.NotRun...)
		}
		all := strings.Join(reasons, "\n")
		if (tc.want == "") != (all == "") || !strings.Contains(all, tc.want) {
			t.Errorf("%s: got the reasons %q, want %q", name, all, tc.want)
		}
		if text, _ := json.Marshal(entries); strings.Contains(string(text), secret) {
			t.Errorf("%s: a sensitive value is in %s", name, text)
		}
	}
}

// A plan does not hide bindings in the templates that it deploys.
func TestTerraformDeploysTemplates(t *testing.T) {
	quoted := func(s string) string { text, _ := json.Marshal(s); return string(text) }
	harmless := "ROSTemplateFormatVersion: '2015-09-01'\nResources: {B: {Type: 'ALIYUN::OSS::Bucket'}}"
	for name, tc := range map[string]struct {
		kind, action, change string
		judged               bool // nothing is left unjudged
	}{
		"a binding":                   {"alicloud_ros_stack", "create", `"after": {"template_body": ` + quoted(sampleROS) + `}`, false},
		"an escaped binding":          {"alicloud_ros_stack", "update", `"after": {"template_body": ` + quoted(strings.ReplaceAll(harmless, "'ALIYUN::OSS::Bucket'", `"\x41LIYUN::APIG::Domain"`)) + `}`, false},
		"a nested stack":              {"alicloud_ros_stack", "create", `"after": {"template_body": ` + quoted(strings.ReplaceAll(harmless, "OSS::Bucket", "ROS::Stack")) + `}`, false},
		"no binding":                  {"alicloud_ros_stack", "create", `"after": {"template_body": ` + quoted(harmless) + `}`, true},
		"no binding in a group":       {"alicloud_ros_stack_group", "update", `"after": {"template_body": ` + quoted(harmless) + `}`, true},
		"no template":                 {"alicloud_ros_stack", "create", `"after": {}`, false},
		"a template and an URL":       {"alicloud_ros_stack", "create", `"after": {"template_url": "https://demo.com", "template_body": ` + quoted(harmless) + `}`, false},
		"an unknown template":         {"alicloud_ros_stack", "create", `"after_unknown": {"template_body": true}, "after": {"template_body": ` + quoted(harmless) + `}`, false},
		"an unknown URL":              {"alicloud_ros_stack", "create", `"after_unknown": {"template_url": true}, "after": {"template_body": ` + quoted(harmless) + `}`, false},
		"a sensitive template":        {"alicloud_ros_stack", "create", `"after_sensitive": {"template_body": true}, "after": {"template_body": ` + quoted(harmless) + `}`, false},
		"an instance of a group":      {"alicloud_ros_stack_instance", "create", `"after": {"template_body": ` + quoted(harmless) + `}`, false},
		"a resource of Cloud Control": {"alicloud_cloud_control_resource", "create", `"after": {"product": "APIG", "resource_code": "Domain"}`, false},
		"an unknown product":          {"alicloud_cloud_control_resource", "create", `"after_unknown": {"product": true}, "after": {"product": "Ons"}`, false},
		"a stack by Cloud Control":    {"alicloud_cloud_control_resource", "update", `"after": {"product": "ROS"}`, false},
		"another product":             {"alicloud_cloud_control_resource", "create", `"after": {"product": "Ons"}`, true},
		"an execution":                {"alicloud_oos_execution", "create", `"after": {}`, false},
		"a product of the catalog":    {"alicloud_service_catalog_provisioned_product", "create", `"after": {}`, false},
		"no call":                     {"alicloud_ros_stack", "no-op", `"after": {"template_url": "x"}`, true},
		"a delete":                    {"alicloud_ros_stack", "delete", `"after": null`, true},
	} {
		plan := fmt.Sprintf(`{"format_version": "1.2", "planned_values": {}, "resource_changes": [{"address": "a.b", "mode": "managed", "type": %q, "name": "b", "change": {"actions": [%q], %s}}]}`, tc.kind, tc.action, tc.change)
		entries, err := Terraform([]byte(plan), Given{})
		switch {
		case err != nil, tc.judged != (len(entries) == 0):
			t.Errorf("%s: got %+v, %v", name, entries, err)
		case !tc.judged && (entries[0].Address != "a.b" || len(entries[0].NotRun) != 1):
			t.Errorf("%s: got %+v", name, entries)
		}
	}
}

// What no call is made for keeps the stage that the gateway has.
func TestTerraformCalls(t *testing.T) {
	for actions, want := range map[string]bool{"create": true, "update": true, "delete,create": true, "no-op": false} {
		plan := change(t, func(_, c, _ map[string]any) {
			c["before"] = map[string]any{"domain_name": "old.demo.com"}
			all := []any{}
			for action := range strings.SplitSeq(actions, ",") {
				all = append(all, action)
			}
			c["actions"] = all
		})
		entries, err := Terraform(plan, Given{Gateway: "gw-1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, stated := entries[0].Values["bindStageName"]; stated != want || entries[0].Called != want {
			t.Errorf("%s: got %+v, want called %t", actions, entries[0], want)
		}
	}
}

// What neither a plan nor a template can say comes from the owner's file, by the domain.
func TestOwner(t *testing.T) {
	owner := func(domain string) Owned {
		switch domain {
		case "api.demo.com":
			return Owned{Labels: map[string]string{"owner": "pay"}, ForceFrom: []string{"g1"}}
		case "web.demo.com":
			return Owned{Gateway: "gw-2", Labels: map[string]string{"owner": "web"}, ForceFrom: []string{"g1"}}
		}
		return Owned{}
	}
	read := map[string]func(Given) ([]manifest.Entry, error){
		"terraform": func(g Given) ([]manifest.Entry, error) {
			entries, err := Terraform(change(t, func(_, _, _ map[string]any) {}), g)
			return entries, err
		},
		"ros": func(g Given) ([]manifest.Entry, error) {
			got, err := ROS("t.yaml", []byte(sampleROS), g)
			return got.Entries, err
		},
	}
	for name, read := range read {
		entries, err := read(Given{Region: "cn-hangzhou", Owner: owner, Labels: map[string]string{"ticket": "CHG-1"}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		set, err := manifest.FromEntries("f", nil, nil, entries, manifest.Options{WorkDir: t.TempDir()})
		if err != nil || set.Len() != 2 {
			t.Errorf("%s: got %+v, %v", name, set, err)
			continue
		}
		for b := range set.All() {
			switch b.DomainName {
			case "api.demo.com":
				if diff := cmp.Diff(map[string]string{"owner": "pay", "ticket": "CHG-1"}, b.Labels); diff != "" || !b.IsForce || cmp.Diff([]string{"g1"}, b.ForceFrom) != "" {
					t.Errorf("%s: got %+v", name, b)
				}
			case "web.demo.com":
				if diff := cmp.Diff(map[string]string{"owner": "web", "ticket": "CHG-1"}, b.Labels); diff != "" || b.GatewayID != "gw-2" || b.IsForce {
					t.Errorf("%s: got %+v", name, b)
				}
			}
		}
		for what, given := range map[string]Given{
			"--gateway is": {Region: "cn-hangzhou", Owner: owner, Gateway: "gw-1"},
			"--label":      {Region: "cn-hangzhou", Owner: owner, Labels: map[string]string{"owner": "other"}},
		} {
			if _, err := read(given); err == nil || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: got %v, want an error of %s", name, err, what)
			}
		}
		// Without an owner and without flags nothing is guessed.
		entries, err = read(Given{Region: "cn-hangzhou"})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			for _, key := range []string{"labels", "isForce", "forceFrom", "gatewayId"} {
				if _, set := e.Values[key]; set {
					t.Errorf("%s: %s has %s", name, e.Address, key)
				}
			}
			if e.Platform == binding.APIG && len(e.NotRun) == 0 {
				t.Errorf("%s: %s is judged without a gateway", name, e.Address)
			}
		}
	}
}

// A manifest with a key of another tool is a manifest with a mistake.
func TestKind(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		"a: b":                               "",
		"# kind: x\n  kind: y\n":             "",
		"kind: Pod\nbindings:\n":             Manifest,
		`{"kind": "x", "domains": []}`:       Map,
		"'kind': Pod":                        "an object of Kubernetes",
		"terraform {\n}\n":                   "a configuration of Terraform",
		`{"schema": "bindgate.evidence/v1",`: "saved evidence",
		`{"a": {"kind": 1}}`:                 "",
		"PK\x03\x04":                         "Terraform's own plan file",
	} {
		if got, next := Kind([]byte(text)); got != want || (got == "") != (next == "") {
			t.Errorf("%q: got %q, %q, want %q", text, got, next, want)
		}
	}
}

func TestTerraformRefuses(t *testing.T) {
	edited := func(old, text string) string { return strings.Replace(string(samplePlan(t)), old, text, 1) }
	for name, tc := range map[string]struct {
		plan, want string
		given      Given
	}{
		"empty":                {plan: " \n", want: "the file is empty, want a plan; write the plan with `terraform show"},
		"a template of ROS":    {plan: "ROSTemplateFormatVersion: '2015-09-01'\nResources: {}", want: "this is a template of ROS, want a plan; judge it with `bindgate lint --ros FILE`"},
		"ROS in JSON":          {plan: `{"ROSTemplateFormatVersion": "2015-09-01", "Resources": {}}`, want: "this is a template of ROS, want a plan"},
		"CloudFormation":       {plan: `{"AWSTemplateFormatVersion": "2010-09-09"}`, want: "this is a template of CloudFormation"},
		"a manifest":           {plan: "# ours\napiVersion: bindgate/v1\nbindings: []", want: "this is a manifest, want a plan"},
		"a configuration":      {plan: "resource \"alicloud_apig_domain\" \"a\" {\n}", want: "this is a configuration of Terraform, want a plan"},
		"a state file":         {plan: `{"version": 4, "terraform_version": "1.9"}`, want: "this is JSON of Terraform, want a plan; judge a plan"},
		"not JSON":             {plan: "text", want: "byte 2: it is not JSON"},
		"zip":                  {plan: "PK\x03\x04x", want: "terraform show -json"},
		"UTF-16":               {plan: "\xff\xfe{\x00", want: "UTF-16"},
		"not UTF-8":            {plan: "{\"a\": \"\xff\"}", want: "not UTF-8"},
		"cut":                  {plan: string(samplePlan(t)[:400]), want: "ends too early"},
		"trailing comma":       {plan: `{"format_version": "1.2",}`, want: "not JSON"},
		"two values":           {plan: `{} {}`, want: "not JSON"},
		"a list":               {plan: `[]`, want: "no JSON object"},
		"no version":           {plan: `{}`, want: "format_version is missing"},
		"other version":        {plan: edited(`"1.2"`, `"2.0"`), want: `format_version "2.0", want 1.x`},
		"older version":        {plan: edited(`"1.2"`, `"0.2"`), want: `"0.2"`},
		"a state":              {plan: `{"format_version": "1.0", "values": {}}`, want: "this is a state"},
		"no plan":              {plan: `{"format_version": "1.0"}`, want: "planned_values is missing"},
		"errored":              {plan: edited(`"planned_values"`, `"errored": true, "planned_values"`), want: "ended with an error"},
		"a key twice":          {plan: edited(`"domain_name": "api.demo.com",`, `"domain_name": "api.demo.com", "domain_name": "x.demo.com",`), want: `"domain_name" is there twice`},
		"a dropped twice":      {plan: edited(`{"root_module": {}}`, `{"a": 1, "a": 2}`), want: `"a" is there twice`},
		"an escaped twice":     {plan: edited(`"index": 0`, `"index": 0, "ind\u0065x": 1`), want: `"index" is there twice`},
		"too deep":             {plan: strings.Repeat("[", 200) + strings.Repeat("]", 200), want: "levels of nesting"},
		"no object":            {plan: `{"format_version": "1.2", "planned_values": {}, "resource_changes": [1]}`, want: "no object"},
		"no list of deferred":  {plan: `{"format_version": "1.2", "planned_values": {}, "deferred_changes": {}}`, want: "deferred_changes is no list"},
		"no deferred change":   {plan: `{"format_version": "1.2", "planned_values": {}, "deferred_changes": [{"reason": "x"}]}`, want: "holds no resource_change"},
		"no list":              {plan: `{"format_version": "1.2", "planned_values": {}, "resource_changes": {}}`, want: "no list"},
		"no address":           {plan: edited(`"address": "alicloud_api_gateway_domain.api"`, `"address": ""`), want: "no address"},
		"certificate for none": {plan: string(samplePlan(t)), given: Given{Certificate: "a.pem"}, want: "--certificate belongs to one resource"},
	} {
		if _, err := Terraform([]byte(tc.plan), tc.given); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

// PowerShell puts a byte order mark before what it saves.
func TestTerraformAfterAMark(t *testing.T) {
	given := Given{Region: "cn-beijing", Gateway: "gw-1"}
	want, err := Terraform(samplePlan(t), given)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Terraform(append([]byte("\ufeff"), samplePlan(t)...), given)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if _, err := Terraform(append([]byte("\ufeff\ufeff"), samplePlan(t)...), given); err == nil {
		t.Error("two marks are read")
	}
}

// A value that the manifest's decoder refuses is an error that names the resource.
func TestTerraformValuesAreDecoded(t *testing.T) {
	for name, tc := range map[string]struct {
		value any
		want  string
	}{
		"a wrong word": {"Sometimes", "alicloud_apig_domain.web: http2Option: "},
		"a number":     {7, "alicloud_apig_domain.web: http2Option: "},
		"a key":        {"-----BEGIN PRIVATE KEY-----\nMIIB", "got the text of a key"},
	} {
		plan := change(t, func(_, _, a map[string]any) { object(a, "after")["http2_option"] = tc.value })
		entries, err := Terraform(plan, Given{Gateway: "gw-1"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = manifest.FromEntries("plan.json", plan, nil, entries, manifest.Options{WorkDir: t.TempDir()})
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "MIIB") {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}

// The address of a resource cannot begin a message of its own.
func TestTerraformAddressIsOneLine(t *testing.T) {
	plan := change(t, func(_, _, a map[string]any) { object(a, "after")["http2_option"] = 7 })
	entries, err := Terraform(plan, Given{Gateway: "gw-1"})
	if err != nil {
		t.Fatal(err)
	}
	entries[1].Address = "web\nbindgate: 2 bindings: 2 allowed"
	_, err = manifest.FromEntries("plan.json", plan, nil, entries, manifest.Options{WorkDir: t.TempDir()})
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want one line", err)
	}
}

func TestModules(t *testing.T) {
	for address, want := range map[string]string{
		"": "", "module.a": "a", `module.a["x.module.y"].module.b[3]`: "a b", `module.a["]\".module.c"].module.b`: "a b",
	} {
		if got := strings.Join(modules(address), " "); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}

// FuzzTerraform checks that no plan makes the reader panic, that what it accepts has each
// key once, and that an entry is judged only if domain, region and target are known.
func FuzzTerraform(f *testing.F) {
	f.Add(samplePlan(f))
	f.Add([]byte(`{"format_version":"1.0","planned_values":{},"resource_changes":[{"type":"alicloud_apig_domain","address":"a","change":{"actions":["create"],"after":{"domain_name":7}}}]}`))
	f.Fuzz(func(t *testing.T, plan []byte) {
		entries, err := Terraform(plan, Given{Gateway: "gw-1", Region: "cn-hangzhou"})
		if err != nil {
			return
		}
		if !json.Valid(plan) {
			t.Fatal("accepted what is no JSON")
		}
		for _, e := range entries {
			if len(e.NotRun) > 0 {
				continue
			}
			for _, key := range []string{"domainName", "regionId"} {
				if unset(e.Values[key]) {
					t.Fatalf("%s is judged without %s", e.Address, key)
				}
			}
			if unset(e.Values["groupId"]) && unset(e.Values["gatewayId"]) {
				t.Fatalf("%s is judged without a target", e.Address)
			}
		}
		_, _ = manifest.FromEntries("plan.json", plan, nil, entries, manifest.Options{})
	})
}

// A plan costs no more than its size: each resource is found in the configuration by name.
func TestTerraformOfManyResources(t *testing.T) {
	changes, resources := []any{}, []any{}
	for i := range 20_000 {
		name := fmt.Sprintf("d%d", i)
		changes = append(changes, map[string]any{"address": typeClassic + "." + name, "mode": "managed", "type": typeClassic, "name": name, "change": map[string]any{"actions": []any{"create"}, "after": map[string]any{}}})
		resources = append(resources, map[string]any{"mode": "managed", "type": typeClassic, "name": name})
	}
	p := tfPlan{configuration: map[string]any{"root_module": map[string]any{"resources": resources}}, configured: map[string]map[place]map[string]any{}}
	begun := cputime.Spent(t)
	for i, one := range changes {
		if got := p.find(one.(map[string]any)); text(got, "name") != fmt.Sprintf("d%d", i) {
			t.Fatalf("%d: got %v", i, got)
		}
	}
	if took := cputime.Spent(t) - begun; took > 2*time.Second {
		t.Errorf("finding took %s of processor time", took)
	}
}
