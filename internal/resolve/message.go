package resolve

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	ednsSize   = 1232 // bytes; avoids fragments (DNS flag day 2020)
	headerSize = 12   // bytes, RFC 1035 §4.1.1
	maxRecords = 1024 // in all sections of a message; far beyond any sound one
)

// Why a message is not the answer.
var (
	errForeign   = errors.New("not an answer to this question")
	errTruncated = errors.New("truncated")
	errRdata     = errors.New("a record holds no usable data")
)

// question is what is asked about a name. It is a key of the cache.
type question struct {
	name  string // canonical
	qtype uint16
}

func (q question) typeName() string { return dns.Type(q.qtype).String() }

// query is a question ready to be sent, with its own id.
type query struct {
	question
	id   uint16
	wire []byte
	end  int // of the question section in wire
}

// manner is how a question is put.
type manner struct {
	checkingDisabled bool // CD=1 (RFC 4035 §3.2.2)
	edns             bool
	authoritative    bool   // RD=0 and DO=1: the server's own data, with signatures
	scope            string // whose silence is remembered
	firm             int    // how many of the questions are asked again until they are answered; the others once
	patience         time.Duration
	stream           bool // over TCP
}

// newQueries packs queries with random ids of their own. The questions are about one name.
func newQueries(asked []question, how manner) ([]query, error) {
	first := query{question: asked[0]}
	if err := first.pack(how); err != nil {
		return nil, err
	}
	size := len(first.wire)
	wires := make([]byte, 0, size*len(asked))
	queries := make([]query, 0, len(asked))
	random := make([]byte, 2*len(asked))
	_, _ = rand.Read(random) // it never fails
	for i, q := range asked {
		id := binary.BigEndian.Uint16(random[2*i:])
		for slices.ContainsFunc(queries, func(other query) bool { return other.id == id }) {
			id = newID()
		}
		wires = append(wires, first.wire...)
		next := query{question: q, id: id, wire: wires[len(wires)-size:], end: first.end}
		binary.BigEndian.PutUint16(next.wire, id)
		binary.BigEndian.PutUint16(next.wire[next.end-4:], q.qtype)
		queries = append(queries, next)
	}
	return queries, nil
}

func newID() uint16 {
	var id [2]byte
	_, _ = rand.Read(id[:]) // it never fails
	return binary.BigEndian.Uint16(id[:])
}

// pack writes the query without its id and type (RFC 1035 §4.1).
func (q *query) pack(how manner) error {
	const recursionDesired, checkingDisabled, dnssecOK = 1 << 8, 1 << 4, 1 << 15
	var flags, bits uint16
	if how.authoritative {
		bits = dnssecOK
	} else {
		flags |= recursionDesired
	}
	if how.checkingDisabled {
		flags |= checkingDisabled
	}
	wire := make([]byte, headerSize+len(q.name)+2+4+11)
	binary.BigEndian.PutUint16(wire[2:], flags)
	wire[5] = 1 // question
	end, err := dns.PackDomainName(dns.Fqdn(q.name), wire, headerSize, nil, false)
	if err != nil {
		return err
	}
	q.end = end + 4
	binary.BigEndian.PutUint16(wire[end+2:], dns.ClassINET)
	q.wire = wire[:q.end]
	if how.edns { // RFC 6891 §6.1.2: the root, OPT, size, extended RCODE and version, DO, no options
		wire[11] = 1 // additional record
		q.wire = append(q.wire, 0)
		for _, field := range []uint16{dns.TypeOPT, ednsSize, 0, bits, 0} {
			q.wire = binary.BigEndian.AppendUint16(q.wire, field)
		}
	}
	return nil
}

// accept reads a message that claims to answer the query. errForeign: it
// answers another one, so the right one may still come. errTruncated: TC=1, ask
// over TCP. Any other error: it cannot be read.
func (q query) accept(wire []byte) (*dns.Msg, error) {
	if err := q.matches(wire); err != nil {
		return nil, err
	}
	return unpack(wire)
}

