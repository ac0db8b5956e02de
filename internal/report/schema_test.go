package report

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

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

var update = flag.Bool("update", false, "update the golden files and the schema")

// generate makes the schema from the types and their comments.
func generate(t *testing.T) []byte {
	t.Helper()
	r := jsonschema.Reflector{ExpandedStruct: true, AllowAdditionalProperties: true, Mapper: vocabulary}
	t.Chdir("../..") // comments are found by the path from the module's root
	for _, dir := range []string{"checks", "internal/plan", "internal/report"} {
		if err := r.AddGoComments("github.com/bindgate/bindgate", dir); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(Report{})
	s.ID, s.Title = "urn:bindgate:report:v1", "bindgate report"
	doc, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(doc, '\n')
}

// vocabulary lists the values of the types that are words.
func vocabulary(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[checks.Status]():
		return &jsonschema.Schema{Type: "string", Enum: []any{checks.StatusPass, checks.StatusFail,
			checks.StatusUnknown, checks.StatusNotApplicable, checks.StatusNotRun}}
	case reflect.TypeFor[checks.Severity]():
		return &jsonschema.Schema{Type: "string", Enum: []any{checks.Error, checks.Warning}}
	case reflect.TypeFor[gate.Status]():
		return &jsonschema.Schema{Type: "string", Enum: []any{gate.Allowed, gate.Refused, gate.Undetermined, gate.Partial}}
	}
	return nil
}

func TestSchemaFollowsTheTypes(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile("internal/report/report.schema.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("report.schema.json is not what the types say; run this test with -update:\n%s", diff)
	}
}

// compiled is the published schema, or the part of it that pointer names.
func compiled(t *testing.T, pointer string) *validate.Schema {
	t.Helper()
	doc, err := validate.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := validate.NewCompiler()
	if err := c.AddResource("report.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("report.schema.json" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *validate.Schema, doc []byte) error {
	t.Helper()
	v, err := validate.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestSchemaRefusesOtherWords(t *testing.T) {
	s := compiled(t, "")
	good := written(t, "json", run("apply", forced(failure()), refused()), Options{})
	if err := valid(t, s, []byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new string }{
		{`"decision":"allowed"`, `"decision":"maybe"`},
		{`"status":"pass"`, `"status":"passed"`},
		{`"severity":"error"`, `"severity":"info"`},
		{`"status":"failed"`, `"status":"fine"`},
		{`"schema":"bindgate.report/v1"`, `"schema":"bindgate.report/v2"`},
		{`"decision":"allowed",`, ``},
		{`"ids":[`, `"ids":[],"x":[`},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Fatalf("the sample report holds no %s", c.old)
		}
		if valid(t, s, []byte(bad)) == nil {
			t.Errorf("%s in place of %s is valid, want it refused", c.new, c.old)
		}
	}
}
