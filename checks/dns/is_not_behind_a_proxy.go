package dns

import (
	"fmt"
	"net/netip"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// isNotBehindAProxy is dns/is-not-behind-a-proxy.
func isNotBehindAProxy() checks.Check {
	return checks.Check{
		ID: "dns/is-not-behind-a-proxy", Severity: checks.Warning,
		Needs: []evidence.Need{evidence.NeedDNS},
		Applies: func(b binding.Binding) (bool, string) {
			if applies, why := provesByCNAME(b); !applies {
				return false, why
			}
			return public(b)
		},
		Judge: judgeProxy,
		Doc: checks.Doc{
			Title: "No firewall, CDN or accelerator is in front of the name",
			Why: "A name usually resolves to a web application firewall, a CDN, Global Accelerator or Anti-DDoS on purpose. Then the " +
				"CNAME proof cannot pass, and a CNAME record to the target's own name would pass but would send every caller past the " +
				"protection.",
			Fix: "Prove the domain by TXT (domainProof: txt; for a gateway the record _bindgate.<domain>), and set the target's own name as the " +
				"origin in that product.",
			References: []string{pageBindDomain, "Alibaba Cloud CDN, Add a CNAME record: https://alibabacloud.com/help/doc-detail/27144.htm",
				"Alibaba Cloud Anti-DDoS, Change DNS records: https://www.alibabacloud.com/help/en/ddos-protection/latest/change-dns-records-to-protect-website-services"},
			Failing: "evidence: {dns: {facts: {hops: [{owner: api.demo.com, target: abcdef123.yundunwaf3.com, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: abcdef123.yundunwaf3.com}}}}",
			Passing: "binding: {domainName: api.demo.com}",
		},
	}
}

func judgeProxy(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	p, found := proxyOf(s)
	if !found || reaches(s) {
		return checks.Pass()
	}
	return checks.Judge(checks.Warns("/domainName", fmt.Sprintf("%s is behind %s", d.QueryName, p),
		byText(s)+" and let "+ownName(s)+" be the origin there; a CNAME record past it would take callers off its protection"))
}

// byText says how to prove a domain that does not lead to its target.
func byText(s checks.Subject) string {
	if ok, _ := target.Gateway(s.Binding); ok {
		return "prove the domain by TXT (" + proofRecord(s) + ")"
	}
	return "prove the domain by TXT (domainProof: txt)"
}

// proxy is a product in front of a name, and the name or address that shows it.
type proxy struct{ name, by string }

func (p proxy) String() string { return fmt.Sprintf("%s (%s)", p.name, p.by) }

// proxyOf returns the first product on the path that is in front of sites.
func proxyOf(s checks.Subject) (proxy, bool) {
	d := s.Evidence.DNS.Facts
	for _, hop := range d.Hops {
		if target.OwnAffair(s.Binding, hop.Target) {
			return proxy{}, false
		}
		if at, known := serviceOf(hop.Target); known && at.fronts {
			return proxy{at.name, evidence.PlainName(hop.Target)}, true
		}
	}
	if len(d.Hops) > 0 {
		return proxy{}, false
	}
	for _, text := range d.End.Addresses {
		if addr, err := netip.ParseAddr(text); err == nil && cdnOf(addr) != "" {
			return proxy{cdnOf(addr), text}, true
		}
	}
	return proxy{}, false
}
