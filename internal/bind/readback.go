package bind

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/internal/plan"
)

// readBack polls until the gateway shows the requested binding in effect, with its stage,
// type, redirect and certificate. The outcome is incomplete if the gateway does not show it
// in time, and unknown if the state cannot be read.
func (r *redemption) readBack(ctx context.Context) Outcome {
	var gap plan.Gap
	inEffect, err := r.poll(ctx, r.Deadline, func(ctx context.Context) (bool, error) {
		state, err := r.Reader.State(ctx, r.subject.Binding, false)
		if err != nil {
			return false, err
		}
		gap = r.platform.Compare(r.subject, state)
		lost := r.lost(state)
		gap.Differences = append(gap.Differences, lost...)
		return gap.InEffect && len(lost) == 0, nil
	})
	o := r.outcome
	switch {
	case err != nil:
		o.Status = Unknown
		o.Message = fmt.Sprintf("every call was accepted, but the state could not be read back: %v; run lint to see what is in effect", err)
	case !inEffect:
		o.Status = Incomplete
		after := "after " + r.Deadline.String()
		if r.run.Err() != nil {
			after = "when the run was interrupted"
		}
		o.Message = fmt.Sprintf("every call was accepted, but %s %s", after, strings.Join(gap.Differences, "; "))
	default:
		o.Status, o.Message = Bound, gap.NotShown
	}
	return o
}

// lost describes the settings that the calls should have kept and the state no longer shows.
func (r *redemption) lost(state plan.State) (words []string) {
	for _, c := range r.plan.Calls {
		for _, w := range r.platform.Lost(c, r.subject, state) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// poll calls ask until it returns true or the time is up. It returns the error of the last
// call of ask that the end of the time did not interrupt: an older one may be
// outdated.
func (r *redemption) poll(ctx context.Context, within time.Duration, ask func(context.Context) (bool, error)) (bool, error) {
	ctx, cancel := r.step(ctx, within)
	defer cancel()
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	for last, first := error(nil), true; ; first = false {
		yes, err := ask(ctx)
		if yes {
			return true, nil
		}
		if first || err == nil || ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			return false, last
		case <-tick.C:
		}
	}
}
