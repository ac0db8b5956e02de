package strictyaml

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// hole is the range of a document's list items, found in the text without a
// parser. Offsets are in bytes; lines and columns count from 1 within the
// document.
type hole struct {
	start, end             int  // of the items, without brackets
	startLine, startColumn int  // of start
	line, column           int  // of the list: its first dash or its bracket
	keyLine                int  // of the list's key
	flow                   bool // the list is in brackets
	flowRoot               bool // the document's mapping is in braces
	indent                 int  // spaces before the keys of the document's mapping
	dash                   int  // spaces before the dashes of the items
}

// find guesses the position of the list. ok is false if the document is short
// or has another shape.
func (d *document) find() (h hole, ok bool) {
	if len(d.text) <= d.size {
		return h, false
	}
	root := false
	for at, n := 0, 1; at < len(d.text); n++ {
		line := d.text[at:lineEnd(d.text, at)]
		indent := indentOf(line)
		switch {
		case blank(line):
		case !root && marks(line):
			if !blank(line[3:]) {
				return h, false
			}
		case !root && line[indent] == '{':
			return d.findInBraces(at+indent, n, indent+1)
		case !root:
			root, h.indent = true, indent
		}
		if root && indent == h.indent {
			if value, is := keyLine(line, indent, d.key); is {
				h.keyLine = n
				return d.findBehind(h, at+value, at+len(line))
			}
		}
		at += len(line)
	}
	return h, false
}

// findBehind looks for the list after its key: at is the end of the key, next
// the end of the key's line.
func (d *document) findBehind(h hole, at, next int) (hole, bool) {
	n := h.keyLine
	for !blank(d.text[at:next]) || next < len(d.text) {
		line := d.text[at:next]
		if blank(line) {
			at, next, n = next, lineEnd(d.text, next), n+1
			continue
		}
		indent := indentOf(line)
		first := at + len(line) - len(bytes.TrimLeft(line, " \t"))
		switch {
		case d.text[first] == '[':
			column := utf8.RuneCount(d.text[lineStart(d.text, first):first]) + 1
			return d.brackets(h, first, n, column)
		case n > h.keyLine && indent >= h.indent && isItem(line, indent):
			h.line, h.column, h.dash = n, indent+1, indent
			return d.dashes(h), true
		}
		return h, false
	}
	return h, false
}

// dashes finds the lines of a block list: from the line after the key's to the
// first line that is indented no more than the key and is no item.
func (d *document) dashes(h hole) hole {
	h.startLine, h.startColumn = h.keyLine+1, 1
	for n := 1; n <= h.keyLine; n++ {
		h.start = lineEnd(d.text, h.start)
	}
	for h.end = h.start; h.end < len(d.text); {
		line := d.text[h.end:lineEnd(d.text, h.end)]
		if indent := indentOf(line); indent <= h.indent && !blank(line) && line[indent] != '\t' && !isItem(line, h.dash) {
			break
		}
		h.end += len(line)
	}
	return h
}

// brackets finds the end of a list whose bracket is at the given place.
func (d *document) brackets(h hole, at, line, column int) (hole, bool) {
	h.flow, h.line, h.column = true, line, column
	h.start, h.startLine, h.startColumn = at+1, line, column+1
	s := flow{text: d.text, at: h.start}
	for depth := 0; ; {
		switch s.next() {
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				h.end = s.at
				return h, d.text[h.end] == ']'
			}
			depth--
		case 0:
			return h, false
		}
		s.at++
	}
}

// findInBraces looks for the key in a flow mapping whose brace is at the given
// place.
func (d *document) findInBraces(at, line, column int) (h hole, ok bool) {
	h.flowRoot = true
	s := flow{text: d.text, at: at + 1}
	for depth := 0; depth >= 0; {
		switch s.next() {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ':':
			if depth != 0 || !endsWithKey(d.text[at+1:s.at], d.key) {
				break
			}
			bracket := s.at + 1
			for bracket < len(d.text) && isBlank(d.text[bracket]) {
				bracket++
			}
			if bracket == len(d.text) || d.text[bracket] != '[' {
				return h, false
			}
			h.keyLine, _ = advance(d.text[at:s.at-len(d.key)], line, column)
			line, column = advance(d.text[at:bracket], line, column)
			return d.brackets(h, bracket, line, column)
		case 0:
			return h, false
		}
		s.at++
	}
	return h, false
}

// cut guesses where a part of at least size bytes from at may end.
func (h hole) cut(text []byte, at, size int) (next int, last bool) {
	if at+size >= h.end {
		return h.end, true
	}
	if !h.flow {
		for next = lineEnd(text, at+size-1); next < h.end; next = lineEnd(text, next) {
			if isItem(text[next:h.end], h.dash) {
				return next, false
			}
		}
		return h.end, true
	}
	s := flow{text: text[:h.end], at: at, last: ','}
	for depth := 0; ; s.at++ {
		switch s.next() {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case ',':
			if depth == 0 && s.at-at >= size {
				return s.at, false
			}
		case 0:
			return h.end, true
		}
	}
}

