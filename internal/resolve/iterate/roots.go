package iterate

import (
	_ "embed" // the published lists are files
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

//go:embed root.hints
var ianaHints string

//go:embed root.anchors
var ianaAnchors string

// Roots contains the root servers and the trust anchors, where a walk begins.
type Roots struct {
	servers map[string][]netip.Addr
	anchors []*dns.DS
}

// ParseRoots reads a hints file: a master file of the root's NS records and
// their hosts' addresses, and the root's DS or DNSKEY records (the trust
// anchors). Without these the root is unsigned, and nothing below it is validated.
func ParseRoots(hints string) (Roots, error) {
	r := Roots{servers: map[string][]netip.Addr{}}
	var glue []dns.RR
	anchors := map[bool][]*dns.DS{} // by whether they are the root's
	err := eachRecord(hints, func(rr dns.RR) {
		switch rr := rr.(type) {
		case *dns.NS:
			if rr.Hdr.Name == "." {
				r.servers[resolve.Canonical(rr.Ns)] = nil
			}
		case *dns.DS:
			anchors[rr.Hdr.Name == "."] = append(anchors[rr.Hdr.Name == "."], rr)
		case *dns.DNSKEY:
			anchors[rr.Hdr.Name == "."] = append(anchors[rr.Hdr.Name == "."], rr.ToDS(dns.SHA256))
		}
		glue = append(glue, rr)
	})
	if err != nil {
		return Roots{}, err
	}
	if r.anchors = anchors[true]; len(r.anchors) == 0 && len(anchors[false]) > 0 {
		return Roots{}, fmt.Errorf("reading root hints: got a trust anchor of %q, want DS or DNSKEY records of the root, or none", anchors[false][0].Hdr.Name)
	}
	found := 0
	for host, addrs := range glueOf(glue, ".", r.servers) {
		r.servers[host] = addrs
		found += len(addrs)
	}
	if found == 0 {
		return Roots{}, errors.New("reading root hints: no root server with an address; want NS records of the root, and A or AAAA records of their hosts")
	}
	return r, nil
}

func (r Roots) orIANA() (Roots, error) {
	if r.servers != nil {
		return r, nil
	}
	return ParseRoots(ianaHints + ianaAnchors)
}

func rootHosts(servers map[string][]netip.Addr) map[string]*host {
	hosts := map[string]*host{}
	for name, addrs := range servers {
		hosts[name] = &host{addrs: addrs}
	}
	return hosts
}

func eachRecord(text string, use func(dns.RR)) error {
	p := dns.NewZoneParser(strings.NewReader(text), ".", "")
	p.SetDefaultTTL(3600)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		use(rr)
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("reading root hints: %w", err)
	}
	return nil
}
