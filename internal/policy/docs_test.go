package policy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDocs(t *testing.T) {
	got, err := Docs(context.Background(), Options{Dir: folder(t, map[string]string{
		"limits/x.rego": `# METADATA
# title: Few bindings a run
# description: |
#   A run that binds many domains | groups is a mistake.
# scope: package
# custom:
#   needs: [dns]
package bindgate.policy.limits

import rego.v2

deny contains {"msg": sprintf("%s: got %d, want | fewer", [input.evidence.dns.facts.queryName, data.limits.most])} if data.limits.most < 3

# METADATA
# title: It resolves
# scope: rule
warn contains message if {
	message := input.evidence.dns.facts.queryName
}
`,
		"limits/data.yaml":       "most: 5\nwindows: []\n",
		"limits/data.jsonschema": `{"type": "object", "description": "Limits of a run.", "required": ["most"], "properties": {"most": {"type": "integer", "minimum": 1, "description": "Bindings."}, "windows": {"type": "array", "items": {"type": "object", "properties": {"from": {"type": "string", "format": "date-time"}}}}}}`,
	}), Dirs: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, got, "## bindgate.policy.limits\n\nFew bindings a run\n\nA run that binds many domains | groups is a mistake.\n\nNeeds the evidence `dns`.",
		"| `deny` | …: got …, want \\| fewer |\n", "| `warn` | It resolves |\n",
		"## Settings data.limits\n\nLimits of a run.\n", "| `most` | a number | Bindings. At least 1. |\n", "| `windows[_].from` | a text (date-time) | Optional. |\n")
}

// The page of each shipped policy holds what its METADATA and schemas say.
func TestPagesOfShippedPolicies(t *testing.T) {
	const begin, end = "<!-- bindgate policy docs -->\n", "<!-- end of bindgate policy docs -->\n"
	folders, err := filepath.Glob(filepath.Join("..", "..", "policies", "*", "*_test.rego"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("got %v, %v", folders, err)
	}
	for _, f := range folders {
		dir := filepath.Dir(f)
		alone := t.TempDir() // where data begins
		if err := os.CopyFS(filepath.Join(alone, filepath.Base(dir)), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		want, err := Docs(context.Background(), Options{Dir: alone, Dirs: []string{"."}})
		if err != nil {
			t.Fatal(err)
		}
		page := filepath.Join(dir, "README.md")
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(text), begin)
		got, after, closed := strings.Cut(rest, end)
		if *update {
			if !ok {
				before, after = strings.TrimRight(string(text), "\n")+"\n\n", ""
			}
			if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !ok || !closed || got != want {
			t.Errorf("%s is not what its METADATA and schema say: run the test with -update", page)
		}
	}
}
