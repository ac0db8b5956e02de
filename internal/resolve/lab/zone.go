package lab

import (
	"bytes"
	"crypto"
	"fmt"
	"slices"
	"strings"
	"time"

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

// signing says how a zone is signed.
type signing struct {
	nsec3   bool
	expired bool // the signatures ended yesterday
	forged  bool // the signatures over CNAME records are of other records
	dsWrong bool // the zone above vouches for another key
}

// sign adds keys, NSEC or NSEC3 records and signatures, and gives the DS record
// for the zone above.
func (z *Zone) sign(how signing, now time.Time) (*dns.DS, error) {
	key := &dns.DNSKEY{Hdr: dns.RR_Header{Name: z.Name, Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 60},
		Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256}
	private, err := key.Generate(256)
	if err != nil {
		return nil, err
	}
	z.Records = append(z.Records, key)
	if how.nsec3 {
		z.chain3()
	} else {
		z.chain()
	}
	for _, set := range z.sets() {
		h := set[0].Header()
		ours := h.Rrtype == dns.TypeDS || h.Rrtype == dns.TypeNSEC
		if cut := z.cut(h.Name); cut != "" && (cut != h.Name || !ours) {
			continue // delegations and glue are not signed
		}
		sig := &dns.RRSIG{KeyTag: key.KeyTag(), SignerName: z.Name, Algorithm: key.Algorithm,
			Inception: uint32(now.Add(-48 * time.Hour).Unix()), Expiration: uint32(now.Add(30 * 24 * time.Hour).Unix())}
		if how.expired && h.Rrtype != dns.TypeDNSKEY {
			sig.Expiration = uint32(now.Add(-24 * time.Hour).Unix())
		}
		if err := sig.Sign(private.(crypto.Signer), set); err != nil {
			return nil, fmt.Errorf("signing %s: %w", h.Name, err)
		}
		if how.forged && h.Rrtype == dns.TypeCNAME {
			if c := set[0].(*dns.CNAME); c != nil {
				c.Target = "forged." + c.Target
			}
		}
		z.Records = append(z.Records, sig)
	}
	if how.dsWrong {
		other := dns.Copy(key).(*dns.DNSKEY)
		other.PublicKey = "AAAA" + other.PublicKey[4:]
		return other.ToDS(dns.SHA256), nil
	}
	return key.ToDS(dns.SHA256), nil
}

// sets are the RRsets of the zone.
func (z *Zone) sets() [][]dns.RR {
	type key struct {
		name  string
		qtype uint16
	}
	sets, order := map[key][]dns.RR{}, []key{}
	for _, rr := range z.Records {
		k := key{rr.Header().Name, rr.Header().Rrtype}
		if sets[k] == nil {
			order = append(order, k)
		}
		sets[k] = append(sets[k], rr)
	}
	var out [][]dns.RR
	for _, k := range order {
		out = append(out, sets[k])
	}
	return out
}

// owners are the names that a chain of denial links, with the types at each:
// for NSEC those with records, for NSEC3 empty non-terminals too.
func (z *Zone) owners(withEmpty bool) map[string][]uint16 {
	out := map[string][]uint16{}
	for _, rr := range z.Records {
		name, qtype := rr.Header().Name, rr.Header().Rrtype
		cut := z.cut(name)
		if cut != "" && cut != name {
			continue
		}
		if !slices.Contains(out[name], qtype) {
			out[name] = append(out[name], qtype)
		}
		for up := parent(name); withEmpty && dns.IsSubDomain(z.Name, up) && up != "."; up = parent(up) {
			if _, known := out[up]; !known {
				out[up] = []uint16{}
			}
		}
	}
	for name, types := range out {
		onlyNS := name != z.Name && slices.Equal(types, []uint16{dns.TypeNS})
		if !onlyNS && len(types) > 0 || !withEmpty {
			out[name] = append(types, dns.TypeRRSIG)
		}
	}
	return out
}

// chain adds NSEC records (RFC 4034 §4).
func (z *Zone) chain() {
	owners := z.owners(false)
	names := make([]string, 0, len(owners))
	for name := range owners {
		names = append(names, name)
	}
	slices.SortFunc(names, canonicalOrder)
	for i, name := range names {
		types := append(owners[name], dns.TypeNSEC)
		slices.Sort(types)
		z.Records = append(z.Records, &dns.NSEC{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeNSEC, Class: dns.ClassINET, Ttl: 60},
			NextDomain: names[(i+1)%len(names)], TypeBitMap: slices.Compact(types)})
	}
}

// chain3 adds NSEC3 records without salt and extra iterations (RFC 9276).
func (z *Zone) chain3() {
	param := &dns.NSEC3PARAM{Hdr: dns.RR_Header{Name: z.Name, Rrtype: dns.TypeNSEC3PARAM, Class: dns.ClassINET}, Hash: dns.SHA1}
	z.Records = append(z.Records, param)
	owners, hashes := map[string][]uint16{}, []string{}
	for name, types := range z.owners(true) {
		hash := dns.HashName(name, dns.SHA1, 0, "")
		owners[hash], hashes = types, append(hashes, hash)
	}
	slices.Sort(hashes)
	for i, hash := range hashes {
		types := slices.Clone(owners[hash])
		slices.Sort(types)
		z.Records = append(z.Records, &dns.NSEC3{Hdr: dns.RR_Header{Name: under(strings.ToLower(hash), z.Name), Rrtype: dns.TypeNSEC3, Class: dns.ClassINET, Ttl: 60},
			Hash: dns.SHA1, HashLength: 20, NextDomain: hashes[(i+1)%len(hashes)], TypeBitMap: slices.Compact(types)})
	}
}

// matching is the NSEC or NSEC3 record of a name, signed.
func (z *Zone) matching(name string) []dns.RR {
	for _, rr := range z.Records {
		if n, ok := rr.(*dns.NSEC); ok && n.Hdr.Name == name {
			return z.signed([]dns.RR{rr})
		}
		if n, ok := rr.(*dns.NSEC3); ok && n.Match(name) {
			return z.signed([]dns.RR{rr})
		}
	}
	return nil
}

// covering returns the proof that a name does not exist: the NSEC record that covers
// it, or the closest encloser's NSEC3 record and the one that covers the next closer name.
func (z *Zone) covering(name string) []dns.RR {
	var out []dns.RR
	encloser, next := z.encloser(name), name
	for parent(next) != encloser && next != "." {
		next = parent(next)
	}
	for _, rr := range z.Records {
		switch n := rr.(type) {
		case *dns.NSEC:
			around := canonicalOrder(n.Hdr.Name, name) < 0 && (canonicalOrder(name, n.NextDomain) < 0 || canonicalOrder(n.NextDomain, n.Hdr.Name) <= 0)
			if around {
				out = append(out, z.signed([]dns.RR{rr})...)
			}
		case *dns.NSEC3:
			if n.Match(encloser) || n.Cover(next) {
				out = append(out, z.signed([]dns.RR{rr})...)
			}
		}
	}
	return out
}

func canonicalOrder(a, b string) int {
	la, lb := dns.SplitDomainName(a), dns.SplitDomainName(b)
	slices.Reverse(la)
	slices.Reverse(lb)
	return slices.CompareFunc(la, lb, func(x, y string) int { return bytes.Compare([]byte(x), []byte(y)) })
}
