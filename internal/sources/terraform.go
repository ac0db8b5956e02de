package sources

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Resource types of the provider aliyun/alicloud that are bindings.
const (
	typeClassic = "alicloud_api_gateway_domain"
	typeAPIG    = "alicloud_apig_domain"
)

// Terraform reads the plan that `terraform show -json` prints. Deletes are no bindings.
// No error and no entry repeats a value that the plan marks as sensitive.
func Terraform(plan []byte, given Given) ([]manifest.Entry, error) {
	root, err := readPlan(plan)
	if err != nil {
		return nil, err
	}
	p := tfPlan{given: given, configuration: object(root, "configuration"), configured: map[string]map[place]map[string]any{}, callers: map[string][]binding.Account{},
		changed: tfChanged{deleted: map[deletion]string{}, records: map[string]string{}}}
	if root["complete"] != false { // of a part of the configuration, where the state may be an older one
		p.readCallers(object(root, "prior_state", "values", "root_module"), later(root))
	}
	for _, one := range list(root, "resource_changes") {
		change, ok := one.(map[string]any)
		if !ok {
			return nil, errors.New("an element of resource_changes is no object; " + show)
		}
		if err := p.resource(change); err != nil {
			return nil, err
		}
	}
	for _, one := range list(root, "deferred_changes") {
		change := object(one, "resource_change")
		if change == nil {
			return nil, errors.New("an element of deferred_changes holds no resource_change; " + show)
		}
		if isBinding(change) || deploys(change) {
			p.notRun(text(change, "address"), "Terraform defers it to a later plan")
		}
	}
	p.stopChanged()
	for _, e := range p.entries {
		if e.Address == "" || strictyaml.IsKeyText(e.Address) {
			return nil, errors.New("a resource of resource_changes has no address, or the text of a key in it; " + show)
		}
	}
	if given.Certificate != "" && p.certificates != 1 {
		return nil, fmt.Errorf("--certificate belongs to one resource with cert_identifier, got %d such resources; write the bindings in a manifest", p.certificates)
	}
	return p.entries, nil
}

const show = "write the plan with `terraform show -json PLAN > plan.json`"

// planFormat is the format of a plan that this package reads.
var planFormat = lazyregexp.New(`^1\.[0-9]{1,4}$`)

// readPlan reads what is needed of a plan, and refuses what is none.
func readPlan(plan []byte) (map[string]any, error) {
	switch {
	case len(bytes.TrimSpace(plan)) == 0:
		return nil, errors.New("the file is empty, want a plan; " + show)
	case bytes.HasPrefix(plan, []byte("PK\x03\x04")):
		return nil, errors.New("this is Terraform's own plan file, want JSON; " + show)
	case bytes.HasPrefix(plan, []byte("\xff\xfe")), bytes.HasPrefix(plan, []byte("\xfe\xff")):
		return nil, errors.New("this is UTF-16, want UTF-8; in PowerShell write it with `terraform show -json PLAN | Out-File -Encoding utf8NoBOM plan.json`")
	}
	value, err := strictJSON(plan, func(path []string, value any) bool {
		switch path[0] {
		case "format_version", "configuration", "errored", "complete":
			return true
		case "planned_values", "values": // that they are there
			return len(path) == 1
		case "resource_changes": // other resources can be many
			change, isObject := value.(map[string]any)
			return len(path) != 2 || !isObject || isBinding(change) || isTarget(change) || isRecord(change) || isCaller(change) || deploys(change)
		case "deferred_changes":
			return true
		case "prior_state": // the data sources that name an account
			state, isObject := value.(map[string]any)
			if isObject && len(path) > 2 && path[len(path)-2] == "resources" {
				return isCaller(state)
			}
			return true
		}
		return false
	})
	if err != nil {
		if what, next := Kind(plan); what != "" && plan[0] != '{' {
			return nil, fmt.Errorf("this is %s, want a plan; %s", what, next)
		}
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("got no JSON object, want a plan; " + show)
	}
	format, ok := root["format_version"].(string)
	if what, next := Kind(plan); !ok && what != "" && what != tfPlanFile {
		return nil, fmt.Errorf("this is %s, want a plan; %s", what, next)
	}
	if !ok {
		return nil, errors.New("the key format_version is missing, so this is no plan; " + show)
	}
	if !planFormat.MatchString(format) {
		return nil, fmt.Errorf("got format_version %.32q, want 1.x: another format may mean something else; use Terraform 1.2 or later, or a newer bindgate", format)
	}
	if _, state := root["values"]; state {
		return nil, errors.New("this is a state, want a plan; " + show)
	}
	if root["errored"] == true {
		return nil, errors.New("planning ended with an error, so the plan is not complete; correct it and plan again")
	}
	if _, ok := root["planned_values"]; !ok {
		return nil, errors.New("the key planned_values is missing, so this is no plan; " + show)
	}
	for _, name := range []string{"resource_changes", "deferred_changes"} {
		if changes, there := root[name]; there {
			if _, ok := changes.([]any); !ok {
				return nil, errors.New(name + " is no list; " + show)
			}
		}
	}
	return root, nil
}

