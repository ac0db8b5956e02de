package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the tests compare with")

const module = "github.com/bindgate/bindgate"

// generated is the schema of the total input: every field is there, null stands for a
// scalar that is absent, and an object that may be absent has the field given.
func generated(t *testing.T) []byte {
	t.Helper()
	g := generator{comment: comments(t), defs: map[string]any{}, taken: map[string]reflect.Type{}, t: t}
	root := g.object(reflect.TypeFor[document](), false, false)
	root["$schema"], root["title"], root["$defs"] = "https://json-schema.org/draft/2020-12/schema", inputSchema, g.defs
	root["description"] = "What a bindgate policy reads as input: one binding, what was observed about it, and what the checks of the first pass said. Every field is present: what is absent is null, an empty list or an object with given: false. A document for `bindgate policy eval` may leave it out."
	data, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// generator makes a JSON Schema of Go types.
type generator struct {
	comment func(reflect.Type, string) string
	defs    map[string]any
	taken   map[string]reflect.Type
	t       *testing.T
}

type schema = map[string]any

// of is the schema of a type, whose scalars may be null where absent.
func (g generator) of(t reflect.Type, absent bool, owner string) schema {
	simple := func(kind string) schema {
		if absent {
			return schema{"type": []string{kind, "null"}}
		}
		return schema{"type": kind}
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage](): // of the owner's schema
		return schema{}
	case t == reflect.TypeFor[time.Time]():
		s := simple("string")
		s["format"] = "date-time"
		return s
	case t.Kind() == reflect.Pointer && isObject(t.Elem()):
		return g.ref(t.Elem(), true, true)
	case t.Kind() == reflect.Pointer:
		return g.of(t.Elem(), true, owner)
	case t.Kind() == reflect.Struct:
		return g.ref(t, false, absent)
	case t.Kind() == reflect.Slice:
		return schema{"type": "array", "items": g.of(t.Elem(), false, "")}
	case t.Kind() == reflect.Map:
		return schema{"type": "object", "additionalProperties": g.of(t.Elem(), false, "")}
	case t.Kind() == reflect.Bool:
		return simple("boolean")
	case t.Kind() == reflect.String:
		s := simple("string")
		if w := vocabularies().words(owner); w != nil {
			var all []any
			for _, word := range w.list {
				all = append(all, word)
			}
			if absent {
				all = append(all, nil)
			}
			s[map[bool]string{true: "examples", false: "enum"}[w.open]] = all
		}
		return s
	}
	return simple("integer")
}

func (g generator) ref(t reflect.Type, optional, absent bool) schema {
	name := t.Name()
	if outer, arg, generic := strings.Cut(name, "["); generic {
		name = strings.TrimSuffix(arg[strings.LastIndexByte(arg, '.')+1:], "]") + outer
	}
	if other, ok := g.taken[name]; ok && other != t {
		g.t.Errorf("%v and %v would share the definition %q", other, t, name)
	}
	g.taken[name] = t
	switch {
	case optional:
		name = "Optional" + name
	case absent:
		name = "Absent" + name
	}
	if _, done := g.defs[name]; !done {
		g.defs[name] = schema{}
		g.defs[name] = g.object(t, optional, absent)
	}
	return schema{"$ref": "#/$defs/" + name}
}

func (g generator) object(t reflect.Type, optional, absent bool) schema {
	fields, err := jsonFields(t)
	if err != nil {
		g.t.Fatal(err)
	}
	properties, required := schema{}, []string{}
	if optional {
		properties[givenField] = schema{"type": "boolean", "default": true, "description": "false: the object is absent"}
	}
	for _, f := range fields {
		var p schema
		if f.optionalObject() && f.Type.Kind() != reflect.Pointer {
			p = g.ref(f.Type, true, true)
		} else {
			p = g.of(f.Type, absent || f.nullable(), ownerOf(t, f))
		}
		if f.has("omitempty") && !f.nullable() { // what a document without it means
			switch f.Type.Kind() {
			case reflect.Bool:
				p["default"] = false
			case reflect.Uint32, reflect.Int, reflect.Int64:
				p["default"] = 0
			}
		}
		if d := g.comment(declarer(t, f), f.Name); d != "" {
			p["description"] = d
		}
		properties[f.name] = p
		if !absent && !f.has("omitempty") && !f.has("omitzero") { // a document may leave out what is absent
			required = append(required, f.name)
		}
	}
	out := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	if d := g.comment(t, ""); d != "" {
		out["description"] = d
	}
	return out
}

