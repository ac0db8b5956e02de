package strictyaml

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/cputime"
)

// TestParseRefuses checks that input outside the plain subset, or not YAML at
// all, gives one clear error with its position.
func TestParseRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ src, want string }{
		"empty":              {"", "f: file is empty, want a YAML or JSON document"},
		"blank":              {" \n\n", "f: file is empty, want a YAML or JSON document"},
		"only a comment":     {"# nothing\n", "f: file is empty, want a YAML or JSON document"},
		"only a mark":        {"\ufeff", "f: file is empty, want a YAML or JSON document"},
		"duplicate key":      {"a: 1\nb:\n  c: 1\n  c: 2\n", `f:4:3: duplicate key "c", first at 3:3; remove one`},
		"duplicate quoted":   {"{a: 1, \"a\": 2}", `f:1:8: duplicate key "a"`},
		"duplicate escaped":  {`{"a": 1, "\u0061": 2}`, `f:1:10: duplicate key "a"`},
		"tab as indentation": {"a:\n\tb: 1\n", "f:2:1: got a tab"},
		"tab after spaces":   {"a:\n  b: 1\n \tc: 1\n", "f:3:2: got a tab"},
		"alias":              {"a: &x 1\nb: *x\n", "f:2:4: got an alias"},
		"anchor":             {"a: &x 1\n", "f:1:4: got an anchor"},
		"unknown alias":      {"a: *x\n", "f:1:4: got an alias"},
		"merge key":          {"a: {<<: {b: 1}}\n", "f:1:5: got a merge key"},
		"tag":                {"a: !!int abc\n", "f:1:4: got a tag"},
		"own tag":            {"a: !run x\n", "f:1:4: got a tag"},
		"bare tag":           {"a: ! x\n", "f:1:4: got a tag"},
		"tag on a key":       {"!!str a: 1\n", "f:1:1: got a tag"},
		"number as key":      {"1: a\n", "f:1:1: got a number as a key, want a string; put the key in quotes"},
		"null as key":        {"~: a\n", "f:1:1: got null as a key"},
		"no key":             {": a\n", "f:1:1: got nothing as a key"},
		"list as key":        {"? [a]\n: b\n", "f:1:3: got a list as a key"},
		"alias as key":       {"a: &x b\n*x : c\n", "f:2:1: got an alias"},
		"bad UTF-8":          {"a: 1\nbé: \xff\n", "f:2:5: got the byte 0xff, want UTF-8"},
		"cut UTF-8":          {"a: \xc3", "f:1:4: got the byte 0xc3, want UTF-8"},
		"overlong UTF-8":     {"a: \xc0\x80", "f:1:4: got the byte 0xc0, want UTF-8"},
		"UTF-16":             {"\xff\xfea\x00", "f:1:1: got the byte 0xff, want UTF-8"},
		"NUL":                {"a: 1\n\x00b: 1\n", "f:2:1: got the control character U+0000"},
		"escape sequence":    {"a: \x1b[2J\n", "f:1:4: got the control character U+001B"},
		"lone CR":            {"a: 1\rb: 2\n", "f:1:5: got the control character U+000D"},
		"next line":          {"a: 1\u0085b: 2\n", "f:1:5: got the control character U+0085"},
		"line separator":     {"a: x\u2028y\n", "f:1:5: got the control character U+2028"},
		"bidi in a comment":  {"a: 1 # \u202e x\n", "f:1:8: got the control character U+202E"},
		"mark inside":        {"a: x\ufeffy\n", "f:1:5: got the control character U+FEFF"},
		"escaped control":    {`a: "x\u001by"`, "f:1:4: got a string with the control character U+001B"},
		"escaped line break": {`a: "x\ny"`, "f:1:4: got a string with the control character U+000A"},
		"block scalar":       {"a: |\n  x\n", "f:1:4: got a string with the control character U+000A"},
		"escaped key":        {`{"x\ty": 1}`, "f:1:2: got a string with the control character U+0009"},
		"surrogates":         {`{"a": "\ud83d\ude00"}`, "f:1:10: got an escape for half of a surrogate pair"},
		"empty document":     {"a: 1\n---\n---\nb: 1\n", ""},
		"open quote":         {"a: 'x\n", "f:2:1: not YAML: found unexpected end of stream (while scanning a quoted scalar that begins at line 1)"},
		"two colons":         {"a: b: c\n", "f:1:5: not YAML: mapping values are not allowed in this context"},
		"json without comma": {"{\"a\": 1}\n{\"b\": 2}\n", "f:2:1: not YAML: did not find expected <document start>"},
		"YAML 3":             {"%YAML 3.1\n---\na: 1\n", "f:1:1: not YAML: found incompatible YAML document"},
		"deep flow":          {strings.Repeat("[", 10000), "f:1:21: nested too deeply: more than 20 levels"},
		"deep block":         {strings.Repeat("- ", 10000), "nested too deeply"},
		"deep keys":          {deepKeys(10000), "nested too deeply"},
		"deep and closed":    {strings.Repeat("[", 10000) + strings.Repeat("]", 10000), "f:1:21: nested too deeply"},
		"too large":          {strings.Repeat("#", MaxTree+1), "f: file is too large: more than 4 MiB; split it"},
		"too many values":    {"[" + strings.Repeat("a,", maxValues) + "]", "f: file contains more than 300000 values"},
		"too many dashes":    {strings.Repeat("- - - a\n", maxValues/3), "f: file contains more than 300000 values"},
	} {
		f := Parse("f", []byte(tc.src))
		if tc.want == "" {
			if f.Errors() != nil {
				t.Errorf("%s: got %v, want no error", name, f.Errors())
			}
			continue
		}
		if len(f.Errors()) == 0 || !strings.Contains(f.Errors().Error(), tc.want) {
			t.Errorf("%s:\n got %v\nwant %s", name, f.Errors(), tc.want)
		}
	}
}

