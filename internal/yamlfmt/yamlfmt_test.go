package yamlfmt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	const in = "\ufeff# yaml-language-server: $schema=x\r\napiVersion:   bindgate/v1   # v\r\n\r\n\r\ndefaults: {regionId: cn-hangzhou,   customDomainType: INTERNET}\r\n\r\n" +
		"bindings:\r\n- domainName: \"api.demo.com\"\r\n  # before\r\n  groupId: '0927'\r\n\r\n# of b\r\n- domainName: b   # trailing\r\n  bindStageName: \"\"\r\n  labels:\r\n      owner: x\r\n# end\r\n\r\n"
	const want = `# yaml-language-server: $schema=x
apiVersion: bindgate/v1 # v

defaults: {regionId: cn-hangzhou, customDomainType: INTERNET}

bindings:
  - domainName: "api.demo.com"
    # before
    groupId: '0927'

  # of b
  - domainName: b # trailing
    bindStageName: ""
    labels:
      owner: x
# end
`
	got, err := Format([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestFormatRefusesLossyInput(t *testing.T) {
	for name, in := range map[string]string{"no YAML": "a: [", "its own mark": "a: 1\n" + blank + "\n", "too deep": strings.Repeat("? ", 101) + "x"} {
		if got, err := Format([]byte(in)); err == nil {
			t.Errorf("%s: got %q, want an error", name, got)
		}
	}
}

// formatted formats a text twice and compares the results.
func formatted(t *testing.T, in []byte) {
	t.Helper()
	once, err := Format(in)
	if err != nil {
		return // refused: the file is unchanged
	}
	twice, err := Format(once)
	if err != nil {
		t.Fatalf("%v\n%s", err, once)
	}
	if diff := cmp.Diff(string(once), string(twice)); diff != "" {
		t.Errorf("formatted twice:\n%s", diff)
	}
}

func TestManifestsOfTheTests(t *testing.T) {
	files, err := filepath.Glob("../../testdata/manifests/valid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		formatted(t, data)
	}
}

func FuzzFormat(f *testing.F) {
	f.Add([]byte("a:\n\n- b # c\n\n- {d: e}\n"))
	f.Add([]byte("# a\n---\nb: |\n  x\n\n  y\n---\n[]\n"))
	f.Fuzz(formatted)
}
