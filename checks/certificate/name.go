package certificate

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// asciiName converts a domain to the form in certificates (RFC 5280 §7.2):
// lower-case A-labels, by UTS #46 without the transitional mappings. It keeps a
// leading "*.".
func asciiName(domain string) (string, error) {
	base, wildcard := strings.CutPrefix(domain, "*.")
	if base == "" || len(base) > 1024 {
		return "", errors.New("not a domain name")
	}
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.VerifyDNSLength(true))
	ascii, err := profile.ToASCII(base)
	if err != nil {
		return "", err
	}
	if _, err := netip.ParseAddr(ascii); err == nil || strings.HasSuffix(ascii, ".") { // from digits and dots of other scripts
		return "", errors.New("an IP address or a final dot, not a domain name")
	}
	if wildcard {
		return "*." + ascii, nil
	}
	return ascii, nil
}

// covers reports whether a dNSName of a certificate covers a domain in A-labels
// (RFC 9525 §6.3): it is the domain, or a wildcard whose "*" matches the whole
// first label of the domain. A wildcard domain needs exactly the same name. A
// wildcard over a public suffix, or with an empty label (RFC 1034 §3.1), covers
// nothing.
func covers(san, domain string) bool {
	san = asciiLower(san)
	parent, wildcard := strings.CutPrefix(san, "*.")
	if !wildcard {
		return san == domain && !strings.Contains(domain, "*")
	}
	if strings.Contains(parent, "*") || slices.Contains(strings.Split(parent, "."), "") || overPublicSuffix(parent) {
		return false
	}
	_, rest, ok := strings.Cut(domain, ".")
	return ok && rest == parent
}

// overPublicSuffix reports whether a wildcard directly above parent would cover
// domains of different owners: parent is a single label or a public suffix of a
// registry. Below a private suffix (github.io) its owner may have one.
func overPublicSuffix(parent string) bool {
	suffix, icann := publicsuffix.PublicSuffix(parent)
	return suffix == parent && (icann || !strings.Contains(parent, "."))
}

// asciiLower folds the case of ASCII letters only, as DNS does (RFC 4343 §3);
// Unicode's folding would make more names equal.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
