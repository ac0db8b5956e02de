package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
	validate "github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/cli"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

var update = flag.Bool("update", false, "replace the schemas in testdata/schemas/v1 by today's")

// released is the folder of the schemas that readers of version 1 rely on. A
// released schema changes only by additions that promises and broken allow.
func released(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "testdata", "schemas", "v1", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// published are the documents whose schema `bindgate schema` prints, each with
// whether people write it and bindgate reads it.
func published() map[string]bool {
	return map[string]bool{"manifest": true, "config": true, "report": false, "evidence": false, "policy-input": false}
}

// today returns the schema of each document as the code has it now.
func today(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name := range published() {
		all[name] = run(t, env(t.TempDir(), nil), 0, "schema", name)
	}
	for name, r := range map[string]struct {
		reflector jsonschema.Reflector
		of        any
	}{
		"plan":    {jsonschema.Reflector{Anonymous: true, ExpandedStruct: true}, plan.File{}}, // read strictly
		"journal": {jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, AllowAdditionalProperties: true}, journal.Entry{}},
	} {
		text, err := json.MarshalIndent(r.reflector.Reflect(r.of), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		all[name] = append(text, '\n')
	}
	return all
}

func TestReleasedSchemasHold(t *testing.T) {
	t.Parallel()
	for name, now := range today(t) {
		if *update {
			if err := os.WriteFile(released(t, name), now, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		then, err := os.ReadFile(released(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range broken(promises(t, then), promises(t, now), published()[name]) {
			t.Errorf("%s: %s; before the first release run: go test ./internal/cli -run Schemas -update; after it, restore the field or begin version 2", name, b)
		}
	}
}

// promises returns what a schema promises, one line a promise: which properties
// an object has and requires, which types, words and patterns values have.
func promises(t *testing.T, schema []byte) map[string]bool {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(schema, &doc); err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	var walk func(path string, node map[string]any)
	walk = func(path string, node map[string]any) {
		for key, v := range node {
			switch key {
			case "description", "title", "default", "examples", "$id", "$comment",
				"enumDescriptions", "errorMessage", "patternErrorMessage", "doNotSuggest", "defaultSnippets": // what editors show
				continue
			}
			switch v := v.(type) {
			case map[string]any:
				if slices.Contains([]string{"properties", "patternProperties", "$defs"}, key) {
					for name, one := range v {
						lines[path+"/"+name+" exists"] = true
						if one, ok := one.(map[string]any); ok {
							walk(path+"/"+name, one)
						}
					}
					continue
				}
				walk(path+"/"+key, v)
			case []any:
				for i, one := range v {
					if object, ok := one.(map[string]any); ok {
						walk(fmt.Sprintf("%s/%s/%d", path, key, i), object)
					} else {
						lines[fmt.Sprintf("%s %s %v", path, key, one)] = true
					}
				}
			default:
				lines[fmt.Sprintf("%s %s %v", path, key, v)] = true
			}
		}
	}
	walk("", doc)
	return lines
}

// broken returns the promises that no longer hold. What bindgate writes may gain
// properties, but neither lose one nor put a new word into a list of words. What
// people write may gain properties and words, but no new duty.
func broken(then, now map[string]bool, written bool) (all []string) {
	for _, line := range slices.Sorted(maps.Keys(then)) {
		if !now[line] && !(written && strings.Contains(line, " required ")) {
			all = append(all, "released and gone: "+line)
		}
	}
	added := " enum "
	if written {
		added = " required "
	}
	for _, line := range slices.Sorted(maps.Keys(now)) {
		if object, _, found := strings.Cut(line, added); found && !then[line] && !within(object, then, now) {
			all = append(all, "not released: "+line)
		}
	}
	return all
}

// within reports whether a path leads into a property that then did not have.
func within(path string, then, now map[string]bool) bool {
	for ; path != ""; path = path[:strings.LastIndex(path, "/")] {
		if now[path+" exists"] && !then[path+" exists"] {
			return true
		}
	}
	return false
}

func TestBrokenPromisesAreFound(t *testing.T) {
	t.Parallel()
	const then = `{"properties": {"a": {"type": "string", "enum": ["x", "y"]}, "b": {"$ref": "#/$defs/B"}}, "required": ["a"],
		"$defs": {"B": {"properties": {"c": {"type": "integer"}}, "required": ["c"]}}}`
	for _, c := range []struct {
		name, old, new  string
		output, written int // promises that are broken
	}{
		{"a word of a description", `"type": "string"`, `"type": "string", "description": "d"`, 0, 0},
		{"words for editors", `"type": "string"`, `"type": "string", "errorMessage": "d", "enumDescriptions": ["d"], "defaultSnippets": [{"label": "l"}]`, 0, 0},
		{"a new property", `"b": {`, `"d": {"type": "string", "enum": ["z"]}, "b": {`, 0, 0},
		{"a property is gone", `"c": {"type": "integer"}`, ``, 2, 2},
		{"another type", `"integer"`, `"string"`, 1, 1},
		{"a word is gone", `"x", `, ``, 1, 1},
		{"a new word", `"x", `, `"x", "z", `, 1, 0},
		{"no longer required", `"required": ["c"]`, `"required": []`, 1, 0},
		{"newly required", `"required": ["a"]`, `"required": ["a", "b"]`, 0, 1},
	} {
		now := strings.Replace(then, c.old, c.new, 1)
		if got := broken(promises(t, []byte(then)), promises(t, []byte(now)), false); len(got) != c.output {
			t.Errorf("%s, written by bindgate: got %q, want %d", c.name, got, c.output)
		}
		if got := broken(promises(t, []byte(then)), promises(t, []byte(now)), true); len(got) != c.written {
			t.Errorf("%s, written by people: got %q, want %d", c.name, got, c.written)
		}
	}
}

// env returns the environment of a command in dir.
func env(dir string, vars map[string]string) console.Env {
	return console.Env{Stdin: strings.NewReader(""), Stderr: io.Discard, Now: time.Now, Dir: dir,
		LookupEnv: func(name string) (string, bool) { v, ok := vars[name]; return v, ok }}
}

// run runs a command that must end with code, and returns its standard output.
func run(t *testing.T, e console.Env, code int, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	e.Stdout, e.Stderr = &out, &errs
	if got := cli.Run(t.Context(), args, e); got != code {
		t.Fatalf("bindgate %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.Bytes()
}

// outputs runs the demo and then lint and plan on its sandbox, and returns the
// folder of what they wrote: report.json, journal.jsonl, evidence.json, plan.json.
func outputs(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "demo")
	vars := map[string]string{"HOME": parent, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}
	run(t, env(parent, vars), 0, "demo", "--dir", dir)
	text, err := os.ReadFile(filepath.Join(dir, "seed.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := account.ParseSeed(text, dir)
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Start(t.Context(), sandbox.Options{Seed: seed, Now: time.Now, Roots: filepath.Join(dir, "ca.pem")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	for _, pair := range box.Env() {
		name, value, _ := strings.Cut(pair, "=")
		vars[name] = value
	}
	run(t, env(dir, vars), 1, "lint", "-f", "json=lint.json", "--evidence-out", "evidence.json", "bindings.yaml")
	sound := sound(t, filepath.Join(dir, "bindings.yaml"))
	if err := os.WriteFile(filepath.Join(dir, "sound.yaml"), sound, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, env(dir, vars), 0, "plan", "-o", "plan.json", "sound.yaml")
	return dir
}

// sound returns the demo's manifest without the bindings that are refused: its
// first eight are sound.
func sound(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := yaml.Load(text, &m); err != nil {
		t.Fatal(err)
	}
	m["bindings"] = m["bindings"].([]any)[:8]
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// compiled are the released schemas, by their path; compiling one takes longer than validating.
var compiled sync.Map

// valid validates a JSON text under a released schema.
func valid(t *testing.T, name string, text []byte) {
	t.Helper()
	path := released(t, name)
	once, _ := compiled.LoadOrStore(path, sync.OnceValues(func() (*validate.Schema, error) { return validate.NewCompiler().Compile(path) }))
	schema, err := once.(func() (*validate.Schema, error))()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validate.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("under the released schema of %s: %v", name, err)
	}
}

func TestReleasedSchemasFitTodaysDocuments(t *testing.T) {
	t.Parallel()
	dir := outputs(t)
	for file, schema := range map[string]string{"report.json": "report", "lint.json": "report", "evidence.json": "evidence", "plan.json": "plan",
		"sound.yaml": "manifest"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		valid(t, schema, text)
	}
	text, err := os.ReadFile(filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		valid(t, "journal", line)
	}

	// Fields that a later bindgate adds within version 1 disturb no reader of today.
	text, err = os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	more := extended(t, text)
	valid(t, "report", more)
	var old, added report.Report
	if err := json.Unmarshal(text, &old); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(more, &added); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(old, added); diff != "" || len(old.Bindings) != 14 {
		t.Errorf("%d bindings are read, and with unknown fields others:\n%s", len(old.Bindings), diff)
	}
	lengthen(t, filepath.Join(dir, "journal.jsonl"))
	if out := run(t, env(dir, nil), 0, "journal", "verify", "--journal", "journal.jsonl"); len(out) == 0 {
		t.Error("journal verify reports nothing")
	}
}

// extended returns a JSON text in which every object has an additional, unknown field.
func extended(t *testing.T, text []byte) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case map[string]any:
			for key, one := range v {
				if key != "params" { // a map of the gateway's own names, no object with fields
					walk(one)
				}
			}
			v["addedLater"] = "text"
		}
	}
	walk(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lengthen gives every entry of a journal an unknown field, and chains them again.
func lengthen(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	oldHash, newHash := "", ""
	for line := range bytes.Lines(text) {
		var e journal.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		body, _, found := strings.Cut(string(line), `,"hash":"`)
		if !found {
			t.Fatalf("an entry without a hash: %s", line)
		}
		if oldHash != "" {
			body = strings.Replace(body, oldHash, newHash, 1)
		}
		body += `,"addedLater":"text"`
		oldHash, newHash = e.Hash, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(body+"}")))
		out.WriteString(body + `,"hash":"` + newHash + "\"}\n")
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
