package dns

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// ownershipIsProved is dns/ownership-is-proved.
func ownershipIsProved() checks.Check {
	return checks.Check{
		ID: "dns/ownership-is-proved", Severity: checks.Error, Core: true,
		MustPass:         provesDomain(true),
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedProof, evidence.NeedGroup},
		Applies:          provesByTXT,
		Judge:            judgeOwnership,
		Doc: checks.Doc{
			Title: "A TXT record proves ownership of the domain for this group",
			Why: "A domain without a CNAME record to the group is bound if a TXT record at <GroupId>.<domain> names the group's " +
				"SubDomain. Without it SetDomain is refused (SingleDomainOwnershipCheckFail). Published pages and working programs " +
				"spell the token in two ways, apigateway-domain-verification= and apigateway-domain-verfication= (without the third i), " +
				"and it is unknown which of them the platform reads. bindgate accepts either; only one of them gives a warning.",
			Fix: "Publish both records that the finding shows. The value is the token and the public SubDomain and nothing else: no " +
				"quotes inside the value, no spaces, no final dot.",
			References: []string{pageBindDomain, "RFC 1464 (attributes in TXT records)"},
			Failing: "binding: {domainProof: txt}\n" +
				"evidence: {proof: {state: observed, facts: {owner: 927d50c0f2e54b359919923d908bb015.api.demo.com, event: nxdomain}}}",
			Passing: "binding: {domainProof: txt}\n" +
				"evidence: {proof: {state: observed, facts: {owner: 927d50c0f2e54b359919923d908bb015.api.demo.com, records: [\n" +
				"  apigateway-domain-verfication=927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com,\n" +
				"  apigateway-domain-verification=927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com]}}}",
		},
	}
}

func provesByTXT(b binding.Binding) (bool, string) {
	switch ok, why := target.Group(b); {
	case b.CertificateOnly:
		return false, alone
	case !ok:
		return false, why
	case b.DomainProof != binding.ProofTXT:
		return false, "the binding proves its domain by CNAME; see dns/cname-reaches-group"
	}
	return true, ""
}

func judgeOwnership(s checks.Subject) checks.Verdict {
	p, g := s.Evidence.Proof.Facts, s.Evidence.Group.Facts
	if !strings.HasPrefix(p.Owner, evidence.PlainName(s.Binding.GroupID)+".") {
		return checks.Unknown(fmt.Sprintf("the TXT record was looked for at %q, which is no name of this group's proof", p.Owner))
	}
	if !g.Found {
		return checks.Unknown("the gateway knows no such group, so there is nothing to prove it with; see group/exists")
	}
	sub := strings.TrimSuffix(g.SubDomain, ".")
	if sub == "" {
		return checks.Unknown("the gateway returned no SubDomain of the group, which the TXT record has to name")
	}
	if p.OwnerProblem != "" {
		return checks.Judge(checks.Fails("/domainName", "a TXT proof is impossible: "+cut(p.OwnerProblem), "bind a shorter domain, or prove it by CNAME: domainProof: cname"))
	}
	if len(p.Differing) > 0 {
		a := p.Differing[0]
		if a.Problem != "" {
			return checks.Unknown(fmt.Sprintf("the answer of %s to %s %s cannot be read: %s", a.Server, a.Name, a.Type, cut(a.Problem)))
		}
		return checks.Judge(checks.Fails("/domainName", contradiction(a)+": the platform may see either", "let the server answer every question for the name alike"))
	}
	found := published(p, sub)
	if len(found) == 0 {
		return checks.Judge(checks.Fails("/domainName", notProved(p, sub), "publish "+proofRecords(p, sub)))
	}
	findings := leadsElsewhere(s)
	if len(found) == 1 {
		findings = append(findings, checks.Warns("/domainName",
			fmt.Sprintf("the TXT record at %s spells its token %s; published pages know another spelling, and which of them the platform reads is not known", p.Owner, found[0]),
			"publish both: "+proofRecords(p, sub)))
	}
	return checks.Judge(findings...)
}

// leadsElsewhere warns when the domain is an alias of another group: it may be
// bound, but its callers go there until the CNAME record changes.
func leadsElsewhere(s checks.Subject) []checks.Finding {
	d := s.Evidence.DNS.Facts
	if s.Evidence.DNS.State != evidence.StateObserved {
		return nil
	}
	own := append(target.GroupNames(s.Evidence.Group.Facts, s.Binding.CustomDomainType), s.Evidence.Group.Facts.SubDomain)
	if _, ok := gatewayName(d); !ok || target.Aliases(d, own) > 0 {
		return nil
	}
	what, _ := whereto(s)
	return []checks.Finding{checks.Warns("/domainName", fmt.Sprintf("%s: %s; callers go there until the CNAME record changes", draw(d), what),
		"when traffic is to move, publish "+record(s, own[0]))}
}