type tfPlan struct {
	given         Given
	configuration map[string]any
	entries       []manifest.Entry
	certificates  int                                 // resources that name a certificate
	configured    map[string]map[place]map[string]any // by module
	callers       map[string][]binding.Account        // what providers reported, by the key of the provider block
	changed       tfChanged
}

func isBinding(change map[string]any) bool {
	kind := text(change, "type")
	return text(change, "mode") != "data" && (kind == typeClassic || kind == typeAPIG)
}

// Resource types that make the calls of another language than Terraform's.
const (
	typeCloudControl = "alicloud_cloud_control_resource"
	typeOOS          = "alicloud_oos_execution"
)

// deploys reports whether a resource may bind domains by what it holds.
func deploys(change map[string]any) bool {
	return deploysTemplates(change) || text(change, "mode") != "data" && slices.Contains([]string{typeCloudControl, typeOOS}, text(change, "type"))
}

// deploysTemplates reports whether a resource deploys templates of ROS, which may bind domains.
func deploysTemplates(change map[string]any) bool {
	kind := text(change, "type")
	return text(change, "mode") != "data" && (hasTemplate(kind) || slices.Contains([]string{"alicloud_ros_stack_instance", "alicloud_service_catalog_provisioned_product", "alicloud_compute_nest_service_instance"}, kind))
}

// hasTemplate reports whether a resource type may hold its template.
func hasTemplate(kind string) bool {
	return kind == "alicloud_ros_stack" || kind == "alicloud_ros_stack_group"
}

// templates reports a resource that deploys a template, unless the plan holds the
// template and it binds nothing.
func (p *tfPlan) templates(change map[string]any) {
	what := object(change, "change")
	actions := list(what, "actions")
	if len(actions) == 1 && slices.Contains([]any{"delete", "forget", "no-op"}, actions[0]) {
		return
	}
	after := object(what, "after")
	switch text(change, "type") {
	case typeCloudControl:
		if product := strings.ToLower(text(after, "product")); product == "" || holds(what["after_unknown"], "product") || holds(what["after_sensitive"], "product") ||
			slices.ContainsFunc([]string{"api", "ros", "oos", "servicecatalog"}, func(part string) bool { return strings.Contains(product, part) }) {
			p.notRun(text(change, "address"), "it makes a resource of Cloud Control, which may be a domain of API Gateway; use the resource types that bindgate reads")
		}
		return
	case typeOOS:
		p.notRun(text(change, "address"), "it runs a template of OOS, whose calls are not judged; run it apart from the plan")
		return
	}
	whole := hasTemplate(text(change, "type"))
	for _, marks := range []any{what["after_unknown"], what["after_sensitive"]} {
		for _, name := range []string{"template_body", "template_id", "template_url", "template_version"} {
			whole = whole && !holds(marks, name) && (name == "template_body" || unset(after[name]))
		}
	}
	if whole {
		t, err := ROS("template_body", []byte(text(after, "template_body")), Given{})
		if err == nil && len(t.Entries) == 0 {
			return
		}
	}
	p.notRun(text(change, "address"), "it deploys a template of ROS, whose bindings are not judged with the plan; judge that template with --ros, too")
}

func (p *tfPlan) notRun(address string, reasons ...string) {
	p.entries = append(p.entries, manifest.Entry{Address: address, NotRun: reasons})
}

