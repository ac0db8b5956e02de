package cutover

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// mostTTL is how long, in seconds, callers may wait for the change: that of
// dns/ttl-allows-cutover.
const mostTTL = 300

// oldStaysForTheTTL is cutover/old-stays-for-the-ttl.
func oldStaysForTheTTL() checks.Check {
	return checks.Check{
		ID: "cutover/old-stays-for-the-ttl", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS, evidence.NeedPredecessor, evidence.NeedCutover},
		Applies: moves,
		Judge:   judgeStays,
		Doc: checks.Doc{
			Title: "The old binding serves until the last cache has forgotten it",
			Why: "Resolvers keep the old record for its TTL after the change. Until then the API group must hold the domain, with a " +
				"certificate that is still valid, or these callers get an error. After 2027-03-21 the classic gateway is not renewed, and on " +
				"2027-09-21 it is switched off, even if DNS still leads there.",
			Fix:        "Lower the TTL before the change, keep the domain bound until the old TTL has passed, and renew its certificate if it ends before.",
			References: []string{pageMigration, "RFC 1034 §3.6 (TTL)", "RFC 2308 §5 (negative caching)"},
			Failing:    "base: cutover\nevidence: {cutover: {facts: {oldTtl: 3600}}}",
			Passing:    "base: cutover",
		},
	}
}

func judgeStays(s checks.Subject) checks.Verdict {
	now, c := s.Evidence.Run.Now, s.Evidence.Cutover.Facts
	if now.IsZero() {
		return checks.Unknown("the run has no clock")
	}
	var found []checks.Finding
	warn := func(fix, format string, args ...any) {
		found = append(found, checks.Warns("/domainName", fmt.Sprintf(format, args...), fix))
	}
	_, held := s.Evidence.Predecessor.Facts.Group.Domain(s.Binding.DomainName)
	old := c.Leading(evidence.LeadsOld)
	if !held && old > 0 {
		warn("move DNS now: callers get errors", "%d servers lead callers to the API group, which no longer holds the domain", old)
	}
	if !held || old == 0 {
		return checks.Judge(found...)
	}
	last := now.Add(time.Duration(c.OldTTL) * time.Second)
	if c.OldTTL > mostTTL {
		warn(fmt.Sprintf("lower the TTL to %d s and wait for the old one to pass before the change", mostTTL), "resolvers keep the record that leads to the API group for up to %d s", c.OldTTL)
	}
	if end := oldEnd(s); !end.IsZero() && end.Before(last.Add(24*time.Hour)) {
		warn("renew the certificate of the API group first", "the certificate of the API group ends at %s, and caches may lead callers there until %s if DNS changes now", date(end), date(last))
	}
	const soon = 30
	for _, d := range []struct {
		what string
		then time.Time
	}{{"is renewed no more", evidence.RenewalsEnd()}, {"is switched off", evidence.ClassicEnds()}} {
		if left := evidence.DaysUntil(d.then, now); left <= soon {
			warn("move DNS now", "in %d days, at %s, the classic gateway %s", left, date(d.then), d.what)
		}
	}
	return checks.Judge(found...)
}
