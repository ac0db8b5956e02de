package starter

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
)

func TestPin(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3":                             "v1.2.3",
		"v1.2.3-rc.1":                        "v1.2.3-rc.1",
		"v0.0.0-20261121192520-6e6fbc2aabb0": "6e6fbc2aabb0",
		"v1.2.4-0.20261121192520-6e6fbc2aabb0+dirty": "6e6fbc2aabb0",
		"(devel)":      release,
		"v1.2.3+dirty": release,
	} {
		if got := pin(version); got != want {
			t.Errorf("pin(%q) = %q, want %q", version, got, want)
		}
	}
}

// One constant names the release: everything that a user copies agrees with it.
func TestReleaseIsTheHeadOfTheChangelog(t *testing.T) {
	for path, pattern := range map[string]string{
		"CHANGELOG.md":         `(?m)^## \[(\S+)\]`,
		"README.md":            `(?m)^tar -xzf bindgate_(\S+)_linux_amd64\.tar\.gz bindgate$`,
		"docs/ci.md":           `(?m)^- uses: bindgate/bindgate@v(\S+)$`,
		"action.yml":           `(?m)^  version:\n.*\n    default: v(\S+)$`,
		"templates/gitlab.yml": `(?m)^    BINDGATE_VERSION: v(\S+)$`,

		"templates/kubernetes/bindgate-audit.yaml":  `(?m)^              image: ghcr\.io/bindgate/bindgate:v(\S+)$`,
		"templates/systemd/bindgate-audit@.service": `(?m)^Documentation=\S+/blob/v(\S+)/docs/audit\.md$`,
		"templates/systemd/bindgate-audit@.timer":   `(?m)^Documentation=\S+/blob/v(\S+)/docs/audit\.md$`,
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m == nil || "v"+string(m[1]) != release {
			t.Errorf("%s names %q, want %s", path, m, release)
		}
	}
}

// texts returns all files that reference a version of something.
func texts(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	all, err := Files("v1.2.3", binding.Classic, []string{GitHub, GitLab}, []byte("{}"), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		out[f.Path] = f.Text
	}
	for _, path := range []string{"action.yml", "templates/gitlab.yml", ".github/workflows/ci.yml", ".github/workflows/release.yml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		out[path] = text
	}
	return out
}

func TestEverythingIsPinned(t *testing.T) {
	uses := regexp.MustCompile(`uses: (\S+)@(\S+)`)
	pinned := regexp.MustCompile(`^([0-9a-f]{40}|v1\.2\.3)$`)
	images := regexp.MustCompile(`(?m)^\s*image: (\S+)`)
	exact := regexp.MustCompile(`@sha256:[0-9a-f]{64}$|:\d+\.\d+\.\d+-`)
	found := 0
	for path, text := range texts(t) {
		var doc any
		if err := yaml.Load(text, &doc); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, m := range uses.FindAllStringSubmatch(string(text), -1) {
			if found++; !pinned.MatchString(m[2]) {
				t.Errorf("%s uses %s at %q, want a commit", path, m[1], m[2])
			}
		}
		for _, m := range images.FindAllStringSubmatch(string(text), -1) {
			if found++; !exact.MatchString(m[1]) {
				t.Errorf("%s runs in %q, want an image with its digest or whole version", path, m[1])
			}
		}
		if strings.Contains(string(text), "PIN") || strings.Contains(string(text), ":latest") {
			t.Errorf("%s pins nothing", path)
		}
	}
	if found < 6 {
		t.Errorf("%d uses were looked at", found)
	}
}

func TestFilesRefusesAnotherCI(t *testing.T) {
	if _, err := Files("v1.2.3", binding.Classic, []string{"jenkins"}, nil, nil); err == nil {
		t.Error("jenkins was taken")
	}
	if _, err := Files("v1.2.3", "mse", nil, nil, nil); err == nil {
		t.Error("another platform was taken")
	}
}

// TestActionScript runs the action's script with a bindgate that prints its
// arguments: inputs become words, never code.
func TestActionScript(t *testing.T) {
	var action struct {
		Runs struct {
			Steps []struct{ Name, Run string }
		}
	}
	if err := yaml.Load(texts(t)["action.yml"], &action); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	stub := "#!/bin/sh\nfor a in \"$@\"; do echo \"[$a]\"; done\nexit 3\n"
	if err := os.WriteFile(filepath.Join(dir, "bindgate"), []byte(stub), 0o755); err != nil {
		t.Fatal(err)
	}
	script := action.Runs.Steps[len(action.Runs.Steps)-1].Run
	c := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "RUNNER_TEMP="+dir, "COMMAND=lint", "PATHS=a.yaml $(touch pwned)", "ARGS=--offline --fail-on warning", "SARIF=a b.sarif", "HTML=")
	out, err := c.Output()
	if c.ProcessState.ExitCode() != 3 {
		t.Errorf("the script ended with %v, want bindgate's own code", err)
	}
	want := "[lint]\n[--offline]\n[--fail-on]\n[warning]\n[-f]\n[github]\n[-f]\n[sarif=a b.sarif]\n[--]\n[a.yaml]\n[$(touch]\n[pwned)]\n"
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Error(diff)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("an input ran as code")
	}
}
