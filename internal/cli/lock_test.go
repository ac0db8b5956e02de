package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/bindgate/bindgate/internal/policy/bundle"
	"github.com/bindgate/bindgate/internal/policy/registry/registrytest"
)

const layerType = "application/vnd.oci.image.layer.v1.tar+gzip"

// release is a key that signs bundles.
type release struct{ private, public string }

func newRelease(t *testing.T) release {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(key)
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return release{block("PRIVATE KEY", private), block("PUBLIC KEY", public)}
}

// signed makes a bundle of one policy, with a signature as `opa sign` makes it.
func (r release) signed(t *testing.T, rule string) []byte {
	t.Helper()
	plain, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte("package bindgate.policy.x\n\nimport rego.v2\n\n" + rule + "\n")}}, ast.RegoV2)
	if err != nil {
		t.Fatal(err)
	}
	b, err := opa.NewReader(bytes.NewReader(plain)).Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := b.GenerateSignature(opa.NewSigningConfig(r.private, "ES256", ""), "release", false); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// locked runs policy lock in a folder.
func locked(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	var out strings.Builder
	env := Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, Now: time.Now,
		LookupEnv: func(name string) (string, bool) { return map[string]string{"HOME": dir}[name], name == "HOME" }}
	code := Run(t.Context(), append([]string{"policy", "lock"}, args...), env)
	return code, out.String()
}

// TestLockWantsTheOwnersSignature moves a tag to bundles of the owner's key, of
// another, and of none.
func TestLockWantsTheOwnersSignature(t *testing.T) {
	owner, other := newRelease(t), newRelease(t)
	r := &registrytest.Registry{}
	server := httptest.NewServer(r)
	defer server.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "owner.yaml")
	ref := "oci://" + strings.TrimPrefix(server.URL, "http://") + "/p:v1"
	head := "apiVersion: bindgate/v1\npolicySigners: {bundle: {release: {key: release.pem, algorithm: ES256}}}\npolicy: ['"
	for name, text := range map[string]string{"release.pem": owner.public, "owner.yaml": head + ref + "']\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unsigned, err := bundle.Write([]bundle.File{{Name: "x.rego", Text: []byte("package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"none\"\n")}}, ast.RegoV2)
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for _, tc := range []struct {
		name    string
		archive []byte
		code    int
		want    string
	}{
		{"the first digest, by another key", other.signed(t, `deny contains "other"`), exitRefused, "failed to verify JWT signature"},
		{"the first digest, unsigned", unsigned, exitRefused, "has no .signatures.json"},
		{"the first digest", owner.signed(t, `deny contains "one"`), exitClean, "signed by a key of policySigners.bundle"},
		{"a new one", owner.signed(t, `deny contains "two"`), exitClean, "-deny contains \"one\"\n+deny contains \"two\""},
		{"by another key", other.signed(t, `deny contains "three"`), exitRefused, "+deny contains \"three\""},
		{"unsigned", unsigned, exitRefused, "has no .signatures.json"},
		{"signed, and does not load", owner.signed(t, `deny contains input.missing`), exitUsage, "missing"},
	} {
		digest := r.Put("p", "v1", layerType, tc.archive)
		code, out := locked(t, dir, "--config", "owner.yaml")
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit code %d, want %d and %q; printed\n%s", tc.name, code, tc.code, tc.want, out)
		}
		if tc.code == exitClean {
			last = "@" + digest
		}
		text, err := os.ReadFile(config)
		if want := head + ref + last + "']\n"; err != nil || string(text) != want {
			t.Errorf("%s: the owner's file is %q, %v; want %q", tc.name, text, err, want)
		}
	}
	// A new tag is an argument; the digest is that of the tag now.
	digest := r.Put("p", "v2", layerType, owner.signed(t, `deny contains "four"`))
	next := strings.Replace(ref, ":v1", ":v2", 1)
	if code, out := locked(t, dir, "--config", "owner.yaml", next); code != exitClean || !strings.Contains(out, "locked "+next+"@"+digest) {
		t.Errorf("a new tag: exit code %d\n%s", code, out)
	}
	if code, out := locked(t, dir, "--config", "owner.yaml", next+"@sha256:"+strings.Repeat("0", 64)); code != exitUsage || !strings.Contains(out, "does not have it") {
		t.Errorf("a digest that is not there: exit code %d\n%s", code, out)
	}
	// A file that a terminal would act upon is shown escaped.
	r.Put("p", "v2", layerType, owner.signed(t, "# \x1b[2J\ndeny contains \"five\""))
	if _, out := locked(t, dir, "--config", "owner.yaml", "--print"); strings.Contains(out, "\x1b") || !strings.Contains(out, "five") {
		t.Errorf("printed %q", out)
	}
}

// TestLockOfSeveral locks two entries of one line, one of which is not signed for.
func TestLockOfSeveral(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.rego", "package bindgate.policy.a\n\nimport rego.v2\n\ndeny contains \"a\"\n")
	write("b.rego", "package bindgate.policy.b\n\nimport rego.v2\n\ndeny contains \"b\"\n")
	write("owner.yaml", "apiVersion: bindgate/v1\npolicy: [a.rego, b.rego]\n")
	for _, name := range []string{"b.rego", "a.rego"} {
		if code, out := locked(t, dir, "--config", "owner.yaml", name); code != exitClean {
			t.Fatalf("%s: exit code %d\n%s", name, code, out)
		}
	}
	before, err := os.ReadFile(filepath.Join(dir, "owner.yaml"))
	if err != nil || strings.Count(string(before), "@sha256:") != 2 {
		t.Fatalf("%s, %v", before, err)
	}
	write("b.rego", "package bindgate.policy.b\n\nimport rego.v2\n\ndeny contains \"c\"\n")
	code, out := locked(t, dir, "--config", "owner.yaml")
	if code != exitRefused || !strings.Contains(out, "unchanged a.rego@") || !strings.Contains(out, "-deny contains \"b\"\n+deny contains \"c\"") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "owner.yaml")); !bytes.Equal(before, after) {
		t.Errorf("the owner's file became %s", after)
	}
}