// resource reads one element of resource_changes.
func (p *tfPlan) resource(change map[string]any) error {
	if deploys(change) {
		p.templates(change)
	}
	if isTarget(change) || isBinding(change) {
		p.delete(change)
	}
	if isRecord(change) {
		p.record(change)
	}
	if !isBinding(change) {
		return nil
	}
	address, what := text(change, "address"), object(change, "change")
	var actions []string
	for _, a := range list(what, "actions") {
		action, _ := a.(string)
		actions = append(actions, action)
	}
	called := true
	switch strings.Join(actions, ",") {
	case "delete", "forget":
		return nil
	case "no-op":
		called = false
	case "create", "update", "delete,create", "create,delete", "create,forget":
	default:
		p.notRun(address, fmt.Sprintf("got the actions %.64q, which bindgate does not know", strings.Join(actions, ",")))
		return nil
	}
	after := object(what, "after")
	if after == nil {
		p.notRun(address, "the plan does not hold the resource after the change")
		return nil
	}
	r := tfResource{kind: text(change, "type"), after: after, unknown: what["after_unknown"], sensitive: what["after_sensitive"], before: object(what, "before"), values: map[string]any{}}
	r.configured = p.find(change)
	if name := text(change, "provider_name"); name != "" && !ownProvider.MatchString(name) {
		r.stop("provider", fmt.Sprintf("it is %s, and bindgate knows the calls of aliyun/alicloud alone", quoted(name)))
	}
	r.read()
	if err := p.complete(&r, called); err != nil {
		return err
	}
	e := manifest.Entry{Address: address, Platform: platformOf(r.kind), Values: r.values, Called: called}
	e.Domain, _ = r.values["domainName"].(string)
	region, _ := r.values["regionId"].(string)
	if called {
		e.Accounts = p.provider(r.configured).caller(p.given, e.Platform, region, r.stop, func(name, reason string) {
			e.Refused = true
			r.stop(name, reason)
		})
	}
	e.NotRun = r.notRun
	p.entries = append(p.entries, e)
	return nil
}

// ownProvider is the provider under its own name and its former one, on any registry.
var ownProvider = lazyregexp.New(`^([^/]+/)?(aliyun|hashicorp)/alicloud$`)

func platformOf(kind string) string {
	if kind == typeAPIG {
		return binding.APIG
	}
	return binding.Classic
}

// complete adds what the attributes do not say.
func (p *tfPlan) complete(r *tfResource, called bool) error {
	if region := p.region(r.configured); region != "" {
		r.values["regionId"] = region
	}
	if id, ok := r.values["certificate"].(string); ok {
		p.certificates++
		if r.after["m_tls_enabled"] == false && p.given.Certificate != "" {
			r.values["clientCertificate"] = "none"
		}
		p.given.certificate(r.values, id, "cert_identifier", r.stop)
	}
	if r.kind == typeClassic && called {
		r.values["bindStageName"] = everyEnvironment
	}
	return p.given.complete(r.values, r.kind == typeAPIG, "the plan does not state the provider's region", r.stop)
}

// region returns the region of the resource's provider if the configuration states it as
// a constant; else it is empty.
func (p *tfPlan) region(resource map[string]any) string {
	region, _ := constant(p.provider(resource).expressions["region"])
	return region
}

// find returns the resource in the configuration; nil if it is not there.
func (p *tfPlan) find(change map[string]any) map[string]any {
	module := object(p.configuration, "root_module")
	for _, name := range modules(text(change, "module_address")) {
		module = object(module, "module_calls", name, "module")
	}
	in := strings.Join(modules(text(change, "module_address")), ".")
	if p.configured[in] == nil {
		p.configured[in] = map[place]map[string]any{}
		for _, one := range slices.Backward(list(module, "resources")) { // the first one holds
			if r, _ := one.(map[string]any); r != nil {
				p.configured[in][placeOf(r)] = r
			}
		}
	}
	return p.configured[in][placeOf(change)]
}

// place finds a resource in its module.
type place struct {
	data       bool
	kind, name string
}

func placeOf(resource map[string]any) place {
	return place{text(resource, "mode") == "data", text(resource, "type"), text(resource, "name")}
}

// moduleStep is one module of an address: its name, and a key that is left out.
var moduleStep = lazyregexp.New(`(?:^|\.)module\.([^.\[]+)(?:\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\])?`)

// modules returns the names of the modules in a module's address, without their keys.
func modules(address string) []string {
	var out []string
	for _, m := range moduleStep.FindAllStringSubmatch(address, -1) {
		out = append(out, m[1])
	}
	return out
}
