// Package apig is the cloud-native API gateway of the account (product APIG, version
// 2024-03-27): gateways, domains, HTTP APIs and their routes, the actions that read
// and change them, and which domain a caller of a gateway reaches. As the platform
// is seen to, it checks no ownership, no filing and no matching name. What the
// platform's pages do not say is an assumption (see Assumptions) or is marked
// "invention".
package apig

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Seed is the state to start from.
type Seed struct {
	Gateways []Gateway `yaml:"gateways"`
	Domains  []Domain  `yaml:"domains"`
	HTTPAPIs []HTTPAPI `yaml:"httpApis"`
}

// Gateway is one gateway. Empty fields get the default that Complete says.
type Gateway struct {
	GatewayID       string         `yaml:"gatewayId"`
	Name            string         `yaml:"name"`
	RegionID        string         `yaml:"regionId"` // part of the default names; one sandbox serves every region
	Status          string         `yaml:"status"`   // Running, Creating, CreateFailed, Upgrading, UpgradeFailed, Restarting, RestartFailed, Deleting, DeleteFailed
	GatewayType     string         `yaml:"gatewayType"`
	GatewayEdition  string         `yaml:"gatewayEdition"` // Professional, Serverless, MultiTenantServerless
	Version         string         `yaml:"version"`
	TargetVersion   string         `yaml:"targetVersion"`
	ChargeType      string         `yaml:"chargeType"`
	ExpireTimestamp int64          `yaml:"expireTimestamp"` // ms; 0: never
	CreateTimestamp int64          `yaml:"createTimestamp"` // ms
	ResourceGroupID string         `yaml:"resourceGroupId"`
	EnvironmentID   string         `yaml:"environmentId"`
	SubDomains      []SubDomain    `yaml:"subDomainInfos"`
	LoadBalancers   []LoadBalancer `yaml:"loadBalancers"`
	Features        []Feature      `yaml:"features"`
	Released        bool           `yaml:"released"` // the gateway is gone; the DNS names of its balancers remain
}

// SubDomain is a name that the platform gives to a gateway.
type SubDomain struct {
	DomainID    string `yaml:"domainId"`
	Name        string `yaml:"name"`
	NetworkType string `yaml:"networkType"` // Internet, Intranet
	Protocol    string `yaml:"protocol"`
}

// LoadBalancer is one entry of a gateway.
type LoadBalancer struct {
	LoadBalancerID string   `yaml:"loadBalancerId"`
	Address        string   `yaml:"address"`
	AddressType    string   `yaml:"addressType"` // Internet, Intranet
	Type           string   `yaml:"type"`        // NLB, CLB
	Status         string   `yaml:"status"`      // Ready, NotCreate
	IPv4Addresses  []string `yaml:"ipv4Addresses"`
	IPv6Addresses  []string `yaml:"ipv6Addresses"`
}

// Feature is a parameter of a gateway.
type Feature struct {
	Name         string `yaml:"name"`
	Value        string `yaml:"value"`
	DefaultValue string `yaml:"defaultValue"`
}

// Domain is one custom domain.
type Domain struct {
	DomainID         string  `yaml:"domainId"`
	Name             string  `yaml:"name"`
	DomainScope      string  `yaml:"domainScope"` // Dedicated, Serverless
	GatewayType      string  `yaml:"gatewayType"` // API, AI
	Protocol         string  `yaml:"protocol"`    // HTTP, HTTPS; empty for Serverless
	ForceHTTPS       bool    `yaml:"forceHttps"`
	CertIdentifier   string  `yaml:"certIdentifier"`
	CACertIdentifier string  `yaml:"caCertIdentifier"`
	MTLSEnabled      bool    `yaml:"mTLSEnabled"`
	ClientCACert     string  `yaml:"clientCACert"` // in a seed the path of a PEM file, elsewhere PEM text
	HTTP2Option      string  `yaml:"http2Option"`  // Open, Close, GlobalConfig
	TLSMin           string  `yaml:"tlsMin"`       // with a space: TLS 1.2
	TLSMax           string  `yaml:"tlsMax"`
	CipherSuites     *Suites `yaml:"tlsCipherSuitesConfig"`
	Default          bool    `yaml:"default"`
	CreateFrom       string  `yaml:"createFrom"` // Console, Ingress
	ResourceGroupID  string  `yaml:"resourceGroupId"`
	CreateTimestamp  int64   `yaml:"createTimestamp"` // ms
	UpdateTimestamp  int64   `yaml:"updateTimestamp"` // ms

	// PublishedOn is for seeds only: the gateways on which a deployed route serves
	// the domain. Complete turns it into HTTP APIs and routes.
	PublishedOn []string `yaml:"publishedOn"`
}

