package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/platform/internal/wire"
)

// The answers, with the API's own field names (APIG 2024-03-27, cas 2020-04-07), which
// JSON matches without case. A field that is not here is dropped when an answer is read.

// number is written as a number or as a text; an empty text is 0.
type number int64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "" || text == "null" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseInt(text, 10, 64)
	*n = number(v)
	return err
}

// truth is written as a boolean or as a text.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.Trim(string(data), `"`)) {
	case "true":
		*t = true
	case "false", "", "null":
		*t = false
	default:
		return fmt.Errorf("got neither true nor false")
	}
	return nil
}

func (t *truth) plain() *bool {
	if t == nil {
		return nil
	}
	v := bool(*t)
	return &v
}

// scalar is the text of any scalar.
type scalar string

// UnmarshalJSON implements json.Unmarshaler.
func (s *scalar) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, (*string)(s))
	}
	*s = scalar(data)
	return nil
}

// names is a list of names, or a text of them with commas.
type names []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *names) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*n = slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
		return nil
	}
	var list wire.List[string]
	err := json.Unmarshal(data, &list)
	*n = names(list)
	return err
}

// domain is one domain as GetDomain or ListDomains shows it. Fields that are set and have
// no place here are kept by name: an update could reset them.
type domain struct {
	DomainID              string
	Name                  string
	Status                string
	DomainScope           string
	GatewayType           string
	Protocol              string
	ForceHTTPS            truth
	CertIdentifier        string
	CACertIdentifier      string
	MTLSEnabled           truth
	ClientCACert          string
	HTTP2Option           string
	TLSMin                string
	TLSMax                string
	TLSCipherSuitesConfig *suites
	ResourceGroupID       string
	CreateFrom            string
	Default               truth
	UpdateTimestamp       number // in GetDomain "updatetimestamp"
	StatisticsInfo        struct{ TotalCount number }

	CertName               string
	Algorithm              string
	Issuer                 string
	SANs                   names
	NotBeforeTimestamp     number
	NotBeforeTimstamp      number // of older definitions
	NotAfterTimestamp      number
	NotAfterTimstamp       number
	CertDetailStatus       string
	CertDetailErrorCode    string
	CertDetailErrorMessage string

	// Known and not kept: no call of bindgate changes them.
	CreateTimestamp number

	Others []string `json:"-"` // names of other fields that are set
}

type suites struct {
	ConfigType     string
	TLSCipherSuite wire.List[suite]
}

type suite struct {
	Name            string
	SupportVersions wire.List[string]
}

// UnmarshalJSON reads the known fields and notes the others. A field that comes in two
// spellings is refused: of two values, nothing says which is in effect.
func (d *domain) UnmarshalJSON(data []byte) error {
	type known domain
	if err := json.Unmarshal(data, (*known)(d)); err != nil {
		return err
	}
	others, config, err := unknown(data, reflect.TypeFor[domain](), "tlsCipherSuitesConfig")
	if err != nil {
		return err
	}
	inner, list, err := unknown(config, reflect.TypeFor[suites](), "tlsCipherSuite")
	if err != nil {
		return err
	}
	others = append(others, prefixed("tlsCipherSuitesConfig.", inner)...)
	var items wire.List[json.RawMessage]
	if len(list) > 0 {
		if err := json.Unmarshal(list, &items); err != nil {
			return err
		}
	}
	for _, item := range items {
		inner, _, err := unknown(item, reflect.TypeFor[suite](), "")
		if err != nil {
			return err
		}
		others = append(others, prefixed("tlsCipherSuitesConfig.tlsCipherSuite.", inner)...)
	}
	slices.Sort(others)
	others = slices.Compact(others)
	d.Others = others[:min(len(others), 20)]
	return nil
}

func prefixed(prefix string, names []string) []string {
	for i := range names {
		names[i] = prefix + names[i]
	}
	return names
}

