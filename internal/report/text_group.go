package report

import (
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// group is one reason why something was not done, with the checks and the
// bindings that it concerns: a gateway that does not answer is told once, not
// once for each of a thousand bindings.
type group struct {
	reason  string
	ids     []string
	domains []string
}

// grouping gathers groups in order of appearance.
type grouping struct {
	all      []*group
	byReason map[string]*group
}

func (gs *grouping) add(reason, id, domain string) {
	g := gs.byReason[reason]
	if g == nil {
		g = &group{reason: reason}
		if gs.byReason == nil {
			gs.byReason = map[string]*group{}
		}
		gs.byReason[reason] = g
		gs.all = append(gs.all, g)
	}
	if id != "" && !slices.Contains(g.ids, id) {
		g.ids = append(g.ids, id)
	}
	// Bindings come one after another, so only the last can be the same.
	if n := len(g.domains); n == 0 || g.domains[n-1] != domain {
		g.domains = append(g.domains, domain)
	}
}

// unjudged groups the results of one status, and the reasons of that decision
// that no result tells.
func (t text) unjudged(decision gate.Status, status checks.Status) []*group {
	var gs grouping
	for _, b := range t.r.Bindings {
		var told []checks.Result
		for _, c := range b.Checks {
			if c.Status == status {
				told = append(told, c)
				gs.add(orElse(c.Reason, "no reason was given"), c.ID, b.DomainName)
			}
		}
		if b.Decision == decision {
			for _, reason := range unexplained(b, told) {
				gs.add(reason, "", b.DomainName)
			}
		}
	}
	return gs.all
}

// notAttempted groups the bindings for which no call was made, by the reason.
func (t text) notAttempted() []*group {
	var gs grouping
	for _, b := range t.r.Bindings {
		if b.Outcome != nil && b.Outcome.Status == notAttempted && b.Outcome.Message != "" {
			gs.add(b.Outcome.Message, "", b.DomainName)
		}
	}
	return gs.all
}

// groups writes each group: what, why, which checks.
func (t text) groups(groups []*group, heading span) {
	shown := groups
	if len(shown) > mostGroups && !t.o.Verbose {
		shown = shown[:mostGroups]
	}
	for _, g := range shown {
		t.line(0, 2, heading, span{name, list(g.domains)})
		t.line(4, 4, span{plain, g.reason})
		if len(g.ids) > 0 {
			t.line(4, 6, span{aside, count(len(g.ids), "check:", "checks:")}, span{aside, list(g.ids)})
		}
	}
	if rest := len(groups) - len(shown); rest > 0 {
		t.line(0, 2, heading, span{plain, count(rest, "more reason; --verbose shows it", "more reasons; --verbose shows them")})
	}
	if len(groups) > 0 {
		t.blank()
	}
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
