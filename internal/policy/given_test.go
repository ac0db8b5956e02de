package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

const countsApprovals = `# METADATA
# custom:
#   needs: [approvals]
package bindgate.policy.x

deny contains "too few" if count(input.approvals) < 2
`

const wantsJob = `# METADATA
# custom:
#   needs: [ci]
package bindgate.policy.x

deny contains "not from main" if input.ci.ref != "refs/heads/main"
`

const readsBoth = `# METADATA
# custom:
#   needs: [ci, approvals]
package bindgate.policy.x

deny contains "too few" if count(input.approvals) < 2

deny contains "not from main" if input.ci.ref != "refs/heads/main"
`

// What is read is declared: else it would be empty where nothing is given, and the
// plan that is to be approved could not be saved.
func TestGivenIsDeclared(t *testing.T) {
	for _, rego := range []string{countsApprovals, wantsJob} {
		_, body, _ := strings.Cut(rego, "package")
		_, err := Load(t.Context(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": "package" + body})}})
		if err == nil || !strings.Contains(err.Error(), "to custom.needs in its METADATA") {
			t.Errorf("got %v, want that the need is declared", err)
		}
	}
}

func TestGiven(t *testing.T) {
	approvals := func(left ...time.Duration) *evidence.Given {
		g := &evidence.Given{Plan: "sha256:1"}
		for i, d := range left {
			g.Approvals = append(g.Approvals, evidence.Approval{By: string(rune('a' + i)), Kind: evidence.ApprovalSSH, Expires: plain().Run.Now.Add(d)})
		}
		return g
	}
	job := func(ref string) *evidence.Given { return &evidence.Given{CI: &evidence.CI{Ref: ref}} }
	for name, tc := range map[string]struct {
		rego   string
		given  *evidence.Given
		want   string // denial, or why it was not run; empty: nothing is denied
		awaits evidence.Need
	}{
		"two approvals":        {countsApprovals, approvals(time.Hour, time.Hour), "", ""},
		"one approval":         {countsApprovals, approvals(time.Hour), "too few", ""},
		"none":                 {countsApprovals, approvals(), "too few", ""},
		"one that has ended":   {countsApprovals, approvals(time.Hour, 0), "too few", ""},
		"no plan":              {countsApprovals, nil, "no saved plan is applied", evidence.NeedApprovals},
		"a job, and no plan":   {countsApprovals, job("refs/heads/main"), "no saved plan is applied", evidence.NeedApprovals},
		"main":                 {wantsJob, job("refs/heads/main"), "", ""},
		"another branch":       {wantsJob, job("refs/heads/main2"), "not from main", ""},
		"no token":             {wantsJob, approvals(time.Hour), "no token of a CI job was given", ""},
		"both, neither given":  {strings.Replace(readsBoth, "[ci, approvals]", "[approvals, ci]", 1), nil, "no token of a CI job was given", ""},
		"both, one way around": {readsBoth, job("refs/heads/main"), "no saved plan is applied", evidence.NeedApprovals},
	} {
		t.Run(name, func(t *testing.T) {
			in := plain()
			in.Run.Given = tc.given
			o := engine(t, tc.rego).Evaluate(t.Context(), in)
			if o.State != evidence.StateObserved || len(o.Facts.Packages) != 1 {
				t.Fatalf("got %+v", o)
			}
			p := o.Facts.Packages[0]
			got := p.NotRun
			for _, d := range p.Denials {
				got += d.Text
			}
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) || p.Awaits != tc.awaits {
				t.Errorf("got %+v, want %q, awaiting %q", p, tc.want, tc.awaits)
			}
		})
	}
}

const readsTickets = `# METADATA
# custom:
#   needs: [external.tickets]
package bindgate.policy.x

deny contains "no open ticket" if not "CHG-1" in input.external.tickets.facts.open
`

// tickets declares facts with a list of open tickets and a state.
func tickets(t *testing.T) map[string]FactsSchema {
	t.Helper()
	s, err := ReadFactsSchema("tickets.schema.json", []byte(`{"type": "object", "required": ["open", "state", "count"], "properties": {
		"open": {"type": "array", "items": {"type": "string"}}, "state": {"type": "string", "enum": ["calm", "busy"]}, "count": {"type": ["number", "null"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]FactsSchema{"tickets": s}
}

func TestExternal(t *testing.T) {
	o := Options{Dirs: []string{folder(t, map[string]string{"x.rego": readsTickets})}, External: tickets(t)}
	e, err := Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	now := plain().Run.Now
	facts := func(text string, until time.Time) *evidence.Given {
		return &evidence.Given{External: map[string]evidence.External{"tickets": {AsOf: now, Until: until, Facts: []byte(text)}}}
	}
	for name, tc := range map[string]struct {
		given *evidence.Given
		want  string
	}{
		"open":      {facts(`{"open":["CHG-1"],"state":"calm","count":null}`, now.Add(time.Hour)), ""},
		"not open":  {facts(`{"open":["CHG-2"],"state":"calm","count":1}`, now.Add(time.Hour)), "no open ticket"},
		"too old":   {facts(`{"open":["CHG-1"],"state":"calm","count":1}`, now), "the facts may be used until"},
		"no JSON":   {facts(`{"open":`, now.Add(time.Hour)), "writing the policy input"},
		"not given": {nil, "the facts were not given (--external tickets=FILE)"},
	} {
		t.Run(name, func(t *testing.T) {
			in := plain()
			in.Run.Given = tc.given
			o := e.Evaluate(t.Context(), in)
			got := o.Reason
			for _, p := range o.Facts.Packages {
				got += p.NotRun
				for _, d := range p.Denials {
					got += d.Text
				}
			}
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// What is read of facts is held to the owner's schema when the policy is loaded.
func TestExternalIsTyped(t *testing.T) {
	head := "# METADATA\n# custom:\n#   needs: [external.tickets]\npackage bindgate.policy.x\n\ndeny contains \"x\" if "
	for rule, want := range map[string]string{
		`input.external.tickets.facts.opn == []`:        `has no field "opn"`,
		`input.external.tickets.facts.state == "bussy"`: "bussy",
		`input.external.tickets.facts.count < 3`:        "null",
		`input.external.tickets.facts.open == "CHG-1"`:  "list",
		`input.external.tikets.facts.open == []`:        `tikets`,
		`input.external[_].facts.open == []`:            "is read as a whole",
		`input.binding.domainName == "a"`:               "reads none of it",
	} {
		_, err := Load(t.Context(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": head + rule + "\n"})}, External: tickets(t)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", rule, err, want)
		}
	}
	for rego, want := range map[string]string{
		strings.Replace(readsTickets, "needs", "uses", 1):                                              "name them in custom.needs",
		strings.Replace(readsTickets, "# METADATA\n# custom:\n#   needs: [external.tickets]\n", "", 1): "add external.tickets to custom.needs",
	} {
		_, err := Load(t.Context(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": rego})}, External: tickets(t)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", rego, err, want)
		}
	}
	if _, err := Load(t.Context(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": readsTickets})}}); err == nil || !strings.Contains(err.Error(), "tickets") {
		t.Errorf("facts that the owner does not declare: %v", err)
	}
}
