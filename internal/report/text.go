package report

import (
	"fmt"
	"io"
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
// to be verbose. No check that fails goes unsaid.
const (
	mostBindings = 20 // lines of bindings; up to so many refused bindings are each told in full
	mostAlike    = 3  // of more than that, those told in full that fail the same checks
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
