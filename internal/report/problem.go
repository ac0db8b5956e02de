package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks"
)

// problem is a finding as the text report shows it, once for all bindings of which it
// says the same.
type problem struct {
	id         string
	finding    checks.Finding
	domain     string // of the first binding
	domains    names  // of all
	more       names  // bindings with other findings of the check, which are not shown
	tree       []branch
	dependents int    // checks that are unknown because of it
	key        string // what it says, without the domain
}

// kind holds the findings of one check.
type kind struct {
	shown []problem
	more  names // bindings whose findings are not kept
}

// board holds findings by check, each check with at most mostBindings different ones.
type board map[string]*kind

func (b board) add(p problem) {
	k := b[p.id]
	if k == nil {
		k = &kind{}
		b[p.id] = k
	}
	p.key = strings.ReplaceAll(p.finding.Message+"\x00"+p.finding.Fix, p.domain, "\x00")
	p.domains = names{}
	p.domains.add(p.domain)
	for i := range k.shown {
		if k.shown[i].key == p.key {
			k.shown[i].domains.add(p.domain)
			return
		}
	}
	if len(k.shown) == mostBindings {
		k.more.add(p.domain)
		return
	}
	k.shown = append(k.shown, p)
}

// problems returns the findings in the order of their places; in a run of many bindings
// at most that number of each check, the last of which counts the others.
func (b board) problems(many bool, most int) []problem {
	var out []problem
	for _, k := range b {
		shown, more := k.shown, k.more
		if many && len(shown) > most {
			more = names{}
			for _, p := range shown[most:] {
				more.join(p.domains)
			}
			more.join(k.more)
			shown = shown[:most]
		}
		shown = slices.Clone(shown)
		shown[len(shown)-1].more = more
		out = append(out, shown...)
	}
	slices.SortStableFunc(out, func(a, b problem) int {
		if c := byPosition(a.finding.Source, b.finding.Source); c != 0 {
			return c
		}
		return strings.Compare(a.id, b.id)
	})
	return out
}

// join adds another list, of which all but the first names are only counted.
func (l *names) join(other names) {
	for _, one := range other.first {
		l.add(one)
	}
	l.n += other.n - len(other.first)
}

// title draws the first paragraph of a finding: error[id] domain: message.
func (t *text) title(p problem) {
	word, s := "error", bad
	if p.finding.Severity != checks.Error {
		word, s = "warning", doubt
	}
	message := p.finding.Message
	if p.drawsChain() { // which begins with the domain
		message = strings.TrimPrefix(message, p.domain+" ")
	}
	t.line(0, 2, span{s, word + "[" + p.id + "]"}, span{name, cell(p.domain) + p.others() + ":"}, span{plain, message})
}

// drawsChain reports whether the message begins with the CNAME chain.
func (p problem) drawsChain() bool { return strings.HasPrefix(p.finding.Message, p.domain+" → ") }

// others counts the further bindings of which a finding says the same.
func (p problem) others() string {
	if p.domains.n < 2 {
		return ""
	}
	return fmt.Sprintf(" and %d more", p.domains.n-1)
}

// frame draws a finding with its source line, as compilers do.
func (t *text) frame(p problem) {
	t.title(p)
	gutter := 1
	at := t.place(p.finding.Source)
	line, drawn := t.sources.line(p.finding.Source, t.width-len(strconv.Itoa(p.finding.Source.Line))-3)
	if drawn {
		gutter = len(line.number)
	}
	if at != "" {
		t.line(gutter, gutter+4, span{aside, "-->"}, span{name, at})
	}
	edge := strings.Repeat(" ", gutter+1) + "|"
	if drawn {
		t.raw(aside, edge)
		t.raw(aside, line.number+" |", span{plain, " " + line.text})
		t.raw(aside, edge, span{underlineOf(p), " " + strings.Repeat(" ", line.from) + strings.Repeat("^", line.columns)})
	}
	t.remarks(p, gutter+1, gutter+8)
	if len(p.tree) == 1 && p.drawsChain() {
		return
	}
	if len(p.tree) > 0 {
		t.line(gutter+1, gutter+9, span{aside, "= note:"}, span{plain, p.tree[0].text})
		t.draw(gutter+9, p.tree[1:])
	}
}

