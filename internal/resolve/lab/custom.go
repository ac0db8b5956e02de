package lab

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Custom is one zone, or another version of it, on one address.
type Custom struct {
	Apex  string // without the final dot
	At    string // the address that serves it
	Fault Fault
	Text  string // records, relative to the apex, without SOA and the NS records of Hosts
	// Hosts are the hosts of its NS records, with the glue that the zone above has of
	// each ("" for none). The first version with hosts makes the delegation.
	Hosts map[string]string
}

// CustomPlan makes zones and delegates each from the deepest zone above it. The root,
// com, net and the zone of the group's name are there already.
func CustomPlan(zones []Custom) (*Plan, error) {
	all := append([]Custom{
		{Apex: ".", At: RootAddress, Hosts: map[string]string{"ns.root": RootAddress}, Text: "ns.root. 60 IN A " + RootAddress},
		{Apex: "com", At: TLDAddress, Hosts: map[string]string{"ns.tld": TLDAddress}},
		{Apex: "net", At: TLDAddress, Hosts: map[string]string{"ns.tld": TLDAddress}},
		{Apex: "alicloudapi.com", At: FirstAddress, Hosts: map[string]string{"ns.alicloudapi.com": FirstAddress}, Text: "ns IN A " + FirstAddress + "\n" + SubDomain + ". 60 IN A 192.0.2.10\n"},
	}, zones...)
	hosts, delegations := map[string][]string{}, map[string]string{}
	for _, z := range all {
		apex := dns.Fqdn(z.Apex)
		if len(z.Hosts) == 0 || hosts[apex] != nil {
			continue
		}
		above := ""
		for _, other := range all {
			if up := dns.Fqdn(other.Apex); up != apex && dns.IsSubDomain(up, apex) && len(up) > len(above) {
				above = up
			}
		}
		for _, host := range slices.Sorted(maps.Keys(z.Hosts)) {
			hosts[apex] = append(hosts[apex], dns.Fqdn(host))
			if apex == "." {
				continue
			}
			delegations[above] += fmt.Sprintf("%s 60 IN NS %s\n", apex, dns.Fqdn(host))
			if glue := z.Hosts[host]; glue != "" {
				delegations[above] += fmt.Sprintf("%s 60 IN A %s\n", dns.Fqdn(host), glue)
			}
		}
	}
	var specs []spec
	for _, z := range all {
		apex := dns.Fqdn(z.Apex)
		specs = append(specs, spec{apex: apex, hosts: hosts[apex], servers: []string{z.At}, fault: z.Fault, text: z.Text + "\n" + delegations[apex]})
	}
	slices.SortStableFunc(specs, func(a, b spec) int { return cmp.Compare(strings.Count(b.apex, "."), strings.Count(a.apex, ".")) })
	return planOf(specs, time.Time{})
}
