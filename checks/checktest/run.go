// Package checktest runs checks on their fixtures, the files
// <family>/<statement>/<status>-<slug>.yaml. It fails the test of a check that
// lacks anything that every check must have: fixtures, documentation with
// correct examples, a fix with every error, and a verdict other than pass if
// evidence that it needs is missing.
//
// A fixture changes a valid binding and its evidence by JSON merge patches (RFC
// 7396), and states what the result must contain:
//
//	binding: {domainName: api_1.demo.com}
//	evidence: {group: {state: failed, reason: "503"}}
//	want: {messages: [an underscore], pointer: /domainName}
//
// With `base: apig` it changes a valid binding for a cloud-native gateway.
//
// Its name begins with the expected status: pass, warn (a pass with a warning),
// fail, unknown, not-run or not-applicable.
package checktest

import (
	"context"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
)

// Loader changes the evidence of a subject by the `load` block of a fixture,
// such as files. The fixture's own evidence is merged after it.
type Loader func(t *testing.T, load map[string]string, s *checks.Subject)

// Option configures Run.
type Option func(*harness)

// WithLoader sets the loader of `load` blocks. Without a loader, fixtures with
// such a block fail.
func WithLoader(load Loader) Option { return func(h *harness) { h.load = load } }

// Run runs every fixture of every check of the list, found in fixtures at its
// id. The list must be complete: a folder of fixtures without a check fails.
func Run(t *testing.T, fixtures fs.FS, list []checks.Check, opts ...Option) {
	t.Helper()
	h := newHarness(t, opts)
	h.fixtures = fixtures
	known := map[string]bool{}
	for _, c := range list {
		known[c.ID] = true
		t.Run(c.ID, func(t *testing.T) { h.check(t, c) })
	}
	report(t, orphans(t, fixtures, known))
}

// orphans returns the folders of fixtures without a check.
func orphans(t *testing.T, fixtures fs.FS, known map[string]bool) (problems []string) {
	folders, err := fs.Glob(fixtures, "*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !known[folder] {
			problems = append(problems, folder+" contains fixtures of no check")
		}
	}
	return problems
}

// check applies all requirements to one check.
func (h *harness) check(t *testing.T, c checks.Check) {
	seen := map[string]int{}
	files, err := fs.Glob(h.fixtures, c.ID+"/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := path.Base(file)
		status, ok := statusOf(name)
		if !ok || path.Ext(name) != ".yaml" {
			t.Errorf("%s: want <status>-<slug>.yaml, and one of these statuses: %s", name, strings.Join(statuses(), ", "))
			continue
		}
		seen[status]++
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := fs.ReadFile(h.fixtures, file)
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

// fixture judges one fixture and compares the result with its expectation.
func (h *harness) fixture(t *testing.T, c checks.Check, status, text string) {
	t.Helper()
	s, want := h.subject(t, text)
	if want.Status != "" && want.Status != status {
		t.Fatalf("the fixture wants %s, its name or folder %s", want.Status, status)
	}
	r := judge(c, s)
	report(t, flaws(r))
	report(t, differences(r, status, want))
	if status == "pass" || status == "warn" {
		report(t, withoutEvidence(c, s))
	}
}

// judge returns the single result of a check.
func judge(c checks.Check, s checks.Subject) checks.Result {
	return checks.Run(context.Background(), []checks.Check{c}, nil, s)[0]
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}
