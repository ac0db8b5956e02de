package pki

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// nameConstraints is the extension of that name (RFC 5280 §4.2.1.10): subtrees
// that all names in the certificates below must, or must not, be within.
//
// crypto/x509 evaluates four name forms and ignores directoryName, which the
// Baseline Requirements (§7.1.2.5.2) demand of constrained CAs. It decides 26
// PKITS cases differently (Go 1.26): it cannot evaluate 9 valid and 14 invalid
// ones on directoryName, accepts 4.13.24, and refuses 4.13.25 and 4.13.36.
type nameConstraints struct{ permitted, excluded []subtree }

type subtree struct {
	generalName
	unclear bool // cannot be evaluated: unknown form, or a minimum or maximum is present
}

// parseNameConstraints parses the extension's value; ok is false if it is
// malformed.
func parseNameConstraints(der []byte) (n nameConstraints, ok bool) {
	var both cryptobyte.String
	outer := cryptobyte.String(der)
	ok = outer.ReadASN1(&both, cbasn1.SEQUENCE) && outer.Empty() && !both.Empty() &&
		readSubtrees(&both, 0, &n.permitted) && readSubtrees(&both, 1, &n.excluded) && both.Empty()
	return n, ok
}

func readSubtrees(from *cryptobyte.String, field cbasn1.Tag, into *[]subtree) bool {
	var list cryptobyte.String
	var present bool
	if !from.ReadOptionalASN1(&list, &present, field.ContextSpecific().Constructed()) || present && list.Empty() {
		return false
	}
	for !list.Empty() {
		var one, minimum, maximum cryptobyte.String
		var hasMinimum, hasMaximum bool
		if !list.ReadASN1(&one, cbasn1.SEQUENCE) {
			return false
		}
		base, ok := readGeneralName(&one)
		evaluable, sound := base.asBase()
		if !ok || !sound || !one.ReadOptionalASN1(&minimum, &hasMinimum, cbasn1.Tag(0).ContextSpecific()) ||
			!one.ReadOptionalASN1(&maximum, &hasMaximum, cbasn1.Tag(1).ContextSpecific()) || !one.Empty() {
			return false
		}
		distant := hasMaximum || hasMinimum && !bytes.Equal(minimum, []byte{0})
		*into = append(*into, subtree{base, distant || !evaluable})
	}
	return true
}

// judge returns how a name violates the constraints (problem), or why that is
// unknown (undecided): a predicate with the constraints as subject, "" for
// neither. A name form without constraints is unrestricted; a subtree that
// cannot be evaluated matters only to names of its form, critical or not,
// because OpenSSL refuses both.
func (n nameConstraints) judge(name generalName) (problem, undecided string) {
	limited, permitted, excluded, unclear := false, false, false, false
	for _, s := range n.permitted {
		if s.form == name.form {
			limited, unclear = true, unclear || s.unclear
			permitted = permitted || !s.unclear && name.comparable && s.covers(name, false)
		}
	}
	for _, s := range n.excluded {
		if s.form == name.form {
			unclear = unclear || s.unclear
			excluded = excluded || !s.unclear && (!name.comparable || s.covers(name, true))
		}
	}
	switch {
	case (limited && !unclear || excluded) && !name.comparable:
		return "cannot be compared with " + name.String(), ""
	case excluded:
		return "exclude " + name.String(), ""
	case unclear:
		return "", "limit " + name.String() + " in a way that cannot be evaluated"
	case limited && !permitted:
		return "do not permit " + name.String(), ""
	}
	return "", ""
}

// constrainer checks the certificates of paths against each other's name
// constraints. It caches each pair, so that the work is limited by one file
// (see LimitsExceeded), however many paths lead through it.
type constrainer struct {
	which func(*x509.Certificate) string
	names map[*x509.Certificate]certificateNames
	rules map[*x509.Certificate]nameConstraints
	pairs map[pair]verdict
}

type pair struct{ ca, below *x509.Certificate }

type verdict struct{ problem, undecided string }

func newConstrainer(which func(*x509.Certificate) string) *constrainer {
	return &constrainer{which, map[*x509.Certificate]certificateNames{}, map[*x509.Certificate]nameConstraints{}, map[pair]verdict{}}
}

