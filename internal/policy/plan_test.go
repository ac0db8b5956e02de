package policy

import (
	"context"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

// A plan that is not known never switches a policy off, whether it needs the plan or
// only looks at its state.
func TestPlanThatIsNotKnown(t *testing.T) {
	needs := "# METADATA\n# custom:\n#   needs: [plan]\n" + head + "deny contains \"many\" if input.plan.facts.forces > 1"
	uses := "# METADATA\n# custom:\n#   uses: [plan]\n" + head + "deny contains \"many\" if {\n\tinput.plan.facts.given\n\tinput.plan.facts.forces > 1\n}\ndeny contains \"no plan\" if not input.plan.facts.given"
	for name, c := range map[string]struct {
		module                  string
		plan                    evidence.Observation[Plan]
		failure, notRun, denial string
	}{
		"too many":      {needs, evidence.Observed(Plan{Forces: 2}, "", time.Time{}), "", "", "many@"},
		"few":           {needs, evidence.Observed(Plan{Forces: 1}, "", time.Time{}), "", "", ""},
		"missing":       {needs, evidence.Observation[Plan]{}, "it needs plan evidence, which is missing", "", ""},
		"failed":        {needs, evidence.Failed[Plan]("503", "", time.Time{}), "it needs plan evidence, and collecting that failed: 503", "", ""},
		"skipped":       {needs, evidence.NotCollected[Plan]("--offline"), "", "it needs plan evidence, which was skipped: --offline", ""},
		"used, skipped": {uses, evidence.NotCollected[Plan]("--offline"), "", "", "no plan@"},
		"used, failed":  {uses, evidence.Failed[Plan]("503", "", time.Time{}), "it needs plan evidence, and collecting that failed: 503", "", ""},
		"used, missing": {uses, evidence.Observation[Plan]{}, "it needs plan evidence, which is missing", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine(t, c.module)
			if !e.ReadsPlan() {
				t.Fatal("ReadsPlan is false")
			}
			in := plain()
			in.Plan = c.plan
			o := e.Evaluate(context.Background(), in)
			if (o.State == evidence.StateObserved) != (c.failure == "") {
				t.Fatalf("got %+v", o)
			}
			wantWords(t, o.Reason, c.failure)
			if c.failure != "" {
				return
			}
			if p := o.Facts.Packages[0]; p.NotRun != c.notRun || flat(p.Denials) != c.denial {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// A second pass is made only where a rule reads the plan, by whatever way.
func TestReadsPlan(t *testing.T) {
	const uses = "# METADATA\n# custom:\n#   uses: [plan]\n" + head
	for module, want := range map[string]bool{
		head + "deny contains \"x\" if input.binding.domainName == \"x\"":                 false,
		head + "deny contains \"x\" if input.plan.state == \"failed\"":                    true,
		uses + "p := input.plan\ndeny contains \"x\" if p.facts.given":                    true,
		uses + "deny contains k if some k in input.plan.facts.displacedNames":             true,
		uses + "deny contains \"x\" if \"x.demo.com\" in input.plan.facts.displacedNames": true,
	} {
		if got := engine(t, module).ReadsPlan(); got != want {
			t.Errorf("%s: got %t", module, got)
		}
	}
	e, err := Load(context.Background(), Options{})
	if err != nil || e.ReadsPlan() {
		t.Errorf("the shipped policies: got %v, %v", e, err)
	}
}
