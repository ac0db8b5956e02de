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
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
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
	env := console.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Dir: dir, Now: time.Now,
		LookupEnv: func(name string) (string, bool) { return map[string]string{"HOME": dir}[name], name == "HOME" }}
	code := Run(t.Context(), append([]string{"policy", "lock"}, args...), env)
	return code, out.String()
}

// TestLockWantsTheOwnersSignature moves a tag to bundles of the owner's key, of
// another, and of none.
func TestLockWantsTheOwnersSignature(t *testing.T) {
	t.Parallel()
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
		{"the first digest, by another key", other.signed(t, `deny contains "other"`), exit.Refused, "failed to verify JWT signature"},
		{"the first digest, unsigned", unsigned, exit.Refused, "has no .signatures.json"},
		{"the first digest", owner.signed(t, `deny contains "one"`), exit.Clean, "signed by a key of policySigners.bundle"},
		{"a new one", owner.signed(t, `deny contains "two"`), exit.Clean, "-deny contains \"one\"\n+deny contains \"two\""},
		{"by another key", other.signed(t, `deny contains "three"`), exit.Refused, "+deny contains \"three\""},
		{"unsigned", unsigned, exit.Refused, "has no .signatures.json"},
		{"signed, and does not load", owner.signed(t, `deny contains input.missing`), exit.Usage, "missing"},
	} {
		digest := r.Put("p", "v1", layerType, tc.archive)
		code, out := locked(t, dir, "--config", "owner.yaml")
		if code != tc.code || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit code %d, want %d and %q; printed\n%s", tc.name, code, tc.code, tc.want, out)
		}
		if tc.code == exit.Clean {
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
	if code, out := locked(t, dir, "--config", "owner.yaml", next); code != exit.Clean || !strings.Contains(out, "locked "+next+"@"+digest) {
		t.Errorf("a new tag: exit code %d\n%s", code, out)
	}
	if code, out := locked(t, dir, "--config", "owner.yaml", next+"@sha256:"+strings.Repeat("0", 64)); code != exit.Usage || !strings.Contains(out, "does not have it") {
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
	t.Parallel()
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
		if code, out := locked(t, dir, "--config", "owner.yaml", name); code != exit.Clean {
			t.Fatalf("%s: exit code %d\n%s", name, code, out)
		}
	}
	before, err := os.ReadFile(filepath.Join(dir, "owner.yaml"))
	if err != nil || strings.Count(string(before), "@sha256:") != 2 {
		t.Fatalf("%s, %v", before, err)
	}
	write("b.rego", "package bindgate.policy.b\n\nimport rego.v2\n\ndeny contains \"c\"\n")
	code, out := locked(t, dir, "--config", "owner.yaml")
	if code != exit.Refused || !strings.Contains(out, "unchanged a.rego@") || !strings.Contains(out, "-deny contains \"b\"\n+deny contains \"c\"") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, "owner.yaml")); !bytes.Equal(before, after) {
		t.Errorf("the owner's file became %s", after)
	}
}

// TestLockBySSH moves a digest with signatures of ssh-keygen.
func TestLockBySSH(t *testing.T) {
	t.Parallel()
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(stdin string, args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), keygen, args...)
		c.Dir, c.Stdin = dir, strings.NewReader(stdin)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("ssh-keygen %q: %v", args, err)
		}
		return string(out)
	}
	for _, name := range []string{"alice", "mallory"} {
		run("", "-q", "-t", "ed25519", "-N", "", "-f", name)
	}
	public, err := os.ReadFile(filepath.Join(dir, "alice.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write("signers", `alice namespaces="bindgate.policy/v1" `+string(public))
	write("plans", `alice namespaces="bindgate.plan/v1" `+string(public))
	write("revoked", string(public))
	old, next := "package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"a\"\n", "package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"b\"\n"
	write("x.rego", next)
	was, is := bundle.Digest([]byte(old)), bundle.Digest([]byte(next))
	sign := func(name, key, namespace, text string) {
		write(name, run(text, "-q", "-Y", "sign", "-n", namespace, "-f", key))
	}
	sign("good.sig", "alice", "bindgate.policy/v1", is+"\n")
	sign("old.sig", "alice", "bindgate.policy/v1", was+"\n")
	sign("plan.sig", "alice", "bindgate.plan/v1", is+"\n")
	sign("mallory.sig", "mallory", "bindgate.policy/v1", is+"\n")
	for _, tc := range []struct{ signers, signature, want string }{
		{"allowedSigners: signers", "", "echo " + is + " | ssh-keygen -Y sign -n bindgate.policy/v1 -f KEY"},
		{"allowedSigners: signers", "old.sig", "it was made for another digest"},
		{"allowedSigners: signers", "plan.sig", `in the namespace "bindgate.plan/v1"`},
		{"allowedSigners: signers", "mallory.sig", "the key is not in allowed_signers"},
		{"allowedSigners: plans", "good.sig", `does not let the key sign in the namespace "bindgate.policy/v1"`},
		{"allowedSigners: signers, revokedSigners: revoked", "good.sig", "the key is revoked"},
		{"bundle: {}", "good.sig", "names no policySigners"},
		{"allowedSigners: signers", "missing.sig", "missing.sig"},
		{"allowedSigners: missing", "good.sig", "missing"},
		{"allowedSigners: signers", "good.sig", ""},
	} {
		head := "apiVersion: bindgate/v1\npolicySigners: {" + tc.signers + "}\npolicy: [x.rego@"
		write("owner.yaml", head+was+"]\n")
		args := []string{"--config", "owner.yaml"}
		if tc.signature != "" {
			args = append(args, "--signature", tc.signature)
		}
		code, out := locked(t, dir, args...)
		text, _ := os.ReadFile(filepath.Join(dir, "owner.yaml"))
		if tc.want == "" {
			if code != exit.Clean || string(text) != head+is+"]\n" || !strings.Contains(out, "signed by alice (SHA256:") {
				t.Errorf("a good signature: exit code %d, file %q\n%s", code, text, out)
			}
		} else if code != exit.Refused || string(text) != head+was+"]\n" || !strings.Contains(out, tc.want) {
			t.Errorf("%s, %s: exit code %d, want %d and %q; file %q\n%s", tc.signers, tc.signature, code, exit.Refused, tc.want, text, out)
		}
	}
}