// matches is accept without reading the records.
func (q query) matches(wire []byte) error {
	if len(wire) < headerSize {
		return errForeign
	}
	bits := binary.BigEndian.Uint16(wire[2:])
	const response, opcode = 1 << 15, 0xF << 11
	if binary.BigEndian.Uint16(wire) != q.id || bits&response == 0 || bits&opcode != 0 {
		return errForeign
	}
	if err := q.sameQuestion(wire); err != nil {
		return err
	}
	// What follows the question of a truncated message may end anywhere.
	if truncates(wire) {
		return errTruncated
	}
	return nil
}

// truncates reports whether a message has TC=1.
func truncates(wire []byte) bool { return wire[2]&2 != 0 }

// sameQuestion compares the question section with what was asked. A server that
// could not read the query may leave it out of its error.
func (q query) sameQuestion(wire []byte) error {
	if q.verbatim(wire) {
		return nil
	}
	count, rcode := binary.BigEndian.Uint16(wire[4:]), int(wire[3]&0xF)
	if count == 0 && rcode != dns.RcodeSuccess && rcode != dns.RcodeNameError {
		return nil
	}
	if count != 1 {
		return errForeign
	}
	name, end, err := dns.UnpackDomainName(wire, headerSize)
	if err != nil || end+4 > len(wire) {
		return errForeign
	}
	qtype, class := binary.BigEndian.Uint16(wire[end:]), binary.BigEndian.Uint16(wire[end+2:])
	if Canonical(name) != q.name || qtype != q.qtype || class != dns.ClassINET {
		return errForeign
	}
	return nil
}

// verbatim reports whether a message holds the query's own question section.
func (q query) verbatim(wire []byte) bool {
	return len(wire) >= q.end && binary.BigEndian.Uint16(wire[4:]) == 1 && bytes.Equal(wire[headerSize:q.end], q.wire[headerSize:q.end])
}

// repeated reports whether the answer to another query for the same name is q's
// own byte for byte, except for id and type: it need not be read again.
func (q query) repeated(own []byte, other query, wire []byte) bool {
	return q.name == other.name && len(own) == len(wire) && q.verbatim(own) && other.verbatim(wire) &&
		bytes.Equal(own[2:headerSize], wire[2:headerSize]) && bytes.Equal(own[q.end:], wire[q.end:])
}

// unpack reads a whole message. The library forgives a message that ends before
// the records its header promises; here that is an error, or a cut answer would
// look like a small one.
func unpack(wire []byte) (*dns.Msg, error) {
	count := func(at int) int { return int(binary.BigEndian.Uint16(wire[at:])) }
	answer, authority, additional := count(6), count(8), count(10)
	if total := answer + authority + additional; total > maxRecords {
		return nil, fmt.Errorf("it claims %d records, want at most %d", total, maxRecords)
	}
	m := new(dns.Msg)
	if err := m.Unpack(wire); err != nil {
		return nil, err
	}
	if len(m.Answer) != answer || len(m.Ns) != authority || len(m.Extra) != additional {
		return nil, errors.New("it holds fewer records than its header says")
	}
	return m, nil
}

// Answer is what a message says about the name that was asked, and nothing else.
type Answer struct {
	NameError bool     // NXDOMAIN
	CNAMEs    []CNAME  // distinct targets, sorted
	Records   []string // of the type that was asked, sorted: addresses, the text of TXT records, the data of others
	TTL       uint32   // seconds, the shortest of Records
}

// CNAME is a CNAME record of the name that was asked. A DNAME further up shows
// itself as the CNAME that the server makes of it (RFC 6672 §3.1).
type CNAME struct {
	Target string // canonical
	TTL    uint32 // seconds
}

// Reduce reads a message that answers the question for name and qtype. The name is
// canonical.
func Reduce(m *dns.Msg, name string, qtype uint16) (Answer, error) {
	return reduce(question{name, qtype}, m)
}

