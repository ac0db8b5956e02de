package siblings

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

func TestFill(t *testing.T) {
	names := []string{"api.demo.com", "API.demo.com.", "*.demo.com", "a.b.demo.com", "other.com"}
	want := [][]string{{"API.demo.com.", "*.demo.com"}, {"api.demo.com", "*.demo.com"}, {"api.demo.com", "API.demo.com."}, {}, {}}
	var bindings []binding.Binding
	for _, n := range names {
		bindings = append(bindings, binding.Binding{DomainName: n})
	}
	all := make([]evidence.Evidence, len(bindings))
	all[0].Group = evidence.Saw(evidence.Group{Found: true, InstanceID: "i-1", BasePath: "/"}, "", time.Time{})
	Fill(bindings, all, time.Time{})
	for i := range bindings {
		got := []string{}
		for _, o := range all[i].Siblings.Facts.Others {
			got = append(got, o.DomainName)
		}
		if all[i].Siblings.State != evidence.Observed || !slices.Equal(got, want[i]) {
			t.Errorf("%s: %s %q, want %q", names[i], all[i].Siblings.State, got, want[i])
		}
	}
	if o := all[1].Siblings.Facts.Others[0]; !o.GroupKnown || o.InstanceID != "i-1" {
		t.Errorf("sibling lost its group: %+v", o)
	}
	if o := all[0].Siblings.Facts.Others[0]; o.GroupKnown {
		t.Errorf("sibling claims a group that was not read: %+v", o)
	}
}

func TestFillIsBounded(t *testing.T) {
	bindings := make([]binding.Binding, 10_000)
	for i := range bindings {
		bindings[i] = binding.Binding{DomainName: "api.demo.com", GroupID: fmt.Sprint(i)}
	}
	all := make([]evidence.Evidence, len(bindings))
	Fill(bindings, all, time.Time{})
	for i := range all {
		if all[i].Siblings.State != evidence.Failed {
			t.Fatalf("binding %d: siblings are %q, want failed", i, all[i].Siblings.State)
		}
	}
}
