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