// Suites are the cipher suites of a domain.
type Suites struct {
	ConfigType string  `yaml:"configType"` // Default, Custom
	List       []Suite `yaml:"tlsCipherSuite"`
}

// Suite is one cipher suite, and the TLS versions in which it may be used.
type Suite struct {
	Name            string   `yaml:"name"`
	SupportVersions []string `yaml:"supportVersions"`
}

// HTTPAPI is one API. The domains that deployments and routes name in a seed may be
// ids or names.
type HTTPAPI struct {
	HTTPAPIID       string       `yaml:"httpApiId"`
	Name            string       `yaml:"name"`
	Type            string       `yaml:"type"` // Http, Rest
	BasePath        string       `yaml:"basePath"`
	ResourceGroupID string       `yaml:"resourceGroupId"`
	Deployments     []Deployment `yaml:"deployments"` // of the whole API
	Routes          []Route      `yaml:"routes"`
}

// Deployment is an API on a gateway.
type Deployment struct {
	GatewayID    string   `yaml:"gatewayId"`
	DomainIDs    []string `yaml:"domainIds"`
	DeployStatus string   `yaml:"deployStatus"` // Deployed, NotDeployed, …
}

// Route is one route of an API.
type Route struct {
	RouteID      string   `yaml:"routeId"`
	Name         string   `yaml:"name"`
	GatewayID    string   `yaml:"gatewayId"`
	DomainIDs    []string `yaml:"domainIds"`
	DeployStatus string   `yaml:"deployStatus"` // Deployed, NotDeployed, …
}

const deployed = "Deployed"

// created is when seeded entries were made, where the seed does not say: 2026-01-01.
const created = 1767225600000

func (d Domain) clone() Domain {
	if d.CipherSuites != nil {
		suites := Suites{ConfigType: d.CipherSuites.ConfigType}
		for _, s := range d.CipherSuites.List {
			suites.List = append(suites.List, Suite{Name: s.Name, SupportVersions: slices.Clone(s.SupportVersions)})
		}
		d.CipherSuites = &suites
	}
	d.PublishedOn = slices.Clone(d.PublishedOn)
	return d
}

func (g Gateway) clone() Gateway {
	g.SubDomains, g.Features = slices.Clone(g.SubDomains), slices.Clone(g.Features)
	g.LoadBalancers = slices.Clone(g.LoadBalancers)
	for i := range g.LoadBalancers {
		lb := &g.LoadBalancers[i]
		lb.IPv4Addresses, lb.IPv6Addresses = slices.Clone(lb.IPv4Addresses), slices.Clone(lb.IPv6Addresses)
	}
	return g
}

func (a HTTPAPI) clone() HTTPAPI {
	a.Deployments, a.Routes = slices.Clone(a.Deployments), slices.Clone(a.Routes)
	for i := range a.Deployments {
		a.Deployments[i].DomainIDs = slices.Clone(a.Deployments[i].DomainIDs)
	}
	for i := range a.Routes {
		a.Routes[i].DomainIDs = slices.Clone(a.Routes[i].DomainIDs)
	}
	return a
}

// Complete checks a seed and fills in what it leaves out: a gateway is Running,
// Professional, of type API and version 2.1.8, with one balancer and one name for
// each network; a domain is Dedicated, of type API, made in the console, with TLS
// 1.0 to 1.3, and HTTPS if it names a certificate. The seed that it is called on
// does not change.
func (s Seed) Complete() (Seed, error) {
	var out Seed
	seen := map[string]bool{}
	once := func(kind, id string) error {
		if id == "" {
			return fmt.Errorf("a %s has no id, want one", kind)
		}
		if seen[kind+" "+id] {
			return fmt.Errorf("%s %q is given twice", kind, id)
		}
		seen[kind+" "+id] = true
		return nil
	}
	for i, g := range s.Gateways {
		g = g.clone()
		g.complete(i)
		if err := once("gateway", g.GatewayID); err != nil {
			return Seed{}, err
		}
		if err := g.checkAddresses(); err != nil {
			return Seed{}, err
		}
		out.Gateways = append(out.Gateways, g)
	}
	for _, d := range s.Domains {
		d = d.clone()
		if d.Name == "" {
			return Seed{}, fmt.Errorf("a domain has no name, want one, e.g. api.demo.com")
		}
		d.complete()
		if err := once("domain", d.DomainID); err != nil {
			return Seed{}, err
		}
		out.Domains = append(out.Domains, d)
	}
	for _, a := range s.HTTPAPIs {
		a = a.clone()
		if err := once("HTTP API", a.HTTPAPIID); err != nil {
			return Seed{}, err
		}
		if err := a.complete(out.Domains, func(id string) bool { return seen["gateway "+id] }, once); err != nil {
			return Seed{}, fmt.Errorf("HTTP API %q: %w", a.HTTPAPIID, err)
		}
		out.HTTPAPIs = append(out.HTTPAPIs, a)
	}
	if err := out.publish(func(id string) bool { return seen["gateway "+id] }); err != nil {
		return Seed{}, err
	}
	return out, nil
}

