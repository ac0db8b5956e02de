package pki

import (
	"net/netip"
	"slices"
	"strings"
)

// asBase prepares the base of a constraint. It is not evaluable where its form
// is one that this package knows nothing of, and not sound where it breaks the
// rules of its form.
func (g *generalName) asBase() (evaluable, sound bool) {
	text := string(g.value)
	switch g.form {
	case formDNS:
		g.host = text
		return true, isBaseHost(text)
	case formURI:
		g.host = text
		_, notAddress := netip.ParseAddr(text)
		return true, isBaseHost(text) && notAddress != nil
	case formEmail:
		if strings.Contains(text, "@") {
			var ok bool
			g.local, g.host, ok = mailbox(text)
			return true, ok
		}
		g.host = text
		return true, isBaseHost(text)
	case formIP:
		return true, len(g.value) == 8 || len(g.value) == 32
	case formDirectory:
		return true, true
	}
	return false, true
}

func isBaseHost(s string) bool { return s == "" || isHost(strings.TrimPrefix(s, ".")) }

// covers reports whether a comparable name of the same form lies within the
// subtree below a base (RFC 5280 §4.2.1.10). Where the rules leave a doubt, an
// excluded subtree has the name and a permitted one has not.
func (g generalName) covers(name generalName, excluding bool) bool {
	switch g.form {
	case formDNS:
		return domainCovers(g.host, name.host) || excluding && wildcardReaches(g.host, name.host)
	case formURI:
		return hostCovers(g.host, name.host, excluding)
	case formEmail:
		if g.local == "" {
			return hostCovers(g.host, name.host, excluding)
		}
		quoted := strings.ContainsAny(g.local+name.local, `"\`) // which can be written in many ways
		return strings.EqualFold(g.host, name.host) && (g.local == name.local || excluding && quoted)
	case formIP:
		return addressCovers(g.value, name.value)
	case formDirectory:
		return len(g.rdns) <= len(name.rdns) && slices.Equal(g.rdns, name.rdns[:len(g.rdns)])
	}
	return excluding
}

// domainCovers: any labels may be added on the left of a domain; to one that
// begins with a period at least one must be (erratum 5997 of RFC 5280).
func domainCovers(domain, name string) bool {
	more := len(name) - len(domain)
	switch {
	case domain == "":
		return true
	case more < 0 || !strings.EqualFold(name[more:], domain):
		return false
	case domain[0] == '.':
		return more > 0
	}
	return more == 0 || name[more-1] == '.'
}

// wildcardReaches: *.demo.com stands for the excluded www.demo.com too.
func wildcardReaches(domain, name string) bool {
	first, parent, _ := strings.Cut(name, ".")
	_, above, _ := strings.Cut(domain, ".")
	return strings.Contains(first, "*") && domain[0] != '.' && strings.EqualFold(parent, above)
}

// hostCovers is for the hosts of e-mail addresses and URIs: a base is one host,
// or with a period in front all names below a domain. RFC 5280 says nothing of an
// empty one, which means all hosts to crypto/x509 and none to OpenSSL.
func hostCovers(base, host string, excluding bool) bool {
	switch more := len(host) - len(base); {
	case base == "":
		return excluding
	case base[0] == '.':
		return more > 0 && strings.EqualFold(host[more:], base)
	}
	return strings.EqualFold(base, host)
}

// addressCovers: base is an address with a mask of its length.
func addressCovers(base, address []byte) bool {
	if len(base) != 2*len(address) {
		return false
	}
	for i := range address {
		if mask := base[len(address)+i]; (address[i]^base[i])&mask != 0 {
			return false
		}
	}
	return true
}