// moves maps positions after the hole to positions in the document.
func (h hole) moves(text []byte) move {
	line, column := advance(text[h.start:h.end], h.startLine, h.startColumn)
	return move{line: h.startLine, column: h.startColumn, lines: line - h.startLine, columns: column - h.startColumn}
}

// in returns the emptied list in the document that was parsed without its
// items; nil if the parser reads the surrounding text differently from find.
// line is the document's first.
func (h hole) in(root *yaml.Node, key string, line int) *yaml.Node {
	if root.Kind != yaml.MappingNode || isFlow(root) != h.flowRoot || !h.flowRoot && root.Column != h.indent+1 {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		k, v := root.Content[i], root.Content[i+1]
		if k.Value != key || !isText(k) || k.Line != line+h.keyLine-1 || v.Anchor != "" || tagged(v) {
			continue
		}
		switch {
		case h.flow && v.Kind == yaml.SequenceNode && isFlow(v) && len(v.Content) == 0 && v.Line == line+h.line-1 && v.Column == h.column,
			!h.flow && v.Kind == yaml.ScalarNode && v.Tag == nullTag && v.Value == "" && v.Style == 0 && k.Column == h.indent+1:
			return v
		}
	}
	return nil
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

// move maps positions of a parsed text to positions in the file. columns
// applies to the first line only.
type move struct{ line, column, lines, columns int }

// moves are applied in order.
type moves []move

func (m moves) apply(line, column int) (int, int) {
	for _, m := range m {
		if line > m.line {
			line += m.lines
		} else if line == m.line && column >= m.column {
			line, column = line+m.lines, column+m.columns
		}
	}
	return line, column
}

func (m moves) move(n *yaml.Node) {
	n.Line, n.Column = m.apply(n.Line, n.Column)
	for _, child := range n.Content {
		m.move(child)
	}
}

// flow scans flow style and skips strings and comments.
type flow struct {
	text []byte
	at   int
	last byte // the last non-blank byte before at; 0: an opening bracket
}

// next advances to the next character of "[]{},:" and returns it; 0 at the end.
func (s *flow) next() byte {
	for ; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		switch c {
		case '[', ']', '{', '}', ',', ':':
			s.last = c
			return c
		case '"', '\'':
			if s.last == 0 || strings.IndexByte("[{,:", s.last) >= 0 {
				s.string(c)
			}
		case '#':
			if s.at == 0 || isBlank(s.text[s.at-1]) || strings.IndexByte("[{,", s.text[s.at-1]) >= 0 {
				s.at = lineEnd(s.text, s.at) - 1
				continue
			}
		}
		if !isBlank(c) {
			s.last = c
		}
	}
	return 0
}

// string advances to the closing quote of a string.
func (s *flow) string(quote byte) {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			if quote == '"' {
				s.at++
			}
		case quote:
			if quote == '"' || s.at+1 == len(s.text) || s.text[s.at+1] != quote {
				return
			}
			s.at++
		}
	}
}

// keyLine reports whether a line contains the key at an indentation, and
// returns the offset after its colon.
func keyLine(line []byte, indent int, key string) (value int, ok bool) {
	for _, k := range []string{key, `"` + key + `"`, `'` + key + `'`} {
		rest, found := bytes.CutPrefix(line[indent:], []byte(k))
		if !found {
			continue
		}
		rest = bytes.TrimLeft(rest, " ")
		if len(rest) > 0 && rest[0] == ':' && (len(rest) == 1 || isBlank(rest[1])) {
			return len(line) - len(rest) + 1, true
		}
	}
	return 0, false
}

// endsWithKey reports whether a text ends with the key, bare or quoted.
func endsWithKey(text []byte, key string) bool {
	text = bytes.TrimRight(text, " \t\r\n")
	if n := len(text); n > 0 && (text[n-1] == '"' || text[n-1] == '\'') {
		text = text[:n-1]
	}
	return bytes.HasSuffix(text, []byte(key))
}

// isItem reports whether a text begins with spaces and the dash of an item.
func isItem(text []byte, spaces int) bool {
	return indentOf(text) == spaces && len(text) > spaces && text[spaces] == '-' &&
		(len(text) == spaces+1 || text[spaces+1] != '\t' && isBlank(text[spaces+1]))
}

// blank reports whether a line is empty or only a comment.
func blank(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func indentOf(line []byte) int {
	for i, c := range line {
		if c != ' ' {
			return i
		}
	}
	return len(line)
}

// lineEnd returns the offset of the next line.
func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// advance returns the position after a text that begins at line and column.
func advance(text []byte, line, column int) (int, int) {
	if n := bytes.Count(text, []byte("\n")); n > 0 {
		return line + n, utf8.RuneCount(text[lineStart(text, len(text)):]) + 1
	}
	return line, column + utf8.RuneCount(text)
}
