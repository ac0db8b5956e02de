package account

import (
	"errors"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/material"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// maxDomains is how many domains of one network type a group may have, wildcards
// counted.
const maxDomains = 5

// Wish is what SetDomain asks for. A nil field was not sent: on a first bind it
// takes the default (all environments, INTERNET, no redirect), on an update it
// leaves things as they are (not documented; that lifting a stage wants an empty
// value sent points this way).
type Wish struct {
	Place
	Stage       *string
	Type        *string
	Redirect    *bool
	Force       bool
	Certificate *seed.Certificate // the 2017 contract's, inline
}

// Bind binds a domain or updates a binding, all of it or nothing, and answers
// with the group and the domain as they are then.
func (a *Account) Bind(w Wish) (seed.Group, seed.Domain, error) {
	if !wellFormed(w.Domain) {
		return seed.Group{}, seed.Domain{}, apierror.New("InvalidDomainName", "The domain name is malformed.")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g, err := a.find(w.Place)
	if err == nil && g.Status == "DELETE" {
		err = noGroup() // a deleted group can be read, not bound to (not documented)
	}
	if err != nil {
		return seed.Group{}, seed.Domain{}, err
	}
	d, bound := current(g, w.Domain)
	moved := !bound || w.Type != nil && *w.Type != d.CustomDomainType
	if err := w.apply(g, &d); err != nil {
		return seed.Group{}, seed.Domain{}, err
	}
	if moved {
		if err := a.admit(g, &d); err != nil {
			return seed.Group{}, seed.Domain{}, err
		}
	}
	if !w.Force && !bound && len(a.rivals(g, d.DomainName)) > 0 {
		return seed.Group{}, seed.Domain{}, apierror.New("DomainAlreadyBind", "The domain name is bound to another API group.")
	}
	if w.Force {
		a.unbindRivals(g, d.DomainName)
	}
	put(g, d)
	return g.Clone(), d, nil
}

// current is the domain as it is bound, or as it would be without a wish.
func current(g *seed.Group, domain string) (d seed.Domain, bound bool) {
	if i := index(g, domain); i >= 0 {
		return g.Domains[i], true
	}
	return seed.Domain{
		DomainName: strings.ToLower(domain), CustomDomainType: "INTERNET", DomainBindingStatus: "BINDING",
		DomainLegalStatus: "NORMAL", DomainWebSocketStatus: "NORMAL",
	}, false
}

// apply writes the wish into the domain, checking stage, type and certificate.
// Redirect without a certificate is accepted: the platform documents no refusal.
func (w Wish) apply(g *seed.Group, d *seed.Domain) error {
	if w.Stage != nil {
		if !hasStage(g, *w.Stage) {
			return apierror.Invalid("BindStageName", "it must be TEST, PRE, RELEASE, a stage of the group, or empty")
		}
		if *w.Stage != d.BindStageName {
			d.BindStageName, d.BindStageAlias = *w.Stage, ""
		}
	}
	if w.Type != nil {
		if *w.Type != "INTERNET" && *w.Type != "INTRANET" {
			return apierror.Invalid("CustomDomainType", "it must be INTERNET or INTRANET")
		}
		d.CustomDomainType = *w.Type
	}
	if w.Redirect != nil {
		d.IsHTTPRedirectToHTTPS = *w.Redirect
	}
	if w.Certificate != nil {
		return Certify(d, *w.Certificate, "PrivateKey")
	}
	return nil
}

// Certify makes a certificate the domain's if it is readable, its key fits and
// it names the domain. Dates and issuer are not looked at (not documented).
// keyParam is what the call names the key.
func Certify(d *seed.Domain, c seed.Certificate, keyParam string) error {
	if n := len([]rune(c.Name)); n < 4 || n > 50 {
		return apierror.Invalid("CertificateName", "it must have 4 to 50 characters")
	}
	pair, err := material.Parse(c.Body, c.PrivateKey)
	switch {
	case errors.Is(err, material.ErrBody):
		return apierror.Invalid("CertificateBody", err.Error())
	case err != nil:
		return apierror.Invalid(keyParam, err.Error())
	case !pair.Covers(d.DomainName):
		return apierror.Invalid("CertificateBody", "the certificate does not match the custom domain name")
	}
	d.Attach(c, pair)
	return nil
}

// admit checks what a first bind, or one to another network type, needs: proof
// of ownership and room.
func (a *Account) admit(g *seed.Group, d *seed.Domain) error {
	resolved, err := a.prove(g, d.DomainName, d.CustomDomainType)
	if err != nil {
		return err
	}
	d.DomainCNAMEStatus = "UNRESOLVED"
	if resolved {
		d.DomainCNAMEStatus = "RESOLVED"
	}
	taken := 0
	for _, other := range g.Domains {
		if other.CustomDomainType == d.CustomDomainType && other.DomainName != d.DomainName {
			taken++
		}
	}
	if taken >= maxDomains {
		return apierror.New("ExceedLimitDomain", "The API group has %d domain names of this network type already.", taken)
	}
	return nil
}

func put(g *seed.Group, d seed.Domain) {
	if i := index(g, d.DomainName); i >= 0 {
		g.Domains[i] = d
		return
	}
	g.Domains = append(g.Domains, d)
}

func hasStage(g *seed.Group, name string) bool {
	switch name {
	case "", "TEST", "PRE", "RELEASE":
		return true
	}
	for _, s := range g.Stages {
		if s.StageName == name {
			return true
		}
	}
	return false
}
