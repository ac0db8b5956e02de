package dns

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// cnameReachesGroup is dns/cname-reaches-group.
func cnameReachesGroup() checks.Check {
	return checks.Check{
		ID: "dns/cname-reaches-group", Severity: checks.Error, Core: true,
		MustPass:         provesDomain(false),
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS, evidence.NeedGroup},
		Applies:          groupByCNAME,
		Judge:            judgeReachesGroup,
		Doc: checks.Doc{
			Title: "A CNAME record points the domain to the group's own name",
			Why: "SetDomain requires a CNAME record from the domain to the group's second-level domain: SubDomain for INTERNET, " +
				"VpcDomain or VpcSlbIntranetDomain for INTRANET. Without it the platform refuses the call. A domain that resolves to " +
				"another group, to a deleted group or to a fixed address sends its callers there, whatever is bound: it is not enough " +
				"that the name resolves. For a wildcard, bindgate looks up a random label, which only a wildcard record can answer.",
			Fix: "Publish the CNAME record that the finding shows, wait for the old record's TTL to pass, and run again. For a name that " +
				"cannot have a CNAME record, such as a zone's apex, use domainProof: txt.",
			References: []string{pageSetDomain2017, pageBindDomain, "RFC 1034 §3.6.2 (aliases)", "RFC 4592 §2.2 (wildcards)"},
			Failing: "evidence: {dns: {facts: {hops: [{owner: api.demo.com, target: cdn.example.net, ttl: 60, server: '192.0.2.53:53'}],\n" +
				"  end: {name: cdn.example.net}}}}",
			Passing: "binding: {domainName: API.demo.com}",
		},
	}
}

// provesByCNAME is the Applies of checks about where the domain leads. A gateway's domain
// is proved by what is observed; domainProof has no effect on it.
func provesByCNAME(b binding.Binding) (bool, string) {
	switch {
	case b.CertificateOnly:
		return false, alone
	case b.DomainProof == binding.ProofTXT && b.GatewayID == "":
		return false, "the binding proves its domain by TXT; see dns/ownership-is-proved"
	}
	return true, ""
}

// groupByCNAME is the Applies of a group's proof by CNAME.
func groupByCNAME(b binding.Binding) (bool, string) {
	if ok, why := target.Group(b); !ok && !b.CertificateOnly {
		return false, why
	}
	return provesByCNAME(b)
}

func judgeReachesGroup(s checks.Subject) checks.Verdict {
	d, g, network := s.Evidence.DNS.Facts, s.Evidence.Group.Facts, s.Binding.CustomDomainType
	if v := readable(d); v != nil {
		return *v
	}
	if !g.Found {
		return checks.Unknown("the gateway knows no such group, so there is no name to lead to; see group/exists")
	}
	names := target.GroupNames(g, network)
	if len(names) == 0 && network == binding.Intranet { // no waiting changes it
		return checks.Judge(checks.Fails("/customDomainType",
			fmt.Sprintf("group %s has no name inside a VPC (VpcDomain, VpcSlbIntranetDomain), which an INTRANET domain would have to lead to", g.GroupID),
			"give the group an intranet domain name in the console, or bind with customDomainType: INTERNET"))
	}
	if len(names) == 0 {
		return checks.Unknown(fmt.Sprintf("the gateway returned no name of the group for network type %q", network))
	}
	if n := target.Aliases(d, names); n > 0 {
		return checks.Judge(unresolved(s, d.Hops[n-1].Target)...)
	}
	what, instead := whereto(s)
	fix := "publish " + record(s, names[0]) + inZone(d) + instead
	_, proxied := proxyOf(s)
	if proxied {
		fix = "if it is there on purpose, prove the domain by TXT (domainProof: txt) and let the group be its origin; a CNAME record past it would take callers off its protection"
	}
	return checks.Judge(checks.Fails("/domainName",
		draw(d)+": "+what+wantedNames(names, proxied), fix))
}

// wantedNames names what the domain may lead to, unless the fix alone says it: that
// publishes the only name.
func wantedNames(names []string, proxied bool) string {
	if len(names) == 1 && !proxied {
		return ""
	}
	return "; want a CNAME record to " + strings.Join(names, " or ")
}

// unresolved warns when the chain reaches the group's public name and that name
// has no address. Private names resolve inside their network only.
func unresolved(s checks.Subject, name string) []checks.Finding {
	d := s.Evidence.DNS.Facts
	if s.Binding.CustomDomainType == binding.Intranet || d.End.Event == evidence.EventAddress || endless(d) {
		return nil
	}
	return []checks.Finding{checks.Warns("/domainName",
		fmt.Sprintf("%s: the CNAME record is right, but the group's own name %s does not resolve to an address", draw(d), name),
		"ask another resolver with --resolver; if none resolves it, ask Alibaba Cloud about the group")}
}
