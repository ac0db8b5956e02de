package apig

import (
	"encoding/json"
	"strconv"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// field is one writable field of a domain's record, as text; JSON for an object.
type field struct {
	name    string
	kind    Kind
	clients bool // it belongs to the settings for client certificates, which a binding states as a whole
	of      func(evidence.Record) (value string, set bool)
}

// Kind is the JSON type of a writable field.
type Kind int

// The JSON types of writable fields.
const (
	Text Kind = iota
	Bool
	Object
)

// fields is the one list of writable fields: the body of UpdateDomain (definition of
// 2024-03-27) without name, gatewayType and resourceGroupId, which it does not take.
func fields() []field {
	text := func(of func(evidence.Record) string) func(evidence.Record) (string, bool) {
		return func(r evidence.Record) (string, bool) { v := of(r); return v, v != "" }
	}
	return []field{
		{name: "domainScope", of: text(func(r evidence.Record) string { return r.DomainScope })},
		{name: "protocol", of: text(func(r evidence.Record) string {
			if r.DomainScope == "Serverless" { // it must be absent there
				return ""
			}
			return r.Protocol
		})},
		{name: "forceHttps", kind: Bool, of: func(r evidence.Record) (string, bool) { return strconv.FormatBool(r.ForceHTTPS), true }},
		{name: "certIdentifier", of: text(func(r evidence.Record) string { return r.CertIdentifier })},
		{name: "caCertIdentifier", clients: true, of: text(func(r evidence.Record) string { return r.CACertIdentifier })},
		{name: "mTLSEnabled", kind: Bool, clients: true, of: func(r evidence.Record) (string, bool) { return strconv.FormatBool(r.MTLSEnabled), r.MTLSEnabled }},
		{name: "clientCACert", clients: true, of: text(func(r evidence.Record) string { return r.ClientCACert })},
		{name: "http2Option", of: text(func(r evidence.Record) string { return r.HTTP2Option })},
		{name: "tlsMin", of: text(func(r evidence.Record) string { return evidence.TLSVersion(r.TLSMin) })},
		{name: "tlsMax", of: text(func(r evidence.Record) string { return evidence.TLSVersion(r.TLSMax) })},
		{name: "tlsCipherSuitesConfig", kind: Object, of: func(r evidence.Record) (string, bool) {
			if r.Suites == nil {
				return "", false
			}
			return suites(*r.Suites), true
		}},
	}
}

// Body returns the JSON object of a call's parameters, as CreateDomain and UpdateDomain
// take it. The domain's id is no part of it.
func Body(params map[string]string) map[string]any {
	kinds := map[string]Kind{}
	for _, f := range fields() {
		kinds[f.name] = f.kind
	}
	out := map[string]any{}
	for name, value := range params {
		switch {
		case name == "domainId":
		case kinds[name] == Bool:
			out[name] = value == "true"
		case kinds[name] == Object:
			out[name] = json.RawMessage(value)
		default:
			out[name] = value
		}
	}
	return out
}

// stated returns the writable fields that a binding states, as text.
func stated(b binding.Binding, cert attachment) map[string]string {
	out := map[string]string{}
	text := func(name, value string) {
		if value != "" {
			out[name] = value
		}
	}
	text("domainScope", b.DomainScope)
	text("protocol", b.Protocol)
	text("http2Option", b.HTTP2Option)
	text("tlsMin", evidence.TLSVersion(b.TLSMin))
	text("tlsMax", evidence.TLSVersion(b.TLSMax))
	text("certIdentifier", cert.identifier)
	if b.ForceHTTPS != nil {
		out["forceHttps"] = strconv.FormatBool(*b.ForceHTTPS)
	}
	if b.TLSCipherSuites != nil {
		out["tlsCipherSuitesConfig"] = suites(suitesOf(*b.TLSCipherSuites))
	}
	if cc := b.ClientCertificate; cc != nil {
		out["mTLSEnabled"] = strconv.FormatBool(!cc.None)
		if !cc.None {
			text("caCertIdentifier", cc.CASID)
		}
	}
	return out
}

func suitesOf(s binding.CipherSuites) evidence.Suites {
	out := evidence.Suites{ConfigType: s.ConfigType}
	for _, suite := range s.Suites {
		out.Suites = append(out.Suites, evidence.Suite(suite))
	}
	return out
}

// suites returns the JSON text of cipher suites, with the versions as they are sent.
func suites(s evidence.Suites) string {
	out := evidence.Suites{ConfigType: s.ConfigType}
	for _, suite := range s.Suites {
		versions := make([]string, len(suite.SupportVersions))
		for j, v := range suite.SupportVersions {
			versions[j] = evidence.TLSVersion(v)
		}
		out.Suites = append(out.Suites, evidence.Suite{Name: suite.Name, SupportVersions: versions})
	}
	text, _ := json.Marshal(out) // texts only: it cannot fail
	return string(text)
}
