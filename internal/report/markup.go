package report

import (
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
)

// markup writes HTML. It is used instead of html/template, which calls methods by names
// that the linker does not know: with it, every exported method of every library stays in
// the program, a tenth of its size.
type markup struct {
	w   io.Writer
	err error // the first
}

// constant is HTML of this program: a literal. A test reads the files of this package and
// refuses any other.
type constant string

// document is text of many lines; it is escaped, but not cut or joined to one line.
type document string

// put writes HTML, with the next value in the place of each {}, as text between elements
// or inside an attribute in double quotes.
func (m *markup) put(text constant, values ...any) {
	before, rest, more := strings.Cut(string(text), "{}")
	for m.write(before); more; m.write(before) {
		if len(values) == 0 {
			m.fail(errors.New("HTML with more places than values"))
			return
		}
		if d, ok := values[0].(document); ok {
			m.write(escapeHTML(string(d)))
		} else {
			m.write(escapeHTML(Escape(fmt.Sprint(values[0]))))
		}
		values = values[1:]
		before, rest, more = strings.Cut(rest, "{}")
	}
	if len(values) > 0 {
		m.fail(errors.New("HTML with more values than places"))
	}
}

func (m *markup) write(text string) {
	if m.err == nil {
		_, m.err = io.WriteString(m.w, text)
	}
}

func (m *markup) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// escapeHTML makes text safe in an element and in an attribute in quotes. The plus sign is
// escaped for readers that guess UTF-7.
func escapeHTML(text string) string {
	text = html.EscapeString(strings.ReplaceAll(text, "\x00", "\uFFFD"))
	return strings.ReplaceAll(text, "+", "&#43;")
}

// each puts the same HTML for every text.
func (m *markup) each(item constant, texts []string) {
	for _, t := range texts {
		m.put(item, t)
	}
}
