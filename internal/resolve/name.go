package resolve

import (
	"fmt"

	"github.com/miekg/dns"
)

// Canonical is a name as it is compared and reported here: in presentation
// format (RFC 1035 §5.1, bytes that do not print are \DDD), lower case, without
// the final dot. The root alone keeps its dot.
func Canonical(name string) string {
	full := dns.CanonicalName(name)
	if full == "." {
		return full
	}
	return full[:len(full)-1]
}

// NameToAsk is a caller's name in canonical form, or an error if no question
// can hold it. The way over the wire format gives every spelling of a label
// (a raw byte, \DDD) the one that answers will have.
func NameToAsk(name string) (string, error) {
	var wire [256]byte
	_, packing := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	asked, _, unpacking := dns.UnpackDomainName(wire[:], 0)
	if packing != nil || unpacking != nil || asked == "." {
		return "", fmt.Errorf("%q is not a domain name: want labels of 1 to 63 bytes, 253 together (RFC 1035 §2.3.4)", name)
	}
	return canonical(asked), nil
}

func canonical(name string) string { return Canonical(name) }
