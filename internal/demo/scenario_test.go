package demo

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/manifest"
)

// loaded writes the scenario into a folder and reads the manifest from there.
func loaded(t *testing.T) *manifest.Set {
	t.Helper()
	f := folder{path: t.TempDir()}
	if _, err := mint(f, now); err != nil {
		t.Fatal(err)
	}
	if err := f.write(manifestName, wishes); err != nil {
		t.Fatal(err)
	}
	set, err := manifest.Load([]string{f.join(manifestName)}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestEveryBindingIsExpected(t *testing.T) {
	bindings, all := slices.Collect(loaded(t).All()), expectations()
	if len(all) < 12 || len(all) != len(bindings) {
		t.Fatalf("got %d expectations and %d bindings, want as many and at least 12", len(all), len(bindings))
	}
	reasons := map[string]string{}
	for i, e := range all {
		if b := bindings[i]; b.DomainName != e.domain || b.GroupID != e.group {
			t.Errorf("got binding %q on %q, expected %v", b.DomainName, b.GroupID, e.place)
		}
		if (e.becomes == bound) != (len(e.calls) > 0) || (e.becomes == refused) != (e.fails != "") {
			t.Errorf("%s: calls and failing check do not fit %q", e.domain, e.becomes)
		}
		if e.fails == "" {
			continue
		}
		if other := reasons[e.fails]; other != "" {
			t.Errorf("%s and %s are refused for the same reason", e.domain, other)
		}
		reasons[e.fails] = e.domain
		if _, ok := catalog.Find(e.fails); !ok {
			t.Errorf("%s: no check is called %q", e.domain, e.fails)
		}
	}
	if len(reasons) < 6 {
		t.Errorf("got %d reasons to refuse, want at least 6", len(reasons))
	}
}

// TestEveryFileIsMinted reads what the manifest names, and nothing may be
// minted in vain.
func TestEveryFileIsMinted(t *testing.T) {
	named := []string{"renewed.demo.com.old"} // by the seed
	for b := range loaded(t).All() {
		if b.Certificate == nil {
			continue
		}
		file, ok := strings.CutSuffix(b.Certificate.Body, ".pem")
		if !ok || b.Certificate.PrivateKey.File != file+".key" {
			t.Errorf("%s: got files %q and %q", b.DomainName, b.Certificate.Body, b.Certificate.PrivateKey.File)
		}
		named = append(named, filepath.Base(file))
	}
	var minted []string
	for _, o := range orders() {
		minted = append(minted, o.file)
	}
	slices.Sort(named)
	slices.Sort(minted)
	if !slices.Equal(named, minted) {
		t.Errorf("named are %q, minted are %q", named, minted)
	}
}

func TestFolder(t *testing.T) {
	f, err := openFolder(filepath.Join(t.TempDir(), "a", "b"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.writeSecret("certs/a.key", "secret"); err != nil {
		t.Fatal(err)
	}
	if err := f.writeSecret("certs/a.key", "other"); err == nil {
		t.Error("a file was written over")
	}
	for name, want := range map[string]os.FileMode{"": 0o700, "certs": 0o700, "certs/a.key": 0o600} {
		if info, err := os.Stat(f.join(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: got %v, %v, want %o", name, info.Mode(), err, want)
		}
	}
	if _, err := openFolder(f.path, ""); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a folder with files: got %v", err)
	}
	if _, err := openFolder(f.join("certs/a.key"), ""); err == nil {
		t.Error("a file was taken for a folder")
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.join("certs/a.key")); err != nil {
		t.Errorf("what was to be kept is gone: %v", err)
	}
}

func TestQuote(t *testing.T) {
	for path, want := range map[string]string{"a/b-c.d": "a/b-c.d", "a b": "'a b'", "it's": `'it'\''s'`, "a;b": "'a;b'", "~x": "'~x'"} {
		if got := quote(path); got != want {
			t.Errorf("%q: got %s, want %s", path, got, want)
		}
	}
}
