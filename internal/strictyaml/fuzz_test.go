package strictyaml

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

// FuzzParse checks that no text makes the parser panic, and that accepted JSON
// has the same meaning as to encoding/json.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n", "{\"a\": [1, \"x\", null, true, {}], \"b\": \"\\u00e9\\/\"}", "- a\n- b: c\n", "a: |\n  x\n", "\ufeffa: b\r\n",
		"a: &x [*x]\n", "<<: {a: b}", "? [a]\n: b\n", "--- a\n...\n--- b\n", "%YAML 1.2\n---\na", "a: 'it''s'\n", "[[[[{a: b}]]]]",
		"12345678901234567890123456789012", "1e999",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file := Parse("f", src)
		if file.Errors() != nil {
			return
		}
		docs := file.Documents()
		if len(docs) == 0 {
			t.Fatal("no document and no error")
		}
		src = bytes.TrimPrefix(src, []byte(utf8BOM))
		if !json.Valid(src) {
			return
		}
		var want any
		decoder := json.NewDecoder(bytes.NewReader(src))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if len(docs) != 1 {
			t.Fatalf("%d documents of one JSON text", len(docs))
		}
		if diff := cmp.Diff(types(want), plain(docs[0].node)); diff != "" {
			t.Errorf("JSON is read otherwise (-encoding/json +strictyaml):\n%s", diff)
		}
	})
}

// plain converts a node to the types of encoding/json; a number becomes
// "number".
func plain(n *yaml.Node) any {
	switch {
	case n.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case n.Kind == yaml.SequenceNode:
		l := []any{}
		for _, item := range n.Content {
			l = append(l, plain(item))
		}
		return l
	case n.Tag == nullTag:
		return nil
	case n.Tag == boolTag:
		return n.Value == "true"
	case n.Tag == intTag || n.Tag == floatTag:
		return 0.0
	}
	return n.Value
}

func types(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = types(v[key])
		}
	case []any:
		for i := range v {
			v[i] = types(v[i])
		}
	case json.Number:
		return 0.0
	}
	return v
}
