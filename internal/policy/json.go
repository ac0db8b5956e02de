package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// maxNesting bounds the objects and lists in each other, as in YAML.
const maxNesting = 20

// parseJSON reads a JSON object under the rules of strictyaml: each key occurs
// once, no text is a key or holds control characters, and every error has a
// place. With places, the places of all fields are kept; without, they are found by
// reading an object again.
func parseJSON(f source, places bool) (*datum, strictyaml.Errors) {
	r := jsonReader{file: f.name, places: places, text: bytes.TrimPrefix(f.text, []byte("\xef\xbb\xbf")), row: 1, col: 1}
	if !json.Valid(r.text) {
		err := json.Unmarshal(r.text, &json.RawMessage{}) // says where
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			r.fail(max(int(syntax.Offset)-1, 0), "not JSON: "+err.Error(), "")
			return nil, r.found
		}
		return nil, strictyaml.Errors{{File: f.name, Message: "not JSON: " + err.Error()}}
	}
	if !utf8.Valid(r.text) {
		r.fail(firstInvalid(r.text), "got a byte that is not UTF-8", "save the file as UTF-8")
		return nil, r.found
	}
	if r.space(); r.text[r.next] != '{' {
		return nil, notOneMapping(f.name)
	}
	r.room = &room{all: string(r.text), keys: map[string]*ast.Term{}}
	d := &datum{file: r.file}
	d.row, d.col = r.place(r.next)
	d.fields = r.fields(0)
	if r.found != nil {
		return nil, r.found
	}
	return d, nil
}

func firstInvalid(text []byte) int {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return 0
}

// jsonReader reads a text that encoding/json has found to be valid, so that it
// never meets the end of the text inside a value.
type jsonReader struct {
	file   string
	text   []byte
	places bool
	next   int // index of the next byte

	placed, row, col int // row and column of text[placed]
	found            strictyaml.Errors
	*room
}

// room is what the copies of a reader share, so that a value costs few allocations.
type room struct {
	all   string               // the text, which the strings are parts of
	keys  map[string]*ast.Term // the first names of fields
	terms []ast.Term           // to be used
	items [][2]*ast.Term       // of the objects that are being read
}

// term returns a term of a value.
func (r *room) term(v ast.Value) *ast.Term {
	if len(r.terms) == 0 {
		r.terms = make([]ast.Term, 128)
	}
	t := &r.terms[0]
	r.terms, t.Value = r.terms[1:], v
	return t
}

// maxKeys bounds the names of fields that are kept: those of most objects are few.
const maxKeys = 256

// key reads the name of a field.
func (r *jsonReader) key() *ast.Term {
	start := r.next
	if n := strings.IndexByte(r.all[start+1:], '"'); n >= 0 {
		if term := r.keys[r.all[start+1:start+1+n]]; term != nil {
			r.next = start + n + 2
			return term
		}
	}
	found := len(r.found)
	name := r.str()
	term := ast.InternedTerm(name)
	if len(r.keys) < maxKeys && len(r.found) == found && r.next == start+len(name)+2 { // as it is written
		r.keys[name] = term
	}
	return term
}

// place returns row and column of an offset. Offsets before the last one cost a
// second count from the start, so they are for errors.
func (r *jsonReader) place(offset int) (row, col int) {
	if offset < r.placed {
		r.placed, r.row, r.col = 0, 1, 1
	}
	for ; r.placed < offset && r.placed < len(r.text); r.placed++ {
		switch b := r.text[r.placed]; {
		case b == '\n':
			r.row, r.col = r.row+1, 1
		case b < 0x80 || b >= 0xc0: // the first byte of a character
			r.col++
		}
	}
	return r.row, r.col
}

func (r *jsonReader) fail(offset int, message, next string) {
	if len(r.found) <= maxErrors {
		row, col := r.place(offset)
		r.found = append(r.found, &strictyaml.Error{File: r.file, Line: row, Column: col, Message: message, Next: next})
	}
}

func (r *jsonReader) space() {
	for strings.IndexByte(" \t\r\n", r.text[r.next]) >= 0 {
		r.next++
	}
}

// value reads the value that begins at the next byte, with its place.
func (r *jsonReader) value(depth int) *datum {
	row, col := r.place(r.next)
	if r.places && r.text[r.next] == '{' {
		return &datum{file: r.file, row: row, col: col, fields: r.fields(depth)}
	}
	from := *r
	d := &datum{file: r.file, row: row, col: col, value: r.rego(depth)}
	if d.isObject() {
		d.read = func() map[string]*datum { return from.fields(depth) }
	} else if _, isList := d.value.(*ast.Array); isList {
		d.readList = func() []*datum { return from.elements(depth) }
	}
	return d
}