// deepKeys nests mappings by indentation, as deep as MaxTree allows.
func deepKeys(depth int) string {
	var b strings.Builder
	for i := 0; i < depth && b.Len() < MaxTree/2; i++ {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// TestParseIsQuick parses the worst known texts.
func TestParseIsQuick(t *testing.T) {
	bomb := "a0: &a0 [x]\n"
	for i := 1; i < 60; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	for name, src := range map[string]string{
		"alias bomb":       bomb,
		"20 MB":            strings.Repeat("- domainName: a.example\n", 1<<20),
		"brackets":         strings.Repeat("[", MaxTree),
		"dashes":           strings.Repeat("- ", MaxTree/2),
		"question marks":   strings.Repeat("? ", MaxTree/2),
		"implicit pairs":   "[" + strings.Repeat("a: b,", MaxTree/5-1) + "]",
		"documents":        strings.Repeat("---\n", MaxTree/4),
		"aliases":          "- &a x\n" + strings.Repeat("- *a\n", MaxTree/5-2),
		"one long key":     strings.Repeat("k", MaxTree-3) + ": v",
		"one long string":  "\"" + strings.Repeat("a ", MaxTree/2-1) + "\"",
		"an unknown alias": "*" + strings.Repeat("a", MaxTree-1),
	} {
		start := cputime.Spent(t)
		f := Parse("f", []byte(src))
		if took := cputime.Spent(t) - start; took > time.Minute { // half a second on an idle machine; quadratic code takes hours
			t.Errorf("%s took %s of processor time", name, took)
		}
		if text := f.Errors().Error(); len(text) > 8000 {
			t.Errorf("%s: %d bytes of errors", name, len(text))
		}
	}
}

func TestErrorsAreCapped(t *testing.T) {
	f := Parse("f", []byte(strings.Repeat("- &a x\n", 50)))
	errs := f.Errors()
	if len(errs) != maxErrors+1 || errs[maxErrors].Error() != "f: 30 more errors are not shown; fix these first" {
		t.Errorf("got %d errors: %v", len(errs), errs)
	}
}
