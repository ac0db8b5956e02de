package evidence

import "strings"

// PlainName is a domain name in the form in which names are compared: in lower
// case (RFC 4343) and without the final dot.
func PlainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// SameName reports whether two domain names are the same, whatever their case and
// final dot.
func SameName(a, b string) bool { return PlainName(a) == PlainName(b) }
