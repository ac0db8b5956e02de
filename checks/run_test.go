package checks_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// says is a check that gives one verdict.
func says(severity checks.Severity, v checks.Verdict) checks.Check {
	return checks.Check{ID: "test/says", Severity: severity, Judge: func(checks.Subject) checks.Verdict { return v }}
}

func run1(t *testing.T, c checks.Check, s checks.Subject) checks.Result {
	t.Helper()
	results := checks.Run(t.Context(), []checks.Check{c}, nil, s)
	if len(results) != 1 || results[0].ID != c.ID {
		t.Fatalf("got %+v, want one result of %s", results, c.ID)
	}
	return results[0]
}

func TestRunStatus(t *testing.T) {
	fail := checks.Fails("", "wrong", "fix it")
	warn := checks.Warns("", "odd", "")
	odd := checks.Finding{Severity: "nonsense", Message: "wrong"}
	for name, c := range map[string]struct {
		check  checks.Check
		want   checks.Status
		reason string
	}{
		"no findings":                      {says(checks.Error, checks.Pass()), checks.StatusPass, ""},
		"a warning":                        {says(checks.Error, checks.Judge(warn)), checks.StatusPass, ""},
		"an error":                         {says(checks.Error, checks.Judge(warn, fail)), checks.StatusFail, ""},
		"a severity of no kind":            {says(checks.Error, checks.Judge(odd)), checks.StatusFail, ""},
		"no severity":                      {says(checks.Error, checks.Judge(checks.Finding{})), checks.StatusFail, ""},
		"an error of an advisory check":    {says(checks.Warning, checks.Judge(fail)), checks.StatusPass, ""},
		"an error of a check of no kind":   {says("", checks.Judge(fail)), checks.StatusFail, ""},
		"cannot tell, with an error":       {says(checks.Error, checks.Unknown("why", fail)), checks.StatusUnknown, "why"},
		"skipped":                          {says(checks.Error, checks.NotRun("why")), checks.StatusNotRun, "why"},
		"does not apply":                   {says(checks.Error, checks.NotApplicable("why")), checks.StatusNotApplicable, "why"},
		"the zero verdict":                 {says(checks.Error, checks.Verdict{}), checks.StatusUnknown, "no verdict"},
		"no judgement":                     {checks.Check{ID: "test/none"}, checks.StatusUnknown, "no Judge function"},
		"a panic":                          {panics(), checks.StatusUnknown, "panicked: boom"},
		"a panic in Applies":               {panicsInApplies(), checks.StatusUnknown, "panicked"},
		"a panic in NeedsFor":              {panicsInNeedsFor(), checks.StatusUnknown, "panicked"},
		"a need that no evidence is there": {needing(evidence.NeedDNS), checks.StatusUnknown, "dns evidence is missing"},
		"a need of no kind":                {needing("weather"), checks.StatusUnknown, "weather evidence is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run1(t, c.check, checks.Subject{})
			if r.Status != c.want || !strings.Contains(r.Reason, c.reason) || (c.reason == "") != (r.Reason == "") {
				t.Errorf("got %s, reason %q, want %s, reason %q", r.Status, r.Reason, c.want, c.reason)
			}
			if r.Findings == nil {
				t.Error("findings are nil, want an empty list: the report shows []")
			}
		})
	}
}

func panics() checks.Check {
	return checks.Check{ID: "test/panics", Judge: func(checks.Subject) checks.Verdict { panic("boom") }}
}

func panicsInApplies() checks.Check {
	c := says(checks.Error, checks.Pass())
	c.Applies = func(binding.Binding) (bool, string) { panic("boom") }
	return c
}

func panicsInNeedsFor() checks.Check {
	c := says(checks.Error, checks.Pass())
	c.NeedsFor = func(binding.Binding) []evidence.Need { panic("boom") }
	return c
}

