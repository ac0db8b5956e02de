package checks_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// drawn is a check of random behaviour, and what is known of it.
type drawn struct {
	check     checks.Check
	needs     []evidence.Need
	behaviour string
}

var behaviours = []string{"pass", "warn", "fail", "unknown", "not-run", "not-applicable", "zero", "panic", "no judge", "does not apply"}

func drawCheck(t *rapid.T, i int) drawn {
	d := drawn{
		needs:     rapid.SliceOfNDistinct(rapid.SampledFrom(evidence.Needs()), 0, 3, rapid.ID[evidence.Need]).Draw(t, "needs"),
		behaviour: rapid.SampledFrom(behaviours).Draw(t, "behaviour"),
	}
	d.check = checks.Check{
		ID:       fmt.Sprintf("test/check-%d", i),
		Severity: rapid.SampledFrom([]checks.Severity{checks.Error, checks.Warning, "", "odd"}).Draw(t, "severity"),
		Needs:    d.needs,
		Judge:    judgement(d.behaviour),
	}
	if d.behaviour == "does not apply" {
		d.check.Applies = func(binding.Binding) (bool, string) { return false, "says so" }
	}
	return d
}

func judgement(behaviour string) func(checks.Subject) checks.Verdict {
	verdicts := map[string]checks.Verdict{
		"pass": checks.Pass(), "warn": checks.Judge(checks.Warns("", "m", "")), "fail": checks.Judge(checks.Fails("", "m", "f")),
		"unknown": checks.Unknown("why"), "not-run": checks.NotRun("why"), "not-applicable": checks.NotApplicable("why"),
		"zero": {}, "does not apply": checks.Pass(),
	}
	switch behaviour {
	case "panic":
		return func(checks.Subject) checks.Verdict { panic("boom") }
	case "no judge":
		return nil
	}
	return func(checks.Subject) checks.Verdict { return verdicts[behaviour] }
}

func drawEvidence(t *rapid.T) evidence.Evidence {
	var e evidence.Evidence
	for _, need := range evidence.Needs() {
		e.Set(evidence.Metadata{State: rapid.SampledFrom([]evidence.State{
			evidence.StateObserved, evidence.StateObserved, evidence.StateObserved,
			evidence.StateMissing, evidence.StateFailed, evidence.StateNotCollected, "odd",
		}).Draw(t, string(need))}, need)
	}
	return e
}

// For all checks and evidence, each check has one result, in order, and passes
// only if it returned a pass and all evidence that it needs was observed.
func TestEveryCheckHasExactlyOneResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []checks.Check
		var all []drawn
		for i := range rapid.IntRange(0, 8).Draw(t, "checks") {
			d := drawCheck(t, i)
			all, list = append(all, d), append(list, d.check)
		}
		s := checks.Subject{Evidence: drawEvidence(t)}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cancelled := rapid.IntRange(0, 9).Draw(t, "cancelled") == 0
		if cancelled {
			cancel()
		}
		severities := checks.Severities{}
		for _, c := range list {
			if rapid.Bool().Draw(t, "given a severity") {
				severities[c.ID] = rapid.SampledFrom([]checks.Severity{checks.Error, checks.Warning, "", "odd"}).Draw(t, "severity of the owner")
			}
		}
		results := checks.Run(ctx, list, severities, s)
		if len(results) != len(all) {
			t.Fatalf("got %d results of %d checks", len(results), len(all))
		}
		for i, d := range all {
			inspect(t, d, s, severities, results[i], cancelled)
		}
	})
}

func inspect(t *rapid.T, d drawn, s checks.Subject, severities checks.Severities, r checks.Result, cancelled bool) {
	if r.ID != d.check.ID {
		t.Fatalf("got result of %s, want %s", r.ID, d.check.ID)
	}
	sound := !cancelled
	for _, need := range d.needs {
		sound = sound && s.Evidence.Of(need).State == evidence.StateObserved
	}
	weighs := severities.Of(d.check)
	raised := d.check.Severity == checks.Warning && weighs == checks.Error
	mayPass := sound && (d.behaviour == "pass" || d.behaviour == "warn" && !raised || d.behaviour == "fail" && weighs == checks.Warning)
	if got := r.Status == checks.StatusPass; got != mayPass {
		t.Fatalf("%+v with evidence %+v: got %s (%s), pass wanted: %v", d, s.Evidence, r.Status, r.Reason, mayPass)
	}
	for _, f := range r.Findings {
		if f.Severity == checks.Error && r.Status == checks.StatusPass {
			t.Fatalf("a pass holds the error %+v", f)
		}
	}
}
