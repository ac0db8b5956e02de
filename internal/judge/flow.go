package judge

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy"
)

// Verdict contains one binding, its evidence, the result of each check, and the
// decision of the gate with the planned calls.
type Verdict struct {
	Binding  binding.Binding
	Evidence evidence.Evidence
	Results  []checks.Result
	Decision gate.Decision

	afterPolicy []string // ids of the checks that read what policies said
}

// AwaitsApprovals reports whether the binding is as good as allowed: all that keeps it
// from that are policies that count approvals, which only a saved plan can have.
func (v Verdict) AwaitsApprovals() bool {
	awaiting := 0
	for _, r := range v.Results {
		if r.Status == checks.StatusNotRun && slices.Contains(v.afterPolicy, r.ID) {
			awaiting++
		}
	}
	other := func(p evidence.PolicyPackage) bool { return p.NotRun != "" && p.Awaits != evidence.NeedApprovals }
	return v.Decision.Status == gate.Partial && v.Decision.PlanErr == nil && awaiting > 0 && len(v.Decision.Reasons) == awaiting &&
		!slices.ContainsFunc(v.Evidence.Policy.Facts.Packages, other)
}

// Scope selects the evidence that a pass over the bindings collects.
type Scope struct {
	Served bool // also which certificate is in effect now: a plan compares it
}

// Judge judges every binding of the manifest and hands each verdict to yield, in
// the manifest's order. It is the whole flow of a run: collect, checks, policy, checks,
// gate, for a bounded number of bindings at a time. Judge does not keep a
// verdict after yield returns. If a policy reads the plan of the run, Judge collects
// the evidence of all bindings before it judges the first. An interrupted run yields the rest as undetermined.
// An error of yield ends it; any other error comes before the first verdict.
func (e *Engine) Judge(ctx context.Context, look Scope, yield func(Verdict) error) error {
	return e.judge(ctx, e.began(), e.numbered(), look, true, yield)
}

// One judges the binding with a number, counted from 0, with freshly collected evidence
// and the current time. The totals of the plan are those of the first call.
func (e *Engine) One(ctx context.Context, number int, b binding.Binding, look Scope) (v Verdict, err error) {
	only := func(yield func(int, binding.Binding) bool) { yield(number, b) }
	err = e.judge(ctx, e.facts(), only, look, false, func(got Verdict) error { v = got; return nil })
	return v, err
}

func (e *Engine) judge(ctx context.Context, run evidence.Run, bindings iter.Seq2[int, binding.Binding], look Scope, all bool, yield func(Verdict) error) error {
	if e.identity != nil {
		if _, err := e.identity(); err != nil {
			return err
		}
	}
	observe, err := e.planned(ctx, run, look, all)
	if err != nil {
		return err
	}
	return e.pass(ctx, observe, bindings, yield)
}

// pass judges bindings with the evidence that observe collects.
func (e *Engine) pass(ctx context.Context, observe observe, bindings iter.Seq2[int, binding.Binding], yield func(Verdict) error) error {
	judge := func(batch []numbered) []Verdict {
		subjects := make([]judged, len(batch))
		for i, n := range batch {
			subjects[i] = judged{n.number, subject(n.binding, observe(ctx, n.number, n.binding))}
		}
		if _, err := e.policies(); err != nil { // compiled while the first bindings are collected
			return make([]Verdict, len(batch)) // never yielded
		}
		verdicts := e.assess(ctx, subjects)
		for i := range verdicts {
			verdicts[i] = e.probed(ctx, batch[i].number, verdicts[i])
		}
		return verdicts
	}
	parallel, size := e.batches()
	return inOrder(bindings, parallel, size, judge, func(v Verdict) error {
		if _, err := e.policies(); err != nil {
			return err
		}
		return yield(v)
	})
}

// batchSize is the most bindings that are judged together.
const batchSize = 8

// batches returns how many batches are judged at a time, and of how many bindings. Where
// no binding waits for an answer, a batch for each processor is faster than each binding by
// itself, which finds the processor's caches full of something else at each step.
func (e *Engine) batches() (parallel, size int) {
	parallel = max(e.o.Concurrency, 1)
	asks := e.saved == nil && (e.o.Skip.DNS == "" || e.o.Skip.Group == "" || e.o.Skip.Revocation == "")
	if asks || e.probe != nil {
		return parallel, 1
	}
	processors := min(runtime.GOMAXPROCS(0), parallel)
	return processors, min(parallel/processors, batchSize)
}

