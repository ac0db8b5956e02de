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
	ids := domainIndex(out.Domains)
	for _, a := range s.HTTPAPIs {
		a = a.clone()
		if err := once("HTTP API", a.HTTPAPIID); err != nil {
			return Seed{}, err
		}
		if err := a.complete(ids, func(id string) bool { return seen["gateway "+id] }, once); err != nil {
			return Seed{}, fmt.Errorf("HTTP API %q: %w", a.HTTPAPIID, err)
		}
		out.HTTPAPIs = append(out.HTTPAPIs, a)
	}
	if err := out.publish(func(id string) bool { return seen["gateway "+id] }); err != nil {
		return Seed{}, err
	}
	return out, out.place()
}

// defaultRegion is the region of what names none.
const defaultRegion = "cn-hangzhou"

// place gives each domain the region of its gateways.
func (s *Seed) place() error {
	regions := map[string]string{}
	for _, g := range s.Gateways {
		regions[g.GatewayID] = g.RegionID
	}
	state := Store{domains: s.Domains, apis: s.HTTPAPIs}
	for i := range s.Domains {
		d := &s.Domains[i]
		for _, u := range state.uses(d.DomainID) {
			if fill(&d.RegionID, regions[u.gatewayID]); d.RegionID != regions[u.gatewayID] {
				return fmt.Errorf("domain %q is of region %s and published on gateway %q of %s, want one region", d.Name, d.RegionID, u.gatewayID, regions[u.gatewayID])
			}
		}
		fill(&d.RegionID, defaultRegion)
	}
	return nil
}

func (g *Gateway) complete(index int) {
	fill(&g.Name, g.GatewayID)
	fill(&g.RegionID, defaultRegion)
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

func (a *HTTPAPI) complete(domains map[string]string, gateway func(id string) bool, once func(kind, id string) error) error {
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

// domainIndex returns the ids of domains by id and by name, of the first one of a name.
func domainIndex(domains []Domain) map[string]string {
	ids := map[string]string{}
	for _, d := range domains {
		ids[d.DomainID] = d.DomainID
		if _, taken := ids[d.Name]; !taken {
			ids[d.Name] = d.DomainID
		}
	}
	return ids
}

// resolve replaces names by ids.
func resolve(ids []string, domains map[string]string) error {
	for i, id := range ids {
		known, found := domains[id]
		if !found {
			return fmt.Errorf("domain %q is not in the seed", id)
		}
		ids[i] = known
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