// path returns the first violation of name constraints on a path, else what
// cannot be evaluated. Self-issued certificates are exempt, except the first.
func (k *constrainer) path(path []*x509.Certificate) (found verdict) {
	for i, ca := range path {
		extension, ok := constraintsExtension(ca)
		if !ok {
			continue
		}
		rules, known := k.rules[ca]
		if !known {
			if rules, ok = parseNameConstraints(extension); !ok {
				return verdict{problem: fmt.Sprintf("the name constraints of %s are malformed", k.which(ca))}
			}
			k.rules[ca] = rules
		}
		for j, below := range path[:i] {
			if j > 0 && bytes.Equal(below.RawSubject, below.RawIssuer) {
				continue
			}
			v := k.pair(ca, below, rules)
			if v.problem != "" {
				return v
			}
			if found.undecided == "" {
				found = v
			}
		}
	}
	return found
}

func (k *constrainer) pair(ca, below *x509.Certificate, rules nameConstraints) (found verdict) {
	if v, ok := k.pairs[pair{ca, below}]; ok {
		return v
	}
	defer func() { k.pairs[pair{ca, below}] = found }()
	names, ok := k.names[below]
	if !ok {
		names = namesIn(below)
		k.names[below] = names
	}
	if names.malformed {
		return verdict{problem: fmt.Sprintf("the names of %s are malformed and cannot be compared with the name constraints of %s", k.which(below), k.which(ca))}
	}
	sentence := func(predicate string) string {
		return fmt.Sprintf("the name constraints of %s %s, a name of %s", k.which(ca), predicate, k.which(below))
	}
	for _, name := range names.list {
		problem, undecided := rules.judge(name)
		if problem != "" {
			return verdict{problem: sentence(problem)}
		}
		if undecided != "" && found.undecided == "" {
			found.undecided = sentence(undecided)
		}
	}
	return found
}

// constraintsExtension returns the value of a certificate's name constraints.
func constraintsExtension(c *x509.Certificate) ([]byte, bool) {
	if i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return isNameConstraints(e.Id) }); i >= 0 {
		return c.Extensions[i].Value, true
	}
	return nil, false
}

func isNameConstraints(id asn1.ObjectIdentifier) bool {
	return id.Equal(asn1.ObjectIdentifier{2, 5, 29, 30})
}

// asBase prepares the base of a constraint. It is not evaluable if this package
// does not support its form, and not sound if it violates the rules of its
// form.
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

// covers reports whether a comparable name of the same form is within the
// subtree of a base (RFC 5280 §4.2.1.10). In doubt, an excluded subtree
// contains the name and a permitted one does not.
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
		quoted := strings.ContainsAny(g.local+name.local, `"\`) // which has several spellings
		return strings.EqualFold(g.host, name.host) && (g.local == name.local || excluding && quoted)
	case formIP:
		return addressCovers(g.value, name.value)
	case formDirectory:
		return len(g.rdns) <= len(name.rdns) && slices.Equal(g.rdns, name.rdns[:len(g.rdns)])
	}
	return excluding
}

// domainCovers accepts any labels to the left of a domain; a domain that begins
// with a period requires at least one (erratum 5997 of RFC 5280).
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

// wildcardReaches reports whether a wildcard covers an excluded domain:
// *.demo.com includes www.demo.com.
func wildcardReaches(domain, name string) bool {
	first, parent, _ := strings.Cut(name, ".")
	_, above, _ := strings.Cut(domain, ".")
	return strings.Contains(first, "*") && domain[0] != '.' && strings.EqualFold(parent, above)
}

// hostCovers compares hosts of e-mail addresses and URIs: a base is one host,
// or with a leading period all names below a domain. RFC 5280 does not define
// an empty base, which means all hosts to crypto/x509 and none to OpenSSL.
func hostCovers(base, host string, excluding bool) bool {
	switch more := len(host) - len(base); {
	case base == "":
		return excluding
	case base[0] == '.':
		return more > 0 && strings.EqualFold(host[more:], base)
	}
	return strings.EqualFold(base, host)
}

// addressCovers expects an address followed by a mask of the same length.
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
