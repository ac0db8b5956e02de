package lab

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Zone is the records of one zone, as its own servers see it.
type Zone struct {
	Name    string // apex, with the final dot
	Records []dns.RR
}

// parseZone reads master-file text; names are relative to the apex.
func parseZone(apex, text string) (*Zone, error) {
	z := &Zone{Name: apex}
	p := dns.NewZoneParser(strings.NewReader(text), apex, "")
	p.SetDefaultTTL(60)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rr.Header().Name = strings.ToLower(rr.Header().Name)
		z.Records = append(z.Records, rr)
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("reading zone %s: %w", apex, err)
	}
	return z, nil
}

// Text is the zone as a master file, the SOA first.
func (z *Zone) Text() string {
	var b strings.Builder
	for _, first := range []bool{true, false} {
		for _, rr := range z.Records {
			if (rr.Header().Rrtype == dns.TypeSOA) == first {
				b.WriteString(rr.String() + "\n")
			}
		}
	}
	return b.String()
}

// at are the records of a name and type.
func (z *Zone) at(name string, qtype uint16) []dns.RR {
	var out []dns.RR
	for _, rr := range z.Records {
		if rr.Header().Name == name && rr.Header().Rrtype == qtype {
			out = append(out, rr)
		}
	}
	return out
}

// signed adds the signatures over a set.
func (z *Zone) signed(rrs []dns.RR) []dns.RR {
	if len(rrs) == 0 {
		return rrs
	}
	out := slices.Clone(rrs)
	for _, rr := range z.at(rrs[0].Header().Name, dns.TypeRRSIG) {
		if rr.(*dns.RRSIG).TypeCovered == rrs[0].Header().Rrtype {
			out = append(out, rr)
		}
	}
	return out
}

// exists reports whether a name has records or names below it.
func (z *Zone) exists(name string) bool {
	return slices.ContainsFunc(z.Records, func(rr dns.RR) bool {
		return rr.Header().Rrtype != dns.TypeNSEC3 && rr.Header().Rrtype != dns.TypeRRSIG && dns.IsSubDomain(name, rr.Header().Name)
	})
}

// cut is the delegation at or above a name, "" without one.
func (z *Zone) cut(name string) string {
	found := ""
	for up := name; up != z.Name && up != "."; up = parent(up) {
		if len(z.at(up, dns.TypeNS)) > 0 {
			found = up
		}
	}
	return found
}

// answer is what an authoritative server says (RFC 1034 §4.3.2).
func (z *Zone) answer(m *dns.Msg, name string, qtype uint16) {
	m.Authoritative = true
	if cut := z.cut(name); cut != "" && (qtype != dns.TypeDS || cut != name) {
		z.refer(m, cut)
		return
	}
	for up := parent(name); dns.IsSubDomain(z.Name, up); up = parent(up) {
		if d := z.at(up, dns.TypeDNAME); len(d) > 0 {
			target := strings.TrimSuffix(name, up) + d[0].(*dns.DNAME).Target
			m.Answer = append(z.signed(d), &dns.CNAME{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: d[0].Header().Ttl}, Target: target})
			return
		}
		if up == "." {
			break
		}
	}
	source, exists := name, z.exists(name)
	if !exists {
		source = under("*", z.encloser(name))
		if !z.exists(source) {
			m.Rcode = dns.RcodeNameError
			z.negative(m, name, "")
			return
		}
	}
	found := z.signed(z.at(source, qtype))
	if len(found) == 0 && qtype != dns.TypeNSEC {
		found = z.signed(z.at(source, dns.TypeCNAME))
	}
	if len(found) == 0 {
		z.negative(m, name, source)
		return
	}
	for _, rr := range found {
		rr = dns.Copy(rr)
		rr.Header().Name = name
		m.Answer = append(m.Answer, rr)
	}
	if source != name {
		m.Ns = append(m.Ns, z.covering(name)...)
	}
}

func (z *Zone) refer(m *dns.Msg, cut string) {
	m.Authoritative = false
	m.Ns = slices.Clone(z.at(cut, dns.TypeNS))
	if ds := z.signed(z.at(cut, dns.TypeDS)); len(ds) > 0 {
		m.Ns = append(m.Ns, ds...)
	} else {
		m.Ns = append(m.Ns, z.matching(cut)...)
	}
	for _, rr := range z.at(cut, dns.TypeNS) {
		host := strings.ToLower(rr.(*dns.NS).Ns)
		m.Extra = append(m.Extra, append(z.at(host, dns.TypeA), z.at(host, dns.TypeAAAA)...)...)
	}
}

// negative adds the SOA and the proof; source is the name whose types are
// denied, "" for a name error.
func (z *Zone) negative(m *dns.Msg, name, source string) {
	m.Ns = append(m.Ns, z.signed(z.at(z.Name, dns.TypeSOA))...)
	switch source {
	case name:
		if own := z.matching(name); len(own) > 0 {
			m.Ns = append(m.Ns, own...)
			return
		}
		m.Ns = append(m.Ns, z.covering(name)...) // an empty non-terminal
	case "":
		m.Ns = append(m.Ns, z.covering(name)...)
		m.Ns = append(m.Ns, z.covering(under("*", z.encloser(name)))...)
	default:
		m.Ns = append(m.Ns, z.covering(name)...)
		m.Ns = append(m.Ns, z.matching(source)...)
	}
	m.Ns = dns.Dedup(m.Ns, nil)
}

// encloser is the longest name above that exists.
func (z *Zone) encloser(name string) string {
	up := parent(name)
	for !z.exists(up) && up != "." {
		up = parent(up)
	}
	return up
}

func parent(name string) string {
	if next, end := dns.NextLabel(name, 0); !end {
		return name[next:]
	}
	return "."
}

func under(label, name string) string { return label + "." + strings.TrimPrefix(name, ".") }