// judged is a binding with its number and its evidence.
type judged struct {
	number int
	checks.Subject
}

// subject returns what is judged. The name of the certificate is filled from the evidence,
// saved or new.
func subject(b binding.Binding, ev evidence.Evidence) checks.Subject {
	return checks.Subject{Binding: collect.Named(b, ev.Certificate), Evidence: ev}
}

// assess judges collected evidence: checks, policies, the checks that read the policies'
// answers, decision. The caller has waited for the policies. Each step is made for all
// bindings before the next one.
func (e *Engine) assess(ctx context.Context, batch []judged) []Verdict {
	rules, _ := e.policies()
	out := make([]Verdict, len(batch))
	for i := range batch {
		s := &batch[i]
		results := make([]checks.Result, 0, len(e.catalogue))
		out[i].Results = append(results, checks.Run(ctx, e.before, e.o.Severities, s.Subject)...)
		e.waivers.Results(e.o.Severities, e.before, out[i].Results, s.Binding.DomainName, s.Evidence.Run.Now)
	}
	for i := range batch {
		s := &batch[i]
		s.Evidence.Policy = rules.Evaluate(ctx, e.policyInput(s.number, s.Subject, out[i].Results))
		e.waivers.Policy(&s.Evidence.Policy.Facts, s.Binding.DomainName, s.Evidence.Run.Now)
	}
	for i := range batch {
		s := &batch[i]
		results := append(out[i].Results, checks.Run(ctx, e.after, e.o.Severities, s.Subject)...)
		out[i] = Verdict{Binding: s.Binding, Evidence: s.Evidence, Results: results, afterPolicy: ids(e.after),
			Decision: gate.Decide(e.catalogue, e.o.Severities, s.Subject, results, cmp.Or(e.o.FailOn, checks.Error))}
	}
	return out
}

func ids(list []checks.Check) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.ID
	}
	return out
}

// policyInput returns the input of the policies. results are those of the first pass.
func (e *Engine) policyInput(number int, s checks.Subject, results []checks.Result) policy.Input {
	return policy.Input{Binding: s.Binding, Evidence: s.Evidence, Results: results, Run: s.Evidence.Run, Plan: e.totals.Of(number, s)}
}

// PolicyInput collects the evidence of the binding with a number, counted from 0, runs
// the checks of the first pass and returns the input that the policies are asked with.
func (e *Engine) PolicyInput(ctx context.Context, number int, b binding.Binding) (policy.Input, error) {
	v, err := e.One(ctx, number, b, Scope{})
	if err != nil {
		return policy.Input{}, err
	}
	return e.policyInput(number, checks.Subject{Binding: v.Binding, Evidence: v.Evidence}, v.Results[:len(e.before)]), nil
}

// Again judges a binding again, just before its calls, at the current time: a freeze may
// have begun, or a certificate expired. It uses the evidence of the verdict, or collects it
// again if it is older than maxAge. Bindings share collectors, and so the listing of the
// account, until these are older than maxAge, because listing the account for each
// binding would slow a long run down. The totals of the plan stay the same. Again is not safe for concurrent use.
func (e *Engine) Again(ctx context.Context, number int, v Verdict, maxAge time.Duration) (Verdict, error) {
	if _, err := e.policies(); err != nil {
		return Verdict{}, err
	}
	now := e.o.Clock().UTC()
	old := func(began time.Time) bool { return now.Sub(began) > maxAge || now.Before(began) } // a run begins before all its evidence
	if !old(v.Evidence.Run.Now) {
		s := checks.Subject{Binding: v.Binding, Evidence: v.Evidence}
		s.Evidence.Run.Now = now
		return e.assess(ctx, []judged{{number, s}})[0], nil
	}
	if e.again.observe == nil || old(e.again.run.Now) {
		run := e.facts()
		observe, err := e.observer(run, Scope{Served: true})
		if err != nil {
			return Verdict{}, err
		}
		e.again = renewal{run, observe}
	}
	observe := func(ctx context.Context, number int, b binding.Binding) evidence.Evidence {
		ev := e.again.observe(ctx, number, b)
		ev.Run.Now = now
		return ev
	}
	only := func(yield func(int, binding.Binding) bool) { yield(number, v.Binding) }
	err := e.pass(ctx, observe, only, func(got Verdict) error { v = got; return nil })
	return v, err
}

