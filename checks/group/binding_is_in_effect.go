package group

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// bindingIsInEffect is group/binding-is-in-effect.
func bindingIsInEffect() checks.Check {
	return checks.Check{
		ID: "group/binding-is-in-effect", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedGroup},
		Applies: target.Group,
		Judge:   judgeBindingIsHealthy,
		Doc: checks.Doc{
			Title: "An already bound domain is in effect",
			Why: "A domain can be bound and serve no request. The status BINDING means that it is in effect and BOUND that it is not, " +
				"although the words suggest the opposite. A missing CNAME record shows as UNRESOLVED, a missing ICP filing as ABNORMAL.",
			Fix: "Repair what the remark names: the CNAME record, or the ICP filing. After a repaired filing, call ReactivateDomain for " +
				"the domain.",
			References: []string{pageGroup},
			Failing: "evidence:\n  group:\n    facts:\n      domains:\n" +
				"        - {domainName: api.demo.com, domainBindingStatus: BOUND,\n" +
				"           domainLegalStatus: ABNORMAL, domainRemark: no ICP filing}",
			Passing: "evidence:\n  group:\n    facts:\n      domains:\n" +
				"        - {domainName: api.demo.com, domainBindingStatus: BINDING,\n" +
				"           domainCNAMEStatus: RESOLVED, domainLegalStatus: NORMAL}",
		},
	}
}

func judgeBindingIsHealthy(s checks.Subject) checks.Verdict {
	b := s.Binding
	d, bound := s.Evidence.Group.Facts.Domain(b.DomainName)
	if !bound {
		return checks.NotApplicable("the domain is not bound to the group yet")
	}
	remark := ""
	if d.DomainRemark != "" {
		remark = fmt.Sprintf("; the gateway remarks %q", d.DomainRemark)
	}
	var findings []checks.Finding
	warn := func(fix, format string, args ...any) {
		findings = append(findings, checks.Warns("/domainName", fmt.Sprintf(format, args...)+remark, fix))
	}
	if d.DomainBindingStatus == "BOUND" {
		warn("see what the remark names; binding it again is part of apply", "the domain is bound and not in effect: its DomainBindingStatus is BOUND, want BINDING")
	}
	// An INTRANET name, or one with the TXT proof, need not be an alias in public.
	if d.DomainCNAMEStatus == "UNRESOLVED" && b.CustomDomainType != binding.Intranet && b.DomainProof != binding.ProofTXT {
		warn("point the domain's CNAME at the group's SubDomain", "the gateway no longer finds the domain's CNAME record: its DomainCNAMEStatus is UNRESOLVED")
	}
	if d.DomainLegalStatus == "ABNORMAL" {
		warn("repair the domain's ICP filing, then call ReactivateDomain", "the gateway took the domain out of service: its DomainLegalStatus is ABNORMAL")
	}
	return checks.Judge(findings...)
}