func (g *Gateway) complete(index int) {
	fill(&g.Name, g.GatewayID)
	fill(&g.RegionID, "cn-hangzhou")
	fill(&g.Status, "Running")
	fill(&g.GatewayType, "API")
	fill(&g.GatewayEdition, "Professional")
	fill(&g.Version, "2.1.8")
	fill(&g.TargetVersion, g.Version)
	fill(&g.ChargeType, "POSTPAY")
	fill(&g.ResourceGroupID, "rg-default")
	fill(&g.EnvironmentID, "env-"+strings.TrimPrefix(g.GatewayID, "gw-"))
	g.CreateTimestamp = cmp.Or(g.CreateTimestamp, created)
	if g.SubDomains == nil {
		g.SubDomains = []SubDomain{
			{Name: g.EnvironmentID + "-" + g.RegionID + ".alicloudapi.com", NetworkType: "Internet"},
			{Name: g.EnvironmentID + "-" + g.RegionID + "-vpc.alicloudapi.com", NetworkType: "Intranet"},
		}
	}
	for i := range g.SubDomains {
		fill(&g.SubDomains[i].DomainID, fmt.Sprintf("d-%s-%d", g.GatewayID, i+1))
		fill(&g.SubDomains[i].NetworkType, "Internet")
		fill(&g.SubDomains[i].Protocol, "HTTP")
	}
	if g.LoadBalancers == nil {
		g.LoadBalancers = []LoadBalancer{{AddressType: "Internet"}, {AddressType: "Intranet"}}
	}
	for i := range g.LoadBalancers {
		lb := &g.LoadBalancers[i]
		fill(&lb.AddressType, "Internet")
		fill(&lb.Type, "NLB")
		fill(&lb.Status, "Ready")
		fill(&lb.LoadBalancerID, fmt.Sprintf("nlb-%s-%d", strings.TrimPrefix(g.GatewayID, "gw-"), i+1))
		fill(&lb.Address, lb.LoadBalancerID+"."+g.RegionID+".nlb.aliyuncs.com")
		if lb.IPv4Addresses == nil { // documentation (RFC 5737) and private addresses (RFC 1918)
			lb.IPv4Addresses = []string{fmt.Sprintf("203.0.113.%d", 1+(index*4+i)%254)}
			if lb.AddressType == "Intranet" {
				lb.IPv4Addresses = []string{fmt.Sprintf("10.1.%d.%d", index%256, 1+i%254)}
			}
		}
	}
}

func (g *Gateway) checkAddresses() error {
	for _, lb := range g.LoadBalancers {
		for _, text := range slices.Concat(lb.IPv4Addresses, lb.IPv6Addresses) {
			if _, err := netip.ParseAddr(text); err != nil {
				return fmt.Errorf("gateway %q: got address %q, want an IP address", g.GatewayID, text)
			}
		}
	}
	return nil
}

// DomainID returns the id of a domain whose seed gives none.
func DomainID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "d-" + hex.EncodeToString(sum[:10])
}

func (d *Domain) complete() {
	fill(&d.DomainID, DomainID(d.Name))
	fill(&d.DomainScope, "Dedicated")
	fill(&d.GatewayType, "API")
	if d.DomainScope == "Dedicated" {
		protocol := "HTTP"
		if d.CertIdentifier != "" {
			protocol = "HTTPS"
		}
		fill(&d.Protocol, protocol)
	}
	d.fillTLS("GlobalConfig")
	d.TLSMin, d.TLSMax = spaced(d.TLSMin), spaced(d.TLSMax)
	fill(&d.CreateFrom, "Console")
	fill(&d.ResourceGroupID, "rg-default")
	d.CreateTimestamp = cmp.Or(d.CreateTimestamp, created)
	d.UpdateTimestamp = cmp.Or(d.UpdateTimestamp, d.CreateTimestamp)
}

