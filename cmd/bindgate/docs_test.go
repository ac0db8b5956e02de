package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// block matches a fenced block of shell commands, or of a file if a name follows the
// language. After sh, "exit=1" gives the exit code of its last command, and "no-test" marks
// a block that needs another program.
var block = regexp.MustCompile("(?ms)^```(sh|(?:rego|yaml|json) +\\S)([^\n]*)\n(.*?)^```$")

// TestDocs runs every command of the pages, in order, in one empty folder per page.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"approvals.md", "policies-tutorial.md", "pre-commit.md", "editors.md", "ci.md", "security-review.md", "audit.md", "sandbox.md", "ram.md", "owner.md", "sources.md", "leaving-classic.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := exec.LookPath("ssh-keygen"); err != nil && page == "approvals.md" && os.Getenv("BINDGATE_TEST_SSH") == "" {
				t.Skip("ssh-keygen is not installed")
			}
			dir := t.TempDir()
			t.Cleanup(func() { stopStarted(filepath.Join(dir, "sandbox.pid")) })
			ran := 0
			for _, m := range block.FindAllStringSubmatch(string(text), -1) {
				if m[1] != "sh" {
					writePageFile(t, filepath.Join(dir, m[1][len(m[1])-1:]+m[2]), m[3])
					continue
				}
				if strings.Contains(m[2], "no-test") {
					continue
				}
				ran++
				want := 0
				if _, code, ok := strings.Cut(m[2], "exit="); ok {
					if want, err = strconv.Atoi(strings.TrimSpace(code)); err != nil {
						t.Fatal(err)
					}
				}
				c := exec.CommandContext(t.Context(), "bash", "-c", "set -o pipefail\n"+joined(m[3]))
				c.Dir = dir
				c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_STATE_HOME=" + dir, "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true",
					"GIT_CONFIG_NOSYSTEM=1"}
				out, err := c.CombinedOutput()
				if got := c.ProcessState.ExitCode(); got != want {
					t.Fatalf("%s\nended with %d (%v), want %d:\n%s", m[3], got, err, want, out)
				}
			}
			if ran < 3 {
				t.Errorf("%d blocks ran", ran)
			}
		})
	}
}

func writePageFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// stopStarted ends the process that a page left running, where a block of it failed.
func stopStarted(pidFile string) {
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
}

// joined makes the block fail with code 99 if a command before the last one fails.
func joined(commands string) string {
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	for i := range lines[:len(lines)-1] {
		lines[i] = fmt.Sprintf("{ %s; } || exit 99", lines[i])
	}
	return strings.Join(lines, "\n")
}
