package resolve

import (
	"encoding/binary"
	"errors"
	"fmt"

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
)

// question is what is asked about a name. It is a key of the cache.
type question struct {
	name  string // canonical
	qtype uint16
}

func (q question) typeName() string { return dns.Type(q.qtype).String() }

// query is a question ready to be sent, with an id of its own.
type query struct {
	question
	id   uint16
	wire []byte
}

// manner is how a question is put.
type manner struct {
	checkingDisabled bool // CD=1 (RFC 4035 §3.2.2)
	edns             bool
	authority        bool // RD=0 and DO=1: the server's own data, with signatures
}

// newQuery packs a query. dns.Id draws from crypto/rand.
func newQuery(q question, how manner) (query, error) {
	m := new(dns.Msg).SetQuestion(dns.Fqdn(q.name), q.qtype)
	m.CheckingDisabled, m.RecursionDesired = how.checkingDisabled, !how.authority
	if how.edns {
		m.SetEdns0(ednsSize, how.authority)
	}
	wire, err := m.Pack()
	return query{question: q, id: m.Id, wire: wire}, err
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
	const response, opcode, truncated = 1 << 15, 0xF << 11, 1 << 9
	if binary.BigEndian.Uint16(wire) != q.id || bits&response == 0 || bits&opcode != 0 {
		return errForeign
	}
	if err := q.sameQuestion(wire); err != nil {
		return err
	}
	// What follows the question of a truncated message may end anywhere.
	if bits&truncated != 0 {
		return errTruncated
	}
	return nil
}

// sameQuestion compares the question section with what was asked. A server that
// could not read the query may leave it out of its error.
func (q query) sameQuestion(wire []byte) error {
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
	if canonical(name) != q.name || qtype != q.qtype || class != dns.ClassINET {
		return errForeign
	}
	return nil
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
