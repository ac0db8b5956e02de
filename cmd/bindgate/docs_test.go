package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// block matches a fenced block of shell commands, or of a file if a name follows the
// language. After sh, "exit=1" gives the exit code of its last command, and "no-test" marks
// a block that needs another program.
var block = regexp.MustCompile("(?ms)^```(sh|(?:rego|yaml|json) +\\S)([^\n]*)\n(.*?)^```$")

// plain matches a command without anything that a shell reads: it needs neither a
// shell nor a process of its own.
var plain = regexp.MustCompile(`^bindgate( [A-Za-z0-9_./:@,=-]+)*$`)

// TestDocs runs every command of the pages, in order, in one empty folder per page.
func TestDocs(t *testing.T) {
	t.Parallel()
	made := demos{dir: t.TempDir(), made: map[string]func() finish{}}
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
				env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_STATE_HOME=" + dir, "ALIBABA_CLOUD_ECS_METADATA_DISABLED=true",
					"GIT_CONFIG_NOSYSTEM=1"}
				if got := runBlock(t, &made, dir, env, m[3]); got.code != want {
					t.Fatalf("%s\nended with %d (%s), want %d:\n%s", m[3], got.code, got.err, want, got.out)
				}
			}
			if ran < 3 {
				t.Errorf("%d blocks ran", ran)
			}
		})
	}
}

// runBlock runs the commands of a block: with bash, unless all are plain. It ends
// with the last one's code, or with 99 if one before that fails.
func runBlock(t *testing.T, made *demos, dir string, env []string, commands string) (f finish) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	if slices.ContainsFunc(lines, func(line string) bool { return !plain.MatchString(line) }) {
		c := exec.CommandContext(t.Context(), "bash", "-c", "set -o pipefail\n"+joined(lines))
		c.Dir, c.Env = dir, env
		out, err := c.CombinedOutput()
		return finish{c.ProcessState.ExitCode(), string(out), fmt.Sprint(err)}
	}
	for i, line := range lines {
		args := strings.Fields(line)[1:]
		if args[0] == "demo" && args[len(args)-2] == "--dir" {
			f = made.lay(t, dir, args)
		} else {
			f = inProcess(t.Context(), environment(dir, env), args...)
		}
		if f.code != 0 && i < len(lines)-1 {
			f.code = 99
			return f
		}
	}
	return f
}

// demos are the folders that `bindgate demo … --dir NAME` makes: nearly every page
// begins with one, and each is made once.
type demos struct {
	dir  string
	mu   sync.Mutex
	made map[string]func() finish // by the arguments
}

// lay lays the folder of a demo into dir.
func (d *demos) lay(t *testing.T, dir string, args []string) finish {
	t.Helper()
	key := strings.Join(args, " ")
	home := filepath.Join(d.dir, strings.ReplaceAll(key, " ", "_"))
	d.mu.Lock()
	if d.made[key] == nil {
		d.made[key] = sync.OnceValue(func() finish {
			if err := os.Mkdir(home, 0o755); err != nil {
				return finish{1, "", err.Error()}
			}
			return inProcess(context.Background(), environment(home, []string{"HOME=" + home}), args...)
		})
	}
	made := d.made[key]
	d.mu.Unlock()
	f := made()
	if f.code == 0 {
		name := args[len(args)-1]
		copyFolder(t, filepath.Join(home, name), filepath.Join(dir, name))
	}
	return f
}

// copyFolder copies a folder, with its permissions.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := to + strings.TrimPrefix(path, from)
		if entry.IsDir() {
			return os.Mkdir(target, info.Mode().Perm())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
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
func joined(lines []string) string {
	lines = slices.Clone(lines)
	for i := range lines[:len(lines)-1] {
		lines[i] = fmt.Sprintf("{ %s; } || exit 99", lines[i])
	}
	return strings.Join(lines, "\n")
}
