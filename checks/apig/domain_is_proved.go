package apig

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// domainIsProved is apig/domain-is-proved.
func domainIsProved() checks.Check {
	return checks.Check{
		ID: "apig/domain-is-proved", Severity: checks.Error, Core: true,
		MustPass:         target.Proves(checks.DomainIsProved, target.Gateway),
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS, evidence.NeedGateway},
		Applies:          target.Gateway,
		Judge:            judgeProved,
		Doc: checks.Doc{
			Title: "The domain is proved to be the caller's",
			Why: "The platform checks no ownership: whoever may call CreateDomain can make a record for any name. So bindgate requires " +
				"a proof. One of three must hold: DNS leads to an entry of the gateway; a TXT record at _bindgate.<domain> (of *.x at " +
				"_bindgate.x) holds gateway=<gatewayId>; or movesFrom names an API group of the same account that holds exactly this " +
				"name, and DNS leads to that group.",
			Fix: "Publish the TXT record that the finding shows; it may stay after the traffic has moved. Or lead DNS to the gateway " +
				"first, or name the API group in movesFrom.",
			References: []string{pageCreateDomain, codeProvider, "RFC 1464 (attributes in TXT records)", "RFC 8552 §1.1 (underscored names)"},
			Failing: "base: apig\nevidence: {dns: {facts: {hops: [{owner: api.demo.com, target: www.demo.com, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: www.demo.com, addresses: [198.51.100.7]}}}}",
			Passing: "base: apig\nevidence: {dns: {facts: {hops: [{owner: api.demo.com, target: www.demo.com, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: www.demo.com, addresses: [198.51.100.7]}}},\n" +
				"  proof: {facts: {event: null, records: [gateway=gw-cq2avtllhtgja4v7v3sg]}}}",
		},
	}
}

func judgeProved(s checks.Subject) checks.Verdict {
	if g := s.Evidence.Gateway.Facts; !g.Found || g.GatewayID != s.Binding.GatewayID {
		return checks.Unknown("the gateway was not found, so there is nothing to prove the domain for; see apig/gateway-exists")
	}
	p := target.Prove(s)
	switch {
	case len(p.By) > 0:
		return checks.Pass()
	case len(p.Unknown) > 0:
		return checks.Unknown("whether the domain is proved is not known: " + joined(slices.Concat(p.Unknown, p.Missing)))
	}
	return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("%q is not proved to be yours: %s", s.Binding.DomainName, joined(p.Missing)),
		fmt.Sprintf(`publish %s. TXT "gateway=%s", or lead DNS to the gateway`, target.ProofOwner(s), s.Binding.GatewayID)))
}

// joined joins reasons, each shortened.
func joined(reasons []string) string {
	var out []string
	for _, r := range reasons {
		const most = 300
		if len(r) > most {
			r = strings.ToValidUTF8(r[:most], "") + "…"
		}
		out = append(out, r)
	}
	return strings.Join(out, "; ")
}
