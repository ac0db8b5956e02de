package report

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// Sizes that GitHub takes (docs.github.com, 2026), less some room; both are
// counted here in bytes, which are never fewer than characters.
const (
	maxComment     = 65_536 - 1_000      // of a comment, in characters
	maxStepSummary = 1024*1024 - 100_000 // of a step's summary, in bytes; other steps' tools may have written too
)

// markdown is a pull-request comment, worst bindings first. Its first line lets a
// bot find the comment that it wrote before. It keeps no more of the bindings than
// there is room for.
type markdown struct {
	*state
	limit int
	ranks [4]mdRank
	moves moving
}

// mdRank collects what is written about the bindings of one rank.
type mdRank struct {
	bindings int
	rows     []string    // of the first bindings
	details  []mdBinding // of the first bindings that have some
	room     struct{ rows, details int }
}

// mdBinding is the details of the binding of an index.
type mdBinding struct {
	at   int
	text string
}

func newMarkdown(s *state, limit int) *markdown {
	m := &markdown{state: s, limit: limit}
	for i := range m.ranks {
		m.ranks[i].room.rows, m.ranks[i].room.details = limit, limit
	}
	return m
}

// add keeps a row and details as long as the ones before leave room in the whole
// text; the first that does not fit is kept too, for it is where the text is cut.
func (m *markdown) add(b Binding) error {
	m.moves.add(b)
	r := &m.ranks[rank(b)]
	if r.room.rows > 0 {
		row := mdRow(b)
		r.rows = append(r.rows, row)
		r.room.rows -= len(row)
	}
	if r.room.details > 0 {
		if details := mdDetails(b); details != "" {
			r.details = append(r.details, mdBinding{r.bindings, details})
			r.room.details -= len(details)
		}
	}
	r.bindings++
	return nil
}

func (m *markdown) close() error {
	p := &comment{limit: m.limit}
	// A heading by underline: "##" is what some CI runners look for in a log.
	fmt.Fprintf(&p.Buffer, "<!-- bindgate -->\nbindgate %s: %s\n---\n\n", mdText(orElse(m.Run.Command, "lint")), mdText(m.heading()))
	if m.Run.Error != nil {
		m.put(m.failed(p))
		return nil
	}
	m.since(p)
	m.board(p)
	p.WriteString("| | domain | bound to | stage | decision | findings |\n|---|---|---|---|---|---|\n")
	rest := m.summary.Bindings - m.rows(p)
	p.WriteString("\n")
	if rest > 0 {
		fmt.Fprintf(&p.Buffer, "%s not in this table; the json and html formats have all.\n\n", count(rest, "more binding is", "more bindings are"))
	}
	if cut := m.details(p); cut > 0 {
		fmt.Fprintf(&p.Buffer, "_Cut here: the details of %s did not fit; the json and html formats have all._\n\n", count(cut, "binding", "bindings"))
	}
	for _, text := range m.Run.attention() {
		if !p.fits("- " + mdText(text) + "\n") {
			p.WriteString("- …\n")
			break
		}
	}
	fmt.Fprintf(&p.Buffer, "<sub>%s %s at %s</sub>\n", mdText(m.Tool.Name), mdText(m.Tool.Version), m.Run.Now.Format("2006-01-02 15:04 UTC"))
	m.put(p.String())
	return nil
}

// board writes how many domains are in which state of a move.
func (m *markdown) board(p *comment) {
	if left := m.Run.Classic.String(); left != "" {
		p.WriteString(mdText(left) + ".\n\n")
	}
	if len(m.moves) == 0 {
		return
	}
	p.WriteString("| state | domains |\n|---|---|\n")
	for _, c := range m.moves {
		var all names
		for _, d := range c.Domains {
			all.add(d.Domain)
		}
		if len(c.Domains) > 0 {
			fmt.Fprintf(&p.Buffer, "| %d %s | %s |\n", int(c.State), c.Name, mdText(all.String()))
		}
	}
	p.WriteString("\n")
}

// heading is what the comment says first.
func (m *markdown) heading() string {
	if m.Run.Error != nil {
		return "ended with an error, nothing was judged"
	}
	return m.counted()
}

// failed is the comment of a run that ended with an error.
func (m *markdown) failed(p *comment) string {
	for _, line := range m.Run.Error.lines() {
		if !p.fits("- " + mdText(line) + "\n") {
			p.WriteString("- …\n")
			break
		}
	}
	return p.String()
}

