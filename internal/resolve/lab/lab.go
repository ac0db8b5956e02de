// Package lab is a small Internet on loopback for tests: a root, two top-level
// zones, the zones of the scenarios and servers that misbehave. Nothing but tests
// imports it.
package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
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
	DownAddress   = "127.0.53.14" // nobody listens
)

// Lab is a running Internet.
type Lab struct {
	Port    uint16
	Hints   string // of the root, with its trust anchor
	Plan    *Plan
	Servers map[string]*Server // by address
}

// Start serves a plan on the addresses that are not in without (there somebody
// else serves), until the test ends. Port 0: any that is free.
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
func NewPlan(now time.Time) (*Plan, error) {
	p := &Plan{Zones: map[string]*Zone{}, Servers: map[string]*Server{}}
	ds := map[string][]dns.RR{}
	for _, spec := range scenarioZones() { // from the leaves up
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
		p.Zones[spec.apex] = z
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
