package dns

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// unheard warns of the servers that gave no authoritative answer. Where several
// IPv6 addresses were asked and none of them ever answered, that may be this
// machine's way to the Internet, and is said once.
func unheard(s checks.Subject) (findings []checks.Finding) {
	silent := allSilent6(s.Evidence.DNS.Facts)
	for _, m := range ourServers(s) {
		for _, r := range m.Answers {
			switch {
			case r.Status != evidence.ServerLame && r.Status != evidence.ServerUnreachable, silent > 1 && is6(r):
				continue
			}
			findings = append(findings, checks.Warns("/domainName",
				fmt.Sprintf("%s, a server of %s, is %s: %s", server(r), m.Zone, r.Status, cut(strings.TrimSpace(r.Problem))),
				"repair the server, or take it out of the zone's NS records"))
		}
	}
	if silent > 1 {
		findings = append(findings, checks.Warns("/domainName",
			fmt.Sprintf("none of %d IPv6 addresses of name servers answered: IPv6 may not work from this machine, or none of the servers can be reached over it", silent),
			"look from a machine with working IPv6"))
	}
	return findings
}

// allSilent6 counts the IPv6 addresses that were asked, if none of them answered.
func allSilent6(d evidence.DNS) int {
	var silent []string
	for _, m := range d.Servers {
		for _, r := range m.Answers {
			switch {
			case !is6(r) || r.Status == evidence.ServerNotTested:
			case r.Status != evidence.ServerUnreachable:
				return 0
			case !slices.Contains(silent, r.Address):
				silent = append(silent, r.Address)
			}
		}
	}
	return len(silent)
}

func is6(r evidence.ServerAnswer) bool {
	at, err := netip.ParseAddrPort(r.Address)
	return err == nil && at.Addr().Is6() && !at.Addr().Is4In6()
}
