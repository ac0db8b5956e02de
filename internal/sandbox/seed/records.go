package seed

import (
	"fmt"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/sandbox/dnsserver"
)

// AllRecords are the seed's records, and an address record for every name of a
// group (SubDomain, VpcDomain, VpcSlbIntranetDomain) that they leave out: an
// address of the documentation network 198.51.100.0/24 (RFC 5737 §3).
func (s Seed) AllRecords() ([]dns.RR, error) {
	records, err := dnsserver.ParseZone(s.Zone, "zone")
	if err != nil {
		return nil, err
	}
	records = append(records, s.Records...)
	known := map[string]bool{}
	for _, rr := range records {
		known[dns.CanonicalName(rr.Header().Name)] = true
	}
	for i, g := range s.Groups {
		for _, name := range []string{g.SubDomain, g.VpcDomain, g.VpcSlbIntranetDomain} {
			owner := dns.CanonicalName(name)
			if name == "" || known[owner] {
				continue
			}
			rr, err := dns.NewRR(fmt.Sprintf("%s 60 IN A 198.51.100.%d", owner, 1+i%254))
			if err != nil || rr == nil || rr.Header().Name != owner { // nil: all of it reads as a comment
				return nil, fmt.Errorf("group %q: making an address record of %q: want a domain name", g.GroupID, name)
			}
			known[owner] = true
			records = append(records, rr)
		}
	}
	return records, nil
}
