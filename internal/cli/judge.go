package cli

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy"
)

// judged is one binding with its verdict.
type judged struct {
	subject  checks.Subject
	results  []checks.Result
	decision gate.Decision
}

// judge judges one binding after another by the same catalogue and policies.
type judge struct {
	list, first, second []checks.Check // all of it, and by passes
	engine              *policy.Engine
	failOn              checks.Severity // the least severity of a finding that refuses
}

// one runs both passes over one subject: the checks that judge the evidence,
// then the policy, which sees their results, then the checks that read its verdict.
func (j judge) one(ctx context.Context, s checks.Subject) judged {
	first := checks.Run(ctx, j.first, s)
	s.Evidence.Policy = j.engine.Evaluate(ctx, policy.Input{
		Binding: s.Binding, Evidence: s.Evidence, Results: first, Run: s.Evidence.Run,
	})
	results := slices.Concat(first, checks.Run(ctx, j.second, s)) // appending would keep room for as many again
	return judged{subject: s, results: results, decision: gate.Decide(j.list, s, results, j.failOn)}
}

// judgeAll judges every binding, several at a time, in the order of the bindings.
func (r *run) judgeAll(ctx context.Context, bindings []binding.Binding, all []evidence.Evidence) []judged {
	j := judge{list: r.s.catalogue, engine: r.engine, failOn: checks.Severity(cmp.Or(r.s.failOn, string(checks.Error)))}
	j.first, j.second = catalog.Passes(j.list)
	out := make([]judged, len(bindings))
	var work errgroup.Group
	work.SetLimit(max(r.s.concurrency, 1))
	for i := range bindings {
		work.Go(func() error {
			out[i] = j.one(ctx, checks.Subject{Binding: bindings[i], Evidence: all[i]})
			return nil
		})
	}
	_ = work.Wait() // the verdict is in out
	return out
}

// firstIDs are the checks whose results a policy may read.
func firstIDs(list []checks.Check) []string {
	first, _ := catalog.Passes(list)
	ids := make([]string, len(first))
	for i, c := range first {
		ids[i] = c.ID
	}
	return ids
}
