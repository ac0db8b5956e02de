// Package lab is a small Internet on loopback for tests: a root, two top-level
// zones, the zones of the scenarios and servers that misbehave. Nothing but tests
// imports it.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Addresses of the servers.
const (
	RootAddress   = "127.0.53.1"
	TLDAddress    = "127.0.53.2"
	FirstAddress  = "127.0.53.11" // ns1 of the sound zones
	SecondAddress = "127.0.53.12" // ns2
	OddAddress    = "127.0.53.13" // a server of ours, for what sound ones refuse to load
	DownAddress   = "127.0.53.14" // no listener
	OldAddress    = "127.0.53.17" // a server that drops queries with EDNS
	MuteAddress   = "127.0.53.16" // a server that never answers
	StaleAddress  = "127.0.53.15" // a server that only some zones' own data lead to
)

// Lab is a running Internet.
type Lab struct {
	Port    uint16
	Hints   string // of the root, with its trust anchor
	Plan    *Plan
	Servers map[string]*Server // by address
}

// Start serves a plan until the test ends, except on the addresses in without, where
// the caller runs a server. Port 0 selects a free port.
func Start(t testing.TB, p *Plan, port uint16, without ...string) *Lab {
	t.Helper()
	l := &Lab{Plan: p, Hints: fmt.Sprintf(". 60 IN NS ns.root.\nns.root. 60 IN A %s\n", RootAddress) + p.Anchor + "\n", Servers: map[string]*Server{}}
	for address, s := range p.Servers {
		l.Servers[address] = s
		for _, other := range without {
			if other == address {
				delete(l.Servers, address)
			}
		}
	}
	for range 50 {
		if l.Port = port; port == 0 {
			l.Port = freePort(t)
		}
		if sockets, err := l.listen(); err == nil {
			serve(t, sockets)
			return l
		} else if port != 0 {
			t.Fatal(err)
		}
	}
	t.Fatal("found no port that is free on every address")
	return nil
}

type socket struct {
	handler dns.Handler
	udp     net.PacketConn
	tcp     net.Listener
}

// listen opens the sockets of every server, or none.
func (l *Lab) listen() (all []socket, err error) {
	var config net.ListenConfig
	defer func() {
		for _, s := range all {
			if err != nil {
				err = errors.Join(err, s.udp.Close(), s.tcp.Close())
			}
		}
	}()
	for address, handler := range l.Servers {
		at := fmt.Sprintf("%s:%d", address, l.Port)
		udp, err := config.ListenPacket(context.Background(), "udp", at)
		if err != nil {
			return all, err
		}
		tcp, err := config.Listen(context.Background(), "tcp", at)
		if err != nil {
			return all, errors.Join(err, udp.Close())
		}
		all = append(all, socket{handler, udp, tcp})
	}
	return all, nil
}

func serve(t testing.TB, sockets []socket) {
	t.Helper()
	var stopped sync.WaitGroup
	t.Cleanup(stopped.Wait) // runs last
	for _, s := range sockets {
		for _, server := range []*dns.Server{{PacketConn: s.udp, Handler: s.handler}, {Listener: s.tcp, Handler: s.handler}} {
			started := make(chan struct{})
			server.NotifyStartedFunc = func() { close(started) }
			stopped.Go(func() {
				if err := server.ActivateAndServe(); err != nil {
					t.Errorf("serving the lab: %v", err)
				}
			})
			<-started
			t.Cleanup(func() { _ = server.Shutdown() })
		}
	}
}

func freePort(t testing.TB) uint16 {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	return uint16(port)
}

// Plan is who serves what.
type Plan struct {
	Anchor  string             // DS record of the root
	Zones   map[string]*Zone   // by apex
	Servers map[string]*Server // by address
}

// NewPlan makes the scenario zones, signed at the given time.
func NewPlan(now time.Time) (*Plan, error) { return planOf(scenarioZones(), now) }

// planOf makes zones, from the leaves up.
func planOf(specs []spec, now time.Time) (*Plan, error) {
	p := &Plan{Zones: map[string]*Zone{}, Servers: map[string]*Server{}}
	ds := map[string][]dns.RR{}
	for _, spec := range specs {
		z, err := parseZone(spec.apex, spec.head()+spec.text)
		if err != nil {
			return nil, err
		}
		z.Records = append(z.Records, ds[spec.apex]...)
		if spec.signing != nil {
			vouch, err := z.sign(*spec.signing, now)
			if err != nil {
				return nil, err
			}
			if spec.apex == "." {
				p.Anchor = vouch.String()
			} else {
				ds[parent(spec.apex)] = append(ds[parent(spec.apex)], vouch)
			}
		}
		if p.Zones[spec.apex] == nil {
			p.Zones[spec.apex] = z
		}
		for _, address := range spec.servers {
			s := p.Servers[address]
			if s == nil {
				s = &Server{Faults: map[string]Fault{}}
				p.Servers[address] = s
			}
			s.Zones = append(s.Zones, z)
			s.Faults[spec.apex] = spec.fault
		}
	}
	return p, nil
}

