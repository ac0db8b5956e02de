package report

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// group is one reason why something was not done, with the checks and the
// bindings that it concerns: a gateway that does not answer is reported once, not
// once for each of a thousand bindings.
type group struct {
	reason string
	ids    []string
	names  names
}

// grouping gathers groups in order of appearance.
type grouping struct {
	most int // groups that are kept, the others are counted; 0: all
	kept []*group
	seen map[uint64]*group // by the hash of the reason; nil: counted only
	seed maphash.Seed
}

func (gs *grouping) add(reason, id, domain string) {
	key := maphash.String(gs.seed, reason)
	g, known := gs.seen[key]
	if !known {
		if gs.most == 0 || len(gs.kept) < gs.most {
			g = &group{reason: reason}
			gs.kept = append(gs.kept, g)
		}
		gs.seen[key] = g
	}
	if g == nil {
		return
	}
	if id != "" && !slices.Contains(g.ids, id) {
		g.ids = append(g.ids, id)
	}
	g.names.add(domain)
}

// unjudged adds a binding's results of one status, and the reasons of that
// decision that no check result contains. A check that depends on one of dependents is reported with that one.
func unjudged(gs *grouping, b Binding, decision gate.Status, status checks.Status, dependents map[string]int) {
	concerned := func(c checks.Result) bool { return c.Status == status }
	for _, c := range b.Checks {
		if concerned(c) && (len(dependents) == 0 || causeOf(b, c) == "") {
			gs.add(orElse(c.Reason, "no reason was given"), c.ID, b.DomainName)
		}
	}
	if b.Decision == decision {
		for _, reason := range unexplained(b, concerned) {
			gs.add(reason, "", b.DomainName)
		}
	}
}

// groups draws each group: which checks, which bindings, why.
func (t *text) groups(gs grouping, heading span) {
	for _, g := range gs.kept {
		h := heading
		if len(g.ids) > 0 {
			h.text += "[" + g.ids[0] + pluralOf(len(g.ids), "", fmt.Sprintf(" and %d more", len(g.ids)-1)) + "]"
		}
		t.line(0, 2, h, span{name, cellList(g.names) + ":"}, span{plain, g.reason})
	}
	if rest := len(gs.seen) - len(gs.kept); rest > 0 {
		t.line(0, 2, heading, span{plain, count(rest, "more reason:", "more reasons:") + " " + t.verbosely()})
	}
}

// cellList is a list of names of bindings.
func cellList(l names) string {
	first := make([]string, len(l.first))
	for i, n := range l.first {
		first[i] = cell(n)
	}
	return names{first: first, n: l.n}.String()
}

// unexplained returns the reasons of a decision that no check result contains: a
// result that is missing or doubled, a check that the catalogue does not hold.
// A reason begins with the id of its check; the results are sorted by it.
func unexplained(b Binding, explains func(checks.Result) bool) []string {
	var out []string
	for _, reason := range b.Reasons {
		id, _, _ := strings.Cut(reason, ": ")
		at, _ := slices.BinarySearchFunc(b.Checks, id, func(c checks.Result, id string) int { return strings.Compare(c.ID, id) })
		explained := false
		for ; at < len(b.Checks) && b.Checks[at].ID == id; at++ {
			explained = explained || explains(b.Checks[at])
		}
		if !explained {
			out = append(out, reason)
		}
	}
	return out
}

// names are the first of a list of names, and how many it has. Bindings come one
// after another, so that a name twice in a row is the same one.
type names struct {
	first []string
	n     int
	last  string
}

func (l *names) add(name string) {
	if l.n > 0 && l.last == name {
		return
	}
	l.last = name
	if l.n++; l.n <= mostNames {
		l.first = append(l.first, name)
	}
}

// String joins the first names and counts the rest.
func (l names) String() string {
	text := strings.Join(l.first, ", ")
	if rest := l.n - len(l.first); rest > 0 {
		return fmt.Sprintf("%s and %d more", text, rest)
	}
	return text
}

func list(all []string) string {
	return names{first: all[:min(len(all), mostNames)], n: len(all)}.String()
}
