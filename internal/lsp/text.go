package lsp

import (
	"net/url"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"unicode/utf8"
)

// place is a place in a file as the YAML decoder counts: lines and characters from 1.
type place struct{ line, column int }

func (p place) before(o place) bool {
	return p.line < o.line || p.line == o.line && p.column < o.column
}

// text is the text of a document with the offsets of its lines.
type text struct {
	string
	lines []int // as the protocol counts: \n, \r\n and \r end a line
	feeds []int // as the decoder counts: only \n does
	begin int   // of the first line's first character: the length of a byte order mark
}

func newText(s string) *text {
	t := &text{string: s, lines: []int{0}, feeds: []int{0}}
	if strings.HasPrefix(s, "\ufeff") {
		t.begin = len("\ufeff")
	}
	for i := range len(s) {
		switch {
		case s[i] == '\n':
			t.lines, t.feeds = append(t.lines, i+1), append(t.feeds, i+1)
		case s[i] == '\r' && (i+1 == len(s) || s[i+1] != '\n'):
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// longest returns the length of the longest line, as the decoder counts lines, in bytes.
func (t *text) longest() int {
	most := len(t.string) - t.feeds[len(t.feeds)-1]
	for i := 1; i < len(t.feeds); i++ {
		most = max(most, t.feeds[i]-t.feeds[i-1])
	}
	return most
}

// units returns the length of a character in UTF-16 code units.
func units(r rune) int {
	if r >= 0x10000 {
		return 2
	}
	return 1
}

// offset returns the byte offset of a position. A position behind the end of its line
// is the end of the line; one inside a character is the beginning of the character.
func (t *text) offset(p position) int {
	if p.Line >= len(t.lines) {
		return len(t.string)
	}
	return column(t.string, t.lines[max(p.Line, 0)], p.Character)
}

// column returns the offset of a character in the line that begins at an offset.
func column(s string, at, character int) int {
	for at < len(s) && s[at] != '\n' && s[at] != '\r' {
		r, size := utf8.DecodeRuneInString(s[at:])
		if character -= units(r); character < 0 {
			break
		}
		at += size
	}
	return at
}

// position returns the position of a byte offset.
func (t *text) position(offset int) position {
	line := sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > offset }) - 1
	p := position{Line: line}
	for _, r := range t.string[t.lines[line]:offset] {
		p.Character += units(r)
	}
	return p
}

// at returns the byte offset of a place; that of the first character for one that the text
// does not have.
func (t *text) at(p place) int {
	if p.line < 1 || p.line > len(t.feeds) {
		return t.begin
	}
	at := t.feeds[p.line-1]
	if p.line == 1 {
		at = t.begin
	}
	for n := 1; n < p.column && at < len(t.string) && t.string[at] != '\n'; n++ {
		_, size := utf8.DecodeRuneInString(t.string[at:])
		at += size
	}
	return at
}

// placeOf returns the place of a byte offset.
func (t *text) placeOf(offset int) place {
	line := sort.Search(len(t.feeds), func(i int) bool { return t.feeds[i] > offset })
	begin := t.feeds[line-1]
	if line == 1 {
		begin = min(t.begin, offset)
	}
	return place{line, 1 + utf8.RuneCountInString(t.string[begin:offset])}
}

// span returns the range of the value or key at a place.
func (t *text) span(p place) span {
	start := t.at(p)
	return span{t.position(start), t.position(t.end(start))}
}

// maxQuoted limits the search for the end of a quoted text, in bytes.
const maxQuoted = 1 << 16

// end returns the offset of the end of the value or key that begins at an offset: of a
// mapping or list, that of its first key or of its line.
func (t *text) end(start int) int {
	rest := t.string[start:]
	line := rest[:lineLength(rest)]
	if line == "" {
		return start
	}
	if line[0] == '"' || line[0] == '\'' {
		if n := closing(rest[:min(len(rest), maxQuoted)]); n > 0 {
			return start + n + 1
		}
	}
	n := len(line)
	if line[0] != '{' && line[0] != '[' {
		flow := t.inFlow(start)
		for i := range len(line) {
			if ends(line, i, flow) {
				n = i
				break
			}
		}
	}
	return start + max(len(strings.TrimRight(line[:n], " \t")), 1)
}

// ends reports whether a text without quotation marks ends before the byte i of its line.
func ends(line string, i int, flow bool) bool {
	switch c := line[i]; c {
	case ':':
		return i+1 == len(line) || line[i+1] == ' '
	case '#':
		return i > 0 && line[i-1] == ' '
	default:
		return flow && strings.IndexByte(",]}", c) >= 0
	}
}

// lineLength returns the length of the first line, without its end.
func lineLength(s string) int {
	if n := strings.IndexAny(s, "\r\n"); n >= 0 {
		return n
	}
	return len(s)
}

// closing returns the offset of the quotation mark that ends a quoted text; 0: there is
// none.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[0] == '"':
			i++
		case s[i] == s[0] && s[0] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		case s[i] == s[0]:
			return i
		}
	}
	return 0
}

// inFlow reports whether an offset is inside brackets that its line opens, or in a
// document that is one mapping in braces.
func (t *text) inFlow(offset int) bool {
	if strings.HasPrefix(strings.TrimLeft(t.string[t.begin:min(len(t.string), t.begin+maxQuoted)], " \t\r\n"), "{") {
		return true
	}
	depth, before := 0, t.string[strings.LastIndexByte(t.string[:offset], '\n')+1:offset]
	for i := 0; i < len(before); i++ {
		switch before[i] {
		case '"', '\'':
			i += closing(before[i:])
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
	}
	return depth > 0
}

// apply returns the text after a change.
func apply(s string, c change) string {
	if c.Range == nil {
		return c.Text
	}
	start := seek(s, c.Range.Start)
	end := max(start, seek(s, c.Range.End))
	return s[:start] + c.Text + s[end:]
}

// seek is text.offset without an index of the lines.
func seek(s string, p position) int {
	at := 0
	for range p.Line {
		n := lineLength(s[at:])
		if at += n; at == len(s) {
			return at
		}
		if strings.HasPrefix(s[at:], "\r\n") {
			at++
		}
		at++
	}
	return column(s, at, p.Character)
}

// pathOf returns the path of a file's URI; empty: it is another URI, or a file of another
// machine, which opening would contact.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return ""
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	path = filepath.Clean(filepath.FromSlash(path))
	if !filepath.IsAbs(path) || strings.HasPrefix(path, `\\`) {
		return ""
	}
	return path
}
