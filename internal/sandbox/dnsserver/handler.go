package dnsserver

import (
	"net"
	"time"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// udpSize is the largest UDP answer, whatever a client offers (RFC 9715 §3.1
// recommends 1400 or less; 1232 is what public resolvers use).
const udpSize = 1232

// ServeDNS answers one query.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	answer := s.reply(query, overUDP(w))
	if answer == nil {
		return
	}
	_ = w.WriteMsg(answer) // the client has gone; nobody is left to tell
}

// reply is the whole answer, or nil for silence.
func (s *Server) reply(query *dns.Msg, udp bool) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	m.RecursionAvailable = true
	m.CheckingDisabled = query.CheckingDisabled
	edns := query.IsEdns0()
	if edns != nil {
		m.SetEdns0(udpSize, edns.Do())
	}
	switch {
	case len(query.Question) != 1: // a bare header passes the library's own check
		m.Rcode = dns.RcodeFormatError
	case query.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
	case edns != nil && edns.Version() != 0:
		m.Rcode = dns.RcodeBadVers
	case query.Question[0].Qclass != dns.ClassINET, query.Question[0].Qtype == dns.TypeAXFR, query.Question[0].Qtype == dns.TypeIXFR:
		m.Rcode = dns.RcodeRefused
	default:
		if !s.answer(m, query, udp) {
			return nil
		}
	}
	m.Truncate(limit(edns, udp))
	return m
}

// answer fills in what the zone, or a fault, says; false for silence.
func (s *Server) answer(m, query *dns.Msg, udp bool) bool {
	question := query.Question[0]
	rule := s.faults.DNS(question.Name)
	switch rule.Kind {
	case fault.Timeout:
		return false
	case fault.Latency:
		if !s.wait(rule.Delay()) {
			return false
		}
	}
	if rcode, fails := failure(rule.Kind, query); fails {
		m.Rcode = rcode
		return true
	}
	if rule.Kind == fault.Truncate && udp {
		m.Truncated = true
		return true
	}
	r := s.zone.Load().resolve(question.Name, question.Qtype)
	m.Rcode, m.Answer, m.Ns = r.rcode, r.answer, r.authority
	return true
}

// failure is the RCODE that a fault answers this query with.
func failure(kind fault.Kind, query *dns.Msg) (rcode int, fails bool) {
	switch kind {
	case fault.ServFail:
		return dns.RcodeServerFailure, true
	case fault.Refused:
		return dns.RcodeRefused, true
	case fault.NXDomain:
		return dns.RcodeNameError, true
	case fault.FormErr:
		return dns.RcodeFormatError, query.IsEdns0() != nil
	case fault.Bogus:
		return dns.RcodeServerFailure, !query.CheckingDisabled
	}
	return 0, false
}

// wait reports false if the server stops meanwhile.
func (s *Server) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func overUDP(w dns.ResponseWriter) bool {
	_, udp := w.RemoteAddr().(*net.UDPAddr)
	return udp
}

// limit is how long an answer may be (RFC 1035 §4.2.1, RFC 6891 §6.2.5).
func limit(edns *dns.OPT, udp bool) int {
	switch {
	case !udp:
		return dns.MaxMsgSize
	case edns == nil:
		return dns.MinMsgSize
	}
	return min(int(edns.UDPSize()), udpSize)
}
