package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// packageRoot is the name under `data` that belongs to the packages.
const packageRoot = "bindgate"

// datum is a value of a data file and its place: an object has fields, anything
// else a value.
type datum struct {
	file     string
	row, col int
	fields   map[string]*datum
	value    any // nil, bool, string, json.Number, []any; of an object: not set
}

// mergeData puts the data of all files into one document, and what the
// overrides say over it. Two files that set one value collide, and so does data
// where packages live.
func mergeData(files, overrides []source) (*datum, error) {
	base, found := mergeFiles(files)
	over, more := mergeFiles(overrides)
	found = append(found, more...)
	found = append(found, base.override(over, "")...)
	return base, found.orNil()
}

func mergeFiles(files []source) (*datum, problems) {
	all := &datum{fields: map[string]*datum{}}
	var found problems
	for _, f := range files {
		d, err := parseData(f)
		if err != nil {
			found = append(found, err...)
			continue
		}
		if p, ok := d.fields[packageRoot]; ok {
			found = append(found, p.problem("data.%s belongs to the packages: give the data another name", packageRoot))
			continue
		}
		found = append(found, all.merge(d, "")...)
	}
	return all, found
}

// merge adds what another file holds; no value may be set twice.
func (d *datum) merge(from *datum, path string) problems {
	var found problems
	for name, v := range from.fields {
		old, taken := d.fields[name]
		switch {
		case !taken:
			d.fields[name] = v
		case old.fields != nil && v.fields != nil:
			found = append(found, old.merge(v, path+name+".")...)
		default:
			found = append(found, v.problem("data.%s%s is set already at %s:%d:%d: two files collide, and only --data overrides",
				path, name, old.file, old.row, old.col))
		}
	}
	return found
}

// override replaces values that are there by values of their own kind. A new
// name is taken at the top, where a policy may leave all its data to --data,
// and in an empty object; elsewhere it would override nothing.
func (d *datum) override(from *datum, path string) problems {
	var found problems
	open := path == "" || len(d.fields) == 0
	for name, v := range from.fields {
		old, ok := d.fields[name]
		switch {
		case !ok && open:
			d.fields[name] = v
		case !ok:
			found = append(found, v.problem("data.%s%s overrides nothing%s", path, name, hint(name, d.fields)))
		case kindName(old) != kindName(v):
			found = append(found, v.problem("data.%s%s is %s, want %s as at %s:%d:%d",
				path, name, kindName(v), kindName(old), old.file, old.row, old.col))
		case old.fields != nil:
			found = append(found, old.override(v, path+name+".")...)
		default:
			d.fields[name] = v
		}
	}
	return found
}

func hint(name string, fields map[string]*datum) string {
	words := slices.Sorted(maps.Keys(fields))
	if word, ok := closest(name, words); ok {
		return fmt.Sprintf("; did you mean %q?", word)
	}
	return "; want one of " + strings.Join(words, ", ")
}

func (d *datum) problem(format string, args ...any) problem {
	return problem{file: d.file, row: d.row, col: d.col, message: fmt.Sprintf(format, args...)}
}

func kindName(d *datum) string {
	if d.fields != nil {
		return "an object"
	}
	switch d.value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	}
	return "a list"
}

// plain is the value without places.
func (d *datum) plain() any {
	if d.fields == nil {
		return d.value
	}
	out := make(map[string]any, len(d.fields))
	for name, v := range d.fields {
		out[name] = v.plain()
	}
	return out
}

// store holds the document for evaluation, as values that need no conversion.
func (d *datum) store() storage.Store {
	document, _ := d.plain().(map[string]any) // the root has fields
	return inmem.NewFromObjectWithOpts(document, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
}

// parseData reads one YAML or JSON file, strictly: one document, which is a
// mapping.
func parseData(f source) (*datum, problems) {
	checked := strictyaml.Parse(f.name, f.text)
	var found problems
	for _, e := range checked.Errors() {
		message := e.Message
		if e.Next != "" {
			message += "; " + e.Next
		}
		found = append(found, problem{e.File, e.Line, e.Column, message})
	}
	if found != nil {
		return nil, found
	}
	var doc yaml.Node
	if docs := checked.Documents(); len(docs) != 1 || !docs[0].IsObject() {
		return nil, problems{{file: f.name, message: "want one document, a mapping of names to values"}}
	}
	if err := yaml.Load(f.text, &doc, yaml.WithV4Defaults()); err != nil {
		return nil, problems{{file: f.name, message: err.Error()}}
	}
	return toDatum(f.name, doc.Content[0])
}

func toDatum(file string, n *yaml.Node) (*datum, problems) {
	d := &datum{file: file, row: n.Line, col: n.Column}
	if n.Kind != yaml.MappingNode {
		var err error
		if d.value, err = toValue(n); err != nil {
			return nil, problems{d.problem("%v", err)}
		}
		return d, nil
	}
	var found problems
	d.fields = make(map[string]*datum, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := toDatum(file, n.Content[i+1])
		found = append(found, err...)
		d.fields[n.Content[i].Value] = v
	}
	return d, found
}

// number is what YAML 1.2.2 §10.3.2 takes for one, but for decimals with a
// leading zero: those are octal to readers of YAML 1.1, and to this parser.
var number = regexp.MustCompile(`^([-+]?(0|[1-9][0-9]*|)(\.[0-9]*)?([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$`)

// toValue gives what Rego knows: a timestamp is the text that was written.
func toValue(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := toValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			out[n.Content[i].Value] = v
		}
		return out, nil
	case yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := toValue(item)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	return toScalar(n)
}

func toScalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true"), nil
	case "!!int":
		i, err := strconv.ParseInt(n.Value, 0, 64)
		if err != nil || !number.MatchString(n.Value) {
			return nil, fmt.Errorf("got the number %q, want one of 64 bits that all readers of YAML take for the same: in decimals, without a leading zero", n.Value)
		}
		return json.Number(strconv.FormatInt(i, 10)), nil
	case "!!float":
		v, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || v-v != 0 || !number.MatchString(n.Value) { // infinite, no number, or 08
			return nil, fmt.Errorf("got the number %q, want one that JSON can write", n.Value)
		}
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return n.Value, nil
}
