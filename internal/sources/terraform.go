// Package sources reads bindings from the files of other tools: plans of Terraform. It
// yields the keys and values that a manifest would have, and the manifest's decoder reads
// them. A value that the file does not hold is never guessed: its binding is not judged.
package sources

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Resource types of the provider aliyun/alicloud that are bindings.
const (
	typeClassic = "alicloud_api_gateway_domain"
	typeAPIG    = "alicloud_apig_domain"
)

// Given is what the user says of the bindings of a file that does not say it.
type Given struct {
	Region, Gateway, Proof       string
	Certificate, CertificateName string // of the one resource that names a certificate of the store
	Labels                       map[string]string
}

// attribute is one attribute of a resource and what becomes of it.
type attribute struct {
	key      string // of the manifest; empty: the attribute does not concern the binding
	required bool
	why      string // why a resource that sets the attribute cannot be judged
}

// attributes returns the documented attributes of a resource type (provider 1.287).
func attributes(kind string) map[string]attribute {
	const certificateCall = "the provider calls SetDomainCertificate for it, without a certificate, which bindgate does not judge"
	const clients = "the plan holds the CA as a text, and bindgate reads it from a file; write the binding in a manifest"
	if kind == typeClassic {
		return map[string]attribute{
			"group_id": {key: "groupId", required: true}, "domain_name": {key: "domainName", required: true},
			"ssl_ocsp_enable": {why: certificateCall}, "ssl_ocsp_cache_enable": {why: certificateCall}, "client_cert_s_dn_pass_through": {why: certificateCall},
			"wss_enable": {}, "id": {}, "sub_domain": {}, "domain_binding_status": {}, "domain_remark": {}, "domain_web_socket_status": {}, "domain_legal_status": {},
			"domain_cname_status": {}, "certificate_id": {}, "certificate_name": {}, "certificate_valid_start": {}, "certificate_valid_end": {}, "timeouts": {},
		}
	}
	return map[string]attribute{
		"domain_name": {key: "domainName", required: true}, "protocol": {key: "protocol"}, "force_https": {key: "forceHttps"}, "http2_option": {key: "http2Option"},
		"tls_min": {key: "tlsMin"}, "tls_max": {key: "tlsMax"}, "domain_scope": {key: "domainScope"}, "gateway_type": {key: "gatewayType"},
		"resource_group_id": {key: "resourceGroupId"}, "cert_identifier": {key: "certificate"}, "tls_cipher_suites_config": {key: "tlsCipherSuitesConfig"},
		"ca_cert_identifier": {why: clients}, "client_ca_cert": {why: clients}, "m_tls_enabled": {why: clients},
		"id": {}, "timeouts": {},
	}
}

