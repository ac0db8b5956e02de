package siblings

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

func TestOf(t *testing.T) {
	names := []string{"api.demo.com", "API.demo.com.", "*.demo.com", "a.b.demo.com", "other.com"}
	want := [][]string{{"API.demo.com.", "*.demo.com"}, {"api.demo.com", "*.demo.com"}, {"api.demo.com", "API.demo.com."}, nil, nil}
	var bindings []binding.Binding
	for i, n := range names {
		bindings = append(bindings, binding.Binding{DomainName: n, GroupID: fmt.Sprint("g", i), Source: binding.Position{File: "m.yaml", Line: i + 1, Column: 5}})
	}
	x := NewIndex(slices.Values(bindings))
	known := func(_, id string) (evidence.Group, bool) {
		return evidence.Group{InstanceID: "i-1", BasePath: "/"}, id == "g0"
	}
	for i := range bindings {
		o := x.Of(i, known, time.Time{})
		var got []string
		for _, s := range o.Facts.Others {
			got = append(got, s.DomainName)
			if s.GroupKnown != (s.GroupID == "g0") || s.GroupKnown && s.InstanceID != "i-1" {
				t.Errorf("%s: got the group of %+v, want that of g0 alone", names[i], s)
			}
		}
		if o.State != evidence.StateObserved || !slices.Equal(got, want[i]) {
			t.Errorf("%s: got %s %q, want %q", names[i], o.State, got, want[i])
		}
	}
	if got := x.Of(0, known, time.Time{}).Facts.Others[0].At; got != "m.yaml:2:5" {
		t.Errorf("got the place %q, want m.yaml:2:5", got)
	}
}

// A wildcard of a gateway takes names at any depth, one of a group those one label below.
func TestOfGateways(t *testing.T) {
	names := []string{"*.demo.com", "a.b.demo.com", "*.b.demo.com", "api.demo.com", "*.com"}
	want := [][]string{
		{"api.demo.com", "a.b.demo.com", "*.b.demo.com", "*.com"}, {"*.b.demo.com", "*.demo.com", "*.com"},
		{"a.b.demo.com", "*.demo.com", "*.com"}, {"*.demo.com", "*.com"}, {"*.demo.com", "a.b.demo.com", "*.b.demo.com", "api.demo.com"},
	}
	var gateways, groups []binding.Binding
	for _, n := range names {
		gateways = append(gateways, binding.Binding{DomainName: n, GatewayID: "gw-" + n})
		groups = append(groups, binding.Binding{DomainName: n, GroupID: "g"})
	}
	none := func(_, id string) (evidence.Group, bool) {
		if id == "" {
			t.Error("a group without an id was read")
		}
		return evidence.Group{}, false
	}
	x := NewIndex(slices.Values(slices.Concat(gateways, groups[1:2])))
	for i := range gateways {
		var got []string
		for _, s := range x.Of(i, none, time.Time{}).Facts.Others {
			if s.GatewayID == "gw-"+s.DomainName {
				got = append(got, s.DomainName)
			}
		}
		slices.Sort(got)
		slices.Sort(want[i])
		if !slices.Equal(got, want[i]) {
			t.Errorf("%s: got %q, want %q", names[i], got, want[i])
		}
	}
	if got := NewIndex(slices.Values(groups)).Of(1, none, time.Time{}).Facts.Others; len(got) != 1 || got[0].DomainName != "*.b.demo.com" {
		t.Errorf("groups: got %+v, want *.b.demo.com alone", got)
	}
}

func TestOfIsBounded(t *testing.T) {
	bindings := make([]binding.Binding, 10_000)
	for i := range bindings {
		bindings[i] = binding.Binding{DomainName: "api.demo.com", GroupID: fmt.Sprint(i)}
	}
	x := NewIndex(slices.Values(bindings))
	for i := range bindings {
		asked := func(_, _ string) (evidence.Group, bool) {
			t.Fatal("a group was read for siblings that are not compared")
			return evidence.Group{}, false
		}
		if o := x.Of(i, asked, time.Time{}); o.State != evidence.StateFailed {
			t.Fatalf("binding %d: siblings are %q, want failed", i, o.State)
		}
	}
}

func TestSameGroup(t *testing.T) {
	on := func(domain, group, network string) binding.Binding {
		return binding.Binding{DomainName: domain, GroupID: group, RegionID: "cn-hangzhou", CustomDomainType: network}
	}
	bindings := []binding.Binding{on("a.demo.com", "g", "INTERNET"), on("b.demo.com", "g", "INTERNET"), on("B.demo.com.", "g", "INTERNET"),
		on("c.demo.com", "g", "INTRANET"), on("d.demo.com", "other", "INTERNET")}
	for i := range 1000 {
		bindings = append(bindings, on(fmt.Sprintf("n%d.demo.com", i), "large", "INTERNET"))
	}
	x := NewIndex(slices.Values(bindings))
	none := func(_, _ string) (evidence.Group, bool) { return evidence.Group{}, false }
	for i, want := range [][]string{{"b.demo.com"}, {"a.demo.com"}, {"a.demo.com"}, nil, nil} {
		if got := x.Of(i, none, time.Time{}).Facts.SameGroup; !slices.Equal(got, want) {
			t.Errorf("binding %d: got %q, want %q", i, got, want)
		}
	}
	for _, i := range []int{5, 500} {
		if got := x.Of(i, none, time.Time{}).Facts.SameGroup; len(got) != evidence.MaxSameGroup || slices.Contains(got, bindings[i].DomainName) {
			t.Errorf("binding %d: got %q, want %d other names", i, got, evidence.MaxSameGroup)
		}
	}
}

// A file without lines has addresses.
func TestOfAddresses(t *testing.T) {
	twins := []binding.Binding{
		{DomainName: "api.demo.com", GroupID: "g1", Source: binding.Position{File: "plan.json", Address: "x.a"}},
		{DomainName: "api.demo.com", GroupID: "g2", Source: binding.Position{File: "plan.json", Address: "x.b"}},
	}
	got := NewIndex(slices.Values(twins)).Of(0, func(string, string) (evidence.Group, bool) { return evidence.Group{}, false }, time.Time{})
	if len(got.Facts.Others) != 1 || got.Facts.Others[0].At != "plan.json: x.b" {
		t.Errorf("got %+v, want the address", got.Facts.Others)
	}
}
