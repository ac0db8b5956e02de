package replay

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validate "github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schema again")

// generated builds the schema from the types and their comments.
func generated(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, Namer: func(typ reflect.Type) string {
		outer, arg, generic := strings.Cut(typ.Name(), "[")
		if !generic {
			return typ.Name()
		}
		return strings.TrimSuffix(arg[strings.LastIndexByte(arg, '.')+1:], "]") + outer
	}}
	t.Chdir("../..") // the path of comments is relative to the module root
	for _, dir := range []string{"checks", "internal/replay"} {
		if err := r.AddGoComments("github.com/bindgate/bindgate", dir); err != nil {
			t.Fatal(err)
		}
	}
	// Comments of a generic type are stored under its name without the
	// argument.
	r.LookupComment = func(typ reflect.Type, field string) string {
		name, _, generic := strings.Cut(typ.Name(), "[")
		if !generic || field == "" {
			return ""
		}
		return r.CommentMap[typ.PkgPath()+"."+name+"."+field]
	}
	s := r.Reflect(Saved{})
	s.Title = SchemaName
	doc, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(doc, '\n')
}

func TestSchemaFollowsTheTypes(t *testing.T) {
	want := generated(t)
	if *update {
		if err := os.WriteFile("internal/replay/evidence.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := Schema(); !*update && !bytes.Equal(got, want) {
		t.Errorf("evidence.schema.json is out of date; run: go test ./internal/replay -update\n%s", cmp.Diff(string(got), string(want)))
	}
}

func TestSavedEvidenceIsValid(t *testing.T) {
	var buf bytes.Buffer
	run, bindings, all := sample()
	if err := save(&buf, run, bindings, all); err != nil {
		t.Fatal(err)
	}
	schema, err := validate.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validate.NewCompiler()
	if err := c.AddResource("evidence.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("evidence.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validate.UnmarshalJSON(&buf)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Error(err)
	}
}