// elements reads the list that begins at the next byte, with the places of its
// elements.
func (r *jsonReader) elements(depth int) []*datum {
	list := []*datum{}
	for r.next++; ; r.next++ { // past the bracket or the comma
		if r.space(); r.text[r.next] == ']' {
			return list
		}
		list = append(list, r.value(depth+1))
		if r.space(); r.text[r.next] == ']' {
			return list
		}
	}
}

// fields reads the object that begins at the next byte, with the places of its
// fields. Places inside lists are not kept.
func (r *jsonReader) fields(depth int) map[string]*datum {
	fields := map[string]*datum{}
	r.members(depth, func(key *ast.Term) bool {
		name := text(key.Value)
		_, twice := fields[name]
		fields[name] = r.value(depth + 1)
		return twice
	})
	return fields
}

// rego reads the value that begins at the next byte.
func (r *jsonReader) rego(depth int) ast.Value {
	switch r.text[r.next] {
	case '{':
		return r.object(depth)
	case '[':
		return r.list(depth)
	case '"':
		return ast.String(r.str())
	case 't':
		r.next += len("true")
		return ast.Boolean(true)
	case 'f':
		r.next += len("false")
		return ast.Boolean(false)
	case 'n':
		r.next += len("null")
		return ast.NullValue
	}
	return r.number()
}

// object reads an object. Most have no key twice, and are made at once.
func (r *jsonReader) object(depth int) ast.Object {
	from, first := *r, len(r.items)
	r.members(depth, func(key *ast.Term) bool {
		value := r.term(r.rego(depth + 1)) // which adds items, and takes them away
		r.items = append(r.items, ast.Item(key, value))
		return false
	})
	items := r.items[first:]
	defer func() { r.items = r.items[:first] }()
	object := ast.NewObject(items...) // finds the last of several values of a key
	if !slices.ContainsFunc(items, func(kv [2]*ast.Term) bool { return object.Get(kv[0]) != kv[1] }) {
		return object
	}
	seen := map[string]bool{}
	*r = from
	r.members(depth, func(key *ast.Term) bool {
		name := text(key.Value)
		twice := seen[name]
		seen[name] = true
		r.rego(depth + 1)
		return twice
	})
	return object
}

// members reads an object. Read reads the value of a key, and reports whether
// the object has the key already.
func (r *jsonReader) members(depth int, read func(key *ast.Term) (twice bool)) {
	r.enter(depth)
	for r.next++; ; r.next++ { // past the brace or the comma
		if r.space(); r.text[r.next] == '}' {
			break
		}
		start := r.next
		key := r.key()
		r.space()
		r.next++ // the colon
		r.space()
		if read(key) {
			r.fail(start, fmt.Sprintf("duplicate key %q", text(key.Value)), "remove one")
		}
		if r.space(); r.text[r.next] == '}' {
			break
		}
	}
	r.next++
}

func (r *jsonReader) list(depth int) *ast.Array {
	r.enter(depth)
	var items []*ast.Term
	for r.next++; ; r.next++ { // past the bracket or the comma
		if r.space(); r.text[r.next] == ']' {
			break
		}
		items = append(items, r.term(r.rego(depth+1)))
		if r.space(); r.text[r.next] == ']' {
			break
		}
	}
	r.next++
	return ast.NewArray(items...)
}

// enter refuses an object or list that is nested too deeply. Reading goes on:
// encoding/json has bounded the depth.
func (r *jsonReader) enter(depth int) {
	if depth == maxNesting {
		r.fail(r.next, fmt.Sprintf("nested too deeply: more than %d levels", maxNesting), "")
	}
}

// str reads a string.
func (r *jsonReader) str() string {
	start, escaped := r.next, false
	for r.next++; r.text[r.next] != '"'; r.next++ {
		if r.text[r.next] == '\\' {
			escaped = true
			r.next++
		}
	}
	r.next++
	s := r.all[start+1 : r.next-1]
	if escaped {
		err := json.Unmarshal(r.text[start:r.next], &s)
		if err != nil || strings.ContainsRune(s, utf8.RuneError) {
			r.fail(start, "got an escape that is no character by itself", "write the character, not its surrogates")
		}
	}
	if strictyaml.IsKeyText(s) {
		r.fail(start, "got the text of a key or certificate", "write it to a file and name the file; if a private key was committed, replace it")
		return ""
	}
	if c, bad := strictyaml.Hidden(s); bad {
		r.fail(start, fmt.Sprintf("got a text with the control character %U, want one line of plain text", c), "remove it")
	}
	return s
}

func (r *jsonReader) number() ast.Value {
	start := r.next
	for r.next < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.next]) >= 0 {
		r.next++
	}
	text := string(r.text[start:r.next])
	n, ok := numberOf(text, 10, strings.ContainsAny(text, ".eE"))
	if !ok {
		r.fail(start, fmt.Sprintf("got the number %q, want one of 64 bits", text), "")
	}
	return n
}