// spec is one zone of the plan.
type spec struct {
	apex    string
	hosts   []string // hosts of its NS records, where head makes them
	servers []string // addresses that serve it
	fault   Fault
	signing *signing
	older   bool // an earlier version of the zone
	text    string
}

// head is the zone's SOA and NS records.
func (s spec) head() string {
	var b strings.Builder
	serial := 7
	if s.older {
		serial--
	}
	fmt.Fprintf(&b, "%s 60 IN SOA ns1.servers.net. hostmaster.servers.net. %d 3600 600 86400 60\n", s.apex, serial)
	for _, host := range s.hosts {
		fmt.Fprintf(&b, "%s 60 IN NS %s\n", s.apex, host)
	}
	return b.String()
}

// Resolve answers as a resolver does that follows aliases over the sound zones, each
// in its first version, and believes everything.
func (l *Lab) Resolve(name string, qtype uint16) (rcode int, answer []dns.RR) {
	name = strings.ToLower(name)
	for range 12 {
		var best *Zone
		for _, z := range l.Plan.Zones {
			if dns.IsSubDomain(z.Name, name) && (best == nil || len(z.Name) > len(best.Name)) {
				best = z
			}
		}
		m := new(dns.Msg)
		best.answer(m, name, qtype)
		next := ""
		for _, rr := range m.Answer {
			if cname, ok := rr.(*dns.CNAME); ok && qtype != dns.TypeCNAME {
				next = strings.ToLower(cname.Target)
			}
			if rr.Header().Rrtype != dns.TypeRRSIG {
				answer = append(answer, rr)
			}
		}
		if next == "" {
			return m.Rcode, answer
		}
		name = next
	}
	return dns.RcodeServerFailure, nil
}

// Fault is how a server misbehaves, for the zones that it has it for.
type Fault string

// The faults.
const (
	ServFail  Fault = "servfail"
	Refuse    Fault = "refused"
	Mute      Fault = "mute"      // it never answers
	NoEDNS    Fault = "no-edns"   // FORMERR to every query with an OPT record
	CutShort  Fault = "cut-short" // TC=1 over UDP, and nothing listens for TCP
	NoSynth   Fault = "no-synth"  // it answers with DNAME records alone
	NotMine   Fault = "aa=0"      // it answers, without authority
	Poison    Fault = "poison"    // it adds records of names that are not its own
	Oversized Fault = "oversized" // 64 KB of records
	NoMail    Fault = "no-mail"   // it never answers a question for MX records
	NoNew     Fault = "no-new"    // the same for HTTPS, CAA and DS, as old servers and firewalls do
	DropEDNS  Fault = "drop-edns" // it never answers a query with an OPT record
	Split     Fault = "split"     // A, AAAA and TXT questions get another alias than CNAME questions
	Empty     Fault = "empty"     // A and AAAA questions get no data
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
	case Split, Empty:
		if qtype := r.Question[0].Qtype; (qtype == dns.TypeA || qtype == dns.TypeAAAA || qtype == dns.TypeTXT) && len(m.Answer) > 0 {
			m.Answer = nil
			if fault == Split {
				m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: r.Question[0].Name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: 60}, Target: "old.demo.com."}}
			}
		}
	case NoMail:
		return r.Question[0].Qtype != dns.TypeMX
	case NoNew:
		qtype := r.Question[0].Qtype
		return qtype != dns.TypeHTTPS && qtype != dns.TypeCAA && qtype != dns.TypeDS
	case DropEDNS:
		return r.IsEdns0() == nil
	case NoEDNS:
		if r.IsEdns0() != nil {
			*m = *new(dns.Msg).SetRcode(r, dns.RcodeFormatError)
		}
	case CutShort:
		if !udp {
			return false
		}
		m.Answer, m.Ns, m.Extra, m.Truncated = nil, nil, nil, true
	case NoSynth:
		if slices.ContainsFunc(m.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeDNAME }) {
			m.Answer = slices.DeleteFunc(m.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME })
		}
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
