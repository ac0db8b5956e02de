package strictyaml

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"
)

// dump writes all that a reader can see of a node. The items of a list that
// Each cut are written as they arrive.
func dump(b *strings.Builder, v Value) {
	fmt.Fprintf(b, "%d %s %q %d:%d %d", v.node.Kind, v.node.Tag, v.node.Value, v.node.Line, v.node.Column, v.node.Style&yaml.TaggedStyle)
	b.WriteString("(")
	if v.node.Kind == yaml.SequenceNode {
		items, _ := v.Items()
		for item := range items {
			dump(b, item)
		}
	} else {
		for _, n := range v.node.Content {
			dump(b, Value{v.file, n})
		}
	}
	b.WriteString(")\n")
}

func wholly(src []byte) (string, *File) {
	f := Parse("f", src)
	var b strings.Builder
	for _, doc := range f.Documents() {
		dump(&b, doc)
	}
	return b.String(), f
}

// piecewise does the same with Each, and reports whether a list was cut.
func piecewise(src []byte, size int) (text string, f *File, cut bool) {
	f, docs := each("f", src, "bindings", size)
	var b strings.Builder
	for doc := range docs {
		cut = cut || f.long != nil
		dump(&b, doc)
	}
	return b.String(), f, cut
}

// same compares Each with Parse: Parse accepts what Each accepts and reads the
// same values at the same positions, and both report the same errors of values.
// It returns whether Each accepted the text, and whether it cut a list.
func same(t interface{ Fatalf(string, ...any) }, src []byte, size int) (took, cut bool) {
	got, each, cut := piecewise(src, size)
	if each.over {
		return false, cut // the caller asks Parse about it
	}
	want, whole := wholly(src)
	if w := whole.Errors(); len(w) == 1 && w[0].Line == 0 && strings.Contains(w[0].Message, "more than") {
		return true, cut // a limit of Parse alone
	}
	if g, w := each.Errors(), whole.Errors(); (g == nil) != (w == nil) || g != nil && len(g) < maxErrors && g.Error() != w.Error() {
		t.Fatalf("size %d of %q:\n Each: %v\nParse: %v", size, src, g, w)
	}
	if got != want {
		t.Fatalf("size %d of %q:\n each reads\n%s\nparse reads\n%s", size, src, got, want)
	}
	return true, cut
}

// TestEachCuts checks that lists of the usual shapes are cut: otherwise they
// would be refused beyond MaxTree.
func TestEachCuts(t *testing.T) {
	for name, src := range map[string]string{
		"block":             "apiVersion: a\nbindings:\n  - a: b\n    c: d\n  - a: e\n",
		"no indentation":    "apiVersion: a\nbindings:\n- a: b\n- a: e\n",
		"a key behind":      "bindings: # these\n\n# or not\n  - a: b\n  # c\n\n  - a: e\n# and\napiVersion: a\ndefaults: {x: y}\n",
		"indented":          "---\n  apiVersion: a\n  \"bindings\":\n    - a: b\n    - - c\n      - d\n  z: a\n",
		"CRLF and mark":     "\ufeffapiVersion: a\r\nbindings:\r\n  - a: b\r\n    c: 'x'\r\n\r\n  - a: e\r\n",
		"scalars":           "bindings:\n- a: |\n    - x\n    \"\n- a: \"x: {\"\n- a: it's [\n- a: >-\n   y\n-\n  b: c\n- plain\n  text\n-\n",
		"documents":         "# first\n---\nbindings:\n- a: b\n- c: d\n---\nbindings:\n- e: f\n- g: h\n--- # last\nbindings: [a, b, {c: d}]\n",
		"JSON":              "{\"apiVersion\": \"a\", \"bindings\": [{\"a\": \"b,]\\\"\"},\n\t{\"c\": [1, {}]}], \"z\": {\"bindings\": 1}}",
		"JSON, one line":    `{"bindings":[{"a":"é"},{"b":"c"},["d"]],"defaults":{"e":"f"}}`,
		"flow in block":     "apiVersion: a\nbindings: [a, 'b,', \"c]\", {d: e}, # x,]\n  f]\nz: a\n",
		"flow on a line":    "bindings:\n  [\n    {a: b},\n    {c: d},\n  ]\nz: a\n",
		"bare key":          "{apiVersion: a, bindings: [{a: b}, {c: it's}, x]}",
		"defaults with key": "defaults:\n  bindings:\n  - x\nbindings:\n  - a: b\n  - c: d\n",
	} {
		for size := 1; size < 25; size++ {
			if took, cut := same(t, []byte(src), size); !took || !cut {
				t.Errorf("%s, size %d: read %v, cut %v: %s", name, size, took, cut, src)
				break
			}
		}
	}
}

// TestEachIsParse compares both on texts where a cut is wrong or nearly so.
func TestEachIsParse(t *testing.T) {
	for _, src := range nasty(t) {
		for _, size := range []int{1, 7, 30, 200, partSize} {
			same(t, []byte(src), size)
		}
	}
}

