// Package dnsserver is the sandbox's name server: one resolver on loopback, UDP
// and TCP on the same port, that answers from records given to it and asks
// no other server. Records may be changed while it serves.
package dnsserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/netutil"

	"github.com/bindgate/bindgate/internal/sandbox/fault"
)

// maxConnections bounds the TCP connections at a time.
const maxConnections = 256

// portTries is how often a port that is free for TCP is sought for UDP too.
const portTries = 16

// Server is a running name server.
type Server struct {
	zone   atomic.Pointer[zone]
	edit   sync.Mutex // one edit at a time; readers never wait
	faults *fault.Plan
	ctx    context.Context
	stop   context.CancelFunc
	addr   string
	udp    *dns.Server
	tcp    *dns.Server
	done   sync.WaitGroup
}

// Start serves the records on addr (an address with a port, or port 0), with
// the faults of the plan, until Close.
func Start(addr string, records []dns.RR, faults *fault.Plan) (*Server, error) {
	ctx, stop := context.WithCancel(context.Background())
	listener, conn, err := listen(ctx, addr)
	if err != nil {
		stop()
		return nil, fmt.Errorf("listening for DNS: %w", err)
	}
	s := &Server{faults: faults, addr: listener.Addr().String(), ctx: ctx, stop: stop}
	s.zone.Store(newZone(records))
	s.tcp = &dns.Server{Listener: netutil.LimitListener(listener, maxConnections), Handler: s}
	s.udp = &dns.Server{PacketConn: conn, Handler: s, UDPSize: dns.DefaultMsgSize}
	if err := errors.Join(s.serve(s.tcp), s.serve(s.udp)); err != nil {
		s.stop()
		return nil, errors.Join(fmt.Errorf("serving DNS: %w", err), listener.Close(), conn.Close())
	}
	return s, nil
}

// serve returns once the server reads, for only then may it be shut down, or
// could not begin to.
func (s *Server) serve(server *dns.Server) error {
	started := make(chan error, 2)
	server.NotifyStartedFunc = func() { started <- nil }
	s.done.Go(func() { started <- server.ActivateAndServe() })
	return <-started
}

func listen(ctx context.Context, addr string) (net.Listener, net.PacketConn, error) {
	var config net.ListenConfig
	var last error
	for range portTries {
		listener, err := config.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, nil, err
		}
		conn, err := config.ListenPacket(ctx, "udp", listener.Addr().String())
		if err == nil {
			return listener, conn, nil
		}
		last = errors.Join(err, listener.Close())
	}
	return nil, nil, last
}

// Addr is the server's address and port.
func (s *Server) Addr() string { return s.addr }

// SetRecords makes the records, master-file text, all that an owner has; an
// empty text removes the owner. Every record must be the owner's.
func (s *Server) SetRecords(owner, text string) error {
	records, err := ParseZone(text, "")
	if err != nil {
		return err
	}
	for _, rr := range records {
		if dns.CanonicalName(rr.Header().Name) != dns.CanonicalName(owner) {
			return fmt.Errorf("setting the records of %q: got a record of %q", owner, rr.Header().Name)
		}
	}
	s.edit.Lock()
	defer s.edit.Unlock()
	s.zone.Store(s.zone.Load().with(owner, records))
	return nil
}

// Lookup answers a question as the sockets would, faults included, without
// delay; a time-out reads SERVFAIL.
func (s *Server) Lookup(name string, qtype uint16) (answer []dns.RR, rcode int) {
	name = dns.Fqdn(name)
	switch s.faults.DNS(name).Kind {
	case fault.ServFail, fault.Bogus, fault.Timeout:
		return nil, dns.RcodeServerFailure
	case fault.Refused:
		return nil, dns.RcodeRefused
	case fault.NXDomain:
		return nil, dns.RcodeNameError
	}
	r := s.zone.Load().resolve(name, qtype)
	return r.answer, r.rcode
}

// Close stops serving and waits until every answer under way is sent.
func (s *Server) Close() error {
	s.stop()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := errors.Join(s.udp.ShutdownContext(ctx), s.tcp.ShutdownContext(ctx))
	s.done.Wait()
	if err != nil {
		return fmt.Errorf("stopping the name server: %w", err)
	}
	return nil
}

// udpSize is the largest UDP answer, regardless of what a client offers (RFC 9715 §3.1
// recommends 1400 or less; 1232 is what public resolvers use).
const udpSize = 1232

// ServeDNS answers one query.
func (s *Server) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	answer := s.reply(query, overUDP(w))
	if answer == nil {
		return
	}
	_ = w.WriteMsg(answer) // the client has gone
}

// reply is the whole answer, or nil for silence.
func (s *Server) reply(query *dns.Msg, udp bool) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	// Asked as a resolver it is one; asked without recursion, it is the server of a root
	// that holds every name itself.
	m.RecursionAvailable, m.Authoritative = query.RecursionDesired, !query.RecursionDesired
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
