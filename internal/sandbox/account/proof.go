package account

import (
	"strings"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/apierror"
	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// prove looks for proof that the caller owns the domain: an alias chain that
// passes the group's own name, else a TXT record at <GroupId>.<domain>. Force
// does not replace it (not documented). resolved tells which of the two it was.
func (a *Account) prove(g *seed.Group, domain, network string) (resolved bool, err error) {
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
		return false, apierror.New("SingleDomainOwnershipCheckFail", "The TXT record does not name the API group.")
	}
	return false, apierror.New("DomainNotResolved", "The domain name is not resolved to the API group's second-level domain name.")
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
// in two ways; both are taken. found: there is one, whatever it names.
func (a *Account) texts(g *seed.Group, domain string) (found, proves bool) {
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