// renewal contains the collectors that Again shares, and the time of their creation.
type renewal struct {
	run     evidence.Run
	observe observe
}

// numbered is a binding with its number, counted from 0.
type numbered struct {
	number  int
	binding binding.Binding
}

// each returns a function for batches that computes the value of each binding by itself.
func each[T any](compute func(int, binding.Binding) T) func([]numbered) []T {
	return func(batch []numbered) []T {
		out := make([]T, len(batch))
		for i, n := range batch {
			out[i] = compute(n.number, n.binding)
		}
		return out
	}
}

// inOrder computes a value for each binding, in batches of up to size bindings and up to
// parallel batches at a time, and yields the values in the order of the bindings. It
// keeps at most 2*parallel batches.
func inOrder[T any](bindings iter.Seq2[int, binding.Binding], parallel, size int, compute func([]numbered) []T, yield func(T) error) error {
	type job struct {
		batch []numbered
		place chan []T
	}
	queue, jobs := make(chan chan []T, parallel), make(chan job)
	stop := make(chan struct{})
	for range parallel { // the stack of a worker stays as deep as a policy has needed it
		go func() {
			for j := range jobs {
				j.place <- compute(j.batch)
			}
		}()
	}
	hand := func(batch []numbered) bool {
		place := make(chan []T, 1)
		select {
		case jobs <- job{batch, place}:
		case <-stop:
			return false
		}
		select {
		case queue <- place:
		case <-stop:
			return false
		}
		return true
	}
	go func() {
		defer close(queue)
		defer close(jobs)
		batch := make([]numbered, 0, size)
		for number, b := range bindings {
			if batch = append(batch, numbered{number, b}); len(batch) == size {
				if !hand(batch) {
					return
				}
				batch = make([]numbered, 0, size)
			}
		}
		if len(batch) > 0 {
			hand(batch)
		}
	}()
	for place := range queue {
		for _, v := range <-place {
			if err := yield(v); err != nil {
				close(stop)
				for range queue { // until the producer has seen it
				}
				return err
			}
		}
	}
	return nil
}

// numbered returns the bindings of the manifest, numbered from 0.
func (e *Engine) numbered() iter.Seq2[int, binding.Binding] {
	return func(yield func(int, binding.Binding) bool) {
		number := 0
		for b := range e.set.All() {
			if !yield(number, b) {
				return
			}
			number++
		}
	}
}

// invisible yields each binding whose DNS change is not visible yet, with the first
// reason. It looks only at the bindings with the given sorted numbers; nil means all.
func (e *Engine) invisible(ctx context.Context, numbers []int, yield func(number int, b binding.Binding, why string)) error {
	observe, err := e.observer(e.facts(), Scope{})
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(e.catalogue), func(c checks.Check) bool { return !c.ShowsPropagation })
	type found struct {
		number int
		b      binding.Binding
		why    string
	}
	some := func(yield func(int, binding.Binding) bool) {
		for number, b := range e.numbered() {
			if numbers != nil {
				if _, asked := slices.BinarySearch(numbers, number); !asked {
					continue
				}
			}
			if !yield(number, b) {
				return
			}
		}
	}
	return inOrder(some, max(e.o.Concurrency, 1), 1, each(func(number int, b binding.Binding) found {
		return found{number, b, waitsFor(list, checks.Run(ctx, list, e.o.Severities, subject(b, observe(ctx, number, b))))}
	}), func(f found) error {
		if f.why != "" {
			yield(f.number, f.b, f.why)
		}
		return nil
	})
}

// waitsFor returns the first reason to query DNS again, a finding or an unknown result, or
// "" if there is none. It looks at findings and not at the status, because a check with
// severity warning passes with findings.
func waitsFor(list []checks.Check, results []checks.Result) string {
	for i, res := range results {
		switch {
		case res.Status == checks.StatusUnknown:
			return res.ID + ": " + res.Reason
		case len(res.Findings) > 0 && (res.Status == checks.StatusFail || list[i].Severity == checks.Warning):
			return res.ID + ": " + res.Findings[0].Message
		}
	}
	return ""
}
