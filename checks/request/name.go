package request

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// slip is one way in which a text is not a domain name, and how to tell people.
type slip struct {
	in   func(name string) bool
	what string // ends "the domain name "
	fix  string
}

// slips are looked for in this order; the first one found is told. A scheme
// stands before the port that its colon looks like, an address before both.
var slips = []slip{
	{in: func(n string) bool { return n == "" },
		what: "is empty", fix: "name the domain to bind, like api.demo.com"},
	{in: func(n string) bool { return !utf8.ValidString(n) },
		what: "is not valid UTF-8", fix: "save the manifest as UTF-8 and write the name again"},
	{in: func(n string) bool { return strings.ContainsFunc(n, unicode.IsSpace) },
		what: "holds white space", fix: "remove the white space"},
	{in: func(n string) bool { return strings.Contains(n, "://") },
		what: "holds a scheme", fix: "write the host name alone, without scheme, port and path"},
	{in: isAddress,
		what: "is an IP address", fix: "name a domain; a group cannot be bound to an address"},
	{in: func(n string) bool { return strings.ContainsAny(n, `/\?#`) },
		what: "holds a path", fix: "write the host name alone; paths belong to the APIs of the group"},
	{in: func(n string) bool { return strings.Contains(n, "@") },
		what: "holds an @", fix: "write the host name alone, without a user"},
	{in: func(n string) bool { return strings.Contains(n, ":") },
		what: "holds a port", fix: "write the host name alone; the gateway answers on 80 and 443"},
	{in: func(n string) bool { return strings.HasSuffix(n, ".") },
		what: "ends with a dot", fix: "remove the final dot: the gateway stores names without it"},
	{in: func(n string) bool { return strings.Contains(strings.TrimPrefix(n, "*."), "*") },
		what: "holds a * that is not the whole leftmost label",
		fix:  "write a wildcard as *.demo.com: one *, alone in the leftmost label"},
	{in: func(n string) bool { return strings.Contains(n, "_") },
		what: "holds an underscore", fix: "use letters, digits and hyphens: no certificate may hold an underscore"},
	{in: func(n string) bool { return strings.HasPrefix(n, ".") || strings.Contains(n, "..") },
		what: "holds an empty label", fix: "remove the doubled or leading dot"},
	{in: func(n string) bool { return strings.Trim(n[strings.LastIndex(n, ".")+1:], "0123456789") == "" },
		what: "ends with a label of digits alone", fix: "check the name: no top-level domain is a number (RFC 3696 section 2)"},
}

// toASCII maps a name by UTS #46, non-transitional, and validates its labels
// by IDNA2008 and STD 3; it does not check lengths.
var toASCII = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckHyphens(true), idna.CheckJoiners(true))

// Limits of RFC 1035 section 2.3.4, for names in presentation without a final dot.
const (
	maxLabel = 63
	maxName  = 253
)

// asciiName is the form of a domain name that DNS and certificates use: lower
// case A-labels. A leading "*." stays. The error is written to follow "the
// domain name %q ".
func asciiName(name string) (string, error) {
	if len(name) > 4*maxName { // no UTF-8 text of this size can fit; mapping costs its square
		return "", fmt.Errorf("is %d octets long, want at most %d", len(name), maxName)
	}
	base, wildcard := strings.CutPrefix(name, "*.")
	ascii, err := toASCII.ToASCII(base)
	if err != nil {
		return "", fmt.Errorf("is not valid in IDNA2008: %w", err)
	}
	for label := range strings.SplitSeq(ascii, ".") {
		switch {
		case label == "":
			return "", errors.New("holds an empty label")
		case len(label) > maxLabel:
			return "", fmt.Errorf("holds a label of %d octets, want at most %d", len(label), maxLabel)
		}
	}
	if wildcard {
		ascii = "*." + ascii
	}
	if len(ascii) > maxName {
		return "", fmt.Errorf("is %d octets long, want at most %d", len(ascii), maxName)
	}
	return ascii, nil
}

// isAddress takes an IP address in any of the forms that people paste: alone,
// in brackets, with a port, with a prefix length.
func isAddress(name string) bool {
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	if _, err := netip.ParseAddrPort(name); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(name)
	return err == nil
}

// plain is a name in the form that names are compared in.
func plain(name string) string {
	name = strings.TrimSuffix(name, ".")
	if ascii, err := asciiName(name); err == nil {
		return ascii
	}
	return strings.ToLower(name)
}

// covers reports whether a wildcard covers a name: one label in place of its *.
func covers(wildcard, name string) bool {
	parent, ok := strings.CutPrefix(wildcard, "*")
	label, below := strings.CutSuffix(name, parent)
	return ok && below && label != "" && !strings.Contains(label, ".")
}
