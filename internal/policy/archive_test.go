package policy_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/compile"

	"github.com/bindgate/bindgate/internal/policy"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

const denial = `package bindgate.policy.x

deny contains "no" if input.binding.domainName == data.x.name
`

const dataOfX = `{"type": "object", "properties": {"x": {"type": "object", "properties": {"name": {"type": "string"}}}}}`

func policyTree(t *testing.T) string {
	return policy.Folder(t, map[string]string{"p/x/x.rego": denial, "p/data.yaml": "x: {name: a.demo.com}\n", "p/data.jsonschema": dataOfX, "p/README.md": "not packed"})
}

// TestOneContentThreeWays loads a folder, the bundle made of it, and the same bundle
// of a registry: they are the same policies.
func TestOneContentThreeWays(t *testing.T) {
	dir := policyTree(t)
	o := policy.Options{Dir: dir, Dirs: []string{"p"}}
	archive, err := policy.Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.tar.gz"), archive, 0o600); err != nil {
		t.Fatal(err)
	}
	digest := bundle.Digest(archive)
	remote := "oci://registry.example.com/p@sha256:" + strings.Repeat("0", 64)
	var digests []string
	for _, ref := range []string{"p", "p@" + digest, "p.tar.gz", "p.tar.gz@" + digest, remote} {
		o.Dirs, o.Fetch = []string{ref}, func(_ context.Context, ref bundle.Ref) ([]byte, error) {
			if ref.String() != remote {
				t.Errorf("fetched %s", ref)
			}
			return archive, nil
		}
		e, err := policy.Load(t.Context(), o)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		digests = append(digests, e.Digest())
	}
	for _, d := range digests {
		if d != digests[0] {
			t.Errorf("the policy digests differ: %q", digests)
		}
	}
	c, err := policy.Open(t.Context(), o, bundle.Ref{Path: "p"})
	if err != nil || c.Digest != digest || len(c.Files) != 3 {
		t.Errorf("opened: %s, %d files, %v; want %s, 3 files", c.Digest, len(c.Files), err, digest)
	}
}

