package checktest

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// expect compares problems, one by one, with words that they must contain.
func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got %q, want %q in it", got[i], want[i])
		}
	}
}

func TestDifferences(t *testing.T) {
	pointer := "/domainName"
	r := checks.Result{Status: checks.StatusFail, Findings: []checks.Finding{checks.Fails("/groupId", "got a, want b", "write b")}}
	expect(t, differences(r, "fail", want{Messages: []string{"want b"}, Fixes: []string{"write"}}))
	expect(t, differences(r, "pass", want{}), "got fail")
	expect(t, differences(r, "fail", want{Messages: []string{"c"}, Fixes: []string{"d"}, Reason: "e", Pointer: &pointer}),
		`no message contains "c"`, `no fix contains "d"`, `want "e" in it`, `points at "/domainName"`)
	warned := checks.Result{Status: checks.StatusPass, Findings: []checks.Finding{checks.Warns("", "m", "")}}
	expect(t, differences(warned, "warn", want{}))
	expect(t, differences(warned, "pass", want{}), "got warn")
}

func TestFlaws(t *testing.T) {
	found := func(f checks.Finding) checks.Result {
		return checks.Result{Status: checks.StatusFail, Findings: []checks.Finding{f}}
	}
	expect(t, flaws(found(checks.Fails("/groupId", "m", "f"))))
	expect(t, flaws(found(checks.Fails("", "", "f"))), "no message")
	expect(t, flaws(found(checks.Fails("", "m", ""))), "no fix")
	expect(t, flaws(found(checks.Fails("/group", "m", "f"))), "which no binding has")
	expect(t, flaws(checks.Result{Status: checks.StatusUnknown}), "unknown with reason")
	expect(t, flaws(checks.Result{Status: checks.StatusPass, Reason: "why"}), "pass with reason")
	expect(t, flaws(checks.Result{Status: checks.StatusUnknown, Reason: "the check panicked: boom"}), "panicked")
}

func TestUnseen(t *testing.T) {
	blocking := checks.Check{ID: "a/b", Severity: checks.Error, Needs: []evidence.Need{evidence.NeedDNS}}
	advisory := checks.Check{ID: "a/b", Severity: checks.Warning}
	expect(t, unseen(blocking, map[string]int{"pass": 1, "fail": 2, "unknown": 1}))
	expect(t, unseen(blocking, map[string]int{"warn": 1}), "no fixture pass-", "no fixture fail-", "no fixture unknown-")
	expect(t, unseen(advisory, map[string]int{"pass": 1, "fail": 1}), "no fixture warn-")
}

func TestOrphans(t *testing.T) {
	fixtures := fstest.MapFS{"base.yaml": {}, "a/b/pass-x.yaml": {}, "a/c/pass-x.yaml": {}, "b/b/pass-x.yaml": {}}
	expect(t, orphans(t, fixtures, map[string]bool{"a/b": true}), "a/c contains", "b/b contains")
}

func TestUndocumented(t *testing.T) {
	d := checks.Doc{Title: "t", Why: "w", Fix: "f", Failing: "a: b", Passing: "c: d", References: []string{"RFC 1"}}
	expect(t, undocumented(d))
	d.Title, d.Why, d.References = "t.", " ", []string{""}
	expect(t, undocumented(d), "Doc.Why", "Doc.References", "full stop")
}

func TestWithoutEvidence(t *testing.T) {
	s := Subject(t, "")
	c := checks.Check{ID: "a/b", Needs: []evidence.Need{evidence.NeedDNS}, Judge: func(s checks.Subject) checks.Verdict {
		return checks.Pass()
	}}
	expect(t, withoutEvidence(c, s))
	c.Judge = func(s checks.Subject) checks.Verdict {
		_ = s.Evidence.DNS.Facts.Hops[0]
		return checks.Pass()
	}
	expect(t, withoutEvidence(c, s), "with empty dns evidence")
	// An unknown need is missing in every mode.
	c.Needs = []evidence.Need{"weather"}
	expect(t, withoutEvidence(c, s), "unknown, want not-run")
}
