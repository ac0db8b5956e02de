package dns

import (
	"fmt"
	"net/netip"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// targetResolves is dns/target-resolves.
func targetResolves() checks.Check {
	return checks.Check{
		ID: "dns/target-resolves", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeTarget,
		Doc: checks.Doc{
			Title: "The last name of the CNAME chain has an address",
			Why: "A CNAME record to a name without an address gives callers an error that looks like an outage of the gateway. A private " +
				"or reserved address works, if at all, only inside one network.",
			Fix:        "Correct the CNAME record. If it is right, the own name of the group or gateway has no address: ask Alibaba Cloud about it.",
			References: []string{"RFC 1034 §3.6.2", "RFC 6890 (special-purpose addresses)", "Zonemaster: https://doc.zonemaster.net/"},
			Failing:    "evidence: {dns: {facts: {end: {event: nodata, addresses: null}}}}",
			Passing:    "evidence: {dns: {facts: {end: {addresses: [47.96.0.10]}}}}",
		},
	}
}

func judgeTarget(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	switch {
	case len(d.Hops) == 0 || endless(d):
		return checks.NotApplicable("the domain has no CNAME record with an end; see dns/name-exists and dns/cname-chain-terminates")
	case d.End.Event != evidence.EventAddress:
		return checks.Judge(checks.Fails("/domainName", draw(d), "correct the CNAME record, or give its target an address"))
	}
	var findings []checks.Finding
	for _, text := range d.End.Addresses {
		if addr, err := netip.ParseAddr(text); err != nil || !evidence.PublicAddress(addr) {
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("%s: %s is a private or reserved address; callers on the Internet cannot get there", draw(d), text),
				"check that the CNAME record leads to the "+target.Word(s.Binding)+"'s public name"))
		}
	}
	return checks.Judge(findings...)
}
