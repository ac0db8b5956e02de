package checktest

import (
	"bytes"
	_ "embed" // for the valid binding
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// baseYAML is the valid binding and its evidence, which a fixture changes.
//
//go:embed base.yaml
var baseYAML string

// apigYAML is that of a cloud-native gateway, for fixtures with `base: apig`.
//
//go:embed apig.yaml
var apigYAML string

// cutoverYAML is that of a domain that moves between the two, for fixtures with
// `base: cutover`.
//
//go:embed cutover.yaml
var cutoverYAML string

// statuses returns the prefixes of fixture names. "pass" is a pass without
// findings, "warn" a pass with a warning.
func statuses() []string {
	return []string{"pass", "warn", "fail", "unknown", "not-run", "not-applicable"}
}

// fixture is one file. Binding and Evidence are JSON merge patches on those of its base:
// base.yaml, apig.yaml or cutover.yaml.
type fixture struct {
	Base            string            `yaml:"base"` // "", apig or cutover
	Binding         map[string]any    `yaml:"binding"`
	CertificateOnly bool              `yaml:"certificateOnly"`
	Unserved        bool              `yaml:"unserved"`
	Load            map[string]string `yaml:"load"`
	Evidence        map[string]any    `yaml:"evidence"`
	Want            want              `yaml:"want"`
}

// want is the expected result of a fixture.
type want struct {
	Status   string   `yaml:"status"`   // repeats the prefix of the file name
	Messages []string `yaml:"messages"` // each is part of the message of a finding
	Fixes    []string `yaml:"fixes"`    // each is part of the fix of a finding
	Reason   string   `yaml:"reason"`   // is part of the result's reason
	Pointer  *string  `yaml:"pointer"`  // the exact pointer of a finding
}

type harness struct {
	fixtures fs.FS
	bases    map[string]base
	load     Loader
}

// base is the JSON of a valid binding and of all its evidence.
type base struct{ binding, evidence []byte }

// bases reads the valid bindings, by the name that a fixture calls them; reading them takes
// longer than a fixture. Nothing changes them.
//
//nolint:gochecknoglobals // read once and never changed
var bases = sync.OnceValues(func() (map[string]base, error) {
	read := map[string]base{}
	for name, text := range map[string]string{"": baseYAML, "apig": apigYAML, "cutover": cutoverYAML} {
		b, err := readBase(text)
		if err != nil {
			return nil, fmt.Errorf("the base %q: %w", name, err)
		}
		read[name] = b
	}
	return read, nil
})

func readBase(text string) (b base, err error) {
	f, err := decode(text)
	if err != nil {
		return b, err
	}
	if b.binding, err = json.Marshal(f.Binding); err != nil {
		return b, err
	}
	stated, err := json.Marshal(f.Evidence)
	if err != nil {
		return b, err
	}
	var all evidence.Evidence // with what the text does not state
	if err := strictly(stated, &all); err != nil {
		return b, err
	}
	b.evidence, err = json.Marshal(all)
	return b, err
}

func newHarness(t *testing.T, opts []Option) *harness {
	t.Helper()
	read, err := bases()
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{bases: read}
	for _, o := range opts {
		o(h)
	}
	return h
}

// Subject returns the valid binding and its evidence, changed by the text of a
// fixture (empty: unchanged). It ignores a `want` block.
func Subject(t *testing.T, text string, opts ...Option) checks.Subject {
	t.Helper()
	s, _ := newHarness(t, opts).subject(t, text)
	return s
}

// subject applies a fixture to the base: first the binding's patch, then the
// loaded files, then the evidence's patch, so that a fixture can also damage
// what it loaded.
func (h *harness) subject(t *testing.T, text string) (checks.Subject, want) {
	t.Helper()
	f := parse(t, text)
	base, ok := h.bases[f.Base]
	if !ok {
		t.Fatalf("the fixture has the base %q, want apig, cutover or none", f.Base)
	}
	var s checks.Subject
	patch(t, "binding", base.binding, f.Binding, &s.Binding)
	s.Binding.CertificateOnly = f.CertificateOnly
	if s.Binding.Unserved = f.Unserved; f.Unserved {
		s.Binding.GatewayID = binding.NoGateway
	}
	// The base contains the default; a fixture that writes the type sets it.
	_, s.Binding.CustomDomainTypeGiven = f.Binding["customDomainType"]
	s.Binding.Positions = positions(t, s.Binding)

	loaded := base.evidence
	if len(f.Load) > 0 {
		if h.load == nil {
			t.Fatal("the fixture has a load block, and no loader was given; see WithLoader")
		}
		patch(t, "evidence of the base", base.evidence, nil, &s.Evidence)
		h.load(t, f.Load, &s)
		loaded = encode(t, s.Evidence)
		s.Evidence = evidence.Evidence{}
	}
	patch(t, "evidence", loaded, f.Evidence, &s.Evidence)
	return s, f.Want
}

func parse(t *testing.T, text string) fixture {
	t.Helper()
	f, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func decode(text string) (f fixture, err error) {
	if strings.TrimSpace(text) == "" {
		return f, nil
	}
	if err := yaml.Load([]byte(text), &f, yaml.WithKnownFields()); err != nil {
		return f, fmt.Errorf("reading fixture: %w", err)
	}
	return f, nil
}

// patch merges change into the JSON text base and decodes the result strictly into out.
func patch(t *testing.T, what string, base []byte, change map[string]any, out any) {
	t.Helper()
	merged := base
	if change != nil {
		var err error
		if merged, err = jsonpatch.MergePatch(merged, encode(t, change)); err != nil {
			t.Fatalf("merging %s: %v", what, err)
		}
	}
	if err := strictly(merged, out); err != nil {
		t.Fatalf("reading %s: %v", what, err)
	}
}

// strictly decodes JSON and refuses unknown fields.
func strictly(text []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(out)
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// positions assigns every value of the binding its own line.
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
			out.Set(pointer, b.Source.Line+len(out)+1, 7)
		}
		for _, name := range childNames(v) {
			walk(pointer+"/"+escapeToken(name), child(v, name))
		}
	}
	delete(tree, "source")
	walk("", tree)
	return out
}

// statusOf returns the status prefix of a fixture's file name.
func statusOf(name string) (string, bool) {
	for _, s := range statuses() {
		if strings.HasPrefix(name, s+"-") {
			return s, true
		}
	}
	return "", false
}
