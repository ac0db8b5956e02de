package request

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"
)

// slip is one way in which a text is not a domain name, and how to tell people.
type slip struct {
	in   func(name string) bool
	what string // ends "the domain name "
	fix  string
}

// slips are looked for in this order; the first one found is reported. A scheme
// comes before the port that its colon looks like, an address before both.
func slips() []slip {
	return []slip{
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
		{in: anyLabel(func(l string) bool { return l[0] == '-' || l[len(l)-1] == '-' }),
			what: "holds a label that begins or ends with a hyphen", fix: "use hyphens inside of labels only"},
		{in: anyLabel(func(l string) bool { return len(l) > 3 && l[2:4] == "--" && !strings.EqualFold(l[:2], "xn") }),
			what: "holds a label with hyphens in places 3 and 4 that is no A-label", fix: "name it otherwise: such labels are reserved (RFC 5890 section 2.3.1)"},
		{in: func(n string) bool { return strings.ContainsFunc(strings.TrimPrefix(n, "*."), isForeign) },
			what: "holds a character that is no letter, digit or hyphen", fix: "use letters, digits and inner hyphens"},
		{in: func(n string) bool { return strings.Trim(n[strings.LastIndex(n, ".")+1:], "0123456789") == "" },
			what: "ends with a label of digits alone", fix: "check the name: no top-level domain is a number (RFC 3696 section 2)"},
	}
}

// hostIn returns the host name in a text that has a scheme, a user, a port, a path, white
// space or a final dot in addition; empty: the text is not such a one.
func hostIn(text string) string {
	text = strings.TrimSpace(text)
	if _, after, ok := strings.Cut(text, "://"); ok {
		text = after
	}
	text, _, _ = strings.Cut(text, "/")
	if at := strings.LastIndex(text, "@"); at >= 0 {
		text = text[at+1:]
	}
	if host, port, ok := strings.Cut(text, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		text = host
	}
	text = strings.TrimSuffix(text, ".")
	for _, s := range slips() {
		if s.in(text) {
			return ""
		}
	}
	if ascii, err := asciiName(text); err != nil || !strings.EqualFold(ascii, text) {
		return ""
	}
	return text
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

// anyLabel reports whether something holds for a label that is not empty.
func anyLabel(is func(label string) bool) func(name string) bool {
	return func(name string) bool {
		for label := range strings.SplitSeq(name, ".") {
			if label != "" && is(label) {
				return true
			}
		}
		return false
	}
}

// isForeign reports an ASCII character that no host name holds. What is beyond
// ASCII is for IDNA to judge.
func isForeign(r rune) bool {
	return r < utf8.RuneSelf && r != '.' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
