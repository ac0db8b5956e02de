package confine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// entries returns the names in a folder: no temporary file may remain.
func entries(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func TestOutputIsWholeOrNothing(t *testing.T) {
	dir := lay(t, map[string]string{"old": "before"})
	write := func(name, text string, end func(*Output) error) {
		t.Helper()
		o, err := Create(dir, name, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := o.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if held, err := os.ReadFile(filepath.Join(dir, "old")); err != nil || string(held) != "before" {
			t.Errorf("before the end: %q, %v", held, err)
		}
		if err := end(o); err != nil {
			t.Fatal(err)
		}
		o.Discard()
		if err := o.Commit(); err != nil {
			t.Errorf("a second end: %v", err)
		}
	}
	discard := func(o *Output) error { o.Discard(); return nil }
	write("old", "half", discard)
	write("new", "half", discard)
	if got := entries(t, dir); len(got) != 1 {
		t.Errorf("after discarding: %q", got)
	}
	write("new", "whole", (*Output).Commit)
	write("old", "after", (*Output).Commit)
	for name, want := range map[string]string{"old": "after", "new": "whole"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "old")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("the mode of the existing file is not kept: %v, %v", info.Mode(), err)
	}
	if got := entries(t, dir); len(got) != 2 {
		t.Errorf("left: %q", got)
	}
}

func TestOutputFollowsNoLinkOfATree(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("creating a link needs a privilege on Windows")
	}
	base := lay(t, map[string]string{"outside/secret": "kept", "repo/.git/HEAD": "ref", "repo/sub/x": "", "plain/x": "", "real/x": ""})
	link := func(target, at string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(base, at)); err != nil {
			t.Fatal(err)
		}
	}
	link("../outside/secret", "repo/report.sarif")
	link("../outside", "repo/folder")
	link("/dev/null", "repo/null")
	link("nowhere", "repo/dangling")
	link("report.sarif", "repo/twice")
	link("x", "repo/sub/own")
	link("../outside/secret", "plain/report")
	link("real", "machine") // in no tree
	for _, c := range []struct {
		from, path string
		refused    bool
	}{
		{"repo", "report.sarif", true}, {"repo", "folder/new", true}, {"repo", "folder/../new", true}, {"repo", "null", true},
		{"repo", "dangling", true}, {"repo", "twice", true}, {"repo/sub", "own", true}, {"repo/sub", "../report.sarif", true},
		{"plain", "report", true}, {"plain", "../repo/report.sarif", true}, {"plain", filepath.Join(base, "repo/folder/secret"), true},
		{"repo", "new", false}, {"repo", "sub/new", false}, {"repo", "../machine/new", false}, {"plain", filepath.Join(base, "machine/new"), false},
		{"machine", "x", false}, {"plain", "/dev/null", false}, {"plain", "/dev/stdout", false},
	} {
		o, err := Create(filepath.Join(base, c.from), c.path, 0o600)
		if errors.Is(err, ErrLink) != c.refused || !c.refused && err != nil {
			t.Errorf("%s in %s: %v, want refused %t", c.path, c.from, err, c.refused)
		}
		o.Discard()
	}
	if got, err := os.ReadFile(filepath.Join(base, "outside/secret")); err != nil || string(got) != "kept" {
		t.Errorf("the file outside: %q, %v", got, err)
	}
	if _, err := os.Lstat(filepath.Join(base, "repo/nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a dangling link was written through")
	}
}

func TestOutputErrors(t *testing.T) {
	dir := lay(t, map[string]string{"file": "x"})
	for _, path := range []string{"no/such/folder", ".", "file/below"} {
		if _, err := Create(dir, path, 0o600); err == nil || errors.Is(err, ErrLink) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestWriteNewKeepsOtherContent(t *testing.T) {
	dir := lay(t, map[string]string{"old": "before"})
	for name, want := range map[string]bool{"old": false, "new": true} {
		if err := WriteNew(dir, name, []byte("after"), 0o600); (err == nil) != want {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := WriteNew(dir, "new", []byte("after"), 0o600); err != nil {
		t.Errorf("the same content again: %v", err)
	}
	for name, want := range map[string]string{"old": "before", "new": "after"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestAppendFollowsNoLink(t *testing.T) {
	dir := lay(t, map[string]string{"target": "before", "page": "one "})
	if err := os.Symlink("target", filepath.Join(dir, "link")); err != nil {
		t.Skip("this system makes no symbolic links here:", err)
	}
	if err := Append(dir, "link", []byte("after"), 0o600); !errors.Is(err, ErrLink) {
		t.Errorf("through a link: got %v, want ErrLink", err)
	}
	if err := Append(dir, "page", []byte("two"), 0o600); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]string{"target": "before", "page": "one two"} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
}
