// Package apig is the cloud-native API gateway of the account (product APIG, version
// 2024-03-27): gateways, domains, HTTP APIs and their routes, the actions that read
// and change them, and which domain a caller of a gateway reaches. As the platform
// is seen to, it checks no ownership, no filing and no matching name. What the
// platform's pages do not say is an assumption (see Assumptions) or is marked
// "invention".
package apig

import "slices"

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
	RegionID        string         `yaml:"regionId"` // cn-hangzhou
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
	RegionID         string  `yaml:"regionId"`    // that of the gateways that it is published on; without any cn-hangzhou
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
	DeployStatus string   `yaml:"deployStatus"` // Deployed, DeployedWithChanges, NotDeployed, Deploying, DeployFailed, Undeploying, UndeployFailed
}

// Route is one route of an API.
type Route struct {
	RouteID      string   `yaml:"routeId"`
	Name         string   `yaml:"name"`
	GatewayID    string   `yaml:"gatewayId"`
	DomainIDs    []string `yaml:"domainIds"`
	DeployStatus string   `yaml:"deployStatus"` // Deployed, DeployedWithChanges, NotDeployed, Deploying, DeployFailed, Undeploying, UndeployFailed
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
