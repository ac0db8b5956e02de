package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/policy/bundle"
)

// write makes a file in a new folder and gives its path without symbolic links.
func write(t *testing.T, text string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, config.TreeName)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadOwner(t *testing.T) {
	path := write(t, `apiVersion: bindgate/v1
formats: [text, json=report.json, sarif=/tmp/x=y.sarif]
endpoint: http://127.0.0.1:8080
contract: "2017"
roots: roots.pem
certificateProfile: private
crl: [ca.crl]
weakKeys: [blacklist.RSA-2048, /etc/weak.txt]
minRemaining: 720h
resolver: 127.0.0.1:53
policy: [policies, /etc/policies]
data: [data.yaml]
severities: {certificate/lasts-long-enough: error, dns/target-resolves: warning}
allowPaths: [../keys]
allowEnv: [CI_KEY_*]
timeout: 1m30s
concurrency: 8
failOn: warning
journal: journal.jsonl
rootHints: root.hints
dnsPort: 5353
dnsRate: -1
endpointCA: ca.pem
gatewayRate: 50
`)
	got, err := config.LoadOwner(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	want := config.Config{
		Path: path, Dir: dir, Digest: got.Digest,
		Settings: []config.Setting{
			{Key: "formats", Flag: "format", Values: []string{"text", "json=" + dir + "/report.json", "sarif=/tmp/x=y.sarif"}},
			{Key: "endpoint", Flag: "endpoint", Values: []string{"http://127.0.0.1:8080"}},
			{Key: "contract", Flag: "contract", Values: []string{"2017"}},
			{Key: "roots", Flag: "roots", Values: []string{dir + "/roots.pem"}},
			{Key: "certificateProfile", Flag: "certificate-profile", Values: []string{"private"}},
			{Key: "crl", Flag: "crl", Values: []string{dir + "/ca.crl"}},
			{Key: "weakKeys", Flag: "weak-keys", Values: []string{dir + "/blacklist.RSA-2048", "/etc/weak.txt"}},
			{Key: "minRemaining", Flag: "min-remaining", Values: []string{"720h"}},
			{Key: "resolver", Flag: "resolver", Values: []string{"127.0.0.1:53"}},
			{Key: "policy", Flag: "policy", Values: []string{dir + "/policies", "/etc/policies"}},
			{Key: "data", Flag: "data", Values: []string{dir + "/data.yaml"}},
			{Key: "allowPaths", Flag: "allow-path", Values: []string{filepath.Join(filepath.Dir(dir), "keys")}},
			{Key: "allowEnv", Flag: "allow-env", Values: []string{"CI_KEY_*"}},
			{Key: "timeout", Flag: "timeout", Values: []string{"1m30s"}},
			{Key: "concurrency", Flag: "concurrency", Values: []string{"8"}},
			{Key: "failOn", Flag: "fail-on", Values: []string{"warning"}},
			{Key: "journal", Flag: "journal", Values: []string{dir + "/journal.jsonl"}},
			{Key: "rootHints", Flag: "root-hints", Values: []string{dir + "/root.hints"}},
			{Key: "dnsPort", Flag: "dns-port", Values: []string{"5353"}},
			{Key: "dnsRate", Flag: "dns-rate", Values: []string{"-1"}},
			{Key: "endpointCA", Flag: "endpoint-ca", Values: []string{dir + "/ca.pem"}},
			{Key: "gatewayRate", Flag: "gateway-rate", Values: []string{"50"}},
		},
		Severities: map[string]checks.Severity{"certificate/lasts-long-enough": checks.Error, "dns/target-resolves": checks.Warning},
		Policies: []config.Policy{
			{Text: "policies", Ref: bundle.Ref{Path: dir + "/policies"}, Line: 11, Column: 10},
			{Text: "/etc/policies", Ref: bundle.Ref{Path: "/etc/policies"}, Line: 11, Column: 20},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if len(got.Digest) != len("sha256:")+64 {
		t.Errorf("digest %q", got.Digest)
	}
	if c, err := config.LoadOwner(write(t, "apiVersion: bindgate/v1\nroots: system\n")); err != nil || !cmp.Equal(c.Settings, []config.Setting{{Key: "roots", Flag: "roots", Values: []string{"system"}}}) {
		t.Errorf("roots that are no path: %q, %v", c.Settings, err)
	}
}

func TestLoadTree(t *testing.T) {
	path := write(t, "apiVersion: bindgate/v1\nformats: [text, json]\nraise: [request/stage-is-explicit]\n")
	c, err := config.LoadTree(path)
	if err != nil || !cmp.Equal(c.Formats, []string{"text", "json"}) || !cmp.Equal(c.Raise, []string{"request/stage-is-explicit"}) {
		t.Errorf("got %+v, %v", c, err)
	}
}

// TestTreeMayNotMoveTheGate tries every key of the owner in the tree.
func TestTreeMayNotMoveTheGate(t *testing.T) {
	for _, key := range ownersKeys(t) {
		if key == "apiVersion" || key == "formats" {
			continue
		}
		path := write(t, "apiVersion: bindgate/v1\n"+key+": x\n")
		_, err := config.LoadTree(path)
		want := path + `:2:1: "` + key + `" may not be set here: this file may be edited by the change that is judged; ` +
			"set it in the file of the gate's owner, with --config FILE"
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestTreeMayNotBeALinkOut(t *testing.T) {
	secret := write(t, "aws_secret: AKIA\n")
	path := filepath.Join(t.TempDir(), config.TreeName)
	if err := os.Symlink(secret, path); err != nil {
		t.Fatal(err)
	}
	if _, err := config.LoadTree(path); err == nil || strings.Contains(err.Error(), "aws_secret") {
		t.Errorf("got %v", err)
	}
}

func TestAManifestIsNoConfiguration(t *testing.T) {
	for _, key := range []string{"bindings", "defaults", "domains"} {
		path := write(t, "apiVersion: bindgate/v1\n"+key+": []\n")
		_, tree := config.LoadTree(path)
		_, owner := config.LoadOwner(path)
		want := path + `:2:1: "` + key + `" is a key of manifests and maps, want a configuration; name the manifest as an argument, and the configuration with --config`
		for _, err := range []error{tree, owner} {
			if err == nil || err.Error() != want {
				t.Errorf("got %v\nwant %s", err, want)
			}
		}
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	dir := filepath.Dir(write(t, ""))
	var one *config.Error
	if _, err := config.LoadOwner(filepath.Join(dir, "missing")); !errors.As(err, &one) || one.Message != "no such file" {
		t.Errorf("missing: %v", err)
	}
	if _, err := config.LoadOwner(dir); err == nil || !strings.Contains(err.Error(), "got a folder, want a regular file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestFindTree(t *testing.T) {
	path := write(t, "")
	root := filepath.Dir(path)
	below := filepath.Join(root, "a", "b")
	for _, dir := range []string{below, filepath.Join(root, "git", ".git"), filepath.Join(root, "git", "c")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{root: path, below: path, filepath.Join(root, "git", "c"): ""} {
		if got, err := config.FindTree(dir); err != nil || got != want {
			t.Errorf("FindTree(%q) = %q, %v; want %q", dir, got, err, want)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "a", ".bindgate.yml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := config.FindTree(below); err == nil || !strings.Contains(err.Error(), "want .bindgate.yaml; rename it") {
		t.Errorf("a name that is nearly right: got %q, %v", got, err)
	}
	if _, err := config.FindTree(filepath.Join(root, "missing")); err == nil {
		t.Error("a missing folder has a configuration")
	}
}