// fillTLS sets the documented defaults of the TLS range, and one of the suites and
// of HTTP/2, which are not documented.
func (d *Domain) fillTLS(http2 string) {
	fill(&d.TLSMin, "TLS 1.0")
	fill(&d.TLSMax, "TLS 1.3")
	fill(&d.HTTP2Option, http2)
	if d.CipherSuites == nil {
		d.CipherSuites = &Suites{ConfigType: "Default"}
	}
}

func (a *HTTPAPI) complete(domains []Domain, gateway func(id string) bool, once func(kind, id string) error) error {
	fill(&a.Name, a.HTTPAPIID)
	fill(&a.BasePath, "/")
	fill(&a.ResourceGroupID, "rg-default")
	kind := "Http"
	if len(a.Deployments) > 0 {
		kind = "Rest"
	}
	fill(&a.Type, kind)
	for i := range a.Deployments {
		d := &a.Deployments[i]
		fill(&d.DeployStatus, deployed)
		if !gateway(d.GatewayID) {
			return fmt.Errorf("a deployment is on gateway %q, which is not in the seed", d.GatewayID)
		}
		if err := resolve(d.DomainIDs, domains); err != nil {
			return err
		}
	}
	for i := range a.Routes {
		r := &a.Routes[i]
		fill(&r.RouteID, fmt.Sprintf("hr-%s-%d", strings.TrimPrefix(a.HTTPAPIID, "api-"), i+1))
		fill(&r.Name, r.RouteID)
		fill(&r.DeployStatus, deployed)
		if !gateway(r.GatewayID) {
			return fmt.Errorf("route %q is on gateway %q, which is not in the seed", r.RouteID, r.GatewayID)
		}
		if err := once("route", r.RouteID); err != nil {
			return err
		}
		if err := resolve(r.DomainIDs, domains); err != nil {
			return err
		}
	}
	return nil
}

// resolve replaces names by ids.
func resolve(ids []string, domains []Domain) error {
	for i, id := range ids {
		at := slices.IndexFunc(domains, func(d Domain) bool { return d.DomainID == id || d.Name == id })
		if at < 0 {
			return fmt.Errorf("domain %q is not in the seed", id)
		}
		ids[i] = domains[at].DomainID
	}
	return nil
}

// publish makes an HTTP API for each gateway that PublishedOn names, with a route
// for each domain.
func (s *Seed) publish(gateway func(id string) bool) error {
	at := map[string]int{}
	for i := range s.Domains {
		d := &s.Domains[i]
		for _, id := range d.PublishedOn {
			if !gateway(id) {
				return fmt.Errorf("domain %q is published on gateway %q, which is not in the seed", d.Name, id)
			}
			if _, made := at[id]; !made {
				at[id] = len(s.HTTPAPIs)
				name := "sandbox-" + id
				s.HTTPAPIs = append(s.HTTPAPIs, HTTPAPI{HTTPAPIID: "api-" + name, Name: name, Type: "Http", BasePath: "/", ResourceGroupID: "rg-default"})
			}
			api := &s.HTTPAPIs[at[id]]
			api.Routes = append(api.Routes, Route{RouteID: "hr-" + d.DomainID + "-" + id, Name: d.Name, GatewayID: id, DomainIDs: []string{d.DomainID}, DeployStatus: deployed})
		}
		d.PublishedOn = nil
	}
	return nil
}

// Address is an address record that the name server needs.
type Address struct{ Name, IP string }

// Addresses returns the addresses of every name that the platform gives to a
// gateway, released ones too.
func (s Seed) Addresses() []Address {
	var all []Address
	for _, g := range s.Gateways {
		byType := map[string][]string{}
		for _, lb := range g.LoadBalancers {
			ips := slices.Concat(lb.IPv4Addresses, lb.IPv6Addresses)
			byType[lb.AddressType] = append(byType[lb.AddressType], ips...)
			for _, ip := range ips {
				all = append(all, Address{lb.Address, ip})
			}
		}
		for _, sub := range g.SubDomains {
			if g.Released {
				continue // an invention: the platform takes its own names back
			}
			for _, ip := range byType[sub.NetworkType] {
				all = append(all, Address{sub.Name, ip})
			}
		}
	}
	return all
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// spaced is a TLS version in the spelling with a space.
func spaced(version string) string {
	if rest, found := strings.CutPrefix(version, "TLS1"); found {
		return "TLS 1" + rest
	}
	return version
}
