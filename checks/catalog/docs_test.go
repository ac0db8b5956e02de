package catalog

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/checks from the catalogue")

// The files of docs/checks equal the generated pages.
func TestDocs(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "checks")
	want := pages(All())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, ok := want[filepath.Base(file)]; !ok {
			t.Errorf("%s is of no family", file)
		}
	}
	for name, text := range want {
		file := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("%s drifted from the catalogue; run go test ./checks/catalog -run Docs -update\n%s", file, diff)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range All() {
		text := Explain(c)
		for _, part := range []string{c.ID, c.Doc.References[0][:10], "\nWhy\n", "\nHow to fix\n", "\nEvidence\n", "\nReferences\n", indent(block(c.Doc.Failing)), indent(block(c.Doc.Passing))} {
			if !strings.Contains(text, part) {
				t.Errorf("%s: the explanation does not hold %q:\n%s", c.ID, part, text)
			}
		}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if utf8.RuneCountInString(line) > width && strings.Contains(strings.TrimLeft(line, " -"), " ") {
				t.Errorf("%s: over %d columns: %s", c.ID, width, line)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	long := strings.Repeat("x", 90)
	for _, c := range []struct{ text, want string }{
		{"", "- \n"},
		{"one two", "- one two\n"},
		{"one\n two", "- one two\n"},
		{strings.Repeat("a", 78) + " b", "- " + strings.Repeat("a", 78) + "\n  b\n"},
		{strings.Repeat("ü", 76) + " b", "- " + strings.Repeat("ü", 76) + " b\n"},
		{"see " + long + " end", "- see\n  " + long + "\n  end\n"},
		{long, "- " + long + "\n"},
	} {
		if got := wrap(c.text, "- ", "  "); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}
