package account

import (
	"errors"
	"strings"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// maxDomains is how many domains of one network type a group may have, wildcards
// counted.
const maxDomains = 5

// Binding contains the parameters of SetDomain. A nil field was not sent: on a first bind it
// means the default (all environments, INTERNET, no redirect), and on an update
// Assumptions selects whether it keeps the value or resets it to the default: the platform's
// documentation says both that an absent BindStageName means all environments and that
// removing a stage needs an empty value.
type Binding struct {
	Place
	Stage       *string
	Type        *string
	Redirect    *bool
	Force       bool
	Certificate *Certificate // the 2017 contract's, inline
}

// Bind binds a domain or updates a binding, all of it or nothing, and answers
// with the group and the domain as they are then.
func (a *Account) Bind(w Binding) (Group, Domain, error) {
	if !wellFormed(w.Domain) {
		return Group{}, Domain{}, Refuse("InvalidDomainName", "The domain name is malformed.")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g, err := a.find(w.Place)
	if err == nil && g.Status == "DELETE" {
		err = noGroup() // a deleted group can be read, not bound to (not documented)
	}
	if err != nil {
		return Group{}, Domain{}, err
	}
	d, bound := current(g, w.Domain)
	was := d.CustomDomainType
	if bound && a.assume.UpdateResets {
		d.BindStageName, d.BindStageAlias, d.CustomDomainType, d.IsHTTPRedirectToHTTPS = "", "", "INTERNET", false
	}
	if err := w.apply(g, &d); err != nil {
		return Group{}, Domain{}, err
	}
	if !bound || d.CustomDomainType != was {
		if err := a.admit(g, &d); err != nil {
			return Group{}, Domain{}, err
		}
	}
	if !w.Force && !bound && len(a.rivals(g, d.DomainName)) > 0 {
		return Group{}, Domain{}, Refuse("DomainAlreadyBind", "The domain name is bound to another API group.")
	}
	if w.Force {
		a.unbindRivals(g, d.DomainName)
	}
	put(g, d)
	return g.Clone(), d, nil
}

// current returns the domain as it is bound, or as it would be without the call.
func current(g *Group, domain string) (d Domain, bound bool) {
	if i := index(g, domain); i >= 0 {
		return g.Domains[i], true
	}
	return Domain{
		DomainName: strings.ToLower(domain), CustomDomainType: "INTERNET", DomainBindingStatus: "BINDING",
		DomainLegalStatus: "NORMAL", DomainWebSocketStatus: "NORMAL",
	}, false
}

// apply writes the parameters into the domain, checking stage, type and certificate.
// Redirect without a certificate is accepted: the platform documents no refusal.
func (w Binding) apply(g *Group, d *Domain) error {
	if w.Stage != nil {
		if !hasStage(g, *w.Stage) {
			return Invalid("BindStageName", "it must be TEST, PRE, RELEASE, a stage of the group, or empty")
		}
		if *w.Stage != d.BindStageName {
			d.BindStageName, d.BindStageAlias = *w.Stage, ""
		}
	}
	if w.Type != nil {
		if *w.Type != "INTERNET" && *w.Type != "INTRANET" {
			return Invalid("CustomDomainType", "it must be INTERNET or INTRANET")
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
func Certify(d *Domain, c Certificate, keyParam string) error {
	if n := len([]rune(c.Name)); n < 4 || n > 50 {
		return Invalid("CertificateName", "it must have 4 to 50 characters")
	}
	pair, err := ca.ParsePair(c.Body, c.PrivateKey)
	switch {
	case errors.Is(err, ca.ErrBody):
		return Invalid("CertificateBody", err.Error())
	case err != nil:
		return Invalid(keyParam, err.Error())
	case !pair.Covers(d.DomainName):
		return Invalid("CertificateBody", "the certificate does not match the custom domain name")
	}
	d.Attach(c, pair)
	return nil
}

// admit checks what a first bind, or one to another network type, needs: proof
// of ownership and room.
func (a *Account) admit(g *Group, d *Domain) error {
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
		return Refuse("ExceedLimitDomain", "The API group has %d domain names of this network type already.", taken)
	}
	return nil
}

func put(g *Group, d Domain) {
	if i := index(g, d.DomainName); i >= 0 {
		g.Domains[i] = d
		return
	}
	g.Domains = append(g.Domains, d)
}

func hasStage(g *Group, name string) bool {
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

// rivals are the other groups of the same instance and base path that have the
// domain, or a wildcard that overlaps it. On another base path it may be bound.
// The network type makes no difference (not documented).
func (a *Account) rivals(g *Group, domain string) []*Group {
	var found []*Group
	for _, other := range a.groups {
		if other == g || other.RegionID != g.RegionID || other.InstanceID != g.InstanceID || other.BasePath != g.BasePath {
			continue
		}
		for _, d := range other.Domains {
			if overlap(d.DomainName, domain) {
				found = append(found, other)
				break
			}
		}
	}
	return found
}

// unbindRivals is what IsForce does. A rival's wildcard goes too (not documented).
func (a *Account) unbindRivals(g *Group, domain string) {
	for _, rival := range a.rivals(g, domain) {
		drop(rival, func(d Domain) bool { return overlap(d.DomainName, domain) })
	}
}

// overlap reports whether two domain names are one, or one is a wildcard that
// covers the other.
func overlap(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b || covers(a, b) || covers(b, a)
}

func covers(wildcard, name string) bool {
	suffix, isWildcard := strings.CutPrefix(wildcard, "*.")
	_, rest, _ := strings.Cut(name, ".")
	return isWildcard && rest == suffix
}

// prove looks for proof that the caller owns the domain: an alias chain that
// passes the group's own name, else a TXT record at <GroupId>.<domain>. Force
// does not replace it (not documented). resolved reports which of the two it was.
func (a *Account) prove(g *Group, domain, network string) (resolved bool, err error) {
	targets := []string{g.SubDomain}
	if network == "INTRANET" {
		targets = []string{g.VpcDomain, g.VpcSlbIntranetDomain}
	}
	if a.aliases(domain, targets) {
		return true, nil
	}
	found, proves := a.texts(g, strings.TrimPrefix(domain, "*."))
	switch {
	case proves:
		return false, nil
	case found:
		return false, Refuse("SingleDomainOwnershipCheckFail", "The TXT record does not name the API group.")
	}
	return false, Refuse("DomainNotResolved", "The domain name is not resolved to the API group's second-level domain name.")
}

// aliases reports whether the chain of CNAME records from domain passes one of
// the targets. For a wildcard the wildcard itself is asked for.
func (a *Account) aliases(domain string, targets []string) bool {
	answer, rcode := a.dns.Lookup(domain, dns.TypeA)
	if rcode != dns.RcodeSuccess {
		return false
	}
	for _, rr := range answer {
		cname, ok := rr.(*dns.CNAME)
		if !ok {
			continue
		}
		for _, target := range targets {
			if target != "" && dns.CanonicalName(cname.Target) == dns.CanonicalName(target) {
				return true
			}
		}
	}
	return false
}

// texts looks for the verification record. The platform's pages spell its token
// in two ways; both are taken. found: there is one, valid or not.
func (a *Account) texts(g *Group, domain string) (found, proves bool) {
	answer, _ := a.dns.Lookup(g.GroupID+"."+domain, dns.TypeTXT)
	for _, rr := range answer {
		txt, ok := rr.(*dns.TXT)
		if !ok {
			continue
		}
		token, name, ok := strings.Cut(strings.Join(txt.Txt, ""), "=")
		if !ok || token != "apigateway-domain-verification" && token != "apigateway-domain-verfication" {
			continue
		}
		found = true
		if dns.CanonicalName(name) == dns.CanonicalName(g.SubDomain) {
			return true, true
		}
	}
	return found, false
}

// wellFormed reports whether SetDomain takes the name: two or more LDH labels
// (RFC 5890 §2.3.1), at most 253 characters, the first label possibly *, and not
// one of the platform's own names (not documented).
func wellFormed(domain string) bool {
	name := strings.ToLower(strings.TrimPrefix(domain, "*."))
	labels := strings.Split(name, ".")
	if len(domain) > 253 || len(labels) < 2 || strings.Trim(name, "0123456789.") == "" {
		return false
	}
	if name == "alicloudapi.com" || strings.HasSuffix(name, ".alicloudapi.com") {
		return false
	}
	for _, label := range labels {
		if len(label) < 1 || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}