// TestTheDigestLocks changes one byte after the digest was written down.
func TestTheDigestLocks(t *testing.T) {
	dir := policyTree(t)
	archive, err := policy.Build(t.Context(), policy.Options{Dir: dir, Dirs: []string{"p"}})
	if err != nil {
		t.Fatal(err)
	}
	other, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte("package bindgate.policy.x\n\ndeny contains \"no\" if count(input.binding.forceFrom) > 99\n")}}, ast.RegoV2)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"p/x/x.rego": denial + "\n", "p.tar.gz": string(other)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	single := filepath.Join("p", "x", "x.rego")
	for _, ref := range []string{"p@" + bundle.Digest(archive), "p.tar.gz@" + bundle.Digest(archive), single + "@" + bundle.Digest([]byte(denial))} {
		_, err := policy.Load(t.Context(), policy.Options{Dir: dir, Dirs: []string{ref}})
		if err == nil || !strings.Contains(err.Error(), "is not what its digest locks: got sha256:") || !strings.Contains(err.Error(), "bindgate policy lock") {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestPathsThatAreNoBundle(t *testing.T) {
	hidden, err := bundle.Write([]bundle.File{{Name: "x_test.rego", Text: []byte("package x\n")}}, ast.RegoV2)
	if err != nil {
		t.Fatal(err)
	}
	large, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte(denial + strings.Repeat(" ", 1<<20))}}, ast.RegoV2)
	if err != nil {
		t.Fatal(err)
	}
	older, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte(denial)}}, ast.RegoV0)
	if err != nil {
		t.Fatal(err)
	}
	dir := policy.Folder(t, map[string]string{
		"folder.tar.gz/README.md": "", "in/x.rego": denial, "in/more.tgz": "", "notes.txt": "deny everything",
		"tests.tar.gz": string(hidden), "large.tar.gz": string(large), "older.tar.gz": string(older), "page.tar.gz": "<html>",
	})
	for ref, want := range map[string]string{
		"folder.tar.gz": "it is a folder, although its name is that of a bundle",
		"in":            `more.tgz" is a bundle in a folder, and would not be read`,
		"notes.txt":     `"notes.txt" holds no policy: it is no gzip file`,
		"tests.tar.gz":  "holds no policy: want a .rego file that is no _test.rego",
		"large.tar.gz":  `"large.tar.gz" holds "x.rego", which has more than 1048576 bytes`,
		"older.tar.gz":  "says that x.rego is Rego v0, want",
		"page.tar.gz":   `"page.tar.gz" is a web page`,
		"missing.tgz":   `"missing.tgz" does not exist`,
		"http://x/y":    "is of a kind that is not supported",
		"oci://x.y/z@sha256:" + strings.Repeat("0", 64): "is in a registry, and this command asks none",
	} {
		if _, err := policy.Load(t.Context(), policy.Options{Dir: dir, Dirs: []string{ref}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
	for _, ref := range []string{"large.tar.gz", "oci://x.y/z"} {
		if _, err := policy.Format(t.Context(), policy.Options{Dir: dir, Dirs: []string{ref}}); err == nil || !strings.Contains(err.Error(), "it is a bundle; format the folder") {
			t.Errorf("formatting %s: %v", ref, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "m.yaml"), []byte("a: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Format(t.Context(), policy.Options{Dir: dir, Dirs: []string{"m.yaml"}}); err == nil || !strings.Contains(err.Error(), "it is no policy, whose name ends in .rego; `bindgate fmt` formats manifests") {
		t.Errorf("formatting a manifest: %v", err)
	}
	refused := errors.New("the registry is closed")
	o := policy.Options{Dirs: []string{"oci://x.y/z"}, Fetch: func(context.Context, bundle.Ref) ([]byte, error) { return nil, refused }}
	if _, err := policy.Load(t.Context(), o); !errors.Is(err, refused) {
		t.Errorf("got %v, want the fetcher's error", err)
	}
}

// TestBuildRefuses shows that policies that do not load are not packed.
func TestBuildRefuses(t *testing.T) {
	dir := policy.Folder(t, map[string]string{"bad/x.rego": "package other\n", "none/README.md": "", "x.rego": denial})
	for ref, want := range map[string]string{
		"bad": "package other is never asked", "none": "holds no policy", "x.rego": "want a folder", "missing": "does not exist", "oci://x.y/z": "want a folder",
	} {
		if _, err := policy.Build(t.Context(), policy.Options{Dir: dir, Dirs: []string{ref}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}

// TestOPABuild loads what `opa build` makes of a folder: it records Rego version 1, puts
// all data into one file, and leaves the schema of the data out.
func TestOPABuild(t *testing.T) {
	const v2 = "package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"no\" if input.binding.domainName == \"a.demo.com\"\n"
	for name, tc := range map[string]struct{ module, data, want string }{
		"with the import":    {v2, "", ""},
		"without the import": {strings.Replace(v2, "import rego.v2\n\n", "", 1), "", "x.rego is Rego v1, want v2: write `import rego.v2` in every module"},
		"with data": {strings.Replace(v2, "\"a.demo.com\"", "data.x.name", 1), "x: {name: a.demo.com}\n",
			"data.x is not declared: declare it in a file data.jsonschema"},
	} {
		files := map[string]string{"p/x.rego": tc.module}
		if tc.data != "" {
			files["p/data.yaml"] = tc.data
		}
		dir := policy.Folder(t, files)
		var out bytes.Buffer
		err := compile.New().WithPaths(filepath.Join(dir, "p")).WithAsBundle(true).WithRegoVersion(ast.DefaultRegoVersion).WithOutput(&out).Build(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "p.tar.gz"), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = policy.Load(t.Context(), policy.Options{Dir: dir, Dirs: []string{"p.tar.gz"}})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}
