package resolve

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Answer is what a message says about the name that was asked, and nothing else.
type Answer struct {
	NameError bool     // NXDOMAIN
	Aliases   []Alias  // distinct targets, sorted
	Records   []string // of the type that was asked, sorted: addresses, the text of TXT records, the data of others
	TTL       uint32   // seconds, the shortest of Records
}

// Alias is a CNAME record of the name that was asked. A DNAME further up shows
// itself as the CNAME that the server makes of it (RFC 6672 §3.1).
type Alias struct {
	Target string // canonical
	TTL    uint32 // seconds
}

var errRdata = errors.New("a record holds no usable data")

// Reduce reads a message that answers the question for name and qtype.
func Reduce(m *dns.Msg, name string, qtype uint16) (Answer, error) {
	return reduce(question{canonical(name), qtype}, m)
}

// reduce keeps the answer section's records of the question's own owner. A
// record of any other owner may be the rest of a chain, or a lie: both are
// asked for in their own right.
func reduce(q question, m *dns.Msg) (Answer, error) {
	a := Answer{NameError: m.Rcode == dns.RcodeNameError}
	for _, rr := range m.Answer {
		h := rr.Header()
		if h.Class != dns.ClassINET || canonical(h.Name) != q.name {
			continue
		}
		if err := a.add(q, rr); err != nil {
			return Answer{}, err
		}
	}
	slices.Sort(a.Records)
	a.Records = slices.Compact(a.Records)
	return a, nil
}

func (a *Answer) add(q question, rr dns.RR) error {
	if cname, ok := rr.(*dns.CNAME); ok {
		// The library reads an empty RDATA as an empty target.
		if cname.Target == "" {
			return errRdata
		}
		a.Aliases = mergeAlias(a.Aliases, Alias{Target: canonical(cname.Target), TTL: cname.Hdr.Ttl})
		return nil
	}
	if rr.Header().Rrtype != q.qtype {
		return nil
	}
	text, err := recordText(rr)
	if err != nil {
		return err
	}
	if ttl := rr.Header().Ttl; len(a.Records) == 0 || ttl < a.TTL {
		a.TTL = ttl
	}
	a.Records = append(a.Records, text)
	return nil
}

// mergeAlias adds an alias to a list of distinct targets, sorted. The same
// target twice is one alias, with the shorter of the two TTLs.
func mergeAlias(list []Alias, one Alias) []Alias {
	i, found := slices.BinarySearchFunc(list, one, func(x, y Alias) int { return strings.Compare(x.Target, y.Target) })
	if !found {
		return slices.Insert(list, i, one)
	}
	list[i].TTL = min(list[i].TTL, one.TTL)
	return list
}

// recordText is an address, or the strings of a TXT record joined (RFC 7208
// §3.3), or the data of another record, in presentation format: a quote is \",
// a byte that does not print \DDD.
func recordText(rr dns.RR) (string, error) {
	switch rr := rr.(type) {
	case *dns.A:
		return address(rr.A.To4())
	case *dns.AAAA:
		return address(rr.AAAA.To16())
	case *dns.TXT:
		return strings.Join(rr.Txt, ""), nil
	case *dns.RFC3597:
		return "", errRdata // the library could not read it
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String()), nil
}

func address(ip []byte) (string, error) {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok {
		return "", errRdata
	}
	return addr.String(), nil
}

// isReferral reports whether the message only names other servers to ask: no
// answer, name servers but no SOA in the authority section (RFC 2308 §2.2), and
// RA=0. It is not NODATA.
func isReferral(m *dns.Msg) bool {
	if m.RecursionAvailable || m.Authoritative || len(m.Answer) > 0 {
		return false
	}
	servers := false
	for _, rr := range m.Ns {
		switch rr.Header().Rrtype {
		case dns.TypeSOA:
			return false
		case dns.TypeNS:
			servers = true
		}
	}
	return servers
}
