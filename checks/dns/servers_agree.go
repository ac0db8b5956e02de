package dns

import (
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// serversAgree is dns/servers-agree.
func serversAgree() checks.Check {
	return checks.Check{
		ID: "dns/servers-agree", Severity: checks.Error,
		ShowsPropagation: true,
		Needs:            []evidence.Need{evidence.NeedDNS},
		Applies:          public,
		Judge:            judgeAgree,
		Doc: checks.Doc{
			Title: "Every authoritative server gives the same answer",
			Why: "A resolver asks any of the authoritative servers. While some of them return the old record and others the new one, the " +
				"platform's query and every caller's get either at random. A server that is never updated sends part of the traffic to " +
				"the target of the old record. A change that is still propagating is reported as such, with the time when all caches " +
				"have expired.",
			Fix: "Wait until the time that the finding names (--wait does), or repair the server that does not get the changes.",
			References: []string{"RFC 1034 §4.2.2 (all servers of a zone agree)", "RFC 1996 and RFC 5936 (how changes reach them)",
				"RFC 4697 §2.1 (lame servers)"},
			Failing: rowFixture("{server: ns2.demo.com, address: '192.0.2.2:53', status: authoritative, rcode: NOERROR, ttl: 300, targets: [old.example.net]}"),
			Passing: authorityFixture(""),
		},
	}
}

func judgeAgree(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := fromAuthority(d); v != nil {
		return *v
	}
	var findings []checks.Finding
	for _, m := range ourServers(s) {
		rows := authoritative(m)
		if len(rows) == 0 {
			return checks.Unknown(fmt.Sprintf("none of the servers of %s answered for %s with authority: %s", m.Zone, m.Name, table(m)), findings...)
		}
		if slices.ContainsFunc(rows, func(r evidence.ServerAnswer) bool { return saying(r) != saying(rows[0]) }) {
			findings = append(findings, differ(s, m, rows))
		} else {
			findings = append(findings, behind(m, rows)...)
		}
	}
	return checks.Judge(append(append(findings, glueDiffers(s)...), unheard(s)...)...)
}

// glueDiffers warns, once for each server, where the delegation and the zone itself
// give different addresses of it.
func glueDiffers(s checks.Subject) (findings []checks.Finding) {
	said := map[string]bool{}
	for _, m := range ourServers(s) {
		for _, r := range m.Answers {
			if r.Origin == "" || said[m.Zone+" "+r.Server] {
				continue
			}
			said[m.Zone+" "+r.Server] = true
			var glue, own []string
			for _, other := range m.Answers {
				switch {
				case other.Server != r.Server:
				case other.Origin == evidence.OriginGlue:
					glue = append(glue, other.Address)
				case other.Origin == evidence.OriginZone:
					own = append(own, other.Address)
				}
			}
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("the delegation of %s gives %s for its server %s, and the zone of that name gives %s; resolvers ask either", m.Zone, orNo(glue), r.Server, orNo(own)),
				fmt.Sprintf("bring the glue of %s at the registrar in line with the zone", r.Server)))
		}
	}
	return findings
}

// orNo words the addresses that only one side gives.
func orNo(addresses []string) string {
	if len(addresses) == 0 {
		return "no other address"
	}
	return some(addresses)
}

// table shows a matrix: one entry for each address, with what it said.
func table(m evidence.ServerAnswers) string {
	var lines []string
	for _, r := range m.Answers {
		switch r.Status {
		case evidence.ServerAuthoritative:
			lines = append(lines, fmt.Sprintf("%s: %s, TTL %d s%s", server(r), saying(r), r.TTL, serial(r)))
		default:
			lines = append(lines, fmt.Sprintf("%s: %s", server(r), r.Status))
		}
	}
	return list(lines)
}

// differ distinguishes a change that is propagating, where some servers lead to the target and
// others do not yet, from servers that are at odds.
func differ(s checks.Subject, m evidence.ServerAnswers, rows []evidence.ServerAnswer) checks.Finding {
	own := target.Of(s).Names
	fresh, oldTTL := false, uint32(0)
	for _, r := range rows {
		if slices.ContainsFunc(r.Targets, func(t string) bool { return slices.Contains(own, evidence.PlainName(t)) }) {
			fresh = true
			continue
		}
		if oldTTL = max(oldTTL, r.TTL); len(r.Targets) == 0 {
			oldTTL = max(oldTTL, m.NegativeTTL)
		}
	}
	if fresh {
		by := s.Evidence.DNS.At.Add(time.Duration(oldTTL) * time.Second).UTC().Format(time.RFC3339)
		return checks.Fails("/domainName",
			fmt.Sprintf("still propagating: some servers of %s lead to the %s, others do not yet: %s; caches may hold the old answer until %s, if all servers change now", m.Zone, target.Word(s.Binding), table(m), by),
			"wait, with --wait, or look why the others have not taken the change over")
	}
	none := ""
	if len(own) > 0 {
		none = ", and none leads to the " + target.Word(s.Binding)
	}
	return checks.Fails("/domainName", fmt.Sprintf("the servers of %s do not agree on %s%s: %s", m.Zone, m.Name, none, table(m)),
		"make all servers of the zone serve one version of it")
}
