package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// tableRow is a binding in the table of the text report.
type tableRow struct {
	mark                     string
	style                    style
	domain, target           string
	verdict, outcome, reason string
}

// table keeps the rows of a small run, and of a larger one the first of each kind.
type table struct {
	rows  []tableRow
	kinds []rowKind // in order of appearance
}

// rowKind are the bindings with the same verdict and outcome.
type rowKind struct {
	first []tableRow
	n     int
}

func (t *table) add(b Binding, n int) {
	r := rowOf(b)
	if n <= mostBindings {
		t.rows = append(t.rows, r)
	} else {
		t.rows = nil
	}
	same := func(k rowKind) bool { return k.first[0].verdict == r.verdict && k.first[0].outcome == r.outcome }
	i := slices.IndexFunc(t.kinds, same)
	if i < 0 {
		i = len(t.kinds)
		t.kinds = append(t.kinds, rowKind{})
	}
	if t.kinds[i].n++; t.kinds[i].n <= mostOfKind {
		t.kinds[i].first = append(t.kinds[i].first, r)
	}
}

func rowOf(b Binding) tableRow {
	mark, s := markOf(b)
	r := tableRow{mark: mark, style: s, domain: cell(b.DomainName), target: targetOf(b), verdict: string(b.Decision), reason: reasonOf(b)}
	if b.Outcome != nil {
		r.outcome = b.Outcome.Status
	}
	return r
}

// reasonOf is why a binding is not allowed, or has no outcome, in a few words: the ids of
// the checks.
func reasonOf(b Binding) string {
	var ids []string
	add := func(of func(checks.Result) bool) {
		for _, c := range b.Checks {
			if of(c) {
				ids = append(ids, c.ID)
			}
		}
	}
	switch b.Decision {
	case gate.Refused:
		if add(fails); len(ids) == 0 {
			ids = append(ids, ruleDecision)
		}
	case gate.Undetermined:
		add(func(c checks.Result) bool { return c.Status == checks.StatusUnknown && blocks(b, c.ID) })
		for _, reason := range unexplained(b, func(checks.Result) bool { return true }) {
			id, _, _ := strings.Cut(reason, ": ")
			ids = append(ids, id)
		}
	case gate.Partial:
		n := 0
		for _, c := range b.Checks {
			if c.Status == checks.StatusNotRun {
				n++
			}
		}
		return count(n, "check not run", "checks not run")
	}
	if b.Outcome != nil && b.Outcome.Code != "" {
		ids = append(ids, b.Outcome.Code)
	}
	return strings.Join(ids, ", ")
}

// targetName is the name of what the domain is bound to, as the platform reports it; empty:
// it does not, or was not asked.
func targetName(b Binding) string {
	switch e := b.FullEvidence; {
	case e == nil:
		return ""
	case b.GatewayID != "":
		return e.Gateway.Facts.Name
	default:
		return e.Group.Facts.GroupName
	}
}

// targetOf is what the domain is bound to, for a column: its name, or the beginning of its id.
func targetOf(b Binding) string { return cell(orElse(targetName(b), short(b.Target()))) }

// toTarget names what a domain is bound to, for a line of text.
func toTarget(b Binding) string {
	switch {
	case b.Target() == "": // a certificate is judged alone
		return ""
	case targetName(b) != "":
		return "→ " + cell(targetName(b)) + " (" + b.Target() + ")"
	}
	return "→ " + kindOfTarget(b) + " " + b.Target()
}

// kindOfTarget is what a domain is bound to, in a word; empty if a certificate is judged
// alone.
func kindOfTarget(b Binding) string {
	switch {
	case b.GatewayID != "":
		return "gateway"
	case b.GroupID != "":
		return "group"
	}
	return ""
}

// cell returns a name for a column or the beginning of a line. A name with blanks, or
// one that looks like a mark of the report, is quoted, so that it cannot pass for
// other columns.
func cell(text string) string {
	odd := func(r rune) bool { return unicode.IsSpace(r) || r == '[' || r == ']' || r == '"' }
	if text != "" && strings.ContainsFunc(text, odd) {
		return strings.ReplaceAll(strconv.QuoteToGraphic(text), "  ", ` \x20`) // columns are two blanks apart
	}
	return text
}

// drawTable draws the bindings of a run, or the first of each kind with the number of
// the others.
func (t *text) drawTable() {
	type line struct {
		tableRow
		more string // in place of the row
	}
	var lines []line
	if !t.many() {
		for _, r := range t.table.rows {
			lines = append(lines, line{tableRow: r})
		}
	} else {
		kinds := slices.Clone(t.table.kinds)
		slices.SortStableFunc(kinds, func(a, b rowKind) int { return a.first[0].rank() - b.first[0].rank() })
		for _, k := range kinds {
			for _, r := range k.first {
				lines = append(lines, line{tableRow: r})
			}
			if rest := k.n - len(k.first); rest > 0 {
				what := strings.TrimSuffix(k.first[0].verdict+", "+k.first[0].outcome, ", ")
				lines = append(lines, line{tableRow: k.first[0], more: fmt.Sprintf("%d more %s: %s", rest, what, t.verbosely())})
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	titles := []string{"domain", "target", "verdict", "outcome", "reason"}
	cells := func(r tableRow) []string { return []string{r.domain, r.target, r.verdict, r.outcome, r.reason} }
	var all [][]string
	for _, l := range lines {
		all = append(all, cells(l.tableRow))
	}
	widths := widthsOf(titles, all, t.width-2)
	t.raw(aside, "  "+cellsText(titles, widths))
	for _, l := range lines {
		if l.more != "" {
			t.line(2, 4, span{l.style, l.more})
			continue
		}
		text := cellsText(cells(l.tableRow), widths)
		first := len(cut(Escape(l.domain), widths[0]))
		t.raw(l.style, l.mark, span{name, " " + text[:first]}, span{plain, text[first:]})
	}
}

// rank orders the kinds of a large run: what needs no attention first.
func (r tableRow) rank() int {
	order := []string{string(gate.Allowed), string(gate.Partial), string(gate.Undetermined), string(gate.Refused)}
	rank := 10 * slices.Index(order, r.verdict)
	return rank + slices.Index([]string{"", unchanged, bound, notAttempted, incomplete, unknown, failed}, r.outcome)
}

const between = 2 // blanks between columns

// widthsOf returns the width of each column, 0 for one that is empty. Where they do not
// fit, the widest is cut; the last takes what is left.
func widthsOf(titles []string, rows [][]string, width int) []int {
	widths := make([]int, len(titles))
	for i := range titles {
		for _, r := range rows {
			if r[i] != "" {
				widths[i] = max(widths[i], columns(Escape(r[i])), columns(titles[i]))
			}
		}
	}
	total := func() (n int) {
		for _, w := range widths {
			if w > 0 {
				n += w + between
			}
		}
		return n - between
	}
	for over := total() - width; over > 0; over = total() - width {
		widest := 0
		for i, w := range widths {
			if w > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= 4 {
			break
		}
		widths[widest]--
	}
	return widths
}

// cellsText joins the cells of a row, each escaped, cut and padded to its column.
func cellsText(cells []string, widths []int) string {
	var out []string
	for i, c := range cells {
		if widths[i] > 0 {
			out = append(out, padded(c, widths[i]))
		}
	}
	return strings.TrimRight(strings.Join(out, strings.Repeat(" ", between)), " ")
}

// padded returns a cell, escaped, cut and filled up to the width of its column.
func padded(text string, width int) string {
	text = cut(Escape(text), width)
	return text + strings.Repeat(" ", max(width-columns(text), 0))
}
