package dns

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// isNotFlattened is dns/is-not-flattened.
func isNotFlattened() checks.Check {
	return checks.Check{
		ID: "dns/is-not-flattened", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: provesByCNAME,
		Judge:   judgeFlattened,
		Doc: checks.Doc{
			Title: "The domain has a CNAME record, not addresses of another origin",
			Why: "The platform looks for a CNAME record. A provider that flattens CNAME records (ALIAS, ANAME, CNAME flattening), a CDN " +
				"in front, or an address entered by hand gives it A and AAAA records instead: the proof fails, and a fixed address " +
				"stops working when the gateway's address changes. The addresses that a cloud-native gateway states as its own are allowed.",
			Fix: "Publish a CNAME record, or turn flattening off for the name. If that is impossible, as at an apex, use domainProof: " +
				"txt.",
			References: []string{pageBindDomain, "draft-ietf-dnsop-aname (flattening, expired)", "Cloudflare IP ranges: https://www.cloudflare.com/ips/",
				"Fastly IP ranges: https://api.fastly.com/public-ip-list"},
			Failing: "evidence: {dns: {facts: {hops: [], end: {name: api.demo.com, event: address, addresses: [192.0.2.10]}}}}",
			Passing: "binding: {domainName: api.demo.com}",
		},
	}
}

func judgeFlattened(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	if len(d.Hops) > 0 || d.End.Event != evidence.EventAddress {
		return checks.Pass()
	}
	if reaches(s) {
		return checks.Pass() // the gateway's own addresses, which the platform states
	}
	if why := movesLater(s); why != "" {
		return checks.NotApplicable(why)
	}
	if _, fronted := proxyOf(s); fronted {
		return checks.Pass() // dns/is-not-behind-a-proxy says so
	}
	if ok, _ := target.Gateway(s.Binding); ok {
		return flattenedGateway(s)
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("%s has address records (%s) and no CNAME record: %s", d.QueryName, some(d.End.Addresses), kindOfCopy(d)),
		"publish a CNAME record instead of the addresses; or prove the domain by TXT: domainProof: txt"))
}

// flattenedGateway judges addresses that are not among those of the gateway.
func flattenedGateway(s checks.Subject) checks.Verdict {
	d, g := s.Evidence.DNS.Facts, s.Evidence.Gateway
	switch {
	case g.State != evidence.StateObserved:
		return checks.Unknown("whether these are addresses of the gateway is not known, because it was not observed")
	case g.Facts.EntriesProblem != "":
		return checks.Unknown("whether these are addresses of the gateway is not known: " + cut(g.Facts.EntriesProblem))
	case hasOwnBalancer(s):
		return checks.Unknown(ownBalancer)
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("%s has address records (%s) and no CNAME record, and they are not all the gateway's own", d.QueryName, some(d.End.Addresses)),
		"publish a CNAME record to an entry of the gateway, or its own addresses"))
}

// kindOfCopy describes the origin of the addresses, as far as it is visible.
func kindOfCopy(d evidence.DNS) string {
	if a := d.Context; a != nil && a.Group != nil && slices.ContainsFunc(d.End.Addresses, func(ip string) bool { return slices.Contains(a.Group.Records, ip) }) {
		return "they are those of " + a.Group.Name + ", so the DNS provider flattened the CNAME record (ALIAS, ANAME)"
	}
	return "static addresses, which will rot when the gateway's change"
}

// cdnOf names the CDN whose published ranges hold an address, "" for none.
func cdnOf(addr netip.Addr) string {
	for name, ranges := range map[string][]string{
		"Cloudflare": {"104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "188.114.96.0/20", "162.158.0.0/15", "2606:4700::/32"},
		"Fastly":     {"151.101.0.0/16", "199.232.0.0/16", "2a04:4e40::/32"},
	} {
		for _, r := range ranges {
			if netip.MustParsePrefix(r).Contains(addr) {
				return name
			}
		}
	}
	return ""
}
