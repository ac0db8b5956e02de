package checktest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// statuses are the prefixes of fixture names. "pass" is a pass without any
// finding, "warn" a pass with a warning.
func statuses() []string {
	return []string{"pass", "warn", "fail", "unknown", "not-run", "not-applicable"}
}

// fixture is one file. Binding and Evidence are JSON merge patches on those of
// testdata/checks/base.yaml.
type fixture struct {
	Binding          map[string]any    `yaml:"binding"`
	CertificateAlone bool              `yaml:"certificateAlone"`
	Load             map[string]string `yaml:"load"`
	Evidence         map[string]any    `yaml:"evidence"`
	Want             want              `yaml:"want"`
}

// want is what a fixture asks of the result.
type want struct {
	Status   string   `yaml:"status"`   // says again what the file name begins with
	Messages []string `yaml:"messages"` // each is part of some finding's message
	Fixes    []string `yaml:"fixes"`    // each is part of some finding's fix
	Reason   string   `yaml:"reason"`   // is part of the result's reason
	Pointer  *string  `yaml:"pointer"`  // some finding points exactly here
}

type harness struct {
	root string // testdata/checks
	base fixture
	load Loader
}

func newHarness(t *testing.T, opts []Option) *harness {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		if filepath.Dir(dir) == dir {
			t.Fatal("found no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	h := &harness{root: filepath.Join(dir, "testdata", "checks")}
	for _, o := range opts {
		o(h)
	}
	data, err := os.ReadFile(filepath.Join(h.root, "base.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	h.base = parse(t, string(data))
	return h
}

// Subject is the base subject changed by a fixture text ("" for the sound
// binding as it is). A `want` block in it is not looked at.
func Subject(t *testing.T, text string, opts ...Option) checks.Subject {
	t.Helper()
	s, _ := newHarness(t, opts).subject(t, text)
	return s
}

// subject applies a fixture to the base: first the binding's patch, then what
// it loads, then the evidence's patch, so that a fixture can also spoil what it
// loaded.
func (h *harness) subject(t *testing.T, text string) (checks.Subject, want) {
	t.Helper()
	f := parse(t, text)
	var s checks.Subject
	patch(t, "binding", h.base.Binding, f.Binding, &s.Binding)
	s.Binding.CertificateAlone = f.CertificateAlone
	// The base holds the default; a fixture that writes the type gives it.
	_, s.Binding.CustomDomainTypeGiven = f.Binding["customDomainType"]
	s.Binding.Positions = positions(t, s.Binding)

	var base evidence.Evidence
	patch(t, "evidence of base.yaml", h.base.Evidence, nil, &base)
	if len(f.Load) > 0 {
		if h.load == nil {
			t.Fatal("the fixture has a load block, but Run was given no loader")
		}
		certificate, key := h.load(t, f.Load, s.Binding)
		if certificate.State != evidence.StateMissing {
			base.Certificate = certificate
		}
		if key.State != evidence.StateMissing {
			base.Key = key
		}
	}
	if name := f.Load["served"]; name != "" {
		base.Group.Facts.Served = h.served(t, name)
	}
	patch(t, "evidence", base, f.Evidence, &s.Evidence)
	return s, f.Want
}

// served is a file of testdata/certificates as what a group serves now.
func (h *harness) served(t *testing.T, name string) *evidence.Served {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.root, "..", "certificates", name))
	if err != nil {
		t.Fatal(err)
	}
	return &evidence.Served{CertificateName: "old", ChainDigest: "sha256:00", Leaf: string(text)}
}

func parse(t *testing.T, text string) fixture {
	t.Helper()
	var f fixture
	if strings.TrimSpace(text) == "" {
		return f
	}
	if err := yaml.Load([]byte(text), &f, yaml.WithKnownFields()); err != nil {
		t.Fatalf("reading fixture: %v", err)
	}
	return f
}

// patch merges change into base and decodes the outcome, every key of it, into out.
func patch(t *testing.T, what string, base any, change map[string]any, out any) {
	t.Helper()
	merged := encode(t, base)
	if change != nil {
		var err error
		if merged, err = jsonpatch.MergePatch(merged, encode(t, change)); err != nil {
			t.Fatalf("merging %s: %v", what, err)
		}
	}
	d := json.NewDecoder(bytes.NewReader(merged))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		t.Fatalf("reading %s: %v", what, err)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// positions gives every value of the binding a line of its own.
func positions(t *testing.T, b binding.Binding) binding.Positions {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(encode(t, b), &tree); err != nil {
		t.Fatal(err)
	}
	out := binding.Positions{}
	var walk func(pointer string, v any)
	walk = func(pointer string, v any) {
		if pointer != "" {
			out[pointer] = binding.Position{File: b.Source.File, Line: b.Source.Line + len(out) + 1, Column: 7}
		}
		for _, name := range childNames(v) {
			walk(pointer+"/"+escapeToken(name), child(v, name))
		}
	}
	delete(tree, "source")
	walk("", tree)
	return out
}

// statusOf is the status that a fixture's file name begins with.
func statusOf(name string) (string, bool) {
	for _, s := range statuses() {
		if strings.HasPrefix(name, s+"-") {
			return s, true
		}
	}
	return "", false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
