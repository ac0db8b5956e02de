package gittree

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// repository is a fresh one with a first commit.
func repository(t *testing.T) (dir string, git func(args ...string)) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	git = func(args ...string) {
		t.Helper()
		c := exec.Command("git", append([]string{"-c", "user.name=n", "-c", "user.email=e@example.invalid"}, args...)...)
		c.Dir, c.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	for name, text := range map[string]string{"a": "1", "old": "moved", "gone": "x", ".gitignore": "secret\nnode_modules\n", "sub dir/b": "2"} {
		write(t, dir, name, text)
	}
	git("add", "-A")
	git("commit", "-qm", "first")
	return dir, git
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTree(t *testing.T) {
	dir, git := repository(t)
	git("mv", "old", "new")
	git("rm", "-q", "gone")
	write(t, dir, "a", "staged")
	git("add", "a")
	write(t, dir, "a", "not staged")
	write(t, dir, "untracked", "x")
	write(t, dir, "secret", "kept")
	write(t, dir, "node_modules/bindings.yaml", "x")
	tree, err := Open(filepath.Join(dir, "sub dir"), os.Environ())
	if err != nil || tree == nil || tree.Top != dir {
		t.Fatalf("got %+v", tree)
	}
	in := func(names ...string) (out []string) {
		for _, n := range names {
			out = append(out, filepath.Join(dir, n))
		}
		slices.Sort(out)
		return out
	}
	if got, err := tree.Files(t.Context()); err != nil || !slices.Equal(got, in(".gitignore", "a", "new", "sub dir/b", "untracked")) {
		t.Errorf("files: %q, %v", got, err)
	}
	if got, err := tree.Staged(t.Context()); err != nil || !slices.Equal(got, in("a", "gone", "new", "old")) {
		t.Errorf("staged: %q, %v", got, err)
	}
	index, err := tree.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := index.Preload(t.Context(), func(path string) bool { return filepath.Base(path) != "new" }); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		text    string
		held    bool
		missing bool
	}{"a": {"staged", true, false}, "new": {"moved", true, false}, "gone": {"", true, true}, "untracked": {"", true, true}, "secret": {"", false, false}, "../elsewhere": {"", false, false}} {
		data, held, err := index.Read(filepath.Join(dir, name))
		if string(data) != want.text || held != want.held || errors.Is(err, fs.ErrNotExist) != want.missing {
			t.Errorf("%s: %q, %t, %v", name, data, held, err)
		}
	}
	git("commit", "-qm", "second")
	if got, err := tree.Between(t.Context(), "HEAD~1", "HEAD"); err != nil || !slices.Equal(got, in("a", "gone", "new", "old")) {
		t.Errorf("between: %q, %v", got, err)
	}
	if _, err := tree.Between(t.Context(), "--output=/tmp/x", "HEAD"); err == nil {
		t.Error("an option was taken for a revision")
	}
	if none, err := Open(t.TempDir(), os.Environ()); none != nil || err != nil {
		t.Error("a folder in no tree has one")
	}
}

// A repository cannot have a program run by being asked.
func TestNothingConfiguredRuns(t *testing.T) {
	dir, git := repository(t)
	mark := filepath.Join(dir, "ran")
	write(t, dir, "run.sh", "#!/bin/sh\ntouch "+mark+"\n")
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	git("config", "diff.external", filepath.Join(dir, "run.sh"))
	write(t, dir, "a", "other")
	git("add", "a")
	git("config", "core.fsmonitor", filepath.Join(dir, "run.sh"))
	tree, err := Open(dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	_, err = tree.Files(t.Context())
	_, err2 := tree.Staged(t.Context())
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a configured program ran")
	}
}

// What Git ignores in the tree of a folder, or in one that is nested in it.
func TestIgnored(t *testing.T) {
	dir, git := repository(t)
	for _, name := range []string{"secret", "sub dir/secret", "sub dir/seen", "sub dir/tracked.secret", "out/x", "out/nested/x", "nested/x", "nested/own", "nested/secret"} {
		write(t, dir, name, "x")
	}
	write(t, dir, ".gitignore", "secret\n*.secret\n/out/\n")
	git("add", "-f", "sub dir/tracked.secret")
	for _, nested := range []string{"nested", "out/nested"} {
		git("init", "-q", filepath.Join(dir, nested))
	}
	write(t, dir, "nested/.gitignore", "own\n")
	git("-C", "nested", "add", "-A")
	git("-C", "nested", "commit", "-qm", "first")
	git("add", "nested") // as a submodule
	all := []string{"secret", "sub dir/secret", "sub dir/seen", "sub dir/tracked.secret", "out/x", "out/nested/x", "nested/x", "nested/own", "nested/secret"}
	for _, tc := range []struct {
		folder      string
		paths, want []string
	}{
		{"", all, []string{"secret", "sub dir/secret", "out/x", "out/nested/x", "nested/own"}},
		{"sub dir", []string{"sub dir/secret", "sub dir/seen"}, []string{"sub dir/secret"}},
		{"nested", []string{"nested/x", "nested/own", "nested/secret"}, []string{"nested/own"}},
		{"out", []string{"out/x", "out/nested/x"}, nil}, // the folder is ignored itself, and was named
		{"", nil, nil},
	} {
		var paths, got []string
		for _, name := range tc.paths {
			paths = append(paths, filepath.Join(dir, name))
		}
		ignored, err := Ignored(t.Context(), append(os.Environ(), "GIT_DIR=/nowhere"), filepath.Join(dir, tc.folder), paths)
		if err != nil {
			t.Errorf("%q: %v", tc.folder, err)
		}
		for _, path := range ignored {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(name))
		}
		slices.Sort(got)
		slices.Sort(tc.want)
		if !slices.Equal(got, tc.want) {
			t.Errorf("below %q: got %q, want %q", tc.folder, got, tc.want)
		}
	}
	elsewhere := t.TempDir()
	if got, err := Ignored(t.Context(), os.Environ(), elsewhere, []string{filepath.Join(elsewhere, "a")}); got != nil || err != nil {
		t.Errorf("without a tree: got %q, %v", got, err)
	}
	write(t, dir, ".git/config", "[core")
	if _, err := Ignored(t.Context(), os.Environ(), dir, []string{filepath.Join(dir, "secret")}); err == nil {
		t.Error("a tree that git cannot read: got no error")
	}
}
