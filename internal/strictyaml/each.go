package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"go.yaml.in/yaml/v4"
)

// partSize is the approximate number of list bytes parsed at once. A smaller
// document is parsed whole.
const partSize = 32 << 10

// Each reads the documents of a possibly long file, one at a time. In a
// document that is a mapping with a list under key, Value.Items parses the list
// in parts, so that the whole file is never one tree in memory.
//
// Each reads exactly what Parse reads. It guesses from the text where to cut
// the list; each part is then parsed in the context of its document, up to the
// text that follows, and accepted only if the parser ends it at the same place.
// A document that cannot be cut is parsed whole, and refused beyond MaxTree.
// Errors is complete once all documents and items are read; for a text that is
// not YAML it contains only the first error, where Parse may report more.
func Each(name string, src []byte, key string) (*File, iter.Seq[Value]) {
	return each(name, src, key, partSize)
}

func each(name string, src []byte, key string, size int) (*File, iter.Seq[Value]) {
	f := &File{Name: name}
	text, ok := f.scan(src, MaxBytes)
	return f, func(yield func(Value) bool) {
		if !ok {
			return
		}
		if line := directive(text); line > 0 {
			f.stop(line, 1, "got a directive or the mark ... of a document's end", "remove it")
			return
		}
		found, line := false, 1
		for start := 0; start < len(text) && !f.over; {
			d := document{file: f, text: text[start:], line: line, key: key, size: size}
			d.text, d.after = split(d.text)
			if root := d.parse(); root != nil {
				found = true
				f.clean(root)
				if !yield(Value{file: f, node: root}) {
					return
				}
			}
			start += len(d.text)
			line += bytes.Count(d.text, []byte("\n"))
		}
		if !found && len(f.errs) == 0 {
			f.empty()
		}
	}
}

// stop records the error that ends reading, and drops all others: those of half
// a file mislead.
func (f *File) stop(line, column int, message, next string) {
	f.errs, f.more = nil, 0
	f.fail(line, column, message, next)
	f.over = true
}

// Stopped reports whether Each stopped before the end of the file, at a text that it does
// not read: Parse may read it, or find more errors in it.
func (f *File) Stopped() bool { return f.over }

// document is one document of a file, as raw bytes.
type document struct {
	file  *File
	text  []byte // up to the mark of the next document
	after []byte // that mark, or empty: the text that the parser sees after the document
	line  int    // of its first byte
	key   string
	size  int
}

// parse parses the document, without the items of a long list.
func (d *document) parse() *yaml.Node {
	d.file.long = nil
	h, ok := d.find()
	if !ok {
		return d.whole(d.text, nil)
	}
	d.file.long = &long{document: d, hole: h}
	rest := append(bytes.Clone(d.text[:h.start]), d.text[h.end:]...)
	root := d.whole(rest, moves{h.moves(d.text)})
	if root == nil {
		return nil
	}
	if at := h.in(root, d.key, d.line); at != nil {
		// find and the parser agree on the list; it is empty until Items parses
		// it.
		*at = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: d.line + h.line - 1, Column: h.column}
		d.file.long.node = at
		return root
	}
	d.file.long = nil
	return d.whole(d.text, nil)
}

// whole parses the document's text, or the rest of it when the list is cut out.
func (d *document) whole(text []byte, moved moves) *yaml.Node {
	moved = append(moved, move{line: 1, column: 1, lines: d.line - 1})
	f := d.file
	if len(text) > MaxTree || crowded(text) {
		f.stop(d.line, 1, fmt.Sprintf("document is too large: more than %d MiB or %d values that are not items of a plain list %q",
			MaxTree>>20, maxValues, d.key), "split it into several files")
		return nil
	}
	docs := 0
	var first *yaml.Node
	text = append(text[:len(text):len(text)], d.after...)
	err := load(text, limits(), func(doc *yaml.Node) bool {
		if docs++; docs == 1 {
			first = doc
		}
		return true
	})
	switch {
	case err != nil:
		f.syntaxAlone(err, text, moved)
		return nil
	case first == nil && len(d.after) == 0:
		return nil // comments only
	case docs != 1+min(1, len(d.after)): // text at the margin absorbs the mark ---
		f.stop(d.line, 1, "got documents that are not separated by a line that is only ---", "split the file")
		return nil
	}
	moved.move(first)
	return f.root(first)
}

func (f *File) syntaxAlone(err error, text []byte, moved moves) {
	f.errs, f.more = nil, 0
	f.syntax(err, text, moved)
	f.over = true
}

// split cuts the first document off a text: up to the next line that begins a
// document. Only comments may precede the first document's own mark.
func split(text []byte) (doc, after []byte) {
	begun := false
	for at := 0; at < len(text); {
		line := text[at:lineEnd(text, at)]
		switch {
		case !marks(line):
			begun = begun || !blank(line)
		case begun:
			return text[:at], text[at : at+min(4, len(text)-at)]
		default:
			begun = true
		}
		at += len(line)
	}
	return text, nil
}

// marks reports whether a line begins a document (YAML 1.2.2 §9.1.2).
func marks(line []byte) bool {
	return bytes.HasPrefix(line, []byte("---")) && (len(line) == 3 || isBlank(line[3]))
}

