package bind

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/write"
)

// call makes the permit's next call. It first reads again the caller's identity, the
// displaced groups of a force and the settings that an update keeps, and fails if the plan
// or an approval has expired. It writes the intent
// to disk before the call and the outcome after it. After an unknown outcome it
// reads the state back before it repeats the call.
func (r *redemption) call(ctx context.Context) error {
	var doubt error // of the previous attempt, whose effect the state does not show
	next := r.writer.Next
	for {
		c, index, more := r.permit.Peek()
		switch {
		case !more && doubt != nil:
			return fmt.Errorf("%w; it was tried as often as the permit allows, and the state does not show its effect", doubt)
		case !more || index != r.done:
			return then(doubt, fmt.Errorf("making call %d: %w", r.done+1, gate.ErrRedeemed))
		}
		if c.Filled != "" && c.Params[c.Filled] == "" {
			if err := r.fill(ctx); err != nil {
				return err
			}
			continue
		}
		err := r.identityUnchanged(ctx)
		if err == nil {
			err = r.displacedUnchanged(ctx, c)
		}
		if err == nil {
			err = r.keptUnchanged(ctx)
		}
		if err == nil {
			err = r.approvalsUnchanged()
		}
		if r.run.Err() != nil && (r.done == 0 || doubt != nil) {
			err = errInterrupted
		}
		if err != nil {
			return then(doubt, err)
		}
		if err := r.record(journal.Intent, c, write.Reply{}, nil); err != nil {
			return then(doubt, fmt.Errorf("journalling the intent, so it was not sent: %w", err))
		}
		reply, err := r.send(ctx, next)
		if jerr := r.record(journal.Outcome, c, reply, err); jerr != nil {
			return then(err, fmt.Errorf("journalling the outcome: %w", jerr))
		}
		if !errors.Is(err, write.ErrOutcomeUnknown) {
			return err
		}
		if inEffect, serr := r.confirm(ctx, c, err); inEffect || serr != nil {
			return serr
		}
		r.doubted = true
		if late := putOff(err); late != nil {
			return then(doubt, r.giveUp(c, reply, late))
		}
		doubt, next = err, r.writer.Again
	}
}

// fill reads the certificate store until it shows the certificate that the last call
// uploaded, and gives the permit its identifier.
func (r *redemption) fill(ctx context.Context) error {
	if r.done == 0 {
		return gate.ErrNotFilled
	}
	upload := r.plan.Calls[r.done-1]
	var got evidence.StoredCertificate
	shown, err := r.poll(ctx, r.Deadline, func(ctx context.Context) (found bool, err error) {
		state, err := r.Reader.State(ctx, r.subject.Binding, true)
		if err != nil {
			return false, err
		}
		got, found = r.platform.Uploaded(upload, state)
		return found, nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("reading back the identifier of the uploaded certificate: %w; the domain was not changed", err)
	case !shown:
		return fmt.Errorf("reading back the identifier of the uploaded certificate: the certificate store does not show it after %s; the domain was not changed, run apply again", r.Deadline)
	}
	if err := r.permit.Fill(got.CertIdentifier, got.Serial, got.SHA256); err != nil {
		return fmt.Errorf("filling in the identifier of the uploaded certificate: %w", err)
	}
	return nil
}

// putOff returns the gateway's last answer to a call that it deferred until the time
// was up or until it refused an attempt. It returns nil for any other unknown outcome.
func putOff(err error) error {
	var answered *api.Error
	if errors.As(err, &answered) && (answered.Kind == api.Busy || answered.MayHaveTakenEffect) {
		return answered
	}
	return nil
}

// giveUp records that a deferred call has failed: the state was
// read back and does not show its effect.
func (r *redemption) giveUp(c plan.Call, reply write.Reply, err error) error {
	r.permit.Failed()
	reply.Attempts = 0 // reported in the previous outcome
	if jerr := r.record(journal.Outcome, c, reply, err); jerr != nil {
		return then(err, fmt.Errorf("journalling the outcome: %w", jerr))
	}
	return err
}

// send makes one call with its own time-out, and keeps the answer's metadata. An interrupt
// shortens the time of a first call only, so that a sequence is completed.
func (r *redemption) send(ctx context.Context, next func(context.Context, gate.Permit) (write.Reply, error)) (write.Reply, error) {
	bounded := r.step
	if r.done > 0 {
		bounded = context.WithTimeout
	}
	ctx, cancel := bounded(ctx, r.CallTime)
	defer cancel()
	reply, err := next(ctx, r.permit)
	if err == nil {
		r.done++
	}
	o := &r.outcome
	o.Sent = o.Sent || sent(err)
	o.RequestID, o.Code = cmp.Or(reply.RequestID, o.RequestID), reply.Code
	return reply, err
}

// notSent reports whether a call did not reach the gateway.
func notSent(err error) bool {
	var answered *api.Error
	return errors.As(err, &answered) && answered.Kind == api.NotSent
}

// sent reports whether a call that ended with err may have reached the gateway.
func sent(err error) bool {
	var answered *api.Error
	return err == nil || errors.Is(err, write.ErrOutcomeUnknown) || errors.As(err, &answered) && !notSent(err)
}

// confirm reads the state until it shows the effect of a call with an unknown outcome,
// or until a quarter of the deadline has passed: then the call did not take effect.
// A state that was there before the call shows no effect. If the state cannot be
// read, confirm returns doubt, and the outcome stays unknown.
func (r *redemption) confirm(ctx context.Context, c plan.Call, doubt error) (inEffect bool, err error) {
	before := r.done == 0 && r.platform.Shows(c, r.subject, plan.StateOf(r.subject))
	inEffect, err = r.poll(ctx, r.Deadline/4, func(ctx context.Context) (bool, error) {
		state, err := r.Reader.State(ctx, r.subject.Binding, false)
		return err == nil && !before && r.platform.Shows(c, r.subject, state), err
	})
	if err != nil {
		return false, then(doubt, fmt.Errorf("reading back whether it took effect: %w", err))
	}
	if !inEffect {
		return false, nil
	}
	r.permit.Done()
	r.done++
	r.outcome.Code = "" // it contradicts the state
	if err := r.record(journal.Outcome, c, write.Reply{Action: c.Action}, nil); err != nil {
		return true, fmt.Errorf("journalling the outcome: %w", err)
	}
	return true, nil
}

// record journals one call.
func (r *redemption) record(kind journal.Kind, c plan.Call, reply write.Reply, err error) error {
	b := r.subject.Binding
	e := journal.Entry{Kind: kind, Permit: r.permit.ID(), DomainName: b.DomainName,
		GroupID: b.GroupID, GatewayID: b.GatewayID, RegionID: b.RegionID, Call: &c}
	if kind == journal.Outcome {
		e.Status, e.Attempts, e.RequestID, e.Code = "done", reply.Attempts, reply.RequestID, reply.Code
		switch {
		case errors.Is(err, write.ErrOutcomeUnknown):
			e.Status, e.Message = "unknown", err.Error()
		case err != nil:
			e.Status, e.Message = "failed", err.Error()
		}
	}
	return r.Journal.Append(e)
}

// then joins two errors in the order of their occurrence; first may be nil.
func then(first, second error) error {
	if first == nil {
		return second
	}
	return fmt.Errorf("%w; then %w", first, second)
}