// declarer is the struct that declares a field, which may be embedded.
func declarer(t reflect.Type, f jsonField) reflect.Type {
	if len(f.Index) > 1 {
		return t.FieldByIndex(f.Index[:len(f.Index)-1]).Type
	}
	return t
}

// comments finds the comment of a type, or of a field of it.
func comments(t *testing.T) func(reflect.Type, string) string {
	found := map[string]string{}
	for _, dir := range []string{"internal/policy", "checks", "checks/binding", "checks/evidence"} {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			collect(found, module+"/"+dir, file)
		}
	}
	return func(typ reflect.Type, field string) string {
		name, _, _ := strings.Cut(typ.Name(), "[")
		return found[typ.PkgPath()+"."+name+"."+field]
	}
}

func collect(found map[string]string, pkg string, file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		decl, ok := n.(*ast.GenDecl)
		if !ok {
			return true
		}
		for _, spec := range decl.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			name := pkg + "." + typ.Name.Name + "."
			found[name] = oneLine(decl.Doc.Text())
			if s, ok := typ.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, id := range f.Names {
						found[name+id.Name] = oneLine(f.Doc.Text() + f.Comment.Text())
					}
				}
			}
		}
		return true
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestSchemaIsGeneratedFromTheTypes(t *testing.T) {
	want := generated(t)
	if *update {
		if err := os.WriteFile("input.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := InputSchema(); !bytes.Equal(got, want) {
		t.Errorf("input.schema.json is out of date; run: go test ./internal/policy -run TestSchema -update\n%s", cmp.Diff(string(got), string(want)))
	}
}

// What the checks of policies follow is what is published.
func TestTypesAreThoseOfTheSchema(t *testing.T) {
	var published schema
	if err := json.Unmarshal(schemaJSON, &published); err != nil {
		t.Fatal(err)
	}
	definitions, _ := published["$defs"].(schema)
	seen := 0
	var compare func(where string, got *typ, want schema)
	compare = func(where string, got *typ, want schema) {
		seen++
		if ref, ok := want["$ref"].(string); ok {
			want, _ = definitions[strings.TrimPrefix(ref, "#/$defs/")].(schema)
		}
		var k kinds
		names := map[string]kinds{"null": nullKind, "boolean": boolKind, "integer": numberKind, "string": textKind, "array": listKind, "object": objectKind}
		switch of := want["type"].(type) {
		case string:
			k = names[of]
		case []any:
			for _, name := range of {
				k |= names[name.(string)]
			}
		}
		if got.kinds != k || got.unknown {
			t.Errorf("%s: got %v, want %v", where, got.kinds, k)
			return
		}
		if items, ok := want["items"].(schema); ok {
			compare(where+"[_]", got.elem, items)
		}
		if items, ok := want["additionalProperties"].(schema); ok {
			if where == "input.binding.labels" || where == "input.external" {
				return // has the declared ones
			}
			compare(where+"[_]", got.elem, items)
		}
		properties, _ := want["properties"].(schema)
		if len(properties) == 0 {
			return
		}
		if diff := cmp.Diff(slices.Sorted(maps.Keys(properties)), got.objects[0].names()); diff != "" {
			t.Errorf("%s: %s", where, diff)
			return
		}
		for name, below := range properties {
			f, _ := got.objects[0].field(name)
			compare(where+"."+name, f, below.(schema))
		}
	}
	compare("input", inputTypeOf(nil, nil, nil), published)
	if seen < 300 {
		t.Errorf("compared %d types, want those of the whole input", seen)
	}
}

// A field that is renamed must not lose its words.
func TestVocabulariesNameFields(t *testing.T) {
	found := map[string]bool{}
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(x reflect.Type) {
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(x.Elem())
			return
		case reflect.Struct:
		default:
			return
		}
		if !isObject(x) || seen[x] {
			return
		}
		seen[x] = true
		fields, err := jsonFields(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			found[ownerOf(x, f)] = true
			walk(f.Type)
		}
	}
	walk(reflect.TypeFor[document]())
	known := vocabularies()
	for _, list := range []map[string][]string{known.open, known.closed} {
		for owner := range list {
			if !found[owner] {
				t.Errorf("the words of %q are of no field", owner)
			}
		}
	}
}
