package bind

import (
	"context"
	"errors"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform"
	"github.com/bindgate/bindgate/internal/platform/write"
)

// redemption is one permit on its way.
type redemption struct {
	*Binder
	permit   gate.Permit
	subject  checks.Subject
	plan     plan.Plan
	platform platform.Platform // of the binding
	run      context.Context   // of the run; its end is an interrupt
	done     int               // calls that took effect
	doubted  bool              // a try got no clear answer, and reading back did not show its effect
	outcome  Outcome
}

// errInterrupted reports that an interrupt prevented a call or its repetition.
var errInterrupted = errors.New("the run was interrupted, so nothing more was sent")

// step gives one step its time, and once the run is interrupted no more than the
// grace: whoever interrupts waits for the end.
func (r *redemption) step(ctx context.Context, within time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, within)
	stop := context.AfterFunc(r.run, func() {
		select {
		case <-time.After(r.Grace):
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, func() { stop(); cancel() }
}

// redeem makes the calls in order and reads back. A certificate or key that could
// not be sent later stops the sequence before its first call.
func (r *redemption) redeem(ctx context.Context) Outcome {
	if err := r.writer.Ready(r.permit); err != nil {
		return r.stop(err)
	}
	for range r.plan.Calls {
		if err := r.call(ctx); err != nil {
			return r.stop(err)
		}
	}
	r.outcome.Restore = r.plan.Restore
	return r.readBack(ctx)
}

// stop says how a sequence ended that did not come to its end. What took effect,
// or may have, comes with the commands that take it back.
func (r *redemption) stop(err error) Outcome {
	o := r.outcome
	o.Message = err.Error()
	interrupted := errors.Is(err, errInterrupted) || r.run.Err() != nil && notSent(err)
	unknown := errors.Is(err, write.ErrOutcomeUnknown)
	o.Changed = !unknown && (errors.Is(err, errChanged) || errors.Is(err, write.ErrChanged))
	switch {
	case unknown:
		o.Status = Unknown
	case r.done > 0:
		o.Status, o.Stopped = Incomplete, true
	case (o.Changed || interrupted) && !o.Sent:
		o.Status = NotAttempted
	default:
		o.Status = Failed
	}
	if o.Status == Failed && r.doubted {
		o.Message += "; a try got no clear answer and could still take effect late: look with `bindgate lint`, the commands take it back"
	}
	o.Interrupted = interrupted && !o.Changed
	if unknown || r.done > 0 || r.doubted {
		o.Restore = r.plan.Restore
	}
	return o
}
