package bind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/gateway/write"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
)

// errChanged tells that what a force would take away is no longer what was judged.
var errChanged = errors.New("the world changed since it was judged")

// call makes the permit's next call: the losers of a force are read again, the
// intent is on disk before anything is sent, and the outcome after it. A call
// of unknown outcome is settled by reading the state back before it is repeated.
func (b *Binder) call(ctx context.Context, j Job, call plan.Call, o *Outcome) (write.Reply, error) {
	send := b.writer.Next
	for {
		if err := b.unchanged(ctx, j, call); err != nil {
			return write.Reply{}, err
		}
		if err := b.record(j, journal.Intent, call, write.Reply{}, nil); err != nil {
			return write.Reply{}, fmt.Errorf("journalling the intent, so nothing was sent: %w", err)
		}
		reply, err := b.send(ctx, send, j.Permit)
		o.Sent = o.Sent || sent(err)
		if jerr := b.record(j, journal.Outcome, call, reply, err); jerr != nil {
			return reply, errors.Join(err, fmt.Errorf("journalling the outcome: %w", jerr))
		}
		if !errors.Is(err, write.ErrOutcomeUnknown) {
			return reply, err
		}
		stands, serr := b.settle(ctx, j, call)
		switch {
		case serr != nil:
			return reply, errors.Join(err, serr)
		case stands:
			j.Permit.Done()
			return reply, b.record(j, journal.Outcome, call, write.Reply{Action: call.Action}, nil)
		}
		send = b.writer.Again
	}
}

// sent reports whether a call that ended with err may have reached the gateway.
func sent(err error) bool {
	var answered *gateway.Error
	return err == nil || errors.Is(err, write.ErrOutcomeUnknown) ||
		errors.As(err, &answered) && answered.Kind != gateway.NotSent
}

// send gives one call its own time, whatever became of the run's.
func (b *Binder) send(ctx context.Context, send func(context.Context, gate.Permit) (write.Reply, error), p gate.Permit) (write.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, b.CallTime)
	defer cancel()
	return send(ctx, p)
}

// unchanged reads again what a force would take away and compares it with what
// was judged.
func (b *Binder) unchanged(ctx context.Context, j Job, call plan.Call) error {
	if !call.Forces() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.CallTime)
	defer cancel()
	now, err := b.Losers.Losers(ctx, j.Subject.Binding, j.Subject.Evidence.Group.Facts)
	if err != nil {
		return fmt.Errorf("reading again which groups the force would unbind, so nothing was sent: %w", err)
	}
	got, want := ids(now), ids(j.Plan.Takes)
	if !slices.Equal(got, want) {
		return fmt.Errorf("%w: the force would now unbind the domain from groups %q, judged were %q; nothing was forced; run lint again", errChanged, got, want)
	}
	return nil
}

func ids(holders []evidence.Holder) []string {
	out := []string{}
	for _, h := range holders {
		if h.Conflicts {
			out = append(out, h.GroupID+" "+h.Domain.DomainName)
		}
	}
	slices.Sort(out)
	return out
}

// settle reads the state until it shows the effect of a call whose outcome is
// unknown, or the deadline says that it did not take effect.
func (b *Binder) settle(ctx context.Context, j Job, call plan.Call) (bool, error) {
	stands := false
	err := b.poll(ctx, b.Deadline/4, func(ctx context.Context) (bool, error) {
		g, err := b.state(ctx, j)
		if err != nil {
			return false, err
		}
		stands = plan.Shows(call, j.Subject.Binding.DomainName, g)
		return stands, nil
	})
	return stands, err
}

// record journals one call.
func (b *Binder) record(j Job, kind journal.Kind, call plan.Call, reply write.Reply, err error) error {
	e := journal.Entry{Kind: kind, Permit: j.Permit.ID(), DomainName: j.Subject.Binding.DomainName,
		GroupID: j.Subject.Binding.GroupID, RegionID: j.Subject.Binding.RegionID, Call: &call}
	if kind == journal.Outcome {
		e.Status, e.RequestID, e.Code = "done", reply.RequestID, reply.Code
		switch {
		case errors.Is(err, write.ErrOutcomeUnknown):
			e.Status, e.Message = "unknown", err.Error()
		case err != nil:
			e.Status, e.Message = "failed", err.Error()
		}
	}
	return b.Journal.Append(e)
}

// poll asks until ask says that it is done or the time is up. The last error of
// ask is the error only if no ask succeeded.
func (b *Binder) poll(ctx context.Context, within time.Duration, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(b.Interval)
	defer tick.Stop()
	var answered bool
	var last error
	for {
		done, err := ask(ctx)
		answered = answered || err == nil
		if done {
			return nil
		}
		if err != nil && !answered {
			last = err
		}
		select {
		case <-ctx.Done():
			if answered {
				return nil
			}
			return last
		case <-tick.C:
		}
	}
}
