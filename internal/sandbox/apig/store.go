package apig

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/certstore"
)

// Assumptions settle what the platform's pages leave open. A client must be right
// whichever of them hold. The zero values are the defaults; package sandbox has
// their names and says why each is not known.
type Assumptions struct {
	Merges                bool   // UpdateDomain keeps what the call leaves out; else the call is the whole record
	EmptyKeeps            bool   // an empty text in UpdateDomain keeps the field; else it clears it
	ErrorsAreOK           bool   // a refusal has HTTP status 200, and only its code says so
	PlainTLSNames         bool   // TLS1.2 in answers, instead of TLS 1.2
	Timestamps            string // spelling of updatetimestamp and notAfterTimstamp: empty as in the definition, older also notBeforeTimstamp, plain without mistakes
	OmitsUnset            bool   // records leave out texts that are not set; else they are empty
	CountIsNumber         bool   // totalCount of the statistics is a number; else a text
	StatusEverywhere      bool   // GetDomain has the status too; else the list alone
	NeedsCertificate      bool   // HTTPS without certIdentifier is refused
	RefusesDuplicates     bool   // a second domain of the same name and type is refused
	RefusesUnknownCert    bool   // a certIdentifier that the store does not have is refused
	GatewayListsAll       bool   // ListDomains with gatewayId lists every domain; else those published on it
	SuccessCode           string // of every answer; empty: Ok, and 200 of DescribeRegions
	NeedsCAID             bool   // mutual TLS needs caCertIdentifier
	MaxPage               int    // of the lists whose maximum is not documented; 0: 100
	DeployUnbinds         bool   // DeployHttpApi without customDomainIds takes the domains away
	DeletesInUse          bool   // a domain that a route or a deployment names can be deleted
	DeletesMissing        bool   // deleting a domain that does not exist succeeds
	UndeployedIsPublished bool   // the list calls a domain Published that is bound and not deployed
	PrefixedNotFound      bool   // a missing domain has the code Error.DatabaseError.RecordNotFound
	ReleasedIsConflict    bool   // a released gateway has the code Conflict.GatewayIsDeleted; else NotFound.GatewayNotFound
	FutureField           string // records have this field too, which no definition has
	HTTP2Closed           bool   // http2Option is Close where it was never set; else GlobalConfig
}

// Store is safe for concurrent use.
type Store struct {
	assume   Assumptions
	certs    *certstore.Store
	now      func() time.Time
	mu       sync.RWMutex
	gateways []Gateway
	domains  []Domain
	apis     []HTTPAPI
}

// New returns a store with this seed, which must be complete.
func New(seed Seed, certs *certstore.Store, assume Assumptions, now func() time.Time) *Store {
	s := &Store{assume: assume, certs: certs, now: now}
	state := seed.clone()
	s.gateways, s.domains, s.apis = state.Gateways, state.Domains, state.HTTPAPIs
	return s
}

func (s Seed) clone() Seed {
	var out Seed
	for _, g := range s.Gateways {
		out.Gateways = append(out.Gateways, g.clone())
	}
	for _, d := range s.Domains {
		out.Domains = append(out.Domains, d.clone())
	}
	for _, a := range s.HTTPAPIs {
		out.HTTPAPIs = append(out.HTTPAPIs, a.clone())
	}
	return out
}

// State returns a copy of everything. It contains no key.
func (s *Store) State() Seed {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return Seed{Gateways: s.gateways, Domains: s.domains, HTTPAPIs: s.apis}.clone()
}

// Edit changes the state without a call, as another user would.
func (s *Store) Edit(change func(*Seed)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := Seed{Gateways: s.gateways, Domains: s.domains, HTTPAPIs: s.apis}.clone()
	change(&state)
	s.gateways, s.domains, s.apis = state.Gateways, state.Domains, state.HTTPAPIs
}

// Users returns the domains that use a certificate.
func (s *Store) Users(identifier string) []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var names []string
	for _, d := range s.domains {
		if d.CertIdentifier == identifier || d.CACertIdentifier == identifier {
			names = append(names, d.Name)
		}
	}
	return names
}

// Name returns the name of a domain; empty if there is none with this id.
func (s *Store) Name(domainID string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if d := s.domain(domainID); d != nil {
		return d.Name
	}
	return ""
}

// domain, gateway and api want the lock held.
func (s *Store) domain(id string) *Domain {
	if i := slices.IndexFunc(s.domains, func(d Domain) bool { return d.DomainID == id }); i >= 0 {
		return &s.domains[i]
	}
	return nil
}

// domainAt returns a domain that the endpoint of a call knows.
func (s *Store) domainAt(r *Request, id string) *Domain {
	if d := s.domain(id); d != nil && r.here(d.RegionID) {
		return d
	}
	return nil
}

