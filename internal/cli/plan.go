package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/built"
	"github.com/bindgate/bindgate/internal/cli/session"
	"github.com/bindgate/bindgate/internal/cli/settings"
	"github.com/bindgate/bindgate/internal/console"
	"github.com/bindgate/bindgate/internal/exit"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/given"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/usage"
)

func newPlan(env console.Env) *cobra.Command {
	var f settings.Flags
	c := &cobra.Command{
		Use:   "plan [PATH…]",
		Short: "Judge bindings and show what apply would send, and which groups a force displaces",
		Long: `Judge bindings and show what apply would send, and which groups a force displaces.
A plan that is saved (-o) is approved and applied as it is. That of another tool's
bindings (--terraform, --ros) is for a review; the tool applies them.`,
		Example: `  bindgate plan
  bindgate plan -o plan.json bindings.yaml
  bindgate plan --terraform tfplan.json -o plan.json`,
		RunE: func(c *cobra.Command, args []string) error {
			return session.Do(c.Context(), env, f, args, func(r *session.Run) error { return runPlan(c.Context(), r) })
		},
	}
	f.AddJudging(c)
	f.AddBinding(c)
	f.AddMode(c)
	f.AddOther(c)
	usage.Duration(c.Flags(), &f.ValidFor, "valid-for", 24*time.Hour, "how long the saved plan can be approved and applied, at most 7d")
	c.Flags().StringVarP(&f.PlanOut, "output", "o", "", "save the plan to `FILE`, for apply; needs the current time and fresh evidence")
	return c
}

// runPlan judges and reports the bindings with their calls, and saves the plan if nothing
// keeps it from being whole.
func runPlan(ctx context.Context, r *session.Run) error {
	file, err := planInputs(r)
	if err != nil {
		return err
	}
	rep, err := r.Report()
	if err != nil {
		return err
	}
	complete, awaiting, code := true, false, exit.Clean // complete: every binding is allowed, awaits approvals alone, or is already in effect
	err = r.Judge(ctx, judge.Scope{Served: true}, func(v judge.Verdict) error {
		waits := v.AwaitsApprovals()
		awaiting = awaiting || waits
		code = exit.Worst(code, exit.OfDecision(v.Decision.Status, waits))
		shown := r.Entry(v)
		if blocks(v) {
			complete = false
		} else {
			p := v.Decision.Plan
			shown.Calls, shown.Displaces = p.Calls, p.Displaces
			file.Bindings = append(file.Bindings, plan.NewFileBinding(v.Binding, p))
		}
		return rep.Add(shown)
	})
	if err != nil {
		return err
	}
	notRun, err := r.AddNotRun(rep)
	if err != nil {
		return err
	}
	code, complete = exit.Worst(code, notRun), complete && notRun == exit.Clean
	if r.Out.Plan != nil && complete {
		if err := r.Out.SavePlan(file); err != nil {
			return err
		}
	}
	err = r.Finish(ctx, rep, code)
	if r.Out.Plan != nil && complete && awaiting {
		r.Env.Complain(fmt.Errorf("the plan awaits approvals, valid until %s: see bindgate apply --plan %s --approval FILE", file.ValidUntil.Format(time.RFC3339), r.Settings.PlanOut))
	}
	if r.Out.Plan != nil && !complete {
		r.Env.Complain(errors.New("the plan was not saved: not every binding is allowed or already in effect"))
	}
	return err
}

// blocks reports that a verdict keeps a plan from being whole: the binding is
// neither allowed, nor awaits approvals alone, nor is already in effect.
func blocks(v judge.Verdict) bool {
	inEffect := v.Decision.PlanErr == nil && len(v.Decision.Plan.Calls) == 0
	return v.Decision.PlanErr != nil || v.Decision.Status != gate.Allowed && !v.AwaitsApprovals() && !inEffect
}

// planInputs is the head of a plan: all that decides what is judged.
func planInputs(r *session.Run) (plan.File, error) {
	facts, err := r.Engine.Run()
	account, identity := "", ""
	if facts.Identity != nil {
		account, identity = facts.Identity.AccountID, facts.Identity.ARN
	}
	var ci *evidence.CI
	if facts.Given != nil {
		ci = facts.Given.CI
	}
	files := slices.Clone(r.Settings.Files)
	if r.Settings.PlanOut != "" || r.Settings.Saved != nil {
		for _, f := range facts.PolicyFiles {
			files = append(files, plan.InputFile{Role: given.RolePolicy, Name: given.ShortName(r.Env, r.Settings.ConfigDir, f.Name), Digest: f.Digest})
		}
	}
	manifests := r.Inputs
	if other := cmp.Or(r.Settings.Terraform, r.Settings.ROS); other != "" {
		manifests = []string{other}
	}
	return plan.File{Files: files, Account: account, Identity: identity, CI: ci, ToolVersion: built.Version(), PlannedAt: facts.Now, ValidUntil: facts.Now.Add(r.Settings.ValidFor), Schema: plan.FileSchema, Manifests: manifests, ManifestDigest: r.Engine.Bindings().Digest, PolicyDigest: facts.PolicyDigest,
		ConfigDigest: r.Settings.ConfigDigest, Contract: r.Settings.Contract, Endpoint: r.Settings.Gateway.Endpoint, Bindings: []plan.FileBinding{}}, err
}
