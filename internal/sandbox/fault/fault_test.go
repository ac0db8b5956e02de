package fault

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse("SetDomain@api.demo.com:reset-after-commit:1, *:latency=20ms,DescribeApiGroup:status=503:2," +
		"SetDomain:code=NoPermission/no%20%1b%5b31m%2c,dns/api.demo.com.:servfail")
	if err != nil {
		t.Fatal(err)
	}
	want := Set{
		{Target: "SetDomain", Scope: "api.demo.com", Kind: ResetAfterCommit, Count: 1},
		{Target: "*", Kind: Latency, Value: "20ms"},
		{Target: "DescribeApiGroup", Kind: Status, Value: "503", Count: 2},
		{Target: "SetDomain", Kind: Code, Value: "NoPermission/no%20%1b%5b31m%2c"},
		{Target: "dns/api.demo.com.", Kind: ServFail},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[1].Delay() != 20*time.Millisecond || got[2].HTTPStatus() != 503 {
		t.Errorf("got %s and %d", got[1].Delay(), got[2].HTTPStatus())
	}
	if code, message := got[3].Refusal(); code != "NoPermission" || message != "no \x1b[31m," {
		t.Errorf("got %q, %q", code, message)
	}
	if empty, err := Parse("  "); empty != nil || err != nil {
		t.Errorf("got %v, %v", empty, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for spec, want := range map[string]string{
		"SetDomain":                "want TARGET:FAULT",
		"SetDomain:hold":           "want one of pass, latency",
		"SetDomain:servfail":       "want one of pass, latency",
		"dns/a.demo.com:throttle":  "want one of pass, latency, servfail",
		"dns/:servfail":            "no target",
		":throttle":                "no target",
		"SetDomain:throttle:0":     "1 or more",
		"SetDomain:throttle:x":     "whole number",
		"SetDomain:throttle:1:1":   "4 parts",
		"SetDomain:throttle=1":     "has none",
		"SetDomain:latency":        "want something like 200ms",
		"SetDomain:latency=-1s":    "want something like 200ms",
		"SetDomain:status=200":     "400 to 599",
		"SetDomain:code":           "no code",
		"SetDomain:code=A/%zz":     "not percent-encoded",
		"SetDomain@:throttle":      "nothing after @",
		"dns/a@b.demo.com:refused": "has no @VALUE",
		"SetDomain:throttle,":      "want TARGET:FAULT",
	} {
		if got, err := Parse(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want an error with %q", spec, got, err, want)
		}
	}
	if err := (Set{{Target: "SetDomain", Kind: Pass, Count: -1}}).Validate(); err == nil {
		t.Error("a negative count was taken")
	}
}

func TestPlanCountsAndKeepsOrder(t *testing.T) {
	set, err := Parse("SetDomain:pass:1,SetDomain@G1:throttle:1,*:html:1,dns/*:timeout")
	if err != nil {
		t.Fatal(err)
	}
	var p Plan
	p.Replace(set)
	var got []Kind
	for _, group := range []string{"g2", "g2", "g1", "g1"} {
		got = append(got, p.Gateway("classic", "SetDomain", "api.demo.com", group).Kind)
	}
	if diff := cmp.Diff([]Kind{Pass, HTML, Throttle, Pass}, got); diff != "" {
		t.Error(diff)
	}
	if got := p.DNS("Any.Demo.com.").Kind; got != Timeout {
		t.Errorf("got %s", got)
	}
	p.Replace(nil)
	if got := p.DNS("any.demo.com.").Kind; got != Pass {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("SetDomain@api.demo.com:reset-after-commit:1,*:latency=20ms,dns/*:bogus")
	f.Add("SetDomain:code=A/%41:3")
	f.Fuzz(func(t *testing.T, spec string) {
		set, err := Parse(spec)
		if err != nil {
			return
		}
		if err := set.Validate(); err != nil {
			t.Fatal(err)
		}
		for _, r := range set {
			again, err := Parse(r.String())
			if err != nil || len(again) != 1 || again[0] != r {
				t.Errorf("%q came back as %v, %v", r, again, err)
			}
		}
	})
}
