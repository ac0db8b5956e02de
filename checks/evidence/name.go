package evidence

import "strings"

// PlainName is a domain name in the form in which names are compared: in lower
// case (RFC 4343) and without the final dot.
func PlainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// SameName reports whether two domain names are the same, regardless of case and
// final dot.
func SameName(a, b string) bool { return PlainName(a) == PlainName(b) }

// Parent returns a name without its leftmost label; empty for a name of one label.
func Parent(name string) string {
	_, parent, _ := strings.Cut(name, ".")
	return parent
}

// Covers reports whether a wildcard name covers another name or wildcard, at any
// depth below its parent: whether a wildcard of the platform matches one label or
// several is not documented.
func Covers(wildcard, name string) bool {
	w, n := PlainName(wildcard), PlainName(name)
	return strings.HasPrefix(w, "*.") && w != n && strings.HasSuffix(n, w[1:]) && len(n) > len(w)-1
}

// CoversOneLabel is Covers for a name that is one label below the parent.
func CoversOneLabel(wildcard, name string) bool {
	return Covers(wildcard, name) && "*."+Parent(PlainName(name)) == PlainName(wildcard)
}
