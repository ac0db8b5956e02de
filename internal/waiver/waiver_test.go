package waiver

import (
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestMatches(t *testing.T) {
	for pattern, names := range map[string]map[string]bool{
		"api.demo.com": {"api.demo.com": true, "API.demo.com.": true, "a.api.demo.com": false, "demo.com": false, "xapi.demo.com": false},
		"*.demo.com":   {"api.demo.com": true, "a.b.demo.com": false, "demo.com": false, "*.demo.com": false, ".demo.com": true, "api.demo.com.cn": false},
		"*.*.demo.com": {"a.b.demo.com": true, "b.demo.com": false, "*.b.demo.com": false},
		"a.*.demo.com": {"a.b.demo.com": true, "b.b.demo.com": false},
	} {
		for name, want := range names {
			if got := Matches(pattern, name); got != want {
				t.Errorf("%s for %s: got %t", pattern, name, got)
			}
		}
	}
	for pattern, want := range map[string]bool{"api.demo.com": true, "*.demo.com": true, "a.*.demo.com": true, "*.com": false, "*": false, "demo.*": false,
		"": false, "com": false, "api-*.demo.com": false, "**.demo.com": false, "a..demo.com": false, "[a].demo.com": false} {
		if got := ValidDomain(pattern); got != want {
			t.Errorf("%q: got %t", pattern, got)
		}
	}
}

func list() []checks.Check {
	return []checks.Check{
		{ID: "a/advice", Severity: checks.Warning}, {ID: "a/raised", Severity: checks.Warning}, {ID: "a/blocks", Severity: checks.Error},
		{ID: "a/core", Severity: checks.Warning, Core: true}, {ID: "a/must", Severity: checks.Error, MustPass: checks.Proves(checks.TargetExists)},
	}
}

func waive(check, rule string, until time.Time) Waiver {
	return Waiver{Check: check, Rule: rule, Domain: "*.demo.com", Owner: "web", Reason: "CHG-1", Until: until, At: "owner.yaml:3:5"}
}

func TestNewRefuses(t *testing.T) {
	soon := noon.Add(time.Hour)
	for want, w := range map[string]Waiver{
		"at most 90 days ahead":                          waive("a/advice", "", noon.Add(Longest+time.Second)),
		"want a check of the":                            waive("a/none", "", soon),
		`the core check "a/core"`:                        waive("a/core", "", soon),
		`the core check "a/must"`:                        waive("a/must", "", soon),
		`the check "a/blocks", which blocks in this run`: waive("a/blocks", "", soon),
		`the check "a/raised", which blocks in this run`: waive("a/raised", "", soon),
	} {
		if _, err := New([]Waiver{w}, list(), checks.Severities{"a/raised": checks.Error}, nil, noon); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "owner.yaml:3:5: ") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	s, err := New([]Waiver{waive("", "bindgate.policy.x/r", noon.Add(Longest))}, list(), nil, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	for want, rules := range map[string]map[string]bool{"which no policy contains": {}, "which is not waivable": {"bindgate.policy.x/r": false}} {
		if err := s.Rules(rules); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if err := s.Rules(map[string]bool{"bindgate.policy.x/r": true}); err != nil {
		t.Error(err)
	}
}

// Only warnings of advisory checks are waived: blocking checks and errors count.
func TestResults(t *testing.T) {
	lowered := checks.Severities{"a/blocks": checks.Warning}
	s, err := New([]Waiver{waive("a/advice", "", noon.Add(time.Hour)), waive("a/blocks", "", noon.Add(time.Hour)), waive("a/advice", "", noon)}, list(), lowered, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		severities checks.Severities
		id, domain string
		finding    checks.Finding
		now        time.Time
		want       bool
	}{
		"advice":         {nil, "a/advice", "x.demo.com", checks.Warns("", "", ""), noon, true},
		"another domain": {nil, "a/advice", "demo.com", checks.Warns("", "", ""), noon, false},
		"expired":        {nil, "a/advice", "x.demo.com", checks.Warns("", "", ""), noon.Add(time.Hour), false},
		"raised":         {checks.Severities{"a/advice": checks.Error}, "a/advice", "x.demo.com", checks.Warns("", "", ""), noon, false},
		"an error":       {nil, "a/advice", "x.demo.com", checks.Fails("", "", ""), noon, false},
		"blocks":         {nil, "a/blocks", "x.demo.com", checks.Warns("", "", ""), noon, false},
		"lowered":        {lowered, "a/blocks", "x.demo.com", checks.Warns("", "", ""), noon, true},
		"not listed":     {nil, "a/other", "x.demo.com", checks.Warns("", "", ""), noon, false},
	} {
		results := []checks.Result{{ID: c.id, Status: checks.StatusPass, Findings: []checks.Finding{c.finding}}}
		s.Results(c.severities, list(), results, c.domain, c.now)
		if got := results[0].Findings[0].Waived != nil; got != c.want {
			t.Errorf("%s: got waived %t", name, got)
		}
	}
	var states []string
	for _, st := range s.States(noon) {
		states = append(states, st.Status)
		if st.Soon != (st.Status != Expired) {
			t.Errorf("got %+v", st)
		}
	}
	if got := strings.Join(states, " "); got != "used used expired" {
		t.Errorf("got %s", got)
	}
}

// Whoever edits the tree can raise a check, which makes the owner's waiver ineffective. It is
// no error of the owner's file, unless the check blocks without the tree, too.
func TestRaisedByTheTree(t *testing.T) {
	severities := checks.Severities{"a/advice": checks.Error, "a/blocks": checks.Error}
	raised := []string{"a/advice", "a/blocks"}
	s, err := New([]Waiver{waive("a/advice", "", noon.Add(time.Hour)), waive("a/advice", "", noon)}, list(), severities, raised, noon)
	if err != nil {
		t.Fatal(err)
	}
	results := []checks.Result{{ID: "a/advice", Findings: []checks.Finding{checks.Warns("", "", "")}}}
	s.Results(severities, list(), results, "x.demo.com", noon)
	if results[0].Findings[0].Waived != nil {
		t.Error("the check that the tree raised was waived")
	}
	if got := s.States(noon); got[0].Status != NoEffect || got[1].Status != Expired {
		t.Errorf("got %+v", got)
	}
	if _, err := New([]Waiver{waive("a/blocks", "", noon.Add(time.Hour))}, list(), severities, raised, noon); err == nil {
		t.Error("got no error for a check that blocks without the tree")
	}
}

// A rule of a force, or a rule that is not marked as waivable, cannot be waived.
func TestPolicy(t *testing.T) {
	until := noon.Add(time.Hour)
	s, err := New([]Waiver{waive("", "bindgate.policy.x/r", until), waive("", "bindgate.force.x/r", until)}, nil, nil, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	message := func(rule string, waivable bool) []evidence.PolicyMessage {
		return []evidence.PolicyMessage{{Text: "no", Rule: rule, Waivable: waivable}}
	}
	p := evidence.Policy{Packages: []evidence.PolicyPackage{
		{Name: "bindgate.policy.x", Denials: message("r", true), Warnings: message("r", false)},
		{Name: "bindgate.policy.y", Denials: message("r", true)}, {Name: "bindgate.policy.x.z", Denials: message("r", true)},
		{Name: "bindgate.force.x", Denials: message("r", true), Reasons: message("r", true)},
	}}
	s.Policy(&p, "a.demo.com", noon)
	if w := p.Packages[0].Denials[0].Waived; w == nil || w.Owner != "web" || w.Reason != "CHG-1" || !w.Until.Equal(until) {
		t.Errorf("got %+v", w)
	}
	for i, m := range []evidence.PolicyMessage{p.Packages[0].Warnings[0], p.Packages[1].Denials[0], p.Packages[2].Denials[0], p.Packages[3].Denials[0], p.Packages[3].Reasons[0]} {
		if m.Waived != nil {
			t.Errorf("%d: got %+v", i, m)
		}
	}
	(*Set)(nil).Policy(&p, "a.demo.com", noon)
}
