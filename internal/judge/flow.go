package judge

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/policy"
)

// Verdict is one binding, what was observed, what each check says of it and what
// the gate decided, with the calls that would follow.
type Verdict struct {
	Binding  binding.Binding
	Evidence evidence.Evidence
	Results  []checks.Result
	Decision gate.Decision
}

// Scope says what a pass over the bindings observes.
type Scope struct {
	Served bool // also which certificate is in effect now: a plan compares it
}

// Judge judges every binding of the manifest and hands each verdict to yield, in
// the manifest's order. It is the whole flow of a run: a bounded window of
// bindings passes through collect, checks, policy, checks and gate; what yield
// does not keep is dropped. An interrupted run yields the rest as undetermined.
// An error of yield ends it; any other error comes before the first verdict.
func (e *Engine) Judge(ctx context.Context, look Scope, yield func(Verdict) error) error {
	return e.judge(ctx, e.began(), e.numbered(), look, yield)
}

// One judges the binding with a number, counted from 0, on evidence and a clock of
// its own.
func (e *Engine) One(ctx context.Context, number int, b binding.Binding, look Scope) (v Verdict, err error) {
	only := func(yield func(int, binding.Binding) bool) { yield(number, b) }
	err = e.judge(ctx, e.facts(), only, look, func(got Verdict) error { v = got; return nil })
	return v, err
}

func (e *Engine) judge(ctx context.Context, run evidence.Run, bindings iter.Seq2[int, binding.Binding], look Scope, yield func(Verdict) error) error {
	if e.identity != nil {
		if _, err := e.identity(); err != nil {
			return err
		}
	}
	observe, err := e.observer(run, look)
	if err != nil {
		return err
	}
	return e.pass(ctx, observe, bindings, yield)
}

// pass judges bindings on what observe collects.
func (e *Engine) pass(ctx context.Context, observe observe, bindings iter.Seq2[int, binding.Binding], yield func(Verdict) error) error {
	one := func(number int, b binding.Binding) Verdict {
		ev := observe(ctx, number, b)
		if _, err := e.policies(); err != nil { // compiled while the first bindings are collected
			return Verdict{} // never yielded
		}
		return e.probed(ctx, e.assess(ctx, checks.Subject{Binding: b, Evidence: ev}))
	}

	return inOrder(bindings, max(e.o.Concurrency, 1), one, func(v Verdict) error {
		if _, err := e.policies(); err != nil {
			return err
		}
		return yield(v)
	})
}

// assess judges evidence that is at hand: checks, policies, the checks that read
// what policies said, the gate. The policies are loaded.
func (e *Engine) assess(ctx context.Context, s checks.Subject) Verdict {
	before, after := catalog.Passes(e.catalogue)
	rules, _ := e.policies()
	results := make([]checks.Result, 0, len(e.catalogue))
	results = append(results, checks.Run(ctx, before, e.o.Severities, s)...)
	s.Evidence.Policy = rules.Evaluate(ctx, policy.Input{Binding: s.Binding, Evidence: s.Evidence, Results: results, Run: s.Evidence.Run})
	results = append(results, checks.Run(ctx, after, e.o.Severities, s)...)
	return Verdict{Binding: s.Binding, Evidence: s.Evidence, Results: results,
		Decision: gate.Decide(e.catalogue, e.o.Severities, s, results, cmp.Or(e.o.FailOn, checks.Error))}
}

// Again judges a binding once more, just before its calls: on the evidence of its
// verdict, at the clock of now, or on fresh evidence where that is older than
// maxAge. A freeze may have begun since, or a certificate ended. Bindings whose
// evidence is too old share what is collected for them until that is too old in
// turn: listing the account again for each would make a long run longer and longer.
// It is not for use by several goroutines at once.
func (e *Engine) Again(ctx context.Context, number int, v Verdict, maxAge time.Duration) (Verdict, error) {
	if _, err := e.policies(); err != nil {
		return Verdict{}, err
	}
	now := e.o.Clock().UTC()
	old := func(began time.Time) bool { return now.Sub(began) > maxAge || now.Before(began) } // a run begins before all its evidence
	if !old(v.Evidence.Run.Now) {
		s := checks.Subject{Binding: v.Binding, Evidence: v.Evidence}
		s.Evidence.Run.Now = now
		return e.assess(ctx, s), nil
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

// renewal is how evidence is collected again for a while, and when that began.
type renewal struct {
	run     evidence.Run
	observe observe
}

// inOrder computes a value for each binding, up to parallel at a time, and yields
// the values in the order of the bindings. At most twice as many are held.
func inOrder[T any](bindings iter.Seq2[int, binding.Binding], parallel int, compute func(int, binding.Binding) T, yield func(T) error) error {
	type job struct {
		number int
		b      binding.Binding
		place  chan T
	}
	queue, jobs := make(chan chan T, parallel), make(chan job)
	stop := make(chan struct{})
	for range parallel { // the stack of a worker stays as deep as a policy has needed it
		go func() {
			for j := range jobs {
				j.place <- compute(j.number, j.b)
			}
		}()
	}
	go func() {
		defer close(queue)
		defer close(jobs)
		for number, b := range bindings {
			place := make(chan T, 1)
			select {
			case jobs <- job{number, b, place}:
			case <-stop:
				return
			}
			select {
			case queue <- place:
			case <-stop:
				return
			}
		}
	}()
	for place := range queue {
		if err := yield(<-place); err != nil {
			close(stop)
			for range queue { // until the producer has seen it
			}
			return err
		}
	}
	return nil
}

// numbered counts the bindings of the manifest from 0.
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

// invisible yields, for each binding whose change of DNS is not visible yet, the
// first reason. numbers, sorted, says which bindings are asked about; nil: all.
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
	return inOrder(some, max(e.o.Concurrency, 1), func(number int, b binding.Binding) found {
		return found{number, b, waitsFor(list, checks.Run(ctx, list, e.o.Severities, checks.Subject{Binding: b, Evidence: observe(ctx, number, b)}))}
	}, func(f found) error {
		if f.why != "" {
			yield(f.number, f.b, f.why)
		}
		return nil
	})
}

// waitsFor returns the first reason to look again: a finding, or a check that
// cannot tell. Empty: there is none. A check that only advises passes with the
// findings that count here.
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
