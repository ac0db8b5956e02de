package report

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
	"github.com/rivo/uniseg"
)

// style says what a piece of text is, not how it looks.
type style int

const (
	plain style = iota
	good
	bad
	doubt
	name
	aside
	value // of a source line
)

// span is a piece of a line. Its text may come from anywhere: the printer
// escapes it.
type span struct {
	style style
	text  string
}

// printer is the only way to the text report. It escapes every span,
// so nothing reaches a terminal as it came, and wraps lines at its width,
// between words: what a reader may want to copy is never cut.
type printer struct {
	w      strings.Builder
	width  int
	colors map[style]*color.Color
}

const defaultWidth, leastWidth = 80, 40

func newPrinter(o Options) *printer {
	p := &printer{width: max(cmp.Or(o.Width, defaultWidth), leastWidth),
		colors: map[style]*color.Color{
			good:  color.New(color.FgGreen),
			bad:   color.New(color.FgRed, color.Bold),
			doubt: color.New(color.FgYellow),
			name:  color.New(color.Bold),
			aside: color.New(color.Faint),
			value: color.New(color.Underline),
		}}
	for _, c := range p.colors {
		// Not the library's own guess: the caller knows what it writes to.
		if c.DisableColor(); o.Color {
			c.EnableColor()
		}
	}
	return p
}

// line writes spans as one paragraph: words with one space between them, from
// column indent on, and from column hang on where a line is too long. A word that
// is wider than a line gets a line for itself.
func (p *printer) line(indent, hang int, spans ...span) {
	p.w.WriteString(strings.Repeat(" ", indent))
	p.words(indent, hang, true, spans)
}

// words writes spans from a column on, and ends the line; first reports whether the line
// holds no word yet.
func (p *printer) words(at, hang int, first bool, spans []span) {
	continued := false // the line is not the first
	for _, s := range spans {
		var run []string // words of this span on this line, painted together
		for _, word := range words(Escape(s.text)) {
			if !first && at+1+columns(word) > p.width {
				p.w.WriteString(p.paint(s.style, run) + "\n" + strings.Repeat(" ", hang))
				at, first, continued, run = hang, true, true, nil
			}
			if first {
				word = apart(word, continued)
			} else {
				at++
				if run == nil {
					p.w.WriteByte(' ')
				}
			}
			at, first, run = at+columns(word), false, append(run, word)
		}
		p.w.WriteString(p.paint(s.style, run))
	}
	p.w.WriteByte('\n')
}

// raw writes a line that is laid out already: it is not wrapped. To escape a text again
// changes nothing, so a caller measures what is written.
func (p *printer) raw(s style, text string, more ...span) {
	for _, one := range append([]span{{s, text}}, more...) {
		if one.text != "" {
			p.w.WriteString(p.paint(one.style, []string{Escape(one.text)}))
		}
	}
	p.w.WriteByte('\n')
}

// verbatim writes a line that is to be copied: escaped, but never wrapped.
func (p *printer) verbatim(indent int, text string) {
	p.w.WriteString(strings.Repeat(" ", indent) + Escape(text) + "\n")
}

func (p *printer) blank() { p.w.WriteByte('\n') }

// take returns what was written and forgets it.
func (p *printer) take() string {
	defer p.w.Reset()
	return p.w.String()
}

func (p *printer) paint(s style, words []string) string {
	if c := p.colors[s]; c != nil && len(words) > 0 {
		return c.Sprint(strings.Join(words, " "))
	}
	return strings.Join(words, " ")
}

// apart changes the first character of a word that begins a line where GitHub would read
// a command in it ("::"), and of one that wrapping brought there where a reader would take
// it for a part of the report: no text from outside forges a finding or a row.
func apart(word string, continued bool) string {
	marks := []string{"::"}
	if continued {
		marks = []string{"::", "-->", "error[", "warning[", "unknown[", "Plan:", "|", "=", "✓", "✗", "~", "+", "-", "!", "?"}
	}
	for _, mark := range marks {
		if word == mark || len(mark) > 1 && strings.HasPrefix(word, mark) {
			r, size := utf8.DecodeRuneInString(word)
			if r < utf8.RuneSelf {
				return fmt.Sprintf(`\x%02x`, r) + word[size:]
			}
			return fmt.Sprintf(`\u%04x`, r) + word[size:]
		}
	}
	return word
}

// columns is the width of text on a terminal: East Asian wide characters, as
// in the gateway's remarks, take two, combining marks none.
func columns(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}

// words parts text at its spaces, but not inside quotes: a value or a command that is
// quoted in "…" or `…`, or an argument of a shell in '…', is meant to be copied with its
// spaces.
func words(text string) []string {
	var out []string
	start := -1 // of the word under way; -1: none
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ' ':
			if start >= 0 {
				out = append(out, text[start:i])
			}
			start = -1
			continue
		case start < 0:
			start = i
		}
		if start == i || strings.IndexByte("(=", text[i-1]) >= 0 {
			i += quoted(text[i:])
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

// quoted is where the quote ends that text begins with; 0 when it begins with
// none, or with one that does not end.
func quoted(text string) int {
	quote := text[0]
	if quote == '\'' {
		return argument(text)
	}
	if quote != '"' && quote != '`' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i
		case text[i] == '\\' && quote == '"':
			i++ // what it escapes ends nothing
		}
	}
	return 0
}

// argument is where an argument of a shell ends that begins with a single quote; 0 when a
// quote of it does not end.
func argument(text string) int {
	inside := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\'':
			inside = !inside
		case inside:
		case text[i] == '\\':
			i++
		case text[i] == ' ':
			return i - 1
		}
	}
	if inside {
		return 0
	}
	return len(text) - 1
}
