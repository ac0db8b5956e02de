package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
)

func newPlan(env Env) *cobra.Command {
	var f flags
	var output string
	c := &cobra.Command{
		Use:   "plan [PATH…]",
		Short: "Judge bindings and show what apply would send, and what a force would take away",
		RunE: func(c *cobra.Command, args []string) error {
			return planned(c.Context(), env, c, f, args, output)
		},
	}
	f.addJudging(c)
	f.addWish(c)
	f.addMode(c)
	c.Flags().StringVarP(&output, "output", "o", "", "save the plan to `FILE`, for apply; wants the live clock and fresh evidence")
	return c
}

func planned(ctx context.Context, env Env, c *cobra.Command, f flags, args []string, output string) error {
	s, err := settle(env, c, f)
	if err != nil {
		return err
	}
	if output != "" && !s.live {
		return fmt.Errorf("reading flags: plan -o wants the live clock and fresh evidence; leave out --now, --evidence, --offline and --without")
	}
	if output != "" && s.wish.named(c) {
		return fmt.Errorf("reading flags: plan -o wants a manifest, which apply can read again")
	}
	out, err := openSinks(env, s.formats)
	if err != nil {
		return err
	}
	defer out.close()
	r, err := open(ctx, env, c, s, args)
	if err != nil {
		return err
	}
	defer r.close()
	head, verdicts, err := r.observeAndJudge(ctx, true)
	if err != nil {
		return err
	}
	rep, file, complete := r.plans(head, verdicts, args)
	if output != "" && complete {
		if err := savePlan(absolute(env, output), file); err != nil {
			return err
		}
	}
	if err := out.write(env, rep, r.options()); err != nil {
		return err
	}
	codes := []int{interrupted(ctx)}
	for _, v := range verdicts {
		codes = append(codes, codeOfDecision(v.decision.Status, false))
	}
	if output != "" && !complete {
		complain(env.Stderr, errors.New("the plan was not saved: not every binding is allowed or stands already"))
	}
	return ended(r.failOnWarning(rep, worst(codes...)))
}

// plans puts beside each verdict what apply would send. It is complete when
// every binding is allowed or stands already.
func (r *run) plans(head report.Run, verdicts []judged, args []string) (report.Report, plan.File, bool) {
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

func savePlan(path string, f plan.File) error {
	data, err := json.MarshalIndent(f, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(data, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}
