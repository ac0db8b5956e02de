package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// text writes the report for people: what stands in the way first, then each
// binding in a line, then what to know besides, and a summary that fits one
// screen whatever the number of bindings.
type text struct {
	*printer
	r Report
	o Options
}

// Beyond these numbers the text report counts instead of listing, unless it is
// to be verbose. Failing findings are always listed.
const (
	mostBindings = 20 // lines of bindings
	mostGroups   = 10 // reasons of unknown or not-run checks
	mostWarnings = 3  // warnings of one check
	mostNames    = 5  // names in one list
)

func writeText(w io.Writer, r Report, o Options) error {
	t := text{newPrinter(o), r, o}
	if o.Quiet && settled(r.Summary) {
		return nil
	}
	t.failures()
	t.groups(t.unjudged(gate.Undetermined, checks.StatusUnknown), span{doubt, "? cannot tell:"})
	if !o.Quiet {
		t.groups(t.unjudged(gate.Partial, checks.StatusNotRun), span{aside, "~ not run:"})
		t.bindings()
		t.warnings()
		t.calls()
	}
	t.outcomes()
	t.groups(t.notAttempted(), span{doubt, "~ not attempted:"})
	t.summary()
	return t.flush(w)
}

// settled reports that nothing stands in the way of what was asked for.
func settled(s Summary) bool {
	return s.Refused+s.Undetermined+s.Incomplete+s.Failed+s.Unknown+s.NotAttempted == 0
}

// failures lists the refused bindings with their error findings.
func (t text) failures() {
	for _, b := range t.r.Bindings {
		var failing []checks.Result
		for _, c := range b.Checks {
			if len(findings(c, checks.Error)) > 0 {
				failing = append(failing, c)
			}
		}
		if len(failing) == 0 && b.Decision != gate.Refused {
			continue
		}
		t.line(0, 2, span{bad, "✗ " + string(b.Decision)}, span{name, b.DomainName}, span{plain, toGroup(b.GroupID)})
		for _, c := range failing {
			for _, f := range findings(c, checks.Error) {
				t.finding(c.ID, f, bad)
			}
		}
		if b.Decision == gate.Refused {
			for _, reason := range unexplained(b, failing) {
				t.line(2, 4, span{plain, reason})
			}
		}
		if restsOnChain(failing) && !t.o.Verbose {
			t.draw(b)
		}
		t.blank()
	}
}

// finding writes where, which check, what, and how to fix it.
func (t text) finding(id string, f checks.Finding, s style) {
	t.line(2, 4, span{name, place(f.Source)}, span{s, id})
	t.line(4, 4, span{plain, f.Message})
	if f.Fix != "" {
		t.line(4, 9, span{good, "fix:"}, span{plain, f.Fix})
	}
}

// draw shows the evidence of a binding as trees.
func (t text) draw(b Binding) {
	for _, l := range b.Evidence.draw() {
		indent := 4 + 2*min(l.depth, 10)
		mark := "└"
		if l.depth == 0 {
			mark = ""
		}
		t.line(indent, indent+2, span{aside, mark}, span{plain, l.text})
	}
}

// restsOnChain reports whether one of the checks judged a chain that is worth
// seeing.
func restsOnChain(failing []checks.Result) bool {
	return slices.ContainsFunc(failing, func(c checks.Result) bool {
		return strings.HasPrefix(c.ID, "dns/") || c.ID == "certificate/chain-is-trusted"
	})
}

// findings are the findings of one severity.
func findings(c checks.Result, s checks.Severity) []checks.Finding {
	var out []checks.Finding
	for _, f := range c.Findings {
		if f.Severity == s {
			out = append(out, f)
		}
	}
	return out
}

// unexplained are the reasons of a decision that none of the results tells: a
// result that is missing or doubled, a check that the catalogue does not hold.
// A reason begins with the id of its check.
func unexplained(b Binding, told []checks.Result) []string {
	var out []string
	for _, reason := range b.Reasons {
		explained := false
		for _, c := range told {
			explained = explained || strings.HasPrefix(reason, c.ID+": ")
		}
		if !explained {
			out = append(out, reason)
		}
	}
	return out
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// list joins the first names and counts the rest.
func list(names []string) string {
	if rest := len(names) - mostNames; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostNames], ", "), rest)
	}
	return strings.Join(names, ", ")
}
