package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// Lengths of a chain, in aliases.
const (
	mostHops = 11 // BIND and Unbound give up at the twelfth
	cautious = 8  // older resolvers, and some certificate authorities, stop here
	direct   = 1
)

// cnameChainTerminates is dns/cname-chain-terminates.
func cnameChainTerminates() checks.Check {
	return checks.Check{
		ID: "dns/cname-chain-terminates", Severity: checks.Error, Core: true,
		Needs: []evidence.Need{evidence.NeedDNS},
		Applies: func(b binding.Binding) (bool, string) {
			return !b.CertificateOnly, alone
		},
		Judge: judgeChain,
		Doc: checks.Doc{
			Title: "The CNAME chain ends, and is short",
			Why: "A CNAME chain that loops, or that is longer than resolvers follow, fails for every caller, and some tools still report " +
				"success because they look at its first record only. Two CNAME records at one name are forbidden: a caller gets either " +
				"at random. Each record of a long chain costs every caller one more query, and the chain fails with any of its zones; a " +
				"certificate authority may not follow more than eight records.",
			Fix: "Remove the record that closes the loop, or all but one CNAME at the name; let the domain's CNAME record name the group " +
				"or gateway directly.",
			References: []string{
				"RFC 1034 §3.6.2 and §5.2.2 (aliases; loops are an error)",
				"RFC 2181 §10.1 (one CNAME for each alias)",
				"BIND 9 and Unbound manuals, max-query-restarts (default 11)",
				"Unbound issue 438, 2021 (a limit of 8 aliases before): https://github.com/NLnetLabs/unbound/issues/438",
			},
			Failing: "evidence: {dns: {facts: {hops: [{owner: api.demo.com, target: api.demo.com, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: api.demo.com, event: loop}}}}",
			Passing: "binding: {domainProof: txt}",
		},
	}
}

func judgeChain(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	hops := len(d.Hops)
	switch {
	case d.End.Event == evidence.EventLoop:
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("%s: the CNAME chain is a loop", draw(d)),
			fmt.Sprintf("change one of these records; %s. should have a CNAME record to %s", ownerOf(s.Binding, d), ownName(s))))
	case d.End.Event == evidence.EventMultipleCNAMEs:
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("%s: a name has %d CNAME records, want one", draw(d), len(d.End.Targets)),
			fmt.Sprintf("remove all but one CNAME record of %s.", d.End.Name)))
	case d.End.Event == evidence.EventTooLong || hops > mostHops:
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("%s: the chain has over %d CNAME records, and resolvers give up", draw(d), mostHops),
			"shorten the chain, ideally to one CNAME record to "+ownName(s)))
	case hops > cautious:
		return checks.Judge(checks.Warns("/domainName",
			fmt.Sprintf("%s: the chain has %d CNAME records; after %d, older resolvers and some certificate authorities stop", draw(d), hops, cautious),
			"shorten the chain, ideally to one CNAME record to "+ownName(s)))
	case ours(s) > direct:
		return checks.Judge(checks.Warns("/domainName",
			fmt.Sprintf("%s: the chain has %d CNAME records; each is one more zone that can break it", draw(d), ours(s)),
			"let the domain's CNAME record name the "+target.Word(s.Binding)+" directly"))
	}
	return checks.Pass()
}

// ours counts the aliases up to the target's own name, if it is known and the chain gets
// there, else all of them.
func ours(s checks.Subject) int {
	d := s.Evidence.DNS.Facts
	if t := target.Of(s); t.Observed {
		if n := target.Aliases(d, t.Names); n > 0 {
			return n
		}
	}
	return len(d.Hops)
}
