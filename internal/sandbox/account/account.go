// Package account is one account of the platform: its API groups and their custom
// domains, the seed that they start from, the rules by which they change, and the
// actions of the API (product CloudAPI, version 2016-07-14) that read and change
// them. Actions ignore parameters that they do not have, as the platform's RPC
// style does. Where the platform's pages are silent the rule chosen here is marked
// "not documented".
package account

import (
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

// Resolver answers the questions by which ownership is proved.
type Resolver interface {
	Lookup(name string, qtype uint16) (answer []dns.RR, rcode int)
}

// Account is safe for concurrent use. Every error that a method returns is an
// *Error.
type Account struct {
	dns    Resolver
	assume Assumptions
	mu     sync.RWMutex
	groups []*Group // in the seed's order
}

// Assumptions settle what the platform's pages leave open. A client must be right
// whichever of them hold.
type Assumptions struct {
	UpdateResets bool // SetDomain resets what an update does not name; else it keeps it
	RenewalKeeps bool // SetDomainCertificate without settings for client certificates keeps those in effect; else it drops them
	HidesClients bool // DescribeDomain shows no settings for client certificates, as its page has none
	LowerCase    bool // network types come back in lower case, as in an example of DescribeApiGroup
}

// Assume returns the account under other assumptions than the zero ones. It is for
// an account that nothing uses yet.
func (a *Account) Assume(assume Assumptions) *Account {
	a.assume = assume
	return a
}

// New is an account with these groups, which must be complete.
func New(groups []Group, resolver Resolver) *Account {
	a := &Account{dns: resolver}
	for _, g := range groups {
		clone := g.Clone()
		a.groups = append(a.groups, &clone)
	}
	return a
}

// Place names a group, and within it a domain where an action wants one. Region
// is that of the endpoint, which knows no other region's groups; empty for every one.
type Place struct{ GroupID, Region, Domain string }

// Group is a copy of a group.
func (a *Account) Group(p Place) (Group, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	g, err := a.find(p)
	if err != nil {
		return Group{}, err
	}
	return g.Clone(), nil
}

// Page is one page of the groups that fit, without their domains, and how many
// fit in all. Pages count from 1.
func (a *Account) Page(number, size int, fits func(*Group) bool) (page []Group, total int) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	first := (number - 1) * size
	for _, g := range a.groups {
		if !fits(g) {
			continue
		}
		if total >= first && len(page) < size {
			bare := *g
			bare.Domains = nil
			page = append(page, bare.Clone())
		}
		total++
	}
	return page, total
}

// State is a copy of every group, without private keys.
func (a *Account) State() []Group {
	a.mu.RLock()
	defer a.mu.RUnlock()
	state := make([]Group, len(a.groups))
	for i, g := range a.groups {
		state[i] = g.Clone()
		for _, d := range state[i].Domains {
			if d.Certificate != nil {
				d.Certificate.PrivateKey = ""
			}
		}
	}
	return state
}

// Domain is a copy of a domain and of its group.
func (a *Account) Domain(p Place) (Group, Domain, error) {
	g, err := a.Group(p)
	if err != nil {
		return Group{}, Domain{}, err
	}
	i := index(&g, p.Domain)
	if i < 0 {
		return Group{}, Domain{}, noDomain()
	}
	return g, g.Domains[i], nil
}

// Serving returns the domain that a caller of a name reaches, private key included:
// the name itself, else the wildcard over it.
func (a *Account) Serving(name string) (Domain, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	_, parent, _ := strings.Cut(name, ".")
	for _, wanted := range []string{name, "*." + parent} {
		for _, g := range a.groups {
			if i := index(g, wanted); i >= 0 {
				return g.Clone().Domains[i], true
			}
		}
	}
	return Domain{}, false
}

// Edit changes a domain that is bound; an error of change leaves it as it was.
func (a *Account) Edit(p Place, change func(*Domain) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, err := a.find(p)
	if err != nil {
		return err
	}
	i := index(g, p.Domain)
	if i < 0 {
		return noDomain()
	}
	d := g.Domains[i]
	if err := change(&d); err != nil {
		return err
	}
	g.Domains[i] = d
	return nil
}

// Unbind takes a domain from a group; a domain that is not there is no error.
func (a *Account) Unbind(p Place) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, err := a.find(p)
	if err != nil {
		return err
	}
	drop(g, func(d Domain) bool { return strings.EqualFold(d.DomainName, p.Domain) })
	return nil
}

// find wants the lock held.
func (a *Account) find(p Place) (*Group, error) {
	for _, g := range a.groups {
		if g.GroupID == p.GroupID && (p.Region == "" || p.Region == g.RegionID) {
			return g, nil
		}
	}
	return nil, noGroup()
}

func noGroup() error {
	return Refuse("NotFoundApiGroup", "The API group is not found.")
}

func noDomain() error {
	return Refuse("NotFoundDomain", "The domain name is not bound to the API group.")
}

func index(g *Group, domain string) int {
	return slices.IndexFunc(g.Domains, func(d Domain) bool { return strings.EqualFold(d.DomainName, domain) })
}

func drop(g *Group, which func(Domain) bool) {
	g.Domains = slices.DeleteFunc(g.Domains, which)
}