// reduce keeps the answer section's records of the question's own owner. A
// record of any other owner may be the rest of a chain, or a lie: both are
// asked for in their own right.
func reduce(q question, m *dns.Msg) (Answer, error) {
	a := Answer{NameError: m.Rcode == dns.RcodeNameError}
	for _, rr := range m.Answer {
		h := rr.Header()
		if h.Class != dns.ClassINET || Canonical(h.Name) != q.name {
			continue
		}
		if err := a.add(q, rr); err != nil {
			return Answer{}, err
		}
	}
	slices.Sort(a.Records)
	a.Records = slices.Compact(a.Records)
	if len(a.CNAMEs)+len(a.Records) == 0 {
		a.CNAMEs = synthesized(q.name, m)
	}
	return a, nil
}

// synthesized returns the CNAME record that a DNAME record produces, where the server left
// it out, as resolvers make it (RFC 6672 §3.2); none where the new name is too long.
func synthesized(name string, m *dns.Msg) []CNAME {
	for _, rr := range m.Answer {
		d, ok := rr.(*dns.DNAME)
		if !ok || d.Hdr.Class != dns.ClassINET || d.Target == "" {
			continue
		}
		owner := Canonical(d.Hdr.Name)
		if owner == name || !dns.IsSubDomain(dns.Fqdn(owner), dns.Fqdn(name)) || owner == "." {
			continue
		}
		target := strings.TrimSuffix(name, owner) + strings.TrimSuffix(Canonical(d.Target), ".")
		if asked, err := NameToAsk(target); err == nil {
			return []CNAME{{Target: asked, TTL: d.Hdr.Ttl}}
		}
	}
	return nil
}

func (a *Answer) add(q question, rr dns.RR) error {
	if cname, ok := rr.(*dns.CNAME); ok {
		// The library reads an empty RDATA as an empty target.
		if cname.Target == "" {
			return errRdata
		}
		a.CNAMEs = mergeCNAME(a.CNAMEs, CNAME{Target: Canonical(cname.Target), TTL: cname.Hdr.Ttl})
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

// Lead is where one answer takes whoever asks for records of a name.
type Lead struct {
	Targets   []string // of the CNAME records from the name on, in order
	TTLs      []uint32 // of these records, seconds
	Records   []string // of the type that was asked, at the last of them, sorted
	NameError bool     // NXDOMAIN
	Mixed     bool     // a name on the way has a CNAME record and others of the type
}

// ReadLead follows the CNAME records of an answer from the name that was asked for,
// as far as the answer goes and its sender is believed. Nil believes everything. The
// name is canonical.
func ReadLead(m *dns.Msg, name string, qtype uint16, believed func(name string) bool) (Lead, error) {
	lead := Lead{NameError: m.Rcode == dns.RcodeNameError}
	for len(lead.Targets) <= MaxHops+1 && (believed == nil || believed(name)) {
		here, err := reduce(question{name, qtype}, m)
		if err != nil {
			return Lead{}, err
		}
		for _, alias := range here.CNAMEs {
			lead.Targets, lead.TTLs = append(lead.Targets, alias.Target), append(lead.TTLs, alias.TTL)
		}
		lead.Records, lead.Mixed = here.Records, len(here.CNAMEs) > 0 && len(here.Records) > 0
		if len(here.CNAMEs) != 1 || lead.Mixed {
			break
		}
		name = here.CNAMEs[0].Target
	}
	return lead, nil
}

// mergeCNAME adds a record to a list of distinct targets, sorted. The same
// target twice counts once, with the shorter of the two TTLs.
func mergeCNAME(list []CNAME, one CNAME) []CNAME {
	if len(list) == 0 {
		return []CNAME{one} // as nearly always
	}
	i, found := slices.BinarySearchFunc(list, one, func(x, y CNAME) int { return strings.Compare(x.Target, y.Target) })
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