func (s *Store) gateway(id string) *Gateway {
	if i := slices.IndexFunc(s.gateways, func(g Gateway) bool { return g.GatewayID == id }); i >= 0 {
		return &s.gateways[i]
	}
	return nil
}

func (s *Store) api(id string) *HTTPAPI {
	if i := slices.IndexFunc(s.apis, func(a HTTPAPI) bool { return a.HTTPAPIID == id }); i >= 0 {
		return &s.apis[i]
	}
	return nil
}

// use is a route or a deployment that names a domain.
type use struct {
	gatewayID string
	kind      string // HttpApi, GatewayRoute
}

func (s *Store) uses(domainID string) []use {
	var all []use
	for _, a := range s.apis {
		for _, d := range a.Deployments {
			if slices.Contains(d.DomainIDs, domainID) {
				all = append(all, use{d.GatewayID, "HttpApi"})
			}
		}
		for _, r := range a.Routes {
			if slices.Contains(r.DomainIDs, domainID) {
				all = append(all, use{r.GatewayID, "GatewayRoute"})
			}
		}
	}
	return all
}

// published returns the domains that a deployed route or deployment serves on the
// gateways.
func (s *Store) published(on func(gatewayID string) bool) map[string]bool {
	out := map[string]bool{}
	add := func(gatewayID, status string, ids []string) {
		if live(status) && on(gatewayID) {
			for _, id := range ids {
				out[id] = true
			}
		}
	}
	for _, a := range s.apis {
		for _, d := range a.Deployments {
			add(d.GatewayID, d.DeployStatus, d.DomainIDs)
		}
		for _, r := range a.Routes {
			add(r.GatewayID, r.DeployStatus, r.DomainIDs)
		}
	}
	return out
}

// live reports whether a route or a deployment serves. Of the documented statuses the
// others are NotDeployed, Deploying, DeployFailed, Undeploying and UndeployFailed (that
// none of them serves is an invention).
func live(status string) bool { return status == deployed || status == "DeployedWithChanges" }

func anyGateway(string) bool { return true }

// Served is what a caller of a name reaches.
type Served struct {
	Domain      Domain
	HTTP2       bool
	Certificate certstore.Certificate // its Body is empty without one; with the private key
	ClientCAs   string                // PEM; empty: no client certificate is asked for
}

// Serving returns the domain that a caller of a name reaches on a running gateway:
// the name itself, else the longest wildcard over it at any depth, else the default
// domain. The platform documents the depth and the default only (inventions: an
// exact name and a longer wildcard come first; of two domains of one name, the
// older one serves).
func (s *Store) Serving(name string) (Served, bool) {
	s.mu.RLock()
	published := s.published(func(gatewayID string) bool {
		g := s.gateway(gatewayID)
		return g != nil && !g.Released && g.Status == "Running"
	})
	var found *Domain
	rank := -1
	for i := range s.domains { // the oldest first
		d := &s.domains[i]
		if r := fits(d, name); r > rank && published[d.DomainID] {
			found, rank = d, r
		}
	}
	var served Served
	if found != nil {
		served = Served{Domain: found.clone(), HTTP2: s.http2(*found)}
	}
	s.mu.RUnlock()
	if found == nil {
		return Served{}, false
	}
	served.Certificate, _ = s.certs.Find(served.Domain.CertIdentifier)
	if served.Domain.MTLSEnabled {
		served.ClientCAs = served.Domain.ClientCACert
		if ca, known := s.certs.Find(served.Domain.CACertIdentifier); known {
			served.ClientCAs += "\n" + ca.Body
		}
	}
	return served, true
}

// fits ranks how closely a domain covers a name; -1 if it does not.
func fits(d *Domain, name string) int {
	own := strings.ToLower(d.Name)
	if own == name {
		return 1 << 20
	}
	if suffix, wildcard := strings.CutPrefix(own, "*"); wildcard && strings.HasSuffix(name, suffix) && len(name) > len(suffix) {
		return len(suffix)
	}
	if d.Default {
		return 0
	}
	return -1
}

// http2 reports whether HTTP/2 is offered; GlobalConfig follows the parameter of a
// gateway that serves the domain.
func (s *Store) http2(d Domain) bool {
	if d.HTTP2Option != "GlobalConfig" {
		return d.HTTP2Option == "Open"
	}
	for _, u := range s.uses(d.DomainID) {
		g := s.gateway(u.gatewayID)
		if g == nil {
			continue
		}
		for _, f := range g.Features {
			if f.Name == http2Feature {
				return f.Value == "true"
			}
		}
	}
	return true
}

// http2Feature is named so by a page; its exact name in an answer is not known.
const http2Feature = "EnableHttp2"
