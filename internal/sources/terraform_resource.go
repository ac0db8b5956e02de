package sources

import (
	"maps"
	"slices"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// attribute is one attribute of a resource and what becomes of it.
type attribute struct {
	key      string // of the manifest; empty: the attribute does not concern the binding
	required bool
	why      string // why a resource that sets the attribute cannot be judged
	unknown  bool   // to bindgate: false is a value, too
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
			if r.computed(name) {
				continue
			}
			a.unknown = true
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
	case a.why != "" && (value != false || a.unknown || r.before[name] == true):
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

// computed reports whether an attribute has the value that the provider computed for it. A
// value of a resource that is not there yet is a default, which the provider may send.
func (r *tfResource) computed(name string) bool {
	value := r.after[name]
	switch value.(type) {
	case string, bool:
		return r.configured != nil && !r.stated(name) && r.before[name] == value
	}
	return false
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

var tlsVersion = lazyregexp.New(`^TLS1\.[0-3]$`)

// spaced writes a TLS version as UpdateDomain documents it: with a space.
func spaced(v any) any {
	if s, ok := v.(string); ok && tlsVersion.MatchString(s) {
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
