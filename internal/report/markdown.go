package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"
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

// writeMarkdown writes a pull-request comment. Its first line lets a bot find
// the comment that it wrote before.
func writeMarkdown(w io.Writer, r Report, _ Options) error { return markdown(w, r, maxComment) }

// WriteStepSummary writes the report as Markdown of the size that GitHub takes
// for the summary of a step (the file that GITHUB_STEP_SUMMARY names).
func WriteStepSummary(w io.Writer, r Report) error {
	if err := markdown(w, complete(r), maxStepSummary); err != nil {
		return fmt.Errorf("writing step summary: %w", err)
	}
	return nil
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

func markdown(w io.Writer, r Report, limit int) error {
	worst := worstFirst(r.Bindings)
	p := &comment{limit: limit}
	// A heading by underline: "##" is what some CI runners look for in a log.
	fmt.Fprintf(&p.Buffer, "<!-- bindgate -->\nbindgate %s: %s\n---\n\n", mdText(orElse(r.Run.Command, "lint")), mdText(r.counted()))
	p.WriteString("| | domain | group | stage | decision | findings |\n|---|---|---|---|---|---|\n")
	rows := 0
	for _, b := range worst {
		// Half of the room is for the reasons: a table alone explains nothing.
		if row := mdRow(b); p.Len()+len(row) < limit/2 && p.fits(row) {
			rows++
			continue
		}
		break
	}
	p.WriteString("\n")
	if rest := len(worst) - rows; rest > 0 {
		fmt.Fprintf(&p.Buffer, "%s not in this table; the json and html formats have all.\n\n", count(rest, "more binding is", "more bindings are"))
	}
	for i, b := range worst {
		if details := mdDetails(b); details != "" && !p.fits(details) {
			fmt.Fprintf(&p.Buffer, "_Cut here: the details of %s did not fit; the json and html formats have all._\n\n", count(len(worst)-i, "binding", "bindings"))
			break
		}
	}
	fmt.Fprintf(&p.Buffer, "<sub>%s %s at %s</sub>\n", mdText(r.Tool.Name), mdText(r.Tool.Version), r.Run.Now.Format("2006-01-02 15:04 UTC"))
	_, err := p.WriteTo(w)
	return err
}

// worstFirst gives the bindings in the order in which they need somebody.
func worstFirst(bindings []Binding) []Binding {
	out := slices.Clone(bindings)
	slices.SortStableFunc(out, func(a, b Binding) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// rank sorts what needs somebody first.
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
		errors += len(findings(c, checks.Error))
		warnings += len(findings(c, checks.Warning))
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
	stage := ""
	if b.BindStageName != nil {
		stage = mdText(stageName(*b.BindStageName))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", mark, mdCode(b.DomainName), mdCode(short(b.GroupID)), stage, verdict, strings.Join(found, ", "))
}

// mdDetails tells what is to be known of one binding; nothing when all is well.
func mdDetails(b Binding) string {
	var out strings.Builder
	for _, n := range notesOf(b) {
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
	for _, h := range b.Takes {
		fmt.Fprintf(&out, "- **takes** %s away from group %s %s\n", mdCode(h.Domain.DomainName), mdCode(h.GroupID), mdText(h.GroupName))
	}
	if out.Len() == 0 {
		return ""
	}
	mark, _ := markOf(b)
	return fmt.Sprintf("<details%s><summary>%s <code>%s</code></summary>\n\n%s\n</details>\n\n", open(b), mark, html.EscapeString(Escape(b.DomainName)), out.String())
}

// open shows the details of what stands in the way.
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
	return "`" + strings.NewReplacer("`", "'", "|", `\|`).Replace(orElse(Escape(text), " ")) + "`"
}
