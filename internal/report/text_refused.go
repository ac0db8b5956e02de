package report

import (
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// refusal is a binding that fails checks, and what says so.
type refusal struct {
	Binding
	failing []checks.Result
	reasons []string // of the decision, that no failing result tells
}

// refusals are those of the report, in its order.
func (t text) refusals() []refusal {
	var out []refusal
	for _, b := range t.r.Bindings {
		f := refusal{Binding: b}
		for _, c := range b.Checks {
			if len(findings(c, checks.Error)) > 0 {
				f.failing = append(f.failing, c)
			}
		}
		if b.Decision == gate.Refused {
			f.reasons = unexplained(b, f.failing)
		}
		if len(f.failing) > 0 || b.Decision == gate.Refused {
			out = append(out, f)
		}
	}
	return out
}

// what a binding fails, without the words that differ from one to the next.
func (f refusal) what() string {
	ids := make([]string, len(f.failing))
	for i, c := range f.failing {
		ids[i] = c.ID
	}
	return strings.Join(append(ids, f.reasons...), ", ")
}

// failures lists the refused bindings with their error findings. Of very many
// that fail the same checks it lists the first and names the others.
func (t text) failures() {
	all := t.refusals()
	fold := len(all) > mostBindings && !t.o.Verbose
	seen, more := map[string]int{}, grouping{}
	for _, f := range all {
		what := string(f.Decision) + ": " + f.what()
		if seen[what]++; fold && seen[what] > mostAlike {
			more.add(what, "", f.DomainName)
			continue
		}
		t.refusal(f)
	}
	for _, g := range more.all {
		decision, what, _ := strings.Cut(g.reason, ": ") // of the key
		t.line(0, 2, span{bad, "✗ " + decision + ":"}, span{name, list(g.domains)})
		t.line(4, 4, span{plain, count(seen[g.reason]-mostAlike, "more binding fails", "more bindings fail")},
			span{plain, "the same checks as those above; --verbose or -f json shows every finding"})
		t.line(4, 6, span{bad, what})
	}
	if len(more.all) > 0 {
		t.blank()
	}
}

func (t text) refusal(f refusal) {
	t.line(0, 2, span{bad, "✗ " + string(f.Decision)}, span{name, f.DomainName}, span{plain, toGroup(f.GroupID)})
	for _, c := range f.failing {
		for _, found := range findings(c, checks.Error) {
			t.finding(c.ID, found, bad)
		}
	}
	for _, reason := range f.reasons {
		t.line(2, 4, span{plain, reason})
	}
	if !t.o.Verbose { // it draws them with every check
		if slices.ContainsFunc(f.Checks, doubtsNames) {
			t.draw(f.Evidence.names())
		}
		if slices.ContainsFunc(f.failing, func(c checks.Result) bool { return c.ID == "certificate/chain-is-trusted" }) {
			t.draw(f.Evidence.path())
		}
	}
	t.blank()
}

// doubtsNames reports that a check of DNS did not pass, so that the aliases are
// worth seeing.
func doubtsNames(c checks.Result) bool {
	return strings.HasPrefix(c.ID, "dns/") && (c.Status == checks.StatusFail || c.Status == checks.StatusUnknown)
}

// finding writes where, which check, what, and how to fix it.
func (t text) finding(id string, f checks.Finding, s style) {
	t.line(2, 4, span{name, place(f.Source)}, span{s, id})
	t.line(4, 4, span{plain, f.Message})
	if f.Fix != "" {
		t.line(4, 9, span{good, "fix:"}, span{plain, f.Fix})
	}
}

// draw shows evidence as a tree.
func (t text) draw(lines []branch) {
	for _, l := range lines {
		indent := 4 + 2*min(l.depth, 10)
		mark := "└"
		if l.depth == 0 {
			mark = ""
		}
		t.line(indent, indent+2, span{aside, mark}, span{plain, l.text})
	}
}
