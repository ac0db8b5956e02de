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

var allNeeds = []evidence.Need{
	evidence.NeedDNS, evidence.NeedProof, evidence.NeedCertificate, evidence.NeedKey,
	evidence.NeedRevocation, evidence.NeedGroup, evidence.NeedAccount, evidence.NeedSiblings, evidence.NeedPolicy,
}

// drawn is a check of random behaviour, and what is known of it.
type drawn struct {
	check     checks.Check
	needs     []evidence.Need
	behaviour string
}

var behaviours = []string{"pass", "warn", "fail", "unknown", "not-run", "not-applicable", "zero", "panic", "no judge", "does not apply"}

func drawCheck(t *rapid.T, i int) drawn {
	d := drawn{
		needs:     rapid.SliceOfNDistinct(rapid.SampledFrom(allNeeds), 0, 3, rapid.ID[evidence.Need]).Draw(t, "needs"),
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
		"unknown": checks.CannotTell("why"), "not-run": checks.NotRun("why"), "not-applicable": checks.DoesNotApply("why"),
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
	state := func(label string) evidence.State {
		return rapid.SampledFrom([]evidence.State{
			evidence.StateObserved, evidence.StateObserved, evidence.StateObserved, evidence.StateMissing, evidence.StateFailed, evidence.StateNotCollected, "odd",
		}).Draw(t, label)
	}
	var e evidence.Evidence
	e.DNS.State, e.Proof.State, e.Certificate.State, e.Key.State = state("dns"), state("proof"), state("certificate"), state("key")
	e.Group.State, e.Account.State, e.Siblings.State, e.Policy.State = state("group"), state("account"), state("siblings"), state("policy")
	return e
}

// Whatever checks do and whatever became of the evidence: one result a check,
// in order, and a pass only where the check said so with all it needs at hand.
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
		results := checks.Run(ctx, list, s)
		if len(results) != len(all) {
			t.Fatalf("got %d results of %d checks", len(results), len(all))
		}
		for i, d := range all {
			inspect(t, d, s, results[i], cancelled)
		}
	})
}

func inspect(t *rapid.T, d drawn, s checks.Subject, r checks.Result, cancelled bool) {
	if r.ID != d.check.ID {
		t.Fatalf("got result of %s, want %s", r.ID, d.check.ID)
	}
	sound := !cancelled
	for _, need := range d.needs {
		sound = sound && s.Evidence.Of(need).State == evidence.StateObserved
	}
	mayPass := sound && (d.behaviour == "pass" || d.behaviour == "warn" || d.behaviour == "fail" && d.check.Severity == checks.Warning)
	if got := r.Status == checks.StatusPass; got != mayPass {
		t.Fatalf("%+v with evidence %+v: got %s (%s), pass wanted: %v", d, s.Evidence, r.Status, r.Reason, mayPass)
	}
	for _, f := range r.Findings {
		if f.Severity == checks.Error && r.Status == checks.StatusPass {
			t.Fatalf("a pass holds the error %+v", f)
		}
	}
}