func needing(needs ...evidence.Need) checks.Check {
	c := says(checks.Error, checks.Pass())
	c.Needs = needs
	return c
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	first := says(checks.Error, checks.Pass())
	first.Judge = func(checks.Subject) checks.Verdict { cancel(); return checks.Pass() }
	results := checks.Run(ctx, []checks.Check{first, says(checks.Error, checks.Pass()), panics()}, nil, checks.Subject{})
	var got []checks.Status
	for _, r := range results {
		got = append(got, r.Status)
	}
	want := []checks.Status{checks.StatusPass, checks.StatusUnknown, checks.StatusUnknown}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r := results[1]; !strings.Contains(r.Reason, "interrupted") {
		t.Errorf("got reason %q", r.Reason)
	}
}

// A check that does not apply to the binding is not applicable, even if its
// evidence failed; skipped evidence takes precedence over failed evidence, in any order.
func TestRunOrderOfStatuses(t *testing.T) {
	s := checks.Subject{Evidence: evidence.Evidence{
		DNS:   evidence.Observation[evidence.DNS]{Metadata: evidence.Metadata{State: evidence.StateFailed, Reason: "no answer"}},
		Group: evidence.NotCollected[evidence.Group]("--offline"),
		Key:   evidence.Observation[evidence.Key]{Metadata: evidence.Metadata{State: evidence.StateObserved}},
	}}
	never := needing(evidence.NeedDNS, evidence.NeedGroup)
	never.Applies = func(binding.Binding) (bool, string) { return false, "nothing to judge" }
	chosen := needing(evidence.NeedDNS)
	chosen.NeedsFor = func(binding.Binding) []evidence.Need { return nil }
	for name, c := range map[string]struct {
		check  checks.Check
		want   checks.Status
		reason string
	}{
		"not applicable first":    {never, checks.StatusNotApplicable, "nothing to judge"},
		"failed, then skipped":    {needing(evidence.NeedDNS, evidence.NeedGroup), checks.StatusNotRun, "group evidence was skipped: --offline"},
		"skipped, then failed":    {needing(evidence.NeedGroup, evidence.NeedDNS), checks.StatusNotRun, "--offline"},
		"failed":                  {needing(evidence.NeedKey, evidence.NeedDNS), checks.StatusUnknown, "collecting dns evidence failed: no answer"},
		"failed, then missing":    {needing(evidence.NeedDNS, evidence.NeedProof), checks.StatusUnknown, "no answer"},
		"observed":                {needing(evidence.NeedKey), checks.StatusPass, ""},
		"NeedsFor replaces Needs": {chosen, checks.StatusPass, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run1(t, c.check, s)
			if r.Status != c.want || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("got %s, reason %q, want %s, reason %q", r.Status, r.Reason, c.want, c.reason)
			}
		})
	}
}

