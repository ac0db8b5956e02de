package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// many is a manifest that is cut into parts when it is read.
func many(n int) string { return padded(n, "") }

func padded(n int, comment string) string {
	var b strings.Builder
	b.WriteString("apiVersion: bindgate/v1\ndefaults: {labels: {owner: a}}\nbindings:\n")
	for i := range n {
		fmt.Fprintf(&b, "  # %d%s\n  - domainName: d%d.demo.com\n    groupId: g\n    regionId: cn-hangzhou\n    isForce: true\n    forceFrom: [h]\n", i, comment, i)
	}
	return b.String()
}

func loadText(t *testing.T, text string) (*Set, error) {
	t.Helper()
	return Load([]string{"-"}, Options{WorkDir: t.TempDir(), Stdin: strings.NewReader(text)})
}

func collect(s *source) (all []binding.Binding, errs Errors) {
	errs, _ = s.decode(nil, func(b binding.Binding) bool { all = append(all, b); return true })
	return all, errs
}

// TestCutReadsTheSame compares what is read part by part with what the whole
// file holds, and the second reading with the first.
func TestCutReadsTheSame(t *testing.T) {
	texts := []string{many(3000), many(1500) + "---\n" + many(1500), strings.ReplaceAll(many(1000), "\n", "\r\n")}
	paths, err := filepath.Glob("../../testdata/manifests/valid/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for i, text := range texts {
		parts, errs := collect(&source{name: Stdin, bytes: []byte(text)})
		whole, more := collect(&source{name: Stdin, bytes: []byte(text), whole: true})
		if errs != nil || more != nil {
			t.Fatalf("text %d: %v, %v", i, errs, more)
		}
		if !reflect.DeepEqual(whole, parts) {
			t.Errorf("text %d (-whole +parts):\n%s", i, cmp.Diff(whole, parts))
		}
	}
	set, err := loadText(t, texts[0])
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for b := range set.All() {
		if want := fmt.Sprintf("d%d.demo.com", n); b.DomainName != want || b.Source.Line != 6*n+5 {
			t.Fatalf("got %q at line %d, want %q", b.DomainName, b.Source.Line, want)
		}
		n++
	}
	if n != 3000 || set.Len() != n || set.sources[0].whole {
		t.Errorf("got %d bindings of %d, whole %v", n, set.Len(), set.sources[0].whole)
	}
}

// TestCutFindsErrors holds that errors keep their places in files that are
// parsed part by part, also beyond what can be parsed whole.
func TestCutFindsErrors(t *testing.T) {
	cputime.SkipUnderRace(t)
	text := padded(5_000, strings.Repeat(" filling", 120))
	if len(text) <= strictyaml.MaxTree {
		t.Fatal("the file is too short for the test")
	}
	type slip struct {
		at   int // the binding
		bad  string
		want func(line int) string
	}
	for _, slips := range [][]slip{{
		{4_500, "d\n    domainNam: x\n", func(line int) string {
			return fmt.Sprintf(`<stdin>:%d:5: unknown key "domainNam"; did you mean "domainName"?`, line+1)
		}},
		{4_600, "d\n    groupId: x\n", func(line int) string {
			return fmt.Sprintf(`<stdin>:%d:5: duplicate key "groupId", first at %d:5; remove one`, line+2, line+1)
		}},
		{4_700, "1\n", func(line int) string {
			return fmt.Sprintf("<stdin>:%d:17: got a number, want a string; put it in quotes", line)
		}},
	}, {
		{4_500, "a: b\n", func(line int) string {
			return fmt.Sprintf("<stdin>:%d:18: not YAML: mapping values are not allowed in this context", line)
		}},
	}, {
		{4_500, "\"d\n", func(line int) string {
			return fmt.Sprintf("not YAML: found unexpected end of stream (while scanning a quoted scalar that begins at line %d)", line)
		}},
	}} {
		broken, more := text, 0 // lines that the slips before add
		var want []string
		for _, s := range slips {
			broken = strings.Replace(broken, fmt.Sprintf("d%d.demo.com\n", s.at), s.bad, 1)
			want = append(want, s.want(6*s.at+5+more))
			more += strings.Count(s.bad, "\n") - 1
		}
		_, err := loadText(t, broken)
		if err == nil {
			t.Fatalf("%q is accepted", want)
		}
		got := strings.Split(err.Error(), "\n")
		if len(got) != len(want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		for i := range got {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("\n got %s\nwant %s", got[i], want[i])
			}
		}
	}
}

// TestErrorsAreFoundAtOnce holds that a file with errors is read a second time only where
// the first reading stopped.
func TestErrorsAreFoundAtOnce(t *testing.T) {
	for list, again := range map[string]bool{"[{domainNam: a.demo.com}]": false, "[]": false, "[": true} {
		s := source{name: Stdin, bytes: []byte("apiVersion: bindgate/v1\nbindings: " + list + "\n")}
		if _, _, errs := s.check(nil); errs == nil || s.whole != again {
			t.Errorf("%s: got %v, a second reading: %t, want %t", list, errs, s.whole, again)
		}
	}
}

// TestWhatCannotBeCutIsParsedWhole gives Load lists that hide their items.
func TestWhatCannotBeCutIsParsedWhole(t *testing.T) {
	long := strings.Replace(many(1000), "  # 500\n", "  - domainName: \"x\n  - y\"\n    groupId: g\n    regionId: r\n", 1)
	for _, text := range []string{"%TAG !x! tag:demo.com,2026:\n---\n" + many(1000), many(1000) + "...\n", long} {
		set, err := loadText(t, text)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range set.All() {
			n++
		}
		if n < 1000 || n != set.Len() {
			t.Errorf("got %d bindings, Len %d", n, set.Len())
		}
	}
}

// FuzzListOf: the list of a map is found as a regular expression finds it.
func FuzzListOf(f *testing.F) {
	for _, text := range []string{"", "domains:", "bindings:\ndomains :", "\"domains\"\t\n:", "'domains\":", "''domains:", "domains", "domains''x:",
		" domains:", "x\"domains\":", "domainsdomains:", "domains\ndomains:", "\"\ndomains:", "\r\ndomains\r\n:", "\rdomains:", "domains\v:", "domains\u00a0:"} {
		f.Add([]byte(text))
	}
	domains := regexp.MustCompile(`(?m)^["']?domains["']?\s*:`)
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := listOf(text); (got == mapKey) != domains.Match(text) {
			t.Errorf("%q: got %s", text, got)
		}
	})
}
