package dnsserver

import (
	"strings"

	"github.com/miekg/dns"
)

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

// synthesize is the CNAME that a DNAME stands for (RFC 6672 §3.1); none if the
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
