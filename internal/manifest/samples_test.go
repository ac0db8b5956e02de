package manifest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/manifest"
)

var update = flag.Bool("update", false, "write the .want files")

const samples = "../../testdata/manifests"

// TestSamples holds every sample to its folder: what Load says, every error of
// it, and what the published schema says.
func TestSamples(t *testing.T) {
	schema := compile(t)
	for folder, schemaSays := range map[string]string{"valid": "valid", "left-to-checks": "invalid", "invalid": "invalid", "unparsable": "", "refused": "valid"} {
		dir := filepath.Join(samples, folder)
		for _, path := range sampleFiles(t, dir) {
			name := filepath.Base(path)
			t.Run(folder+"/"+name, func(t *testing.T) {
				root, err := filepath.Abs(dir)
				if err != nil {
					t.Fatal(err)
				}
				_, err = manifest.Load([]string{name}, manifest.Options{WorkDir: root, Root: root})
				compareErrors(t, path+".want", root, folder == "valid" || folder == "left-to-checks", err)
				if schemaSays == "" {
					return
				}
				if err := validate(t, schema, path); (err == nil) != (schemaSays == "valid") {
					t.Errorf("the schema should find it %s, got %v", schemaSays, err)
				}
			})
		}
	}
}

func compareErrors(t *testing.T, want, root string, valid bool, err error) {
	t.Helper()
	if valid {
		if err != nil {
			t.Error(err)
		}
		return
	}
	if err == nil {
		t.Fatal("it was loaded")
	}
	got := strings.ReplaceAll(err.Error(), root, "$ROOT") + "\n"
	if *update {
		if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

func sampleFiles(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.*[ln]")) // .yaml, .json
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples in %s: %v", dir, err)
	}
	return paths
}

func compile(t testing.TB) *jsonschema.Schema {
	t.Helper()
	return compileSchema(t, manifest.Schema())
}

// validate holds every document of a file to the schema.
func validate(t testing.TB, schema *jsonschema.Schema, path string) error {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return validateBytes(t, schema, data)
}

func validateBytes(t testing.TB, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	var docs []yaml.Node
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments()); err != nil {
		t.Fatal(err)
	}
	for i := range docs {
		if err := schema.Validate(instance(t, docs[i].Content[0])); err != nil {
			return err
		}
	}
	return nil
}

// instance is a YAML value as the JSON that the schema speaks of (YAML 1.2 core
// schema: a date is a string).
func instance(t testing.TB, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = instance(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		l := []any{}
		for _, item := range n.Content {
			l = append(l, instance(t, item))
		}
		return l
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return f
		}
		return 0
	}
	return n.Value
}