// Terraform reads the plan that `terraform show -json` prints. Deletes are no bindings.
// No error and no entry repeats a value that the plan marks as sensitive.
func Terraform(plan []byte, given Given) ([]manifest.Entry, error) {
	root, err := readPlan(plan)
	if err != nil {
		return nil, err
	}
	p := tfPlan{given: given, configuration: object(root, "configuration")}
	for _, one := range list(root, "resource_changes") {
		change, ok := one.(map[string]any)
		if !ok {
			return nil, errors.New("an element of resource_changes is no object; " + show)
		}
		p.resource(change)
	}
	for _, one := range list(root, "deferred_changes") {
		change := object(one, "resource_change")
		if isBinding(change) {
			p.notRun(text(change, "address"), "Terraform defers it to a later plan")
		}
	}
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

// readPlan reads what is needed of a plan, and refuses what is none.
func readPlan(plan []byte) (map[string]any, error) {
	switch {
	case bytes.HasPrefix(plan, []byte("PK\x03\x04")):
		return nil, errors.New("this is Terraform's own plan file, want JSON; " + show)
	case bytes.HasPrefix(plan, []byte("\xff\xfe")), bytes.HasPrefix(plan, []byte("\xfe\xff")):
		return nil, errors.New("this is UTF-16, want UTF-8; in PowerShell write it with `terraform show -json PLAN | Out-File -Encoding utf8NoBOM plan.json`")
	}
	value, err := strictJSON(plan, func(path []string, value any) bool {
		switch path[0] {
		case "format_version", "configuration", "errored":
			return true
		case "planned_values", "values": // that they are there
			return len(path) == 1
		case "resource_changes": // other resources can be many
			change, isObject := value.(map[string]any)
			return len(path) != 2 || !isObject || isBinding(change)
		case "deferred_changes":
			return true
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	root, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("got no JSON object, want a plan; " + show)
	}
	format, ok := root["format_version"].(string)
	if !ok {
		return nil, errors.New("the key format_version is missing, so this is no plan; " + show)
	}
	if !regexp.MustCompile(`^1\.[0-9]{1,4}$`).MatchString(format) {
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
	if changes, there := root["resource_changes"]; there {
		if _, ok := changes.([]any); !ok {
			return nil, errors.New("resource_changes is no list; " + show)
		}
	}
	return root, nil
}

type tfPlan struct {
	given         Given
	configuration map[string]any
	entries       []manifest.Entry
	certificates  int // resources that name a certificate
}

func isBinding(change map[string]any) bool {
	kind := text(change, "type")
	return text(change, "mode") != "data" && (kind == typeClassic || kind == typeAPIG)
}

func (p *tfPlan) notRun(address string, reasons ...string) {
	p.entries = append(p.entries, manifest.Entry{Address: address, NotRun: reasons})
}

// resource reads one element of resource_changes.
func (p *tfPlan) resource(change map[string]any) {
	if !isBinding(change) {
		return
	}
	address, what := text(change, "address"), object(change, "change")
	var actions []string
	for _, a := range list(what, "actions") {
		action, _ := a.(string)
		actions = append(actions, action)
	}
	switch strings.Join(actions, ",") {
	case "delete", "forget":
		return
	case "create", "update", "no-op", "delete,create", "create,delete", "create,forget":
	default:
		p.notRun(address, fmt.Sprintf("got the actions %.64q, which bindgate does not know", strings.Join(actions, ",")))
		return
	}
	after := object(what, "after")
	if after == nil {
		p.notRun(address, "the plan does not hold the resource after the change")
		return
	}
	r := tfResource{kind: text(change, "type"), after: after, unknown: what["after_unknown"], sensitive: what["after_sensitive"], before: object(what, "before"), values: map[string]any{}}
	r.configured = p.find(change)
	r.read()
	p.complete(&r)
	domain, _ := r.values["domainName"].(string)
	p.entries = append(p.entries, manifest.Entry{Address: address, Domain: domain, Values: r.values, NotRun: r.notRun})
}

// complete adds what the attributes do not say.
func (p *tfPlan) complete(r *tfResource) {
	if region := p.region(r.configured); region != "" {
		r.values["regionId"] = region
	} else if p.given.Region != "" {
		r.values["regionId"] = p.given.Region
	} else {
		r.stop("region", "the plan does not state the provider's region; add --region")
	}
	if r.kind == typeAPIG {
		if p.given.Gateway == "" {
			r.stop("gateway", "the resource names no gateway; add --gateway")
		}
		r.values["gatewayId"] = p.given.Gateway
	}
	if id, ok := r.values["certificate"].(string); ok {
		p.certificates++
		delete(r.values, "certificate")
		if p.given.Certificate == "" {
			r.stop("cert_identifier", "the plan does not hold the certificate; name its file with --certificate")
		}
		c := map[string]any{"casId": id, "body": p.given.Certificate}
		if p.given.CertificateName != "" {
			c["name"] = p.given.CertificateName
		}
		r.values["certificate"] = c
		if r.after["m_tls_enabled"] == false {
			r.values["clientCertificate"] = "none"
		}
	}
	if p.given.Proof != "" {
		r.values["domainProof"] = p.given.Proof
	}
	if len(p.given.Labels) > 0 {
		labels := map[string]any{}
		for key, value := range p.given.Labels {
			labels[key] = value
		}
		r.values["labels"] = labels
	}
}

// region returns the region of the resource's provider if the configuration states it as
// a constant; else it is empty. A reference does not say what is made of its value.
func (p *tfPlan) region(resource map[string]any) string {
	provider := object(p.configuration, "provider_config", text(resource, "provider_config_key"))
	if text(provider, "name") != "alicloud" && !strings.HasSuffix(text(provider, "full_name"), "/alicloud") {
		return ""
	}
	return text(object(provider, "expressions", "region"), "constant_value")
}

// find returns the resource in the configuration; nil if it is not there.
func (p *tfPlan) find(change map[string]any) map[string]any {
	module := object(p.configuration, "root_module")
	for _, name := range modules(text(change, "module_address")) {
		module = object(module, "module_calls", name, "module")
	}
	for _, one := range list(module, "resources") {
		r, _ := one.(map[string]any)
		if text(r, "mode") != "data" && text(r, "type") == text(change, "type") && text(r, "name") == text(change, "name") {
			return r
		}
	}
	return nil
}

// modules returns the names of the modules in a module's address, without their keys.
func modules(address string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?:^|\.)module\.([^.\[]+)(?:\[(?:[0-9]+|"(?:[^"\\]|\\.)*")\])?`).FindAllStringSubmatch(address, -1) {
		out = append(out, m[1])
	}
	return out
}

// tfResource is one resource that a plan creates, changes or keeps.
type tfResource struct {
	kind               string
	before, after      map[string]any
	unknown, sensitive any
	configured         map[string]any // in the configuration; nil: not found
	values             map[string]any
	notRun             []string
}

func (r *tfResource) stop(attribute, reason string) {
	r.notRun = append(r.notRun, attribute+": "+reason)
}

// read takes over every attribute, or says why it cannot.
func (r *tfResource) read() {
	known := attributes(r.kind)
	names := slices.Collect(maps.Keys(known))
	for _, more := range []map[string]any{r.after, object(r.unknown), object(r.sensitive)} {
		names = slices.AppendSeq(names, maps.Keys(more))
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		a, ok := known[name]
		if !ok {
			if _, scalar := r.after[name].(string); scalar && r.configured != nil && !r.stated(name) {
				continue // the provider computes it
			}
			a.why = "bindgate does not know the attribute; update bindgate, or write the binding in a manifest"
		}
		if a.key == "" && a.why == "" {
			continue
		}
		r.attribute(name, a)
	}
}

func (r *tfResource) attribute(name string, a attribute) {
	value := r.after[name]
	set := !unset(value)
	switch {
	case holds(r.sensitive, name) && (set || a.required):
		r.stop(name, "the plan marks it as sensitive, so it is not read")
	case holds(r.unknown, name) && r.states(name, a):
		r.stop(name, "it is known only after apply")
	case !set && a.required:
		r.stop(name, "the plan does not state it")
	case !set && !unset(r.before[name]) && !holds(r.unknown, name):
		r.stop(name, "it is no longer stated, and what the gateway keeps is not known; state it")
	case !set:
	case a.why != "" && value != false:
		r.stop(name, a.why)
	case a.why != "":
	case name == "tls_cipher_suites_config":
		r.values[a.key] = suites(value)
	case a.key == "tlsMin", a.key == "tlsMax":
		r.values[a.key] = spaced(value)
	default:
		r.values[a.key] = value
	}
}

// states reports whether the configuration states an attribute whose value is unknown.
// Where it does not, the provider chooses the value, as for a manifest without the key.
func (r *tfResource) states(name string, a attribute) bool {
	if a.required || r.configured == nil || name == "tls_cipher_suites_config" { // a dynamic block is not in the configuration
		return true
	}
	return r.stated(name)
}

func (r *tfResource) stated(name string) bool {
	_, stated := object(r.configured, "expressions")[name]
	return stated
}

// unset reports whether an attribute has no value; the provider sends no empty text.
func unset(v any) bool {
	l, isList := v.([]any)
	return v == nil || v == "" || isList && len(l) == 0
}

// holds reports whether marks, as after_unknown and after_sensitive have them, concern an
// attribute or a part of it.
func holds(marks any, name string) bool {
	if m, ok := marks.(map[string]any); ok {
		return marked(m[name])
	}
	return marked(marks)
}

func marked(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, marked)
	case map[string]any:
		for _, one := range v {
			if marked(one) {
				return true
			}
		}
		return false
	}
	return v != nil
}

// spaced writes a TLS version as UpdateDomain documents it: with a space.
func spaced(v any) any {
	if s, ok := v.(string); ok && regexp.MustCompile(`^TLS1\.[0-3]$`).MatchString(s) {
		return "TLS " + s[3:]
	}
	return v
}

// suites turns the one block of tls_cipher_suites_config into the object of a manifest.
// What does not fit is kept, for the decoder to refuse.
func suites(v any) any {
	blocks, ok := v.([]any)
	if !ok || len(blocks) != 1 {
		return v
	}
	block, ok := blocks[0].(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, value := range block {
		if !unset(value) {
			out[map[string]string{"config_type": "configType", "tls_cipher_suite": "tlsCipherSuite"}[name]] = value
		}
	}
	items, _ := out["tlsCipherSuite"].([]any)
	for i, item := range items {
		suite := map[string]any{}
		for name, value := range object(item) {
			if unset(value) {
				continue
			}
			if versions, ok := value.([]any); ok {
				all := make([]any, len(versions))
				for j := range versions {
					all[j] = spaced(versions[j])
				}
				value = all
			}
			suite[map[string]string{"name": "name", "support_versions": "supportVersions"}[name]] = value
		}
		items[i] = suite
	}
	return out
}
