package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// clientsFollowCNAME is dns/clients-follow-cname.
func clientsFollowCNAME() checks.Check {
	return checks.Check{
		ID: "dns/clients-follow-cname", Severity: checks.Error,
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS},
		Applies:          provesByCNAME,
		Judge:            judgeClients,
		Doc: checks.Doc{
			Title: "A and AAAA queries lead to the CNAME record's target",
			Why: "Clients query A and AAAA records and never CNAME. A server can answer these queries differently: a load balancer with " +
				"a rule for each type, a forwarder with a local override (dnsmasq --address, a hosts file, a response policy zone), an " +
				"attacker. Then the CNAME record proves the domain, but clients connect elsewhere.",
			Fix: "Remove the override, or correct the server that the finding names. All queries for the name must lead to the " +
				"target of its CNAME record.",
			References: []string{"RFC 1034 §3.6.2 and §4.3.2 (a CNAME answers every type)", "RFC 2181 §10.1", "RFC 4074 (wrong answers to AAAA)"},
			Failing: "evidence: {dns: {facts: {clients: {compared: 2, differing: [{name: api.demo.com, type: A, server: '192.0.2.53:53',\n" +
				"  cname: 927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com, records: [10.0.0.5]}]}}}}",
			Passing: "evidence: {dns: {facts: {clients: {compared: 2}}}}",
		},
	}
}

func judgeClients(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := readable(d); v != nil {
		return *v
	}
	if why := movesLater(s); why != "" {
		return checks.NotApplicable(why)
	}
	if d.Clients == nil || d.Clients.Compared == 0 && len(d.Clients.Missing) == 0 {
		return checks.Unknown("the evidence does not say what questions for A and AAAA get")
	}
	const fix = "let the server answer every question for the name with its CNAME record"
	var findings []checks.Finding
	unknown := ""
	for _, a := range d.Clients.Differing {
		switch {
		case target.OwnAffair(s.Binding, a.Name):
		case a.Problem != "":
			unknown = fmt.Sprintf("the answer of %s to %s %s cannot be read: %s", a.Server, a.Name, a.Type, cut(a.Problem))
		case a.Empty() && !nowhere(d, a):
			findings = append(findings, checks.Warns("/domainName", contradiction(a)+", and clients that ask for it alone get nothing", fix))
		default:
			findings = append(findings, checks.Fails("/domainName", contradiction(a)+"; clients ask for A and AAAA, so the CNAME record does not show where they go", fix))
		}
	}
	for _, a := range d.Clients.Missing {
		switch {
		case target.OwnAffair(s.Binding, a.Name):
		case a.Type == "A":
			unknown = fmt.Sprintf("what clients get for %s %s is not known: %s", a.Name, a.Type, cut(a.Problem))
		default:
			findings = append(findings, checks.Warns("/domainName", fmt.Sprintf("no server answers for %s %s, which slows clients down: %s", a.Name, a.Type, cut(a.Problem)),
				"repair the server: a type that is not there is NOERROR without records"))
		}
	}
	if unknown != "" && !checks.HasError(findings) {
		return checks.Unknown(unknown, findings...)
	}
	return checks.Judge(findings...)
}

// nowhere reports whether a server that answers with nothing does so for every type
// that the chain's end has: its clients get no address at all.
func nowhere(d evidence.DNS, a evidence.ClientAnswer) bool {
	for _, text := range d.End.Addresses {
		qtype := "A"
		if strings.Contains(text, ":") {
			qtype = "AAAA"
		}
		if !slices.ContainsFunc(d.Clients.Differing, func(b evidence.ClientAnswer) bool {
			return b.Name == a.Name && b.Server == a.Server && b.Type == qtype && b.Empty()
		}) {
			return false
		}
	}
	return true
}

// contradiction says what a server answers for a type and what for the CNAME.
func contradiction(a evidence.ClientAnswer) string {
	return fmt.Sprintf("%s answers for the CNAME of %s with %s, and for %s with %s", a.Server, a.Name, orNothing(a.CNAME), a.Type, led(a))
}

// led words where an answer leads.
func led(a evidence.ClientAnswer) string {
	var parts []string
	if n := len(a.Targets); n > 0 {
		parts = append(parts, "CNAME "+strings.Join(a.Targets, " → "))
	}
	switch {
	case len(a.Records) > 0:
		parts = append(parts, cut(some(a.Records)))
	case a.NameError:
		parts = append(parts, "NXDOMAIN")
	}
	return orNothing(strings.Join(parts, ", "))
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}
