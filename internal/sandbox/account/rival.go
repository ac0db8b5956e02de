package account

import (
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox/seed"
)

// rivals are the other groups of the same instance and base path that have the
// domain, or a wildcard that overlaps it. On another base path it may be bound.
// The network type makes no difference (not documented).
func (a *Account) rivals(g *seed.Group, domain string) []*seed.Group {
	var found []*seed.Group
	for _, other := range a.groups {
		if other == g || other.RegionID != g.RegionID || other.InstanceID != g.InstanceID || other.BasePath != g.BasePath {
			continue
		}
		for _, d := range other.Domains {
			if overlap(d.DomainName, domain) {
				found = append(found, other)
				break
			}
		}
	}
	return found
}

// unbindRivals is what IsForce does. A rival's wildcard goes too (not documented).
func (a *Account) unbindRivals(g *seed.Group, domain string) {
	for _, rival := range a.rivals(g, domain) {
		drop(rival, func(d seed.Domain) bool { return overlap(d.DomainName, domain) })
	}
}

// overlap reports whether two domain names are one, or one is a wildcard that
// covers the other.
func overlap(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return a == b || covers(a, b) || covers(b, a)
}

func covers(wildcard, name string) bool {
	suffix, isWildcard := strings.CutPrefix(wildcard, "*.")
	_, rest, _ := strings.Cut(name, ".")
	return isWildcard && rest == suffix
}
