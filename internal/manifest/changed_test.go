package manifest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChanged(t *testing.T) {
	dir := t.TempDir()
	binding := "apiVersion: bindgate/v1\nbindings:\n  - domainName: a.demo.com\n    groupId: g\n    regionId: cn-hangzhou\n"
	for name, text := range map[string]string{
		".git/HEAD":         "ref: refs/heads/main\n",
		"bindings.yaml":     binding,
		"a/a.bindgate.yml":  binding + "    certificate: {name: cert, body: ../certs/a.pem, privateKey: ../certs/a.key}\n",
		"b/bindings.yaml":   binding + "    certificate: {name: cert, body: ../certs/b.pem, privateKey: {env: BINDGATE_KEY}}\n",
		"c/bindings.yaml":   "bindings: [\n",
		".hid/bindings.yml": "bindings: [\n",
		"certs/a.pem":       "", "certs/a.key": "", "certs/b.pem": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const broken = "c/bindings.yaml" // may name anything
	for _, c := range []struct {
		files []string
		want  []string
	}{
		{[]string{"bindings.yaml"}, []string{"bindings.yaml", broken}},
		{[]string{"certs/a.pem"}, []string{"a/a.bindgate.yml", broken}},
		{[]string{"certs/a.key"}, []string{"a/a.bindgate.yml", broken}},
		{[]string{"certs/b.pem", "b/bindings.yaml"}, []string{"b/bindings.yaml", broken}},
		{[]string{"certs/gone.pem"}, []string{broken}},
	} {
		got, err := Changed(c.files, Options{WorkDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q:\n%s", c.files, diff)
		}
	}
}
