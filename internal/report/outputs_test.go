package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/confine"
)

func TestOpenOutputs(t *testing.T) {
	for spec, want := range map[string]string{
		"text json": "two formats for standard output", "text json=": "no file after =", "none": `unknown format "none"`,
		"json=missing/r.json": "opening the report file", "text json=r.json": "", "": "",
	} {
		o, err := OpenOutputs(t.TempDir(), strings.Fields(spec))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", spec, err, want)
		}
		for _, f := range o.Files() {
			f.Discard()
		}
	}
}

func TestFailReplacesOldReports(t *testing.T) {
	dir := t.TempDir()
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, err := OpenOutputs(dir, []string{"json=a.json", "json=b.json"})
	if err != nil {
		t.Fatal(err)
	}
	err = o.Fail(Head{}, Options{}, errors.New("no resolver"), func(f *confine.Output) bool { return filepath.Base(f.Path()) == "b.json" })
	for _, f := range o.Files() {
		f.Discard()
	}
	if err != nil || !strings.Contains(read("a.json"), "no resolver") || read("b.json") != "old" {
		t.Errorf("got %q and %q, %v", read("a.json"), read("b.json"), err)
	}
}