func nasty(t testing.TB) []string {
	t.Helper()
	texts := []string{
		"bindings:\n- a: \"x\n- b: c\n- d\"\n- e: f\n", "bindings:\n- a: 'x\n- b'\nz: 'y\nq: r'\n", "x: \"\nbindings:\n- a\n- b\n\"\n",
		"x: |\n bindings:\n - a\nbindings:\n- b\n- c\n", "bindings:\n- {a: b,\n- c}\n- d\n", "bindings:\n- [a,\nb]\n- c\n", "bindings: &x\n- a\n- b\n",
		"bindings:\n- &x a\n- *x\n", "bindings: !!seq\n- a\n- b\n", "bindings:\n  - a\n - b\n- c\n", "bindings:\n  - a\n  b: c\n  - d\n", "bindings:\n\t- a\n\t- b\n",
		"bindings:\n-\ta: b\n- c\n", "bindings:\n- a:\n  - b\n  - c\n- d:\n- e\n", "bindings:\n- ? a\n- ? b\n  : c\n- d\n", "bindings:\n? - a\n: - b\n",
		"bindings:\n- a\nbindings:\n- b\n- c\n", "{bindings: [a, b], bindings: [c, d]}", "{bindings: [a], b, [c, d]}", "{bindings: [a, b]: c}", "bindings: [a, b]: c\n",
		"{bindings: [a,, b]}", "{bindings: [a, b,]}", "{bindings: [,]}", "{bindings: [ ]}", "bindings: []\n", "bindings:\n", "bindings: ~\n", "{bindings: [a b: c, d}]", "{bindings: [a}, b]}",
		"bindings: [a,\nb,\n c]\n", "bindings:\n- |\n\n  x\n- |2\n   x\n- |+\n  x\n\n\n- >\n x\n# c\n", "bindings:\n- a # '\n- b # \"\n- 'c' # [\n", "bindings:\n- a\n...\n- b\n",
		"%YAML 1.2\n---\nbindings:\n- a\n- b\n", "bindings:\n- a\n--- x\n", "--- {bindings: [a, b]}\n---\n- c\n", "---\n---\nbindings:\n- a\n- b\n", "bindings:\n- a\n---", "--- |\n---\n", "\"bindings\" :\n - a\n - b\n",
		"'bindings': # x\n - a\n# y\n - b\n", "bindings:#\n- a\n", "? bindings\n:\n- a\n- b\n", "bindings:\n- a\n  \n\t\n- b\n \n", "bindings:\n- a: b\n   c: d\n- e\n", "bindings:\n- a: b\n  c\n- e\n", "bindings:\n- a\n-b\n- c\n",
		"a: {\nbindings:\n- a\n- b\n}\n", "{a: 'b', c: [bindings: [x, y]], bindings: [d, e]}", "{\"a\": \"bindings\", \"bindings\": [\"bindings\", {\"bindings\": [1, 2]}]}",
		"bindings:\n- a: &b c\n- *b : d\n- <<: {}\n", "bindings:\n- a: 1\n  a: 2\n- {b: 1, b: 2}\n", "{bindings: [{a: \"\\\"\", b: 'it''s'}, c#d, e #f,]\n, g]}", "bindings:\n- - - - a\n- " + strings.Repeat("[", 30) + "\n",
		"bindings:\n- a\n\n\n\nz:\n- b\n- c\n", "  bindings:\n  - a\n  - b\nz: c\n", "bindings:\n  - a\n  - b\n z: c\n", "bindings:\n- a\r\n- b\r\n\r\n", "bindings: [\"a\nb\", 'c\n\nd', e\nf]\n", "bindings: [é, \"ü\", x]\ny: [é]\n",
		"bindings: [a: b, ? c : d, e:, :f, g]\n", "{bindings: [a, b]\n,z: y}", "{bindings:\n[a, b]}", "{bindings: # x\n[a, b]}", "{\"bindings\":[a, b]}", "{bindings:[a, b]}", "{xbindings: [a, b]}", "[bindings: [a, b]]",
	}
	for _, pattern := range []string{"../../testdata/manifests/*/*.yaml", "../../testdata/manifests/*/*.json"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no manifests at %s: %v", pattern, err)
		}
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(src))
		}
	}
	return texts
}

// TestEachIsParseOfRandomTexts combines lines and tokens that form and break
// lists.
func TestEachIsParseOfRandomTexts(t *testing.T) {
	lines := []string{
		"bindings:", "bindings: [", "- a: b", "- a", "-", "- \"x", "y\"", "- 'x", "y'", "- |", "- >-", "- {a: b,", "c: d}", "]", "- [a, b]", "a: b", "a:", "# c", "#", "", "\t", "z: y",
		"- a: |", "- - a", "? a", ": b", "---", "--- # x", "a: 'it''s'", "- a: \"b # c\"", "{a: b},", "x,", "'a,", "b',", "\"c]\",", "{bindings: [", "]}", "}", ", z: y}", "é: ü", "- é # ü", "<<: *a", "&a b", "- a: b\r",
	}
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		if rapid.Bool().Draw(t, "head") {
			b.WriteString(rapid.SampledFrom([]string{"apiVersion: a\nbindings:\n", "bindings:\n- a: b\n", "{bindings: [a,\n", "bindings: [{a: b},\n", "  bindings:\n    - a\n"}).Draw(t, "start"))
		}
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			b.WriteString(strings.Repeat(" ", rapid.SampledFrom([]int{0, 0, 0, 1, 2, 2, 4}).Draw(t, "indent")))
			b.WriteString(rapid.SampledFrom(lines).Draw(t, "line"))
			b.WriteString(rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", " "}).Draw(t, "end"))
		}
		for _, size := range []int{1, rapid.IntRange(2, 60).Draw(t, "size")} {
			same(t, b.Bytes(), size)
		}
	})
}

// FuzzEach does the same with any text.
func FuzzEach(f *testing.F) {
	for _, src := range nasty(f) {
		f.Add([]byte(src), 1)
	}
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		same(t, src, 1+max(size, 0)%100)
	})
}
