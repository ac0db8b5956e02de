package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// cnameReachesGateway is dns/cname-reaches-gateway.
func cnameReachesGateway() checks.Check {
	return checks.Check{
		ID: "dns/cname-reaches-gateway", Severity: checks.Error,
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS, evidence.NeedGateway},
		Applies:          target.Gateway,
		Judge:            judgeReachesGateway,
		Doc: checks.Doc{
			Title: "DNS leads the domain to an entry of the gateway",
			Why: "A gateway receives what DNS sends to its own entries: names under alicloudapi.com and load balancers. A record that " +
				"still names the load balancer of a released gateway sends every caller, and every request for a certificate, to whoever " +
				"is given that name or address next. A domain that is proved by a TXT record or by the API group that it moves from may " +
				"lead elsewhere until its traffic moves; the name of an entry that no gateway of the account has is an error all the same.",
			Fix: "Publish the CNAME record that the finding shows, or the gateway's own addresses for a name that cannot have a CNAME " +
				"record. To prepare the domain first, prove it by the TXT record _bindgate.<domain>, or state movesFrom.",
			References: []string{pageCreateDomain, pageListGateways, pageBalancerNames, "RFC 1034 §3.6.2 (aliases)", "OWASP WSTG-CONF-10 (subdomain takeover)"},
			Failing: "base: apig\nevidence: {dns: {facts: {hops: [{owner: api.demo.com, target: nlb-released.cn-hangzhou.nlb.aliyuncsslb.com, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: nlb-released.cn-hangzhou.nlb.aliyuncsslb.com, addresses: [198.51.100.7]}}}}",
			Passing: "base: apig\nevidence: {dns: {facts: {hops: [], end: {name: api.demo.com, event: address, addresses: [203.0.113.7]}}}}",
		},
	}
}

func judgeReachesGateway(s checks.Subject) checks.Verdict {
	d, g := s.Evidence.DNS.Facts, s.Evidence.Gateway.Facts
	if v := readable(d); v != nil {
		return *v
	}
	if !g.Found || g.GatewayID != s.Binding.GatewayID {
		return checks.Unknown("the gateway was not found, so there is no entry to lead to; see apig/gateway-exists")
	}
	t := target.Of(s)
	if t.Reaches(d) {
		return checks.Judge(append(entryUnresolved(s, t), onlyInside(s)...)...)
	}
	if len(t.Names) == 0 && len(t.Addresses) == 0 {
		return withoutEntry(s)
	}
	if stated := s; !s.Binding.CustomDomainTypeGiven { // what is proposed is for callers on the Internet
		stated.Binding.CustomDomainTypeGiven = true
		if internet := target.Of(stated); len(internet.Names)+len(internet.Addresses) > 0 {
			t = internet
		}
	}
	l := leads(s)
	proved := target.Prove(s).Elsewhere()
	switch {
	case l.dangling && !l.unknown:
		return checks.Judge(checks.Fails("/domainName", draw(d)+": "+l.what, "remove the record, or publish "+entryRecord(s, t)+inZone(d)))
	case l.unknown && proved && !l.dangling:
		return checks.Judge(checks.Warns("/domainName", draw(d)+": "+l.what, "compare the address with that of the load balancer in front of the gateway"))
	case l.unknown:
		return checks.Unknown(draw(d) + ": " + l.what)
	case proved:
		return checks.Judge(checks.Warns("/domainName", fmt.Sprintf("%s: %s; no traffic comes to the gateway until its DNS records are moved", draw(d), l.what),
			"when traffic is to move, publish "+entryRecord(s, t)+inZone(d)))
	}
	fix := "publish " + entryRecord(s, t) + inZone(d) + l.instead
	if _, found := proxyOf(s); found {
		fix = "if it is there on purpose, " + byText(s) + " and let the gateway be its origin; a CNAME record past it would take callers off its protection"
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("%s: %s; want an entry of the gateway: %s", draw(d), l.what, wanted(t)), fix))
}

// withoutEntry judges a gateway without an entry for the network type of the binding.
func withoutEntry(s checks.Subject) checks.Verdict {
	b, g := s.Binding, s.Evidence.Gateway.Facts
	switch {
	case g.EntriesProblem != "":
		return checks.Unknown("the entries of the gateway are not all known: " + cut(g.EntriesProblem))
	case hasOwnBalancer(s):
		return checks.Unknown(ownBalancer)
	case !slices.Contains([]string{binding.Internet, binding.Intranet}, b.CustomDomainType):
		return checks.Unknown(fmt.Sprintf("no entries are known for network type %q", b.CustomDomainType))
	case !b.CustomDomainTypeGiven:
		return checks.Judge(checks.Fails("/gatewayId", fmt.Sprintf("gateway %s has no entry that is in use, which the domain would have to lead to", g.GatewayID),
			"add an entry to the gateway in the console"))
	}
	return checks.Judge(checks.Fails("/customDomainType",
		fmt.Sprintf("gateway %s has no entry for network type %s that is in use, which the domain would have to lead to", g.GatewayID, b.CustomDomainType),
		"add such an entry to the gateway in the console, or correct customDomainType"))
}

