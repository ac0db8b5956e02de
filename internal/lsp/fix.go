package lsp

import (
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// actions returns the quick fixes of the findings in a range, maxActions at most.
func (v *verdict) actions(d snapshot, r span, c capabilities) []action {
	out := []action{}
	if v.kind == foreign {
		return out
	}
	for _, f := range v.within(r) {
		if len(out) == maxActions {
			break
		}
		e, title := v.fix(f)
		if title == "" {
			continue
		}
		a := action{Title: title, Kind: quickFix, Diagnostics: []diagnostic{v.diagnostic(f, d.uri, c)}, Preferred: true}
		if c.Workspace.Edit.DocumentChanges {
			whole := documentEdit{Edits: []edit{e}}
			whole.Document.URI, whole.Document.Version = d.uri, d.version
			a.Edit.DocumentChanges = []documentEdit{whole}
		} else {
			a.Edit.Changes = map[string][]edit{d.uri: {e}}
		}
		out = append(out, a)
	}
	return out
}

// fix returns the change that removes a finding; without a title there is none.
func (v *verdict) fix(f finding) (e edit, title string) {
	switch r := f.repair; {
	case f.instead != "":
		return v.replace(f.at, f.instead), "Write " + f.instead
	case r == nil:
	case r.Rename && f.has:
		key := find(v.kind, v.text.string, f.at).key
		if key.Given() {
			return v.replace(placed(key), v.scalar(placed(key), r.Text)), "Rename to " + r.Text
		}
	case f.has && r.Text != "":
		return v.replace(f.at, v.scalar(f.at, r.Text)), "Write " + r.Text
	case !f.has && !r.Rename:
		path := strings.Split(strings.TrimPrefix(r.Pointer, "/"), "/")
		for i, key := range path {
			path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(key)
		}
		if e, ok := v.insert(bindingAt(v.kind, v.text.string, f.binding), path, r.Text); ok {
			return e, "Add " + strings.Join(path, ".")
		}
	}
	return edit{}, ""
}

// scalar writes a string in the quotation marks of the value at a place.
func (v *verdict) scalar(at place, s string) string {
	quote := byte(0)
	if first := v.text.string[v.text.at(at):]; first != "" && (first[0] == '"' || first[0] == '\'') {
		quote = first[0]
	}
	return strictyaml.Scalar(s, quote)
}

func (v *verdict) replace(at place, s string) edit { return edit{v.text.span(at), s} }

// insert adds a key at a path of keys to a mapping.
func (v *verdict) insert(in strictyaml.Value, path []string, value string) (edit, bool) {
	for {
		entries, ok := in.Entries()
		if !in.IsObject() || !ok || len(entries) == 0 {
			return edit{}, false
		}
		i := slices.IndexFunc(entries, func(e strictyaml.Entry) bool { return e.Key == path[0] })
		if i >= 0 && len(path) > 1 {
			in, path = entries[i].Value, path[1:]
			continue
		}
		if i >= 0 {
			return edit{}, false
		}
		first := entries[0]
		at := v.text.at(placed(first.Name))
		if v.text.string[v.text.at(placed(in))] == '{' || v.text.inFlow(at) {
			return v.insertAt(at, inFlow(path, value, v.text.string[at])), true
		}
		return v.insertLine(first, path, value), true
	}
}

func (v *verdict) insertAt(offset int, s string) edit {
	p := v.text.position(offset)
	return edit{span{p, p}, s}
}

// inFlow writes keys and a value before the first key of a mapping in braces, which
// begins with the byte first.
func inFlow(path []string, value string, first byte) string {
	quote := byte(0)
	if first == '"' || first == '\'' {
		quote = first
	}
	s := strictyaml.Scalar(value, quote)
	for i := len(path) - 1; i >= 0; i-- {
		if s = strictyaml.Scalar(path[i], quote) + ": " + s; i > 0 {
			s = "{" + s + "}"
		}
	}
	return s + ", "
}

// insertLine adds keys after the line of a mapping's first key if its value ends there,
// else before it.
func (v *verdict) insertLine(first strictyaml.Entry, path []string, value string) edit {
	end := "\n"
	if strings.Contains(v.text.string, "\r\n") {
		end = "\r\n"
	}
	key := placed(first.Name)
	indent := strings.Repeat(" ", key.column-1)
	var lines []string
	for i, k := range path {
		line := indent + strings.Repeat("  ", i) + strictyaml.Scalar(k, 0) + ":"
		if i == len(path)-1 {
			line += " " + strictyaml.Scalar(value, 0)
		}
		lines = append(lines, line)
	}
	added := strings.Join(lines, end)
	if next, ok := v.lineAfter(first); ok {
		switch {
		case next < len(v.text.string):
			return v.insertAt(next, added+end)
		case strings.HasSuffix(v.text.string, "\n"):
			return v.insertAt(next, added+end)
		}
		return v.insertAt(next, end+added)
	}
	return v.insertAt(v.text.at(key), strings.TrimPrefix(added, indent)+end+indent)
}

// lineAfter returns the offset of the line after an entry, if its value is a text that
// ends in the line of its key.
func (v *verdict) lineAfter(e strictyaml.Entry) (offset int, ok bool) {
	s, key := v.text.string, placed(e.Name)
	if _, tag := e.Value.Scalar(); tag == "" || placed(e.Value).line != key.line {
		return 0, false
	}
	start := v.text.at(placed(e.Value))
	if strings.IndexByte("|>", s[start]) >= 0 {
		return 0, false
	}
	end := v.text.end(start)
	rest := s[end : end+lineLength(s[end:])]
	if trimmed := strings.TrimSpace(rest); trimmed != "" && trimmed[0] != '#' {
		return 0, false
	}
	next := end + len(rest)
	for _, mark := range []string{"\r\n", "\n", "\r"} {
		if strings.HasPrefix(s[next:], mark) {
			next += len(mark)
			break
		}
	}
	for line := range strings.Lines(s[next:]) { // a text may go on in deeper lines
		if inner := strings.TrimSpace(line); inner != "" {
			return next, inner[0] == '#' || len(line)-len(strings.TrimLeft(line, " ")) < key.column
		}
	}
	return next, true
}