// rows writes the rows that fit and returns their number.
func (m *markdown) rows(p *comment) (n int) {
	for _, r := range m.ranks {
		for _, row := range r.rows {
			// Half of the room is for the reasons: a table alone explains nothing.
			if p.Len()+len(row) >= m.limit/2 || !p.fits(row) {
				return n
			}
			n++
		}
	}
	return n
}

// details writes the details that fit and returns the number of bindings from the
// first on whose details do not.
func (m *markdown) details(p *comment) (cut int) {
	before := 0
	for _, r := range m.ranks {
		for _, d := range r.details {
			if !p.fits(d.text) {
				return m.summary.Bindings - before - d.at
			}
		}
		before += r.bindings
	}
	return 0
}

// comment is Markdown under construction, with a bound.
type comment struct {
	bytes.Buffer
	limit int
}

// fits adds a piece if there is room for it and for the last words.
func (p *comment) fits(piece string) bool {
	const lastWords = 600
	if p.Len()+len(piece) > p.limit-lastWords {
		return false
	}
	p.WriteString(piece)
	return true
}

// rank orders bindings: those that need attention come first.
func rank(b Binding) int {
	switch mark, _ := markOf(b); mark {
	case "✗":
		return 0
	case "?":
		return 1
	case "~":
		return 2
	}
	return 3
}

func mdRow(b Binding) string {
	mark, _ := markOf(b)
	errors, warnings := 0, 0
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			if f.Severity == checks.Error {
				errors++
			} else {
				warnings++
			}
		}
	}
	var found []string
	if errors > 0 {
		found = append(found, count(errors, "error", "errors"))
	}
	if warnings > 0 {
		found = append(found, count(warnings, "warning", "warnings"))
	}
	verdict := string(b.Decision)
	if b.Outcome != nil {
		verdict += ", " + b.Outcome.Status
	}
	to := ""
	if kind := kindOfTarget(b); kind != "" {
		to = kind + " " + mdCode(short(b.Target()))
	}
	stage := ""
	if b.BindStageName != nil {
		stage = mdText(stageName(*b.BindStageName))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", mark, mdCode(b.DomainName), to, stage, verdict, strings.Join(found, ", "))
}

// mdDetails writes the details of one binding; nothing if it has no findings.
func mdDetails(b Binding) string {
	var out strings.Builder
	for _, n := range notes(b) {
		fmt.Fprintf(&out, "- **%s** %s %s  \n  %s\n", n.Severity, mdCode(n.Rule), mdCode(n.Place()), mdText(n.Message))
		if n.Fix != "" {
			fmt.Fprintf(&out, "  _fix:_ %s\n", mdText(n.Fix))
		}
	}
	if b.Decision == gate.Partial {
		for _, reason := range b.Reasons {
			fmt.Fprintf(&out, "- not run: %s\n", mdText(reason))
		}
	}
	for _, h := range b.Displaces {
		fmt.Fprintf(&out, "- **takes** %s away from group %s %s\n", mdCode(h.Domain.DomainName), mdCode(h.GroupID), mdText(h.GroupName))
	}
	if out.Len() == 0 {
		return ""
	}
	mark, _ := markOf(b)
	return fmt.Sprintf("<details%s><summary>%s <code>%s</code></summary>\n\n%s\n</details>\n\n", open(b), mark, html.EscapeString(Escape(b.DomainName)), out.String())
}

// open expands the details of a binding that is not allowed.
func open(b Binding) string {
	if rank(b) < 2 {
		return " open"
	}
	return ""
}

// mdText makes text from outside inert in Markdown: no markup, no HTML, no link,
// no mention of a person and no reference to an issue.
func mdText(text string) string {
	var b strings.Builder
	text = Escape(text)
	for i, r := range text {
		if r < utf8.RuneSelf && (strings.ContainsRune("\\`*_{}[]<>()#!|~&$", r) || i == 0 && strings.ContainsRune("+-=", r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		rest := text[i+utf8.RuneLen(r):]
		// A comment in between keeps GitHub and GitLab from making a link.
		if r == '@' || r == '#' || r == ':' && strings.HasPrefix(rest, "//") || r == '.' && strings.HasSuffix(strings.ToLower(text[:i]), "www") {
			b.WriteString("<!-- -->")
		}
	}
	return b.String()
}

// mdCode is a code span in a table cell. A backtick in it would end it.
func mdCode(text string) string {
	return "`" + strings.ReplaceAll(strings.ReplaceAll(orElse(Escape(text), " "), "`", "'"), "|", `\|`) + "`"
}
