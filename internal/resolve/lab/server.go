package lab

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Fault is how a server misbehaves, for the zones that it has it for.
type Fault string

// The faults.
const (
	ServFail  Fault = "servfail"
	Refuse    Fault = "refused"
	Mute      Fault = "mute"      // it never answers
	NoEDNS    Fault = "no-edns"   // FORMERR to whatever has an OPT record
	CutShort  Fault = "cut-short" // TC=1 over UDP, and nothing listens for TCP
	NotMine   Fault = "aa=0"      // it answers, without authority
	Poison    Fault = "poison"    // it adds records of names that are not its own
	Oversized Fault = "oversized" // 64 KB of records
	NoMail    Fault = "no-mail"   // it never answers a question for MX records
	NoNS      Fault = "no-ns"     // REFUSED to questions for NS records, as some balancers do
)

// Server answers for zones on one address, UDP and TCP.
type Server struct {
	Zones  []*Zone
	Faults map[string]Fault // by apex
	Asked  atomic.Int64
	mu     sync.Mutex
	log    map[string]int // "name TYPE" to how often
}

// Count is how often a question was asked: "demo.com. NS".
func (s *Server) Count(question string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log[question]
}

// ServeDNS answers one query as the deepest of its zones says.
func (s *Server) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	s.Asked.Add(1)
	q := r.Question[0]
	name := strings.ToLower(q.Name)
	s.mu.Lock()
	if s.log == nil {
		s.log = map[string]int{}
	}
	s.log[name+" "+dns.Type(q.Qtype).String()]++
	s.mu.Unlock()
	m := new(dns.Msg).SetReply(r)
	m.RecursionDesired = r.RecursionDesired
	z := s.zone(name, q.Qtype)
	edns := r.IsEdns0()
	if edns != nil {
		m.SetEdns0(1232, edns.Do())
	}
	if z == nil {
		m.Rcode = dns.RcodeRefused
	} else {
		z.answer(m, name, q.Qtype)
		if !s.spoil(s.Faults[z.Name], w, r, m) {
			return
		}
	}
	if edns == nil || !edns.Do() {
		strip(m)
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		m.Truncate(1232)
	}
	_ = w.WriteMsg(m) // the client has gone
}

// spoil changes the answer; false: say nothing.
func (s *Server) spoil(fault Fault, w dns.ResponseWriter, r, m *dns.Msg) bool {
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	switch fault {
	case ServFail:
		*m = *new(dns.Msg).SetRcode(r, dns.RcodeServerFailure)
	case Refuse:
		*m = *new(dns.Msg).SetRcode(r, dns.RcodeRefused)
	case Mute:
		return false
	case NoNS:
		if r.Question[0].Qtype == dns.TypeNS {
			*m = *new(dns.Msg).SetRcode(r, dns.RcodeRefused)
		}
	case NoMail:
		return r.Question[0].Qtype != dns.TypeMX
	case NoEDNS:
		if r.IsEdns0() != nil {
			*m = *new(dns.Msg).SetRcode(r, dns.RcodeFormatError)
		}
	case CutShort:
		if !udp {
			return false
		}
		m.Answer, m.Ns, m.Extra, m.Truncated = nil, nil, nil, true
	case NotMine:
		m.Authoritative = false
	case Poison:
		for _, text := range []string{"victim.com. 60 IN NS ns.evil.com.", "www.victim.com. 60 IN CNAME evil.com.", "ns1.victim.com. 60 IN A 127.0.53.66"} {
			rr, _ := dns.NewRR(text)
			m.Answer, m.Ns, m.Extra = append(m.Answer, rr), append(m.Ns, rr), append(m.Extra, rr)
		}
	case Oversized:
		if udp {
			m.Truncated, m.Answer = true, nil
			break
		}
		for i := range 1500 {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{strings.Repeat("x", i%20+1)}})
		}
		m.Compress = true
	}
	return true
}

// zone is the deepest zone that holds a name; a DS record belongs to the zone above.
func (s *Server) zone(name string, qtype uint16) *Zone {
	var best *Zone
	for _, z := range s.Zones {
		above := qtype == dns.TypeDS && z.Name == name && name != "."
		if dns.IsSubDomain(z.Name, name) && !above && (best == nil || len(z.Name) > len(best.Name) || best.Name == ".") {
			best = z
		}
	}
	return best
}

// strip takes out what only DO=1 asks for.
func strip(m *dns.Msg) {
	for _, section := range []*[]dns.RR{&m.Answer, &m.Ns} {
		var kept []dns.RR
		for _, rr := range *section {
			switch rr.Header().Rrtype {
			case dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
			default:
				kept = append(kept, rr)
			}
		}
		*section = kept
	}
}
