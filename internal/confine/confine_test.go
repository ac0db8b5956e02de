package confine_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/confine"
)

// tree creates a root with files in it, and a secret outside.
func tree(t *testing.T) (base, root string) {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.Join(base, "root")
	write(t, filepath.Join(base, "secret"), "outside")
	write(t, filepath.Join(base, "root-twin", "x"), "outside")
	write(t, filepath.Join(root, "certs", "a.pem"), "inside")
	links := map[string]string{
		"out":         "../secret",
		"abs":         filepath.Join(base, "secret"),
		"dangling":    "../nothing",
		"dir-out":     "..",
		"dir-in":      "certs",
		"in":          "certs/a.pem",
		"twice":       "in",
		"loop":        "loop",
		"abs-in":      filepath.Join(root, "certs", "a.pem"),
		"in-dangling": "certs/nothing.pem",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	return base, root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	base, root := tree(t)
	files, err := confine.New([]string{root})
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(root, "certs", "a.pem")
	for path, want := range map[string]string{ // "" = outside
		"certs/a.pem":                    inside,
		"./certs//a.pem":                 inside,
		"certs/../certs/a.pem":           inside,
		inside:                           inside,
		"in":                             inside,
		"twice":                          inside,
		"dir-in/a.pem":                   inside,
		"dir-in/../certs/a.pem":          inside,
		"abs-in":                         inside,
		"../root/certs/a.pem":            inside,
		"certs/missing.pem":              filepath.Join(root, "certs", "missing.pem"),
		"in-dangling":                    filepath.Join(root, "certs", "nothing.pem"),
		"certs/a.pem/below":              filepath.Join(root, "certs", "a.pem", "below"),
		"../secret":                      "",
		"certs/../../secret":             "",
		"/etc/passwd":                    "",
		"out":                            "",
		"abs":                            "",
		"dangling":                       "",
		"dir-out/secret":                 "",
		"dir-out/root-twin/x":            "",
		"../root-twin/x":                 "",
		filepath.Join(base, "root-twin"): "",
	} {
		got, err := files.Resolve(root, path)
		if want == "" {
			if !errors.Is(err, confine.ErrOutside) {
				t.Errorf("Resolve(%q) = %q, %v; want ErrOutside", path, got, err)
			} else if s := err.Error(); !strings.Contains(s, path) || !strings.Contains(s, root) || !strings.Contains(s, "--allow-path") {
				t.Errorf("Resolve(%q): error lacks what was typed, the root or the next step: %v", path, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", path, got, err, want)
		}
	}
}

func TestResolveRefusesLoopsAndParents(t *testing.T) {
	_, root := tree(t)
	files, err := confine.New([]string{root})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := files.Resolve(root, "loop"); !errors.Is(err, confine.ErrIrregular) {
		t.Errorf("a loop of links: got %q, %v", got, err)
	}
	if got, err := files.Resolve(root, "missing/../dir-out/secret"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf(".. of a missing folder: got %q, %v", got, err)
	}
}

func TestRead(t *testing.T) {
	base, root := tree(t)
	files, err := confine.New([]string{filepath.Join(root, "dir-in", "..")})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"certs/a.pem", "in", "twice", "abs-in"} {
		file, err := files.Read(root, path, 6)
		if err != nil || string(file.Bytes) != "inside" || file.Mode.Perm() != 0o640 ||
			file.Path != filepath.Join(root, "certs", "a.pem") {
			t.Errorf("Read(%q) = %+v, %v", path, file, err)
		}
	}
	if _, err := files.Read(root, "certs/a.pem", 5); !errors.Is(err, confine.ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	for _, path := range []string{"missing", "certs/a.pem/below", "in-dangling"} {
		if _, err := files.Read(root, path, 9); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Read(%q): got %v, want fs.ErrNotExist", path, err)
		}
	}
	if _, err := files.Read(root, "out", 9); !errors.Is(err, confine.ErrOutside) {
		t.Errorf("a link that leaves: %v", err)
	}
	if file, err := confine.Anywhere().Read(root, "out", 9); err != nil || string(file.Bytes) != "outside" ||
		file.Path != filepath.Join(base, "secret") {
		t.Errorf("Anywhere: %+v, %v", file, err)
	}
}

// TestReadWhileLinksSwap swaps a file with a link to the secret as fast as it
// can: Read never returns the secret.
func TestReadWhileLinksSwap(t *testing.T) {
	base, root := tree(t)
	files, err := confine.New([]string{root})
	if err != nil {
		t.Fatal(err)
	}
	good, bad, target := filepath.Join(root, "good"), filepath.Join(root, "bad"), filepath.Join(root, "swapped")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.WriteFile(good, []byte("inside"), 0o600)
			_ = os.Rename(good, target)
			_ = os.Symlink(filepath.Join(base, "secret"), bad)
			_ = os.Rename(bad, target)
		}
	}()
	for range 2000 {
		if file, err := files.Read(root, "swapped", 100); err == nil && string(file.Bytes) != "inside" && len(file.Bytes) != 0 {
			t.Errorf("read %q from outside", file.Bytes)
			break
		}
	}
	close(stop)
	<-done
}

func TestNewWantsFolders(t *testing.T) {
	base, _ := tree(t)
	for _, roots := range [][]string{nil, {filepath.Join(base, "nothing")}, {filepath.Join(base, "secret")}} {
		if _, err := confine.New(roots); err == nil {
			t.Errorf("New(%q): got no error", roots)
		}
	}
}

func TestGitTop(t *testing.T) {
	_, root := tree(t)
	write(t, filepath.Join(root, ".git"), "gitdir: elsewhere")
	for _, dir := range []string{root, filepath.Join(root, "certs"), filepath.Join(root, "dir-in")} {
		if got := confine.GitTop(dir); got != root {
			t.Errorf("GitTop(%q) = %q, want %q", dir, got, root)
		}
	}
	if got := confine.GitTop(filepath.Join(root, "missing")); got != "" {
		t.Errorf("GitTop of nothing = %q", got)
	}
}

// The links in certbot's live/ lead to archive/; the error names that folder.
func TestLinkOutIsNamed(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"live", "archive"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "archive", "fullchain1.pem"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../archive/fullchain1.pem", filepath.Join(dir, "live", "fullchain.pem")); err != nil {
		t.Skip(err)
	}
	files, err := confine.New([]string{filepath.Join(dir, "live")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = files.Resolve(filepath.Join(dir, "live"), "fullchain.pem")
	if !errors.Is(err, confine.ErrOutside) || !strings.Contains(err.Error(), "it is a link into "+filepath.Join(dir, "archive")) {
		t.Errorf("got %v", err)
	}
}
