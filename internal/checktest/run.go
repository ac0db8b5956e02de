// Package checktest runs a family of checks over its fixtures, the files
// testdata/checks/<family>/<statement>/<status>-<slug>.yaml, and insists on
// what every check must have: fixtures, documentation whose examples hold, a
// way out with every error, and a verdict that is never a pass when evidence
// that it needs is not there.
package checktest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Loader makes the certificate and key observations from the files that a
// fixture names under `load` (keys: certificate, key, roots, …). An observation
// in the state Missing leaves the fixture's own as it is.
type Loader func(t *testing.T, load map[string]string, b binding.Binding) (
	evidence.Observation[evidence.Certificate], evidence.Observation[evidence.Key])

// Option changes how Run works.
type Option func(*harness)

// WithLoader gives the loader for fixtures that have a `load` block. Without
// one such a fixture is an error.
func WithLoader(load Loader) Option { return func(h *harness) { h.load = load } }

// Run runs every fixture of the list's families. The list must hold each family
// whole: a fixture folder without a check is an error.
func Run(t *testing.T, list []checks.Check, opts ...Option) {
	t.Helper()
	h := newHarness(t, opts)
	known := map[string]map[string]bool{}
	for _, c := range list {
		family, statement, _ := strings.Cut(c.ID, "/")
		if known[family] == nil {
			known[family] = map[string]bool{}
		}
		known[family][statement] = true
		t.Run(c.ID, func(t *testing.T) { h.check(t, c) })
	}
	for family, statements := range known {
		for _, folder := range h.folders(t, family) {
			if !statements[folder] {
				t.Errorf("testdata/checks/%s/%s holds fixtures of no check", family, folder)
			}
		}
	}
}

// check runs everything that is insisted on for one check.
func (h *harness) check(t *testing.T, c checks.Check) {
	seen := map[string]int{}
	for _, file := range h.files(t, c) {
		name := filepath.Base(file)
		status, ok := statusOf(name)
		if !ok || filepath.Ext(name) != ".yaml" {
			t.Errorf("%s: want <status>-<slug>.yaml, and one of these statuses: %s", name, strings.Join(statuses(), ", "))
			continue
		}
		seen[status]++
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			h.fixture(t, c, status, string(data))
		})
	}
	report(t, unseen(c, seen))
	t.Run("documentation", func(t *testing.T) {
		report(t, undocumented(c.Doc))
		t.Run("Failing", func(t *testing.T) { h.fixture(t, c, finds(c), c.Doc.Failing) })
		t.Run("Passing", func(t *testing.T) { h.fixture(t, c, "pass", c.Doc.Passing) })
	})
}

// fixture judges one fixture and compares the result with what it wants.
func (h *harness) fixture(t *testing.T, c checks.Check, status, text string) {
	t.Helper()
	s, want := h.subject(t, text)
	if want.Status != "" && want.Status != status {
		t.Fatalf("the fixture wants %s, its name or place says %s", want.Status, status)
	}
	r := judge(c, s)
	report(t, flaws(r))
	report(t, differences(r, status, want))
	if status == "pass" || status == "warn" {
		report(t, withoutEvidence(c, s))
	}
}

// judge gives the one result of a check.
func judge(c checks.Check, s checks.Subject) checks.Result {
	return checks.Run(context.Background(), []checks.Check{c}, s)[0]
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

// files are the fixtures of a check, sorted by name.
func (h *harness) files(t *testing.T, c checks.Check) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.root, filepath.FromSlash(c.ID), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// folders are the fixture folders of a family.
func (h *harness) folders(t *testing.T, family string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(h.root, family))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}