// unknown returns the names of the fields of an object that are set and that a type does not
// have, and the value of one field.
func unknown(object []byte, of reflect.Type, inner string) (others []string, value []byte, err error) {
	if len(object) == 0 || bytes.Equal(object, []byte("null")) {
		return nil, nil, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(object, &all); err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for name, v := range all {
		folded := strings.ToLower(name)
		if seen[folded] {
			return nil, nil, fmt.Errorf("a field in two spellings")
		}
		seen[folded] = true
		if folded == strings.ToLower(inner) {
			value = v
		}
		_, known := of.FieldByNameFunc(func(field string) bool { return field != "Others" && strings.EqualFold(field, name) })
		if !known && isSet(v) {
			others = append(others, fmt.Sprintf("%.64s", name))
		}
	}
	return others, value, nil
}

// isSet reports whether the value of a field says anything. false and 0 do: the default that
// an update resets the field to may be another.
func isSet(value []byte) bool {
	return !slices.Contains([]string{`""`, "null", "[]", "{}"}, string(value))
}

// record returns a domain as evidence.
func (d domain) record() evidence.Record {
	r := evidence.Record{
		DomainID: d.DomainID, Name: d.Name, Status: d.Status, DomainScope: spelt(d.DomainScope, "Dedicated", "Serverless"),
		GatewayType: spelt(d.GatewayType, typeAPI, typeAI), Protocol: spelt(d.Protocol, "HTTP", "HTTPS"),
		ForceHTTPS: bool(d.ForceHTTPS), CertIdentifier: d.CertIdentifier, CACertIdentifier: d.CACertIdentifier, MTLSEnabled: bool(d.MTLSEnabled),
		ClientCACert: d.ClientCACert, HTTP2Option: spelt(d.HTTP2Option, "Open", "Close", "GlobalConfig"), TLSMin: evidence.TLSVersion(d.TLSMin), TLSMax: evidence.TLSVersion(d.TLSMax),
		ResourceGroupID: d.ResourceGroupID, CreateFrom: d.CreateFrom, Default: bool(d.Default), UsedBy: int(d.StatisticsInfo.TotalCount),
		CertName: d.CertName, Algorithm: d.Algorithm, Issuer: d.Issuer, SANs: strings.Join(d.SANs, ","),
		NotBefore: int64(either(d.NotBeforeTimestamp, d.NotBeforeTimstamp)), NotAfter: int64(either(d.NotAfterTimestamp, d.NotAfterTimstamp)),
		CertDetailStatus: d.CertDetailStatus, CertDetailErrorCode: d.CertDetailErrorCode, CertDetailErrorMessage: fmt.Sprintf("%.200s", d.CertDetailErrorMessage),
		UnknownFields: d.Others, UpdatedAt: int64(d.UpdateTimestamp),
	}
	if c := d.TLSCipherSuitesConfig; c != nil {
		r.Suites = &evidence.Suites{ConfigType: c.ConfigType}
		for _, s := range c.TLSCipherSuite {
			versions := make([]string, len(s.SupportVersions))
			for i, v := range s.SupportVersions {
				versions[i] = evidence.TLSVersion(v)
			}
			r.Suites.Suites = append(r.Suites.Suites, evidence.Suite{Name: s.Name, SupportVersions: versions})
		}
	}
	return r
}

// spelt returns the documented value that a text is, regardless of case; another text as it is.
func spelt(text string, documented ...string) string {
	for _, value := range documented {
		if strings.EqualFold(text, value) {
			return value
		}
	}
	return text
}

func either(a, b number) number {
	if a != 0 {
		return a
	}
	return b
}

// gateway is one gateway as GetGateway or ListGateways shows it.
type gateway struct {
	GatewayID       string
	Name            string
	Status          string
	GatewayEdition  string
	GatewayType     string
	Version         string
	ExpireTimestamp number
	SubDomainInfos  wire.List[struct{ Name, NetworkType string }] // ListGateways only
	LoadBalancers   wire.List[balancer]
}

type balancer struct {
	Address       string
	AddressType   string
	Mode          string
	Status        string
	IPv4Addresses wire.List[string]
	IPv6Addresses wire.List[string]
}

// entries returns the ways into a gateway.
func (g gateway) entries() (out []evidence.Entry) {
	for _, s := range g.SubDomainInfos {
		if s.Name != "" {
			out = append(out, evidence.Entry{GatewayID: g.GatewayID, Name: s.Name, Kind: evidence.EntrySubDomain, NetworkType: s.NetworkType, Ready: true})
		}
	}
	for _, b := range g.LoadBalancers {
		addresses := slices.Concat(b.IPv4Addresses, b.IPv6Addresses)
		if b.Address == "" && len(addresses) == 0 {
			continue
		}
		out = append(out, evidence.Entry{GatewayID: g.GatewayID, Name: b.Address, Kind: evidence.EntryBalancer, NetworkType: b.AddressType,
			Addresses: addresses, Own: !strings.EqualFold(b.Mode, "Managed"), Ready: strings.EqualFold(b.Status, "Ready")})
	}
	return out
}

// feature is one parameter of a gateway.
type feature struct {
	Value      scalar
	Definition struct {
		Name         string
		DefaultValue scalar
	}
}

// httpAPI is one HTTP API with its versions.
type httpAPI struct {
	Name              string
	Type              string
	VersionedHTTPAPIs wire.List[version]
}

type version struct {
	HTTPAPIID    string
	Environments wire.List[struct {
		DeployStatus  string
		GatewayInfo   struct{ GatewayID string }
		CustomDomains wire.List[struct{ DomainID string }]
	}]
	DeployConfigs wire.List[struct {
		GatewayID       string
		CustomDomainIDs wire.List[string]
	}]
}

// deployments returns the domains that a version is deployed with, as a whole.
func (v version) deployments() map[string][]evidence.Route {
	out := map[string][]evidence.Route{}
	add := func(domain, gateway, status string) {
		if domain != "" && !slices.ContainsFunc(out[domain], func(r evidence.Route) bool { return r.GatewayID == gateway }) {
			out[domain] = append(out[domain], evidence.Route{GatewayID: gateway, HTTPAPIID: v.HTTPAPIID, DeployStatus: status})
		}
	}
	for _, e := range v.Environments {
		for _, d := range e.CustomDomains {
			add(d.DomainID, e.GatewayInfo.GatewayID, e.DeployStatus)
		}
	}
	for _, c := range v.DeployConfigs { // what is configured, deployed or not
		for _, id := range c.CustomDomainIDs {
			add(id, c.GatewayID, "")
		}
	}
	return out
}

// route is one route of an HTTP API.
type route struct {
	RouteID         string
	DeployStatus    string
	GatewayStatus   map[string]string
	DomainInfos     wire.List[struct{ DomainID string }]
	EnvironmentInfo struct {
		GatewayInfo struct{ GatewayID string }
	}
}

// on returns the route on each of its gateways.
func (r route) on(api string) (out []evidence.Route) {
	for gateway, status := range r.GatewayStatus {
		out = append(out, evidence.Route{GatewayID: gateway, HTTPAPIID: api, RouteID: r.RouteID, DeployStatus: status})
	}
	own := r.EnvironmentInfo.GatewayInfo.GatewayID
	if _, stated := r.GatewayStatus[own]; own != "" && !stated {
		out = append(out, evidence.Route{GatewayID: own, HTTPAPIID: api, RouteID: r.RouteID, DeployStatus: r.DeployStatus})
	}
	return out
}
