package pki_test

import (
	"bytes"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Pointers to files and files made by tools are named with the command that
// restores the file.
func TestFilesOfTools(t *testing.T) {
	key := string(pkitest.KeyPEM(t, pkitest.Root(t, "Root").Key))
	encoded := base64.StdEncoding.EncodeToString([]byte(key))
	for name, test := range map[string]struct{ file, kind, fix string }{
		"Git LFS":             {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3456\n", "git-lfs", "git lfs pull"},
		"git-annex":           {"/annex/objects/SHA256E-s3456--4d7a.pem\n", "git-annex", "git annex get"},
		"git-crypt":           {"\x00GITCRYPT\x00\x01\x02", "git-crypt", "git-crypt unlock"},
		"ansible-vault":       {"$ANSIBLE_VAULT;1.1;AES256\n3635\n", "ansible-vault", "ansible-vault decrypt"},
		"SOPS, YAML":          {"key: ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]\nsops:\n  version: 3.9\n", "sops", "sops --decrypt"},
		"SOPS, JSON":          {"{\"data\": \"ENC[AES256_GCM,data:abc]\", \"sops\": {}}", "sops", "sops --decrypt"},
		"age":                 {"age-encryption.org/v1\n-> X25519 abc\n", "age", "age --decrypt"},
		"age, armored":        {"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n", "age", "age --decrypt"},
		"openssl enc":         {"Salted__12345678", "openssl-enc", "openssl enc -d"},
		"openssl enc, base64": {"U2FsdGVkX18xMjM0NTY3OA==\n", "openssl-enc", "openssl enc -d"},
		"Secret":              {"apiVersion: v1\nkind: Secret\ndata:\n  tls.key: " + encoded + "\n", "kubernetes-secret", `tls.key`},
		"Secret, JSON":        {`{"apiVersion": "v1", "kind": "Secret", "data": {"tls.key": "` + encoded + `"}}`, "kubernetes-secret", `tls.key`},
		"SealedSecret":        {"kind: SealedSecret\nspec: {}\n", "sealed-secret", "kubectl get secret"},
		"a link as text":      {"../../archive/api/privkey1.pem", "path", "core.symlinks"},
		"an absolute path":    {"/builds/group/project.tmp/TLS_KEY", "path", "name the file"},
		"UTF-16BE":            {"\x00-\x00-\x00-\x00-\x00-", "utf-16be", "UTF-16BE"},
	} {
		_, problem := pki.ParsePrivateKey([]byte(test.file), "")
		if problem == nil || problem.Kind != test.kind || !strings.Contains(problem.Fix, test.fix) || strings.Contains(problem.Message+problem.Fix, encoded[:40]) {
			t.Errorf("%s as a key: got %+v, want %s and %q", name, problem, test.kind, test.fix)
		}
		if _, problem := pki.ParseCertificates([]byte(test.file), ""); problem == nil || problem.Kind != test.kind {
			t.Errorf("%s as a certificate: got %+v, want %s", name, problem, test.kind)
		}
	}
	for _, text := range []string{encoded, "/" + encoded, "secret", "correct horse battery staple"} {
		if _, problem := pki.ParsePrivateKey([]byte(text), ""); problem == nil || problem.Kind == "path" {
			t.Errorf("%.20q: got %+v", text, problem)
		}
	}
}

// TestCommandsRepair runs the command that a Problem suggests, and parses its
// output.
func TestCommandsRepair(t *testing.T) {
	for _, program := range []string{"sh", "sed", "iconv"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not here")
		}
	}
	key := string(pkitest.KeyPEM(t, pkitest.Root(t, "Root").Key))
	var bigEndian bytes.Buffer
	for _, unit := range utf16.Encode([]rune(key)) {
		bigEndian.Write([]byte{byte(unit >> 8), byte(unit)})
	}
	for name, file := range map[string]string{
		"in quotes with \\n":   `"` + strings.ReplaceAll(key, "\n", `\n`) + `"`,
		"with \\r":             strings.ReplaceAll(key, "\n", `\r`),
		"with \\r\\n, quotes":  `'` + strings.ReplaceAll(key, "\n", `\r\n`) + `'`,
		"in one line":          strings.ReplaceAll(key, "\n", " "),
		"a no-break space":     strings.ReplaceAll(key, "BEGIN ", "BEGIN\u00a0"),
		"UTF-16BE without BOM": bigEndian.String(),
		"UTF-16BE with BOM":    "\xfe\xff" + bigEndian.String(),
	} {
		_, problem := pki.ParsePrivateKey([]byte(file), "")
		if problem == nil {
			t.Errorf("%s: it is read", name)
			continue
		}
		path := filepath.Join(t.TempDir(), "x.key")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(problem.Fix, "FILE", path)).Run(); err != nil {
			t.Errorf("%s: running %q: %v", name, problem.Fix, err)
			continue
		}
		repaired, err := os.ReadFile(path + ".pem")
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := pki.ParsePrivateKey(repaired, ""); problem != nil {
			t.Errorf("%s: after the printed command: %+v", name, problem)
		}
	}
}
