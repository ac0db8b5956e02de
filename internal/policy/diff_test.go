package policy

import (
	"context"
	"reflect"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

func TestRuling(t *testing.T) {
	const needs = "# METADATA\n# scope: package\n# custom:\n#   needs: [dns]\npackage bindgate.policy.x\n\ndeny contains \"x\" if input.evidence.dns.facts.end.name == \"y\"\n"
	undone := plain()
	undone.Evidence.DNS = evidence.NotCollected[evidence.DNS]("--offline")
	broken := plain()
	broken.Evidence.DNS = evidence.Failed[evidence.DNS]("no answer", "", broken.Run.Now)
	bare := force()
	bare.Binding.Labels = map[string]string{"owner": "web"}
	for name, c := range map[string]struct {
		module string
		in     Input
		want   Ruling
	}{
		"a denial":  {"package bindgate.policy.x\n\ndeny contains \"no\" if not input.binding.isForce\n\nwarn contains \"w\"\n", plain(), Ruling{RulingRefused, []string{"deny bindgate.policy.x: no", "warn bindgate.policy.x: w"}}},
		"nothing":   {small, plain(), Ruling{RulingAllowed, nil}},
		"not run":   {needs, undone, Ruling{RulingUndetermined, []string{"not run bindgate.policy.x: it needs dns evidence, which was skipped: --offline"}}},
		"no answer": {needs, broken, Ruling{RulingUndetermined, []string{"failed: bindgate.policy.x: it needs dns evidence, and collecting that failed: no answer"}}},
		"a force":   {needs, bare, Ruling{RulingRefused, []string{"force bindgate.force.rebind: the label changeTicket is missing or empty"}}},
		"allowed":   {needs, force(), Ruling{RulingAllowed, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			got := RulingOf(c.in.Binding, engine(t, c.module).Evaluate(context.Background(), c.in))
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRulingChanges(t *testing.T) {
	refused, open := Ruling{RulingRefused, []string{"deny a: x", "warn b: y"}}, Ruling{RulingAllowed, []string{"warn b: y", "warn c: z"}}
	if got, want := refused.Changes(open), []string{"- deny a: x", "+ warn c: z"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	unknown := Ruling{Status: RulingUndetermined}
	for _, c := range []struct {
		r, than Ruling
		want    bool
	}{{open, refused, true}, {unknown, refused, true}, {open, unknown, true}, {refused, open, false}, {refused, refused, false}, {unknown, open, false}} {
		if got := c.r.Weaker(c.than); got != c.want {
			t.Errorf("%s weaker than %s: got %v, want %v", c.r.Status, c.than.Status, got, c.want)
		}
	}
}
