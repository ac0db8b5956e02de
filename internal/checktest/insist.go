package checktest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// compare compares a result with the status and the words that a fixture wants.
func compare(t *testing.T, r checks.Result, status string, w want) {
	t.Helper()
	if got := statusIn(r); got != status {
		t.Fatalf("got %s (reason %q, findings %+v), want %s", got, r.Reason, r.Findings, status)
	}
	for _, m := range w.Messages {
		if !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return strings.Contains(f.Message, m) }) {
			t.Errorf("no message holds %q: %+v", m, r.Findings)
		}
	}
	for _, fix := range w.Fixes {
		if !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return strings.Contains(f.Fix, fix) }) {
			t.Errorf("no fix holds %q: %+v", fix, r.Findings)
		}
	}
	if !strings.Contains(r.Reason, w.Reason) {
		t.Errorf("got reason %q, want %q in it", r.Reason, w.Reason)
	}
	if w.Pointer != nil && !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return f.Pointer == *w.Pointer }) {
		t.Errorf("no finding points at %q: %+v", *w.Pointer, r.Findings)
	}
}

// statusIn is the result's status in the words of fixture names.
func statusIn(r checks.Result) string {
	if r.Status == checks.StatusPass && len(r.Findings) > 0 {
		return "warn"
	}
	return string(r.Status)
}

// insistOnFindings: a message with each finding, a place in the binding, and a
// way out of each error. Only a verdict without a judgement has a reason, and
// it must have one.
func insistOnFindings(t *testing.T, r checks.Result) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Message == "" {
			t.Errorf("a finding has no message: %+v", f)
		}
		if f.Severity == checks.Error && f.Fix == "" {
			t.Errorf("the error %q has no fix", f.Message)
		}
		if !pointsIntoBinding(f.Pointer) {
			t.Errorf("%q points at %q, which no binding has", f.Message, f.Pointer)
		}
	}
	judged := r.Status == checks.StatusPass || r.Status == checks.StatusFail
	if judged == (r.Reason != "") {
		t.Errorf("status %s with reason %q: a reason is for unknown, not-run and not-applicable, and they need one", r.Status, r.Reason)
	}
}

// insistOnFixtures: each check is seen to pass and to find something, and to
// say that it cannot tell where it depends on evidence.
func insistOnFixtures(t *testing.T, c checks.Check, seen map[string]int) {
	t.Helper()
	finds := "fail"
	if c.Severity == checks.Warning {
		finds = "warn"
	}
	for _, status := range []string{"pass", finds} {
		if seen[status] == 0 {
			t.Errorf("testdata/checks/%s holds no %s-*.yaml", c.ID, status)
		}
	}
	if (len(c.Needs) > 0 || c.NeedsFor != nil) && seen["unknown"] == 0 {
		t.Errorf("testdata/checks/%s holds no unknown-*.yaml although the check needs evidence", c.ID)
	}
}

// documentation: every field says something, and the examples do what they say.
func (h *harness) documentation(t *testing.T, c checks.Check) {
	d := c.Doc
	for name, text := range map[string]string{
		"Title": d.Title, "Why": d.Why, "Fix": d.Fix, "Failing": d.Failing, "Passing": d.Passing,
		"References": strings.Join(d.References, ""),
	} {
		if strings.TrimSpace(text) == "" {
			t.Errorf("Doc.%s is empty", name)
		}
	}
	if strings.HasSuffix(d.Title, ".") || strings.Contains(d.Title, "\n") {
		t.Errorf("Doc.Title %q: want one line without a full stop", d.Title)
	}
	finds := "fail"
	if c.Severity == checks.Warning {
		finds = "warn"
	}
	t.Run("Failing", func(t *testing.T) { h.fixture(t, c, finds, d.Failing) })
	t.Run("Passing", func(t *testing.T) { h.fixture(t, c, "pass", d.Passing) })
}

// withoutEvidence takes from a subject that passes each piece of evidence that
// the check needs for it, one at a time: it must not pass any more.
func withoutEvidence(t *testing.T, c checks.Check, s checks.Subject) {
	t.Helper()
	needs := c.Needs
	if c.NeedsFor != nil {
		needs = c.NeedsFor(s.Binding)
	}
	for _, need := range needs {
		for state, status := range map[evidence.State]checks.Status{
			evidence.Failed:  checks.StatusUnknown,
			evidence.Missing: checks.StatusUnknown,
			evidence.LeftOut: checks.StatusNotRun,
		} {
			r := judge(t, c, checks.Subject{Binding: s.Binding, Evidence: with(s.Evidence, need, state, false)})
			if r.Status != status {
				t.Errorf("with %s evidence in state %q: got %s, want %s", need, state, r.Status, status)
			}
		}
		// Facts that say nothing may be judged in any way, but without a panic.
		judge(t, c, checks.Subject{Binding: s.Binding, Evidence: with(s.Evidence, need, evidence.Observed, true)})
	}
}

// with is the evidence with one observation in another state; empty also takes
// its facts away.
func with(e evidence.Evidence, need evidence.Need, state evidence.State, empty bool) evidence.Evidence {
	switch need {
	case evidence.NeedDNS:
		e.DNS = in(e.DNS, state, empty)
	case evidence.NeedProof:
		e.Proof = in(e.Proof, state, empty)
	case evidence.NeedCertificate:
		e.Certificate = in(e.Certificate, state, empty)
	case evidence.NeedKey:
		e.Key = in(e.Key, state, empty)
	case evidence.NeedGroup:
		e.Group = in(e.Group, state, empty)
	case evidence.NeedAccount:
		e.Account = in(e.Account, state, empty)
	case evidence.NeedSiblings:
		e.Siblings = in(e.Siblings, state, empty)
	case evidence.NeedPolicy:
		e.Policy = in(e.Policy, state, empty)
	}
	return e
}

func in[T any](o evidence.Observation[T], state evidence.State, empty bool) evidence.Observation[T] {
	o.State, o.Reason = state, "taken away by the test"
	if empty {
		var none T
		o.Facts = none
	}
	return o
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
