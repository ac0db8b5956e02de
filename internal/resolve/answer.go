package resolve

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// answer is what a message says about the name that was asked, and nothing else.
type answer struct {
	nameError bool // NXDOMAIN
	aliases   []alias
	records   []string // of the type that was asked, sorted: addresses, or the text of TXT records
}

// alias is a CNAME record of the name that was asked. A DNAME further up shows
// itself as the CNAME that the server makes of it (RFC 6672 §3.1).
type alias struct {
	target string // canonical
	ttl    uint32 // seconds
}

var errRdata = errors.New("a record holds no usable data")

// reduce keeps the answer section's records of the question's own owner. A
// record of any other owner may be the rest of a chain, or a lie: both are
// asked for in their own right.
func reduce(q question, m *dns.Msg) (answer, error) {
	a := answer{nameError: m.Rcode == dns.RcodeNameError}
	for _, rr := range m.Answer {
		h := rr.Header()
		if h.Class != dns.ClassINET || canonical(h.Name) != q.name {
			continue
		}
		if err := a.add(q, rr); err != nil {
			return answer{}, err
		}
	}
	slices.Sort(a.records)
	a.records = slices.Compact(a.records)
	return a, nil
}

func (a *answer) add(q question, rr dns.RR) error {
	if cname, ok := rr.(*dns.CNAME); ok {
		// The library reads an empty RDATA as an empty target.
		if cname.Target == "" {
			return errRdata
		}
		a.aliases = mergeAlias(a.aliases, alias{target: canonical(cname.Target), ttl: cname.Hdr.Ttl})
		return nil
	}
	if rr.Header().Rrtype != q.qtype {
		return nil
	}
	text, err := recordText(rr)
	if err != nil {
		return err
	}
	a.records = append(a.records, text)
	return nil
}

// mergeAlias adds an alias to a list of distinct targets, sorted. The same
// target twice is one alias, with the shorter of the two TTLs.
func mergeAlias(list []alias, one alias) []alias {
	i, found := slices.BinarySearchFunc(list, one, func(x, y alias) int { return strings.Compare(x.target, y.target) })
	if !found {
		return slices.Insert(list, i, one)
	}
	list[i].ttl = min(list[i].ttl, one.ttl)
	return list
}

// recordText is an address, or the strings of a TXT record joined (RFC 7208
// §3.3) in presentation format: a quote is \", a byte that does not print \DDD.
func recordText(rr dns.RR) (string, error) {
	switch rr := rr.(type) {
	case *dns.A:
		return address(rr.A.To4())
	case *dns.AAAA:
		return address(rr.AAAA.To16())
	case *dns.TXT:
		return strings.Join(rr.Txt, ""), nil
	}
	return "", errRdata
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
