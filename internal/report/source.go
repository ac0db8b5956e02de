package report

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

type position = binding.Position

// sources finds lines of manifests. Findings come in the order of their places, so it
// goes on from the last one.
type sources struct {
	head   Head
	file   string
	text   []byte
	number int // of the line that begins at offset, from 1
	offset int
}

// sourceLine is a line of a manifest as a terminal shows it: escaped, without
// its comment, and cut around the value to the width.
type sourceLine struct {
	number  string
	text    string // escaped
	from    int    // columns before the value
	columns int    // of the value
	whole   bool   // nothing of the line was cut away, except blanks before it

	start, end int // of the value in text, in bytes
}

func (l sourceLine) before() string { return strings.TrimLeft(l.text[:l.start], " ") }
func (l sourceLine) value() string  { return l.text[l.start:l.end] }
func (l sourceLine) after() string  { return l.text[l.end:] }

// line returns the line of a position, cut to a width. It returns false if there is none,
// or if the line may hold a secret.
func (s *sources) line(p position, width int) (sourceLine, bool) {
	raw, ok := s.find(p)
	if !ok || len(raw) > 1<<16 || mayHoldSecret(raw) {
		return sourceLine{}, false
	}
	start := runeOffset(raw, p.Column)
	if start < 0 {
		return sourceLine{}, false
	}
	end := start + valueLength(raw[start:], inFlow(raw[:start]))
	if end == start {
		return sourceLine{}, false
	}
	return cutAround(raw, start, end, strconv.Itoa(p.Line), width)
}

// find returns the bytes of a line, without its end and its comment.
func (s *sources) find(p position) (string, bool) {
	if p.Line < 1 || p.Column < 1 {
		return "", false
	}
	if s.text == nil || s.file != p.File || p.Line < s.number {
		s.file, s.text, s.number, s.offset = p.File, s.head.text(p.File), 1, 0
	}
	for s.number < p.Line {
		i := bytes.IndexByte(s.text[s.offset:], '\n')
		if i < 0 {
			return "", false
		}
		s.number, s.offset = s.number+1, s.offset+i+1
	}
	if s.offset >= len(s.text) {
		return "", false
	}
	line, _, _ := bytes.Cut(s.text[s.offset:], []byte("\n"))
	return strings.TrimRight(strings.TrimSuffix(string(line), "\r"), " "), true
}

// runeOffset is the offset of a column in a line; -1: the line has none.
func runeOffset(line string, column int) int {
	at := 0
	for range column - 1 {
		if at >= len(line) {
			return -1
		}
		_, size := utf8.DecodeRuneInString(line[at:])
		at += size
	}
	if at >= len(line) {
		return -1
	}
	return at
}

// inFlow reports whether a text leaves a list or mapping in brackets open.
func inFlow(before string) bool {
	depth := 0
	for i := 0; i < len(before); i++ {
		switch before[i] {
		case '"', '\'':
			i += max(closing(before[i:]), 0)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
	return depth > 0
}

// closing is the offset of the quote that ends the quoted text; 0: none does.
func closing(text string) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && text[0] == '"':
			i++
		case text[i] == text[0]:
			return i
		}
	}
	return 0
}

// valueLength is the length of the value that a text begins with.
func valueLength(text string, flow bool) int {
	if text[0] == '"' || text[0] == '\'' {
		if end := closing(text); end > 0 {
			return end + 1
		}
	}
	end := len(text)
	if comment := strings.Index(text, " #"); comment >= 0 {
		end = comment
	}
	if i := strings.IndexAny(text[:end], ",}]"); flow && i >= 0 && text[0] != '{' && text[0] != '[' {
		end = i
	}
	return len(strings.TrimRight(text[:end], " \t"))
}

// cutAround escapes a line and cuts it to a width around the value from start to end.
func cutAround(raw string, start, end int, number string, width int) (sourceLine, bool) {
	if width < 16 {
		return sourceLine{}, false
	}
	if comment := strings.Index(raw[end:], " #"); comment >= 0 {
		raw = strings.TrimRight(raw[:end+comment], " ")
	}
	before, value, after := Escape(raw[:start]), Escape(raw[start:end]), Escape(raw[end:])
	whole := true
	if columns(before)+columns(value)+columns(after) > width {
		trimmed := strings.TrimLeft(before, " ")
		whole = trimmed != before && columns(trimmed)+columns(value)+columns(after) <= width
		before = trimmed
		if !whole {
			value = cut(value, width*2/3)
			before = cutLeft(before, min(columns(before), max(width-columns(value)-columns(after), (width-columns(value))/2)))
			after = cut(after, width-columns(value)-columns(before))
		}
	}
	l := sourceLine{number: number, text: before + value + after, from: columns(before), columns: columns(value),
		whole: whole, start: len(before), end: len(before) + len(value)}
	return l, l.columns > 0
}

// cut shortens text to a number of columns, with … at its end.
func cut(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	if most < 1 {
		return ""
	}
	n := 0
	for i, r := range text {
		n += columns(string(r))
		if n > most-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// cutLeft shortens text to a number of columns, with … at its beginning.
func cutLeft(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	for i := range text {
		if columns(text[i:]) <= most-1 {
			return "…" + text[i:]
		}
	}
	return ""
}

// mayHoldSecret reports whether a line may hold a key, a token or a password, in its
// comment too. Such a line is not shown; a line without a secret may be withheld.
func mayHoldSecret(line string) bool {
	lower := strings.ToLower(line)
	for _, word := range []string{"-----", "begin ", "password", "passwd", "secret", "token", "credential", "passphrase:", "akia", "ltai"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	if strictyaml.IsKeyText(line) {
		return true
	}
	const base64 = "+/=_-"
	inToken := func(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	for _, token := range strings.FieldsFunc(line, func(r rune) bool { return !inToken(r) && !strings.ContainsRune(base64, r) }) {
		if strictyaml.IsKeyText(token) {
			return true
		}
		for _, part := range strings.FieldsFunc(token, func(r rune) bool { return !inToken(r) }) {
			if len(part) >= 20 && strings.ContainsFunc(part, unicode.IsUpper) && strings.ContainsFunc(part, unicode.IsLower) && strings.ContainsFunc(part, unicode.IsDigit) {
				return true
			}
		}
	}
	return false
}
