package certificate

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Git's own index of every version is parsed as Git wrote it.
func TestTracked(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("the suite needs git")
	}
	for _, version := range []string{"2", "3", "4"} {
		dir := t.TempDir()
		git := func(args ...string) {
			t.Helper()
			c := exec.Command("git", append([]string{"-c", "init.defaultBranch=main"}, args...)...)
			c.Dir = dir
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("git %v: %v: %s", args, err, out)
			}
		}
		write := func(name string) string {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		git("init", "-q")
		tracked := []string{write("certs/api.key"), write("certs/api.pem"), write("z"), write("certs/deeper/x.key")}
		git("update-index", "--index-version", version)
		git("add", ".")
		loose := write("certs/loose.key")
		tr := newTracker()
		for _, path := range tracked {
			if !tr.has(path) {
				t.Errorf("version %s: %s is not tracked", version, path)
			}
		}
		if tr.has(loose) || tr.has(filepath.Join(t.TempDir(), "elsewhere.key")) {
			t.Errorf("version %s: a loose file is tracked", version)
		}
	}
}

func TestReadableBy(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("TestReadersByAccessList is the test of Windows")
	}
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]string{0o600: "", 0o644: "everybody (mode 0644)", 0o604: "everybody (mode 0604)"} {
		path := filepath.Join(dir, "api.key")
		if err := os.WriteFile(path, pkitest.KeyPEM(t, pkitest.Root(t, "r").Key), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		c := Collector{tracked: newTracker()}
		got, unknown, tracked := c.guard(path)
		if got != want || unknown != "" || tracked {
			t.Errorf("%o: got %q, %q, %v, want %q", mode, got, unknown, tracked, want)
		}
	}
	for path, want := range map[string]bool{"/run/secrets/api.key": true, "/etc/tls/..2026_11_21_10_00/tls.key": true, "/etc/tls/tls.key": false, "/a/../b": false} {
		if got := mountedSecret(path); got != want {
			t.Errorf("%s: got %v", path, got)
		}
	}
}

// A file whose readers cannot be found out is not called protected.
func TestReadersOfAMissingFileAreUnknown(t *testing.T) {
	c := Collector{tracked: newTracker()}
	if readable, unknown, _ := c.guard(filepath.Join(t.TempDir(), "api.key")); readable != "" || unknown == "" {
		t.Errorf("got %q, %q, want a reason", readable, unknown)
	}
}

// The parser invents no path; up to version 3 the index contains each verbatim.
func FuzzParseIndex(f *testing.F) {
	f.Add([]byte("DIRC\x00\x00\x00\x04\xff\xff\xff\xff"))
	entry := make([]byte, 62)
	for version := range byte(3) {
		index := append([]byte{'D', 'I', 'R', 'C', 0, 0, 0, 2 + version, 0, 0, 0, 2}, entry...)
		switch version {
		case 2: // the second drops five bytes of the first
			index = append(append(index, "\x00a.key\x00"...), entry...)
			index = append(index, "\x05b.pem\x00"...)
		default:
			index = append(append(index, "a.key\x00\x00\x00\x00\x00"...), entry...)
			index = append(index, "certs/b.pem\x00\x00\x00\x00\x00\x00\x00"...)
		}
		if got := parseIndex(append(index, entry...)); len(got) != 2 {
			f.Fatalf("version %d: got %v", 2+version, got)
		}
		f.Add(append(index, entry...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for name := range parseIndex(data) {
			if len(name) > 4096 || data[7] < 4 && !bytes.Contains(data, []byte(name+"\x00")) {
				t.Errorf("a path of %d bytes: %q", len(name), name)
			}
		}
	})
}
