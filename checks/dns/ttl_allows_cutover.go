package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// mostTTL is how long, in seconds, callers may wait for a change.
const mostTTL = 300

// ttlAllowsCutover is dns/ttl-allows-cutover.
func ttlAllowsCutover() checks.Check {
	return checks.Check{
		ID: "dns/ttl-allows-cutover", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS},
		Applies: public,
		Judge:   judgeTTL,
		Doc: checks.Doc{
			Title: "The record that must change has a short TTL",
			Why: "Resolvers cache the old record for its TTL, and the absence of a name for the zone's negative TTL. With a TTL of one " +
				"hour, the platform, certificate authorities and callers may see the old state for an hour after the change, and again " +
				"after a rollback.",
			Fix:        "Lower the TTL to 300 seconds or less, wait for the old TTL to pass, then change the record; raise it again afterwards.",
			References: []string{"RFC 1034 §3.6 (TTL)", "RFC 2308 §5 (negative caching)", "RFC 1912 §2.2"},
			Failing: "evidence: {dns: {facts: {mode: authoritative, hops: [{owner: api.demo.com, target: old.example.net, ttl: 3600, server: '192.0.2.1:53'}], end: {name: old.example.net},\n" +
				"  servers: [{name: api.demo.com, zone: demo.com, answers: [{server: ns1.demo.com, status: authoritative, rcode: NOERROR, targets: [old.example.net], ttl: 3600}]}]}}}",
			Passing: authorityFixture(""),
		},
	}
}

func judgeTTL(s checks.Subject) checks.Verdict {
	d := s.Evidence.DNS.Facts
	if v := fromAuthority(d); v != nil {
		return *v
	}
	if reaches(s) {
		return checks.Pass() // nothing has to change
	}
	m := d.Servers[0]
	var kept uint32
	what := "the CNAME record"
	for _, r := range authoritative(m) {
		kept = max(kept, r.TTL)
	}
	if len(d.Hops) == 0 {
		kept, what = m.NegativeTTL, "that there is no CNAME record"
		if d.End.TTL > kept {
			kept, what = d.End.TTL, "the addresses"
		}
	}
	if kept > mostTTL {
		return checks.Judge(checks.Warns("/domainName", fmt.Sprintf("resolvers keep %s of %s for up to %d s; a change takes that long to arrive", what, m.Name, kept),
			fmt.Sprintf("lower the TTL in %s to %d s or less before the change", m.Zone, mostTTL)))
	}
	return checks.Pass()
}
