package policy

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write what the tests compare with")

const module = "github.com/bindgate/bindgate"

// generated is the schema of the type document, with the comments of the
// fields as descriptions.
func generated(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Namer: namer(t), LookupComment: comments(t)}
	s := r.Reflect(document{})
	s.Title = inputSchema
	s.Description = "What a bindgate policy reads as input: one binding, what was observed about it, and what the checks of the first pass said."
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
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

// namer names the definitions: the type's name, and for a generic type that of
// its argument before it. Two types of one name would share a definition.
func namer(t *testing.T) func(reflect.Type) string {
	taken := map[string]reflect.Type{}
	return func(typ reflect.Type) string {
		name := typ.Name()
		if outer, arg, generic := strings.Cut(name, "["); generic {
			name = strings.TrimSuffix(arg[strings.LastIndexByte(arg, '.')+1:], "]") + outer
		}
		if other, ok := taken[name]; ok && name != "" && other != typ {
			t.Errorf("%v and %v would share the definition %q", other, typ, name)
		}
		taken[name] = typ
		return name
	}
}

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

// What the compiler checks is what is published.
func TestTypesAreThoseOfTheSchema(t *testing.T) {
	var published map[string]any
	if err := json.Unmarshal(schemaJSON, &published); err != nil {
		t.Fatal(err)
	}
	types, err := schemaOf(reflect.TypeFor[document](), &reads{all: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(types)
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	definitions, _ := published["$defs"].(map[string]any)
	if diff := cmp.Diff(resolved(published, definitions), got); diff != "" {
		t.Error(diff)
	}
}

// resolved is a schema with its definitions in place, and types alone.
func resolved(v any, definitions map[string]any) any {
	s, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if ref, ok := s["$ref"].(string); ok {
		return resolved(definitions[strings.TrimPrefix(ref, "#/$defs/")], definitions)
	}
	out := map[string]any{"type": s["type"]}
	for _, key := range []string{"items", "additionalProperties"} {
		if below, ok := s[key]; ok {
			out[key] = resolved(below, definitions)
		}
	}
	if properties, ok := s["properties"].(map[string]any); ok {
		all := map[string]any{}
		for name, below := range properties {
			all[name] = resolved(below, definitions)
		}
		out["properties"] = all
	}
	return out
}