func TestRunPlacesFindings(t *testing.T) {
	at := func(line int) binding.Position { return binding.Position{File: "b.yaml", Line: line, Column: 1} }
	s := checks.Subject{Binding: binding.Binding{Source: at(1), Positions: binding.Positions{
		{Pointer: "/certificate", Line: 4, Column: 1}, {Pointer: "/certificate/body", Line: 5, Column: 1},
	}}}
	own := checks.Fails("/certificate/body", "m", "f")
	own.Source = binding.Position{File: "other.yaml", Line: 9, Column: 9}
	r := run1(t, says(checks.Error, checks.Judge(
		checks.Fails("/certificate/body", "m", "f"),
		checks.Fails("/certificate/name", "m", "f"),
		checks.Fails("/domainName", "m", "f"),
		checks.Fails("", "m", "f"),
		own,
	)), s)
	var got []binding.Position
	for _, f := range r.Findings {
		got = append(got, f.Source)
	}
	if diff := cmp.Diff([]binding.Position{at(5), at(4), at(1), at(1), own.Source}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAdvisoryChecksSpeakInWarnings(t *testing.T) {
	r := run1(t, says(checks.Warning, checks.Judge(checks.Fails("", "m", "f"), checks.Warns("", "m", ""))), checks.Subject{})
	for _, f := range r.Findings {
		if f.Severity != checks.Warning {
			t.Errorf("got severity %s, want warning", f.Severity)
		}
	}
}

func TestOwnersSeverities(t *testing.T) {
	raise, lower := checks.Severities{"test/says": checks.Error}, checks.Severities{"test/says": checks.Warning}
	mustPass := says(checks.Error, checks.Judge(checks.Fails("", "m", "f")))
	mustPass.MustPass = checks.Proves(checks.TargetExists)
	core := mustPass
	core.Core, core.MustPass = true, nil
	for name, c := range map[string]struct {
		check      checks.Check
		severities checks.Severities
		want       checks.Status
		severity   checks.Severity
	}{
		"raised advice speaks in errors":       {says(checks.Warning, checks.Judge(checks.Warns("", "m", ""))), raise, checks.StatusFail, checks.Error},
		"raised again, a warning is a warning": {says(checks.Error, checks.Judge(checks.Warns("", "m", ""))), raise, checks.StatusPass, checks.Warning},
		"lowered":                              {says(checks.Error, checks.Judge(checks.Fails("", "m", "f"))), lower, checks.StatusPass, checks.Warning},
		"an odd severity blocks":               {says(checks.Error, checks.Judge(checks.Fails("", "m", "f"))), checks.Severities{"test/says": "off"}, checks.StatusFail, checks.Error},
		"another check's":                      {says(checks.Error, checks.Judge(checks.Fails("", "m", "f"))), checks.Severities{"test/other": checks.Warning}, checks.StatusFail, checks.Error},
		"core cannot be lowered":               {core, lower, checks.StatusFail, checks.Error},
		"a requirement cannot be lowered":      {mustPass, lower, checks.StatusFail, checks.Error},
	} {
		t.Run(name, func(t *testing.T) {
			r := checks.Run(t.Context(), []checks.Check{c.check}, c.severities, checks.Subject{})[0]
			if r.Status != c.want || r.Findings[0].Severity != c.severity {
				t.Errorf("got %s with %v, want %s with severity %s", r.Status, r.Findings, c.want, c.severity)
			}
		})
	}
}

// A hostile manifest or server must not make a report of any size, and the cap
// must not hide what fails.
func TestFindingsAreCapped(t *testing.T) {
	warns := func(n int) []checks.Finding {
		return slices.Repeat([]checks.Finding{checks.Warns("/domainName", "odd", "")}, n)
	}
	fails := func(n int) []checks.Finding {
		return slices.Repeat([]checks.Finding{checks.Fails("/groupId", "bad", "fix it")}, n)
	}
	for name, c := range map[string]struct {
		findings []checks.Finding
		errors   int
		last     string
		status   checks.Status
	}{
		"at the limit":         {fails(checks.MaxFindings), 20, "bad", checks.StatusFail},
		"warnings only":        {warns(50), 0, "and 30 more", checks.StatusPass},
		"errors only":          {fails(21), 21, "and 1 more", checks.StatusFail},
		"one error at the end": {slices.Concat(warns(9_000), fails(1)), 1, "and 8981 more", checks.StatusFail},
		"more errors than fit": {slices.Concat(warns(30), fails(25)), 21, "and 35 more", checks.StatusFail},
	} {
		t.Run(name, func(t *testing.T) {
			given := slices.Clone(c.findings)
			r := run1(t, says(checks.Error, checks.Judge(c.findings...)), checks.Subject{})
			errors := 0
			for _, f := range r.Findings {
				if f.Severity == checks.Error {
					errors++
				}
			}
			last := r.Findings[len(r.Findings)-1]
			if r.Status != c.status || errors != c.errors || last.Message != c.last || len(r.Findings) > checks.MaxFindings+1 {
				t.Errorf("got %s, %d errors of %d findings, the last %+v; want %s, %d errors, %q last", r.Status, errors, len(r.Findings), last, c.status, c.errors, c.last)
			}
			if diff := cmp.Diff(given, c.findings); diff != "" {
				t.Error("the check's own findings changed: " + diff)
			}
		})
	}
	unknown := run1(t, says(checks.Error, checks.Unknown("why", fails(30)...)), checks.Subject{})
	if unknown.Status != checks.StatusUnknown || len(unknown.Findings) != checks.MaxFindings+1 {
		t.Errorf("got %s with %d findings, want unknown with %d", unknown.Status, len(unknown.Findings), checks.MaxFindings+1)
	}
}