// onlyInside warns of a domain that leads to an entry of the internal network, unless the
// binding states that.
func onlyInside(s checks.Subject) []checks.Finding {
	d := s.Evidence.DNS.Facts
	e, ok := target.Entry(d, s.Evidence.Gateway.Facts.Entries)
	if !ok || s.Binding.CustomDomainType == binding.Intranet || !strings.EqualFold(e.NetworkType, binding.Intranet) {
		return nil
	}
	return []checks.Finding{checks.Warns("/domainName", fmt.Sprintf("%s: it leads to an entry of the gateway that only callers inside its VPC reach", draw(d)),
		"go on if that is intended; else lead it to an Internet entry")}
}

// lead is where a domain leads that does not lead to its gateway.
type lead struct {
	what     string
	instead  string // what could be done instead of publishing the right record
	unknown  bool   // it may be the gateway after all
	dangling bool   // the name is free for anyone to take; if unknown is set too, perhaps
}

func leads(s checks.Subject) lead {
	d, g, b := s.Evidence.DNS.Facts, s.Evidence.Gateway.Facts, s.Binding
	if what := mistyped(s); what != "" {
		return lead{what: what}
	}
	if e, ok := target.Entry(d, g.Entries); ok {
		return ownEntry(s, e)
	}
	if e, ok := target.Entry(d, g.Others); ok && e.GatewayID != g.GatewayID {
		return lead{what: fmt.Sprintf("it leads to another gateway of the account, %s", e.GatewayID), instead: "; or correct gatewayId"}
	}
	if from := s.Evidence.Predecessor; b.MovesFrom != nil && from.State == evidence.StateObserved && from.Facts.Group.Found {
		group := from.Facts.Group
		if target.Aliases(d, append(target.GroupNames(group, binding.Internet), target.GroupNames(group, binding.Intranet)...)) > 0 {
			return lead{what: fmt.Sprintf("it leads to the API group %s that it moves from", group.GroupID)}
		}
	}
	for _, hop := range slices.Backward(d.Hops) {
		if target.PlatformName(hop.Target) {
			return nobodys(s, evidence.PlainName(hop.Target))
		}
	}
	switch p, fronted := proxyOf(s); {
	case fronted:
		return lead{what: "it is behind " + p.String()}
	case endless(d):
		return lead{what: "the chain has no sound end, see dns/cname-chain-terminates"}
	case d.End.Event == evidence.EventNameError && len(d.Hops) == 0:
		return lead{what: "the name has no record at all"}
	case d.End.Event != evidence.EventAddress:
		return lead{what: "it leads to no address"}
	case g.EntriesProblem != "":
		return lead{unknown: true, what: "whether it leads to the gateway is not known, because its entries are not all known: " + cut(g.EntriesProblem)}
	case hasOwnBalancer(s):
		return lead{unknown: true, what: ownBalancer}
	}
	return lead{what: "it leads elsewhere"}
}

// ownEntry words an entry of the gateway that does not count, or not alone.
func ownEntry(s checks.Subject, e evidence.Entry) lead {
	d, b := s.Evidence.DNS.Facts, s.Binding
	name := e.Name
	switch {
	case !target.Usable(e) && e.Own: // of the user's own balancer the platform need not know the status
		return lead{unknown: true, what: fmt.Sprintf("%s is a load balancer of the user's own in front of the gateway, and the platform does not say that it is ready", name)}
	case !target.Usable(e):
		return lead{what: fmt.Sprintf("%s is a load balancer of the gateway that is not in use", name)}
	case e.NetworkType == "":
		return lead{unknown: true, what: fmt.Sprintf("the platform does not say for which network %s is", name)}
	case !target.OfNetwork(b, e):
		return lead{what: fmt.Sprintf("%s is an entry of the gateway, but for network type %s, not %s", name, strings.ToUpper(e.NetworkType), b.CustomDomainType), instead: "; or correct customDomainType"}
	}
	return lead{what: fmt.Sprintf("not all of its addresses (%s) are the gateway's own", some(d.End.Addresses))}
}