// directive returns the first line that could be a directive or end a document,
// 0 if there is none. Both are rare in manifests, so only Parse supports them.
func directive(text []byte) int {
	line := 1
	for at := 0; at < len(text); line++ {
		if text[at] == '%' || bytes.HasPrefix(text[at:], []byte("...")) {
			return line
		}
		at = lineEnd(text, at)
	}
	return 0
}

// long is a list whose items are parsed in parts.
type long struct {
	*document
	hole
	node *yaml.Node // represents it in the document
}

// Items is List for a possibly long list: it parses the items while they are
// read and keeps none. An error in the text ends the sequence.
func (v Value) Items() (items iter.Seq[Value], ok bool) {
	if v.node != nil && v.file.long != nil && v.file.long.node == v.node {
		return v.file.long.items, true
	}
	list, ok := v.List()
	return func(yield func(Value) bool) {
		for _, item := range list {
			if !yield(item) {
				return
			}
		}
	}, ok
}

func (l *long) items(yield func(Value) bool) {
	at, line, column := l.start, l.document.line+l.startLine-1, l.startColumn
	for last := false; !last; {
		var nodes []*yaml.Node
		begin := at
		if nodes, at, last = l.part(at, line, column); l.file.over {
			return
		}
		for _, n := range nodes {
			l.file.clean(n)
			if !yield(Value{file: l.file, node: n}) {
				return
			}
		}
		line, column = advance(l.text[begin:at], line, column)
	}
}

// errCut reports a part that the parser ends at another place than the cut.
var errCut = errors.New("the parser ends the list at another place")

// part parses the items from at on, and returns the offset after them. A part
// that does not parse alone is tried again with more of the list.
func (l *long) part(at, line, column int) (items []*yaml.Node, next int, last bool) {
	for size := l.size; ; size *= 2 {
		next, last = l.cut(l.text, at, size)
		part := l.text[at:next]
		if len(part) > MaxTree || crowded(part) {
			l.file.stop(line, column, fmt.Sprintf("item is too large: more than %d MiB or %d values", MaxTree>>20, maxValues), "")
			return nil, next, true
		}
		text, moved := l.inContext(part, last, line, column)
		items, err := l.read(text, last)
		if err == nil {
			for _, n := range items {
				moved.move(n)
			}
			if !l.flow || last {
				return items, next, last
			}
			return items, next + 1, last // behind the comma
		}
		if last || size > MaxTree {
			l.file.syntaxAlone(err, text, moved)
			return nil, next, true
		}
	}
}

// inContext puts a part into a context in which the parser reads it as in its
// document: after the list's key, and before the character that follows it.
func (l *long) inContext(part []byte, last bool, line, column int) (text []byte, moved moves) {
	before := string(bytes.Repeat([]byte{' '}, l.indent)) + "k:"
	after := ""
	switch {
	case l.flow && l.flowRoot:
		before = "{k: ["
	case l.flow:
		before += " ["
	default:
		before += "\n"
	}
	switch {
	case l.flow && !last:
		after = ",]"
	case l.flow:
		after = "]"
	case !last:
		after = string(bytes.Repeat([]byte{' '}, l.dash)) + "- k\n"
	case l.end < len(l.text):
		after = string(bytes.Repeat([]byte{' '}, l.indent)) + "k2: k\n"
	default:
		after = string(l.document.after)
	}
	if l.flow && l.flowRoot {
		after += "}"
	}
	text = append(append(append(make([]byte, 0, len(before)+len(part)+len(after)), before...), part...), after...)
	if l.flow {
		return text, moves{{line: 1, column: 1, lines: line - 1, columns: column - len(before) - 1}}
	}
	return text, moves{{line: 1, column: 1, lines: line - 2}}
}

// read parses the result of inContext and removes the context; errCut if the
// parser takes more or less than the part as the list.
func (l *long) read(text []byte, last bool) ([]*yaml.Node, error) {
	var root *yaml.Node
	docs := 0
	err := load(text, limits(), func(doc *yaml.Node) bool {
		if docs++; docs == 1 && len(doc.Content) == 1 {
			root = doc.Content[0]
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	marked := !l.flow && last && l.end == len(l.text) && len(l.document.after) > 0
	keys := 1
	if !l.flow && last && l.end < len(l.text) {
		keys = 2
	}
	if root == nil || docs > 2 || (docs == 2) != marked || root.Kind != yaml.MappingNode || len(root.Content) != 2*keys {
		return nil, errCut
	}
	list := root.Content[1]
	if list.Kind != yaml.SequenceNode || (list.Style&yaml.FlowStyle != 0) != l.flow || list.Anchor != "" || tagged(list) {
		return nil, errCut
	}
	items := list.Content
	end := bytes.Count(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) + 1
	is := func(n *yaml.Node, value string, column int) bool {
		return n.Kind == yaml.ScalarNode && n.Value == value && n.Style == 0 && n.Line == end && n.Column == column
	}
	switch {
	case l.flow:
	case list.Column != l.dash+1:
		return nil, errCut
	case keys == 2:
		if !is(root.Content[2], "k2", l.indent+1) {
			return nil, errCut
		}
	case !last:
		if len(items) == 0 || !is(items[len(items)-1], "k", l.dash+3) {
			return nil, errCut
		}
		items = items[:len(items)-1]
	}
	if len(items) == 0 && !last {
		return nil, errCut
	}
	return items, nil
}
