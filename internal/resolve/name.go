package resolve

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// Limits in bytes, without the final dot (RFC 1035 §2.3.4).
const (
	maxName  = 253
	maxLabel = 63
)

// Canonical returns a name as it is compared and reported here: in presentation
// format (RFC 1035 §5.1, bytes that do not print are \DDD), lower case, without
// the final dot. The root alone keeps its dot.
func Canonical(name string) string {
	if plain := strings.TrimSuffix(name, "."); len(plain) > 0 && len(plain) == len(name)-1 && lowerASCII(plain) {
		return plain // most names; without a copy
	}
	full := dns.CanonicalName(name)
	if full == "." {
		return full
	}
	return full[:len(full)-1]
}

// lowerASCII reports whether a text has neither capitals, nor backslashes, nor bytes
// that are not ASCII.
func lowerASCII(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

// NameToAsk returns a caller's name in canonical form, or an error if no question
// can hold it. The way over the wire format gives every spelling of a label
// (a raw byte, \DDD) the one that answers will have.
func NameToAsk(name string) (string, error) {
	if hostName(name) {
		return name, nil
	}
	return overWire(name)
}

// overWire packs and unpacks a name.
func overWire(name string) (string, error) {
	var wire [256]byte
	_, packing := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	asked, _, unpacking := dns.UnpackDomainName(wire[:], 0)
	if packing != nil || unpacking != nil || asked == "." {
		return "", fmt.Errorf("%q is not a domain name: want labels of 1 to 63 bytes, 253 together (RFC 1035 §2.3.4)", name)
	}
	return Canonical(asked), nil
}

// hostName reports whether a name is of labels of lower-case letters, digits, hyphens and
// underscores, and not longer than a name may be. Such a name is canonical.
func hostName(name string) bool {
	if len(name) > maxName {
		return false
	}
	label := 0 // its length
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.' && label > 0:
			label = 0
		case (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') && label < maxLabel:
			label++
		default:
			return false
		}
	}
	return label > 0
}