// nobodys words a name of the platform that no gateway of the account has. The user's own
// load balancer in front of the gateway may be in no answer.
func nobodys(s checks.Subject, name string) lead {
	g, from := s.Evidence.Gateway.Facts, s.Evidence.Predecessor
	problem := strings.Trim(g.EntriesProblem+"; "+g.OthersProblem, "; ")
	switch {
	case hasOwnBalancer(s) && !isGatewayName(name):
		return lead{unknown: true, what: ownBalancer}
	case s.Binding.MovesFrom != nil && from.State != evidence.StateObserved && isGatewayName(name):
		return lead{unknown: true, dangling: true, what: "whether it leads to the API group that it moves from is not known: " + cut(from.Reason)}
	case problem != "":
		return lead{unknown: true, dangling: true, what: fmt.Sprintf("%s belongs to no gateway that could be read (%s)", name, cut(problem))}
	case isGatewayName(name):
		return lead{dangling: true, what: fmt.Sprintf("no gateway of the account and region has the name %s: that of an API group, of a released gateway, or of another account; that it may resolve proves nothing; name an API group of this account in movesFrom", name)}
	}
	return lead{dangling: true, what: fmt.Sprintf("no gateway of the account and region has the load balancer %s: if its gateway was released, whoever gets that name or its addresses next takes over %s", name, s.Evidence.DNS.Facts.QueryName)}
}

const ownBalancer = "the gateway has a custom entry with a load balancer of the user's own, whose addresses the platform does not state: whether the domain leads to it is not known"

// hasOwnBalancer reports whether the gateway has a load balancer of the user's own for the
// network type of the binding.
func hasOwnBalancer(s checks.Subject) bool {
	return slices.ContainsFunc(s.Evidence.Gateway.Facts.Entries, func(e evidence.Entry) bool {
		return e.Own && (e.NetworkType == "" || target.OfNetwork(s.Binding, e))
	})
}

// entryRecord is the record to publish: a CNAME record, or for a gateway whose entries
// have no name an address record.
func entryRecord(s checks.Subject, t target.Target) string {
	if len(t.Names) > 0 {
		return record(s, t.Names[0])
	}
	kind := "A"
	if t.Addresses[0].Is6() {
		kind = "AAAA"
	}
	return fmt.Sprintf("%s. %s %s", ownerOf(s.Binding, s.Evidence.DNS.Facts), kind, t.Addresses[0])
}

// wanted lists what the domain may lead to.
func wanted(t target.Target) string {
	var parts []string
	if len(t.Names) > 0 {
		parts = append(parts, "a CNAME record to "+strings.Join(t.Names[:min(len(t.Names), 4)], " or "))
	}
	var addresses []string
	for _, a := range t.Addresses {
		addresses = append(addresses, a.String())
	}
	if len(addresses) > 0 {
		parts = append(parts, "address records with "+some(addresses))
	}
	return strings.Join(parts, ", or ")
}

// entryUnresolved warns when the chain reaches the gateway and ends without an address.
// Private names resolve inside their network only.
func entryUnresolved(s checks.Subject, t target.Target) []checks.Finding {
	d := s.Evidence.DNS.Facts
	if s.Binding.CustomDomainType == binding.Intranet || d.End.Event == evidence.EventAddress || endless(d) {
		return nil
	}
	name := evidence.PlainName(d.Hops[target.Aliases(d, t.Names)-1].Target)
	return []checks.Finding{checks.Warns("/domainName",
		fmt.Sprintf("%s: the CNAME record is right, but the gateway's own name %s does not resolve to an address", draw(d), name),
		"ask another resolver with --resolver; if none resolves it, ask Alibaba Cloud about the gateway")}
}

// proofRecord is the TXT record that proves the domain for the gateway, as a line of a
// zone file.
func proofRecord(s checks.Subject) string {
	return fmt.Sprintf(`%s. TXT "gateway=%s"`, target.ProofOwner(s), s.Binding.GatewayID)
}

// Published pages about the cloud-native API Gateway.
const (
	pageCreateDomain  = "Alibaba Cloud, cloud-native API Gateway, Create a domain name: https://www.alibabacloud.com/help/en/api-gateway/cloud-native-api-gateway/user-guide/create-a-domain-name"
	pageListGateways  = "Alibaba Cloud, cloud-native API Gateway, ListGateways (2024-03-27): subDomainInfos and loadBalancers"
	pageBalancerNames = "Alibaba Cloud, ALB instance overview (2026-04-15), DNS name: names made since 2024-11-15 lie under aliyuncsslb.com and aliyuncsslbintl.com"
)
