package manifest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChanged(t *testing.T) {
	dir := t.TempDir()
	of := func(domain string) string {
		return "apiVersion: bindgate/v1\nbindings:\n  - domainName: " + domain + "\n    groupId: g\n    regionId: cn-hangzhou\n"
	}
	for name, text := range map[string]string{
		".git/HEAD":                    "ref: refs/heads/main\n",
		"bindings.yaml":                of("a.demo.com"),
		"a/a.bindgate.yml":             of("b.demo.com") + "    certificate: {name: cert, body: ../certs/a.pem, privateKey: ../certs/a.key}\n",
		"b/bindings.yaml":              of("c.demo.com") + "    certificate: {name: cert, body: ../certs/b.pem, privateKey: {env: BINDGATE_KEY}}\n",
		"c/bindings.yaml":              "apiVersion: bindgate/v1\nbindings: [\n",
		".deploy/bindings.yaml":        of("d.demo.com") + "    certificate: {name: cert, body: d.cert}\n",
		"gateway.yaml":                 of("e.demo.com"),
		"json/any.json":                `{"apiVersion": "bindgate/v1", "bindings": [{"domainName": "f.demo.com", "groupId": "g", "regionId": "r", "certificate": {"name": "cert", "body": "f.crt"}}]}`,
		"gone/bindings.yaml":           of("g.demo.com") + "    certificate: {name: cert, body: renamed.pem}\n",
		"wild/bindings.yaml":           of("'*.a.demo.com'"),
		"same/bindings.yaml":           of("A.demo.com."),
		"k8s/bindings.yaml":            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n",
		"iam/bindings.json":            `{"bindings": [{"role": "x", "members": []}]}`,
		"slip/bindings.yaml":           "apiVersion: bindgat/v1\nbindings:\n  - domainName: h.demo.com\n",
		"node_modules/x/bindings.yaml": "bindings: [\n",
		"node_modules/y/bindings.yaml": of("a.demo.com"),
		".bindgate.yaml":               "apiVersion: bindgate/v1\n",
		"owner.yaml":                   "apiVersion: bindgate/v1\nroots: mozilla\n",
		"certs/a.pem":                  "", "certs/a.key": "", "certs/b.pem": "", ".deploy/d.cert": "", "json/f.crt": "", "README.md": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// With a certificate, those that cannot be read and the one whose certificate is missing.
	doubt := []string{"c/bindings.yaml", "gone/bindings.yaml", "slip/bindings.yaml"}
	for _, c := range []struct {
		files []string
		want  []string
	}{
		{[]string{"bindings.yaml"}, []string{"bindings.yaml", "same/bindings.yaml"}},
		{[]string{"README.md"}, nil},
		{nil, nil},
		{[]string{"gateway.yaml"}, []string{"gateway.yaml"}},
		{[]string{"certs/a.pem"}, append([]string{"a/a.bindgate.yml"}, doubt...)},
		{[]string{"certs/a.key"}, append([]string{"a/a.bindgate.yml"}, doubt...)},
		{[]string{"certs/b.pem", "b/bindings.yaml"}, append([]string{"b/bindings.yaml"}, doubt...)},
		{[]string{".deploy/d.cert"}, append([]string{".deploy/bindings.yaml"}, doubt...)},
		{[]string{"json/f.crt"}, append([]string{"json/any.json"}, doubt...)},
		{[]string{"gone/new.pem"}, doubt},
		{[]string{"gone/renamed.pem"}, doubt},
		{[]string{"slip/bindings.yaml"}, []string{"slip/bindings.yaml"}},
		{[]string{"k8s/bindings.yaml", "iam/bindings.json", "node_modules/x/bindings.yaml", "owner.yaml", ".bindgate.yaml"}, nil},
		{[]string{"wild/bindings.yaml"}, []string{"wild/bindings.yaml"}},
	} {
		got, err := Changed(Change{Files: c.files}, Options{WorkDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got.Manifests)
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got.Manifests); diff != "" {
			t.Errorf("%q:\n%s", c.files, diff)
		}
		if got.Searched != 11 || !slices.Contains(got.Foreign, filepath.FromSlash("k8s/bindings.yaml")) || !slices.Contains(got.Foreign, filepath.FromSlash("iam/bindings.json")) {
			t.Errorf("%q: %d manifests, foreign %q", c.files, got.Searched, got.Foreign)
		}
	}
}

// However a manifest writes its version, and whatever its name is, a change of it counts.
func TestChangedManifestsInDisguise(t *testing.T) {
	rest := "bindings:\n  - domainName: a.demo.com\n    groupId: g\n    regionId: cn-hangzhou\n    certificate: {name: cert, body: a.pem}\n"
	for name, text := range map[string]string{
		"comment.yaml":   "apiVersion: # the version\n  bindgate/v1\n" + rest,
		"block.yaml":     "apiVersion: |-\n  bindgate/v1\n" + rest,
		"key.yaml":       "\"api\\u0056ersion\": bindgate/v1\n" + rest,
		"value.yaml":     "apiVersion: \"\\x62indgate/v1\"\n" + rest,
		"continued.yaml": "apiVersion: \"bind\\\n  gate/v1\"\n" + rest,
		"list.yaml":      "apiVersion: bindgate/v1\n\"bindin\\x67s\":\n" + rest[len("bindings:\n"):],
		"escaped.json":   `{"\u0061piVersion": "bindgate\/v1", "bindings": [{"domainName": "a.demo.com", "groupId": "g", "regionId": "r", "certificate": {"name": "cert", "body": "a.pem"}}]}`,
		"bindings.yaml":  "apiVersion: \"\\x62indgate/v1\"\nbindings:\n  - {\"domain\\x4eame\": a.demo.com, \"group\\x49d\": g, regionId: r, certificate: {name: cert, body: a.pem}}\n",
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{name: text, "a.pem": "", "README.md": "# A page\n\nWrite this:\n\n    apiVersion: bindgate/v1\n    bindings: []\n", "k8s.yaml": "kind: \"\\x62\"\n"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, changed := range []string{name, "a.pem"} {
			got, err := Changed(Change{Files: []string{changed}}, Options{WorkDir: dir})
			if err != nil || !slices.Equal(got.Manifests, []string{name}) {
				t.Errorf("%s changed: got %q, want %q, %v", changed, got.Manifests, name, err)
			}
		}
		if got, err := Changed(Change{Files: []string{"README.md", "k8s.yaml"}}, Options{WorkDir: dir}); err != nil || len(got.Manifests) > 0 {
			t.Errorf("a page changed: got %q, %v", got.Manifests, err)
		}
		if err := errors.Join(os.Rename(filepath.Join(dir, name), filepath.Join(dir, "gate.conf")), os.Symlink("gate.conf", filepath.Join(dir, "link.yaml"))); err != nil {
			t.Fatal(err)
		}
		for _, changed := range []string{"gate.conf", "link.yaml"} {
			if got, err := Changed(Change{Files: []string{changed}}, Options{WorkDir: dir}); err != nil || !slices.Equal(got.Manifests, []string{"gate.conf"}) {
				t.Errorf("%s, with the text of %s, changed: got %q, %v", changed, name, got.Manifests, err)
			}
		}
	}
}
