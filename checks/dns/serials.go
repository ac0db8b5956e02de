package dns

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// serial words the version of the zone that a server holds, if it is known.
func serial(r evidence.ServerAnswer) string {
	if r.Serial == 0 {
		return ""
	}
	return fmt.Sprintf(", serial %d", r.Serial)
}

// behind warns of servers that give the same answer as the others and hold an
// older version of the zone.
func behind(m evidence.ServerAnswers, rows []evidence.ServerAnswer) (findings []checks.Finding) {
	var newest uint32
	for _, r := range rows {
		if r.Serial != 0 && (newest == 0 || newer(r.Serial, newest)) {
			newest = r.Serial
		}
	}
	for _, r := range rows {
		if r.Serial != 0 && r.Serial != newest {
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("%s holds serial %d of %s, and another server %d: both say the same of %s, but a change may not reach it", server(r), r.Serial, m.Zone, newest, m.Name),
				"look again in some minutes; if it stays, repair the zone's transfer to that server (where a provider numbers each server's copy on its own, serials always differ)"))
		}
	}
	return findings
}

// newer compares serials in their own arithmetic (RFC 1982 §3.2).
func newer(a, b uint32) bool { return int32(a-b) > 0 }
