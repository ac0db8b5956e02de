package dnssec

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// coversNSEC reports whether a NSEC record shows that a name does not exist: the
// name lies between its owner and the next name, and that is not below the name,
// which would make it an empty non-terminal (RFC 8020 §2, RFC 4592 §2.2.2).
func coversNSEC(rr *dns.NSEC, zone, name string) bool {
	return spansNSEC(rr, zone, name) && !below(resolve.Canonical(rr.NextDomain), name)
}

// spansNSEC reports whether a name lies between a NSEC record's owner and the
// next name of the zone (RFC 4034 §4.1.1, §6.1).
func spansNSEC(rr *dns.NSEC, zone, name string) bool {
	owner, next := resolve.Canonical(rr.Hdr.Name), resolve.Canonical(rr.NextDomain)
	if !below(name, zone) || below(name, owner) && owner != name && cut(rr.TypeBitMap) {
		return false
	}
	last := compare(next, owner) <= 0 // it wraps to the apex
	return compare(owner, name) < 0 && (last || compare(name, next) < 0)
}

// compare orders names canonically: by labels from the right, as bytes.
func compare(a, b string) int {
	la, lb := labels(a), labels(b)
	for i := 1; i <= len(la) && i <= len(lb); i++ {
		if c := bytes.Compare(la[len(la)-i], lb[len(lb)-i]); c != 0 {
			return c
		}
	}
	return len(la) - len(lb)
}

// labels are a name's labels as bytes; the name is in lower case already.
func labels(name string) [][]byte {
	var wire [256]byte
	end, err := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	if err != nil {
		return nil
	}
	var out [][]byte
	for at := 0; at < end && wire[at] != 0; at += int(wire[at]) + 1 {
		out = append(out, wire[at+1:at+1+int(wire[at])])
	}
	return out
}

// below reports whether name is above or lies below it.
func below(name, above string) bool { return dns.IsSubDomain(dns.Fqdn(above), dns.Fqdn(name)) }

// shared is the longest name that both lie below.
func shared(a, b string) string {
	n := dns.CompareDomainName(dns.Fqdn(a), dns.Fqdn(b))
	parts := dns.SplitDomainName(dns.Fqdn(a))
	if n == 0 {
		return "."
	}
	return strings.Join(parts[len(parts)-n:], ".")
}

func parentOf(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// wildcard is the wildcard name directly below a name.
func wildcard(name string) string {
	if name == "." {
		return "*"
	}
	return "*." + name
}

func equalHex(a, b string) bool { return a != "" && strings.EqualFold(a, b) }
