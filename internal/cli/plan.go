package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
)

func newPlan(env Env) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "plan [PATH…]",
		Short: "Judge bindings and show what apply would send, and what a force would take away",
		RunE: func(c *cobra.Command, args []string) error {
			return planned(c.Context(), env, c, f, args)
		},
	}
	f.addJudging(c)
	f.addWish(c)
	f.addMode(c)
	c.Flags().StringVarP(&f.planOut, "output", "o", "", "save the plan to `FILE`, for apply; wants the live clock and fresh evidence")
	return c
}

func planned(ctx context.Context, env Env, c *cobra.Command, f flags, args []string) error {
	r, err := begin(ctx, env, c, f, args)
	if err != nil {
		return err
	}
	defer r.close()
	head, verdicts, err := r.observeAndJudge(ctx, true)
	if err != nil {
		return err
	}
	rep, file, complete := r.plans(head, verdicts, args)
	if r.out.plan != nil && complete {
		if err := r.out.savePlan(file); err != nil {
			return err
		}
	}
	var codes []int
	for _, v := range verdicts {
		codes = append(codes, codeOfDecision(v.decision.Status, false))
	}
	err = r.finish(rep, codes)
	if r.out.plan != nil && !complete {
		complain(env.Stderr, errors.New("the plan was not saved: not every binding is allowed or stands already"))
	}
	return err
}

// plans puts beside each verdict what apply would send. It is complete when
// every binding is allowed or stands already.
func (r *run) plans(head report.Run, verdicts []judged, args []string) (whole, plan.File, bool) {
	rep := r.report(head, verdicts)
	file := r.planFile(args)
	complete := true
	for i, v := range verdicts {
		p, err := plan.For(v.subject)
		stands := err == nil && len(p.Calls) == 0
		if v.decision.Status != gate.Allowed && !stands || err != nil {
			complete = false
			continue
		}
		rep.Bindings[i].Calls, rep.Bindings[i].Takes = p.Calls, p.Takes
		b := v.subject.Binding
		file.Bindings = append(file.Bindings, plan.NewFileBinding(b.DomainName, b.GroupID, b.RegionID, p))
	}
	return rep, file, complete
}

// planFile is the head of a plan: all that decides what is judged.
func (r *run) planFile(args []string) plan.File {
	if len(args) == 0 {
		args = []string{"."}
	}
	return plan.File{Schema: plan.FileSchema, Manifests: args, ManifestDigest: r.set.Digest, PolicyDigest: r.engine.Digest(),
		ConfigDigest: r.s.configDigest, Contract: r.s.contract, Endpoint: r.s.endpoint, Bindings: []plan.FileBinding{}}
}
