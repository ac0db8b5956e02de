package dnsserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// zone is an immutable set of records of any owner: one tree from the root,
// without zone cuts.
type zone struct {
	owners map[string][]dns.RR // canonical owner name to its records
	names  map[string]struct{} // every name that exists, empty non-terminals too (RFC 8499: no records, but names below)
}

func newZone(records []dns.RR) *zone {
	z := &zone{owners: map[string][]dns.RR{}, names: map[string]struct{}{".": {}}}
	for _, rr := range records {
		owner := dns.CanonicalName(rr.Header().Name)
		z.owners[owner] = append(z.owners[owner], rr)
		for name := owner; ; name = parent(name) {
			if _, known := z.names[name]; known {
				break
			}
			z.names[name] = struct{}{}
		}
	}
	return z
}

// with is a zone in which an owner has these records and no others.
func (z *zone) with(owner string, records []dns.RR) *zone {
	owner = dns.CanonicalName(owner)
	var all []dns.RR
	for name, rrs := range z.owners {
		if name != owner {
			all = append(all, rrs...)
		}
	}
	return newZone(append(all, records...))
}

// at finds the records of a name, through a wildcard of its closest encloser if
// the name itself does not exist (RFC 4592 §3.3.1). exists is false for
// NXDOMAIN.
func (z *zone) at(name string) (records []dns.RR, exists bool) {
	if _, exists = z.names[name]; exists {
		return z.owners[name], true
	}
	encloser := name
	for !exists {
		encloser = parent(encloser)
		_, exists = z.names[encloser]
	}
	records, exists = z.owners["*."+strings.TrimPrefix(encloser, ".")]
	return records, exists
}

// dname is the DNAME record that covers a name from above, nil without one
// (RFC 6672 §2.3: an owner's DNAME does not cover the owner itself).
func (z *zone) dname(name string) *dns.DNAME {
	for up := name; up != "."; {
		up = parent(up)
		for _, rr := range z.owners[up] {
			if d, ok := rr.(*dns.DNAME); ok {
				return d
			}
		}
	}
	return nil
}

// soa is the closest SOA record above a name, or one made up for the root, for
// negative answers (RFC 2308 §3).
func (z *zone) soa(name string) dns.RR {
	for up := name; ; up = parent(up) {
		for _, rr := range z.owners[up] {
			if rr.Header().Rrtype == dns.TypeSOA {
				return rr
			}
		}
		if up == "." {
			break
		}
	}
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
		Ns:  "ns.sandbox.invalid.", Mbox: "hostmaster.sandbox.invalid.",
		Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: 60,
	}
}

// ofType picks records of one type, or all for ANY.
func ofType(records []dns.RR, qtype uint16) []dns.RR {
	if qtype == dns.TypeANY {
		return records
	}
	return slices.DeleteFunc(slices.Clone(records), func(rr dns.RR) bool { return rr.Header().Rrtype != qtype })
}

// parent is the name without its first label.
func parent(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

// maxRecords bounds a zone; one line of $GENERATE (BIND's) makes up to 65536.
const maxRecords = 100_000

// ParseZone reads master-file records (RFC 1035 §5.1) of any owner; relative
// names are relative to the root, the default TTL is 60 seconds and $INCLUDE is
// refused. file names the text in errors.
func ParseZone(text, file string) ([]dns.RR, error) {
	parser := dns.NewZoneParser(strings.NewReader(text), ".", file)
	parser.SetDefaultTTL(60)
	var records []dns.RR
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if rr.Header().Class != dns.ClassINET {
			return nil, fmt.Errorf("reading zone: %s: got class %s, want IN", rr.Header().Name, dns.Class(rr.Header().Class))
		}
		if rr.String() == rr.Header().String() { // the parser takes it, for dynamic updates
			return nil, fmt.Errorf("reading zone: %s: got no data after %s, want a whole record", rr.Header().Name, dns.Type(rr.Header().Rrtype))
		}
		if records = append(records, rr); len(records) > maxRecords {
			return nil, fmt.Errorf("reading zone: got more than %d records, want fewer", maxRecords)
		}
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("reading zone: %w", err)
	}
	return records, nil
}

// maxHops is how many aliases are followed before the answer is SERVFAIL; BIND
// and Unbound give up at about as many.
const maxHops = 11

// reply is what a resolver says of a question.
type reply struct {
	rcode     int
	answer    []dns.RR
	authority []dns.RR
}

// resolve follows aliases to the end, as a recursive resolver does: the RCODE
// is that of the last name (RFC 6604 §3).
func (z *zone) resolve(name string, qtype uint16) reply {
	var answer []dns.RR
	for range maxHops + 1 {
		canonical := dns.CanonicalName(name)
		records, exists := z.at(canonical)
		if found := ofType(records, qtype); len(found) > 0 {
			return reply{answer: append(answer, owned(found, name)...)}
		}
		aliases := ofType(records, dns.TypeCNAME)
		if len(aliases) == 0 && !exists {
			if d := z.dname(canonical); d != nil {
				answer = append(answer, d)
				aliases = synthesize(d, name)
			}
		}
		if len(aliases) == 0 {
			return z.negative(canonical, exists, answer)
		}
		answer = append(answer, owned(aliases, name)...)
		name = aliases[0].(*dns.CNAME).Target
	}
	return reply{rcode: dns.RcodeServerFailure}
}

// negative is NXDOMAIN, or NODATA if the name exists, with the SOA.
func (z *zone) negative(name string, exists bool, answer []dns.RR) reply {
	r := reply{answer: answer, authority: []dns.RR{z.soa(name)}}
	if !exists {
		r.rcode = dns.RcodeNameError
	}
	return r
}

// owned gives records the name that was asked for, in its own case: what a
// wildcard covers is answered under the covered name.
func owned(records []dns.RR, name string) []dns.RR {
	out := make([]dns.RR, len(records))
	for i, rr := range records {
		if rr.Header().Name == name {
			out[i] = rr
			continue
		}
		out[i] = dns.Copy(rr)
		out[i].Header().Name = name
	}
	return out
}

// synthesize returns the CNAME that a DNAME produces (RFC 6672 §3.1); none if the
// new name would be too long.
func synthesize(d *dns.DNAME, name string) []dns.RR {
	prefix, starts := name, dns.Split(name)
	if above := dns.CountLabel(d.Hdr.Name); above > 0 { // by labels: one name can be spelled in several lengths
		prefix = name[:starts[len(starts)-above]]
	}
	target := prefix + strings.TrimPrefix(d.Target, ".")
	if _, ok := dns.IsDomainName(target); !ok {
		return nil
	}
	return []dns.RR{&dns.CNAME{
		Hdr:    dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: d.Hdr.Ttl},
		Target: target,
	}}
}
