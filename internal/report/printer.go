package report

import (
	"bytes"
	"cmp"
	"io"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/text/width"
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
	w      bytes.Buffer // written out by flush
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
// is wider than a line stands on one of its own.
func (p *printer) line(indent, hang int, spans ...span) {
	p.w.WriteString(strings.Repeat(" ", indent))
	at, first := indent, true // where the next character goes; whether it is the line's first
	for _, s := range spans {
		var run []string // words of this span on this line, painted together
		for _, word := range words(Escape(s.text)) {
			if !first && at+1+columns(word) > p.width {
				p.w.WriteString(p.paint(s.style, run) + "\n" + strings.Repeat(" ", hang))
				at, first, run = hang, true, nil
			}
			if first {
				word = harmless(word)
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

// verbatim writes a line that is to be copied: escaped, but never wrapped.
func (p *printer) verbatim(indent int, text string) {
	p.w.WriteString(strings.Repeat(" ", indent) + Escape(text) + "\n")
}

func (p *printer) blank() { p.w.WriteByte('\n') }

// flush writes all lines to w.
func (p *printer) flush(w io.Writer) error {
	_, err := p.w.WriteTo(w)
	return err
}

func (p *printer) paint(s style, words []string) string {
	if c := p.colors[s]; c != nil && len(words) > 0 {
		return c.Sprint(strings.Join(words, " "))
	}
	return strings.Join(words, " ")
}

// harmless breaks a "::" that wrapping brought to the start of a line, where
// GitHub would read a command.
func harmless(word string) string {
	if strings.HasPrefix(word, "::") {
		return `\x3a` + word[1:]
	}
	return word
}

// columns is the width of text on a terminal; East Asian wide characters, as
// in the gateway's remarks, take two.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n++
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}