func underlineOf(p problem) style {
	if p.finding.Severity == checks.Error {
		return bad
	}
	return doubt
}

// compact draws a finding without a frame: its place and the source line on one line.
func (t *text) compact(p problem) {
	t.title(p)
	if at := t.place(p.finding.Source); at != "" {
		head := "  --> " + Escape(at)
		line, drawn := t.sources.line(p.finding.Source, t.width-columns(head)-3)
		if drawn && line.whole {
			t.raw(aside, "  -->", span{name, " " + at}, span{aside, " | "}, span{plain, line.before()}, span{value, line.value()}, span{plain, line.after()})
		} else {
			t.line(2, 6, span{aside, "-->"}, span{name, at})
		}
	}
	t.remarks(p, 2, 4)
}

// remarks draws the lines below the source: how to fix it, what follows from it.
func (t *text) remarks(p problem, indent, hang int) {
	if p.finding.Fix != "" {
		t.line(indent, hang, span{good, "= fix:"}, span{plain, p.finding.Fix})
	}
	if p.dependents > 0 {
		t.line(indent, hang, span{aside, "= note:"}, span{plain, count(p.dependents, "other check depends on it and is unknown", "other checks depend on it and are unknown")})
	}
	t.also(p, indent, hang)
}

// also names the bindings with other findings of the check.
func (t *text) also(p problem, indent, hang int) {
	if p.more.n > 0 {
		t.line(indent, hang, span{aside, "= also:"}, span{plain, p.more.String()}, span{aside, "(" + t.verbosely() + ")"})
	}
}

// short draws a finding in one line, cut at the width.
func (t *text) short(p problem) {
	head, rest, message := "warning["+Escape(p.id)+"]", " "+Escape(cell(p.domain)+p.others())+":", " "+strings.Join(strings.Fields(Escape(p.finding.Message)), " ")
	if p.more.n > 0 {
		message += fmt.Sprintf(" (and %d more)", p.more.n)
	}
	head = cut(head, t.width)
	rest = cut(rest, t.width-columns(head))
	t.raw(doubt, head, span{name, rest}, span{plain, cut(message, t.width-columns(head)-columns(rest))})
}

// place returns where a value is; empty for a run that has no file and no flags.
func (t *text) place(p position) string {
	if p.File == "" && t.Run.Command == "audit" {
		return ""
	}
	return strings.TrimSuffix(place(p), ":")
}

// treeOf returns the drawing that explains a failed check: the CNAME chain or the
// certification path.
func treeOf(b Binding, c checks.Result) []branch {
	switch {
	case strings.HasPrefix(c.ID, "dns/"):
		return b.Evidence.names()
	case c.ID == "certificate/chain-is-trusted":
		return b.Evidence.path()
	}
	return nil
}

// fails reports whether a check has a finding that refuses.
func fails(c checks.Result) bool {
	return slices.ContainsFunc(c.Findings, func(f checks.Finding) bool { return f.Severity == checks.Error })
}

// doubtsNames reports whether a check of DNS did not pass and has no finding that shows
// the CNAME chain.
func doubtsNames(c checks.Result) bool {
	return strings.HasPrefix(c.ID, "dns/") && (c.Status == checks.StatusFail || c.Status == checks.StatusUnknown) && !fails(c)
}

// dependentsOf counts, for each failed check of a binding, the checks that are unknown
// because of it: their reason ends in "; see ID".
func dependentsOf(b Binding) map[string]int {
	var out map[string]int
	for _, c := range b.Checks {
		if cause := causeOf(b, c); cause != "" {
			if out == nil {
				out = map[string]int{}
			}
			out[cause]++
		}
	}
	return out
}

// causeOf returns the failed check that an unknown result follows from; empty: none.
func causeOf(b Binding, c checks.Result) string {
	for range 5 { // a check that refers to one that refers to another
		_, id, refers := strings.Cut(c.Reason, "; see ")
		if c.Status != checks.StatusUnknown || !refers {
			return ""
		}
		at, found := slices.BinarySearchFunc(b.Checks, id, func(c checks.Result, id string) int { return strings.Compare(c.ID, id) })
		if !found {
			return ""
		}
		if c = b.Checks[at]; fails(c) {
			return c.ID
		}
	}
	return ""
}
