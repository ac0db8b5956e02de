// Package bind redeems permits: for each call it journals the intent, makes the
// call, and journals the outcome; after the last call it reads the state back
// until the gateway shows the wish. It is the only importer of the writer.
package bind

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/gateway/write"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
)

// Job is one allowed binding: what was judged, what follows, and the leave for it.
type Job struct {
	Subject checks.Subject
	Plan    plan.Plan
	Permit  gate.Permit
}

// Reader reads the gateway's state afresh, from no cache.
type Reader interface {
	GroupNow(ctx context.Context, region, groupID string) (evidence.Group, error)
	ServedNow(ctx context.Context, region, groupID, domain string) (evidence.Served, error)
}

// Losers lists afresh the groups that a force would take the domain from.
type Losers interface {
	Losers(ctx context.Context, b binding.Binding, g evidence.Group) ([]evidence.Holder, error)
}

// Materials reads the certificate and key of a binding again.
type Materials interface {
	Material(binding.Binding) (certificate.Material, error)
}

// Journal records intents and outcomes, each on disk before it returns.
type Journal interface{ Append(journal.Entry) error }

// Config is what a Binder works with.
type Config struct {
	Transport *gateway.Transport
	Materials Materials
	Reader    Reader
	Losers    Losers
	Journal   Journal
	Deadline  time.Duration // for the read back of one binding, and for settling an unknown outcome
	Interval  time.Duration // between two reads
	CallTime  time.Duration // for one call, its retries included
}

// Binder makes the calls of allowed bindings.
type Binder struct {
	Config
	writer *write.Writer
}

// New makes a binder, and with it the one writer of the run.
func New(c Config) *Binder {
	return &Binder{Config: c, writer: write.New(c.Transport, func(b binding.Binding) (write.Material, error) {
		m, err := c.Materials.Material(b)
		return write.Material(m), err
	})}
}

// All redeems the jobs in their order. The first call that fails or whose
// outcome is unknown stops the rest; a cancelled context stops before the next
// binding, never inside one, so that no domain is left without its certificate.
func (b *Binder) All(ctx context.Context, jobs []Job) []Outcome {
	outcomes := make([]Outcome, 0, len(jobs))
	var stopped string
	for _, j := range jobs {
		if stopped != "" && len(j.Plan.Calls) > 0 {
			outcomes = append(outcomes, Outcome{Status: NotAttempted, Message: stopped, Before: j.Plan.Before})
			continue
		}
		o := b.One(ctx, j)
		if o.stops() {
			stopped = fmt.Sprintf("not attempted: the binding of %q before it ended %s", j.Subject.Binding.DomainName, o.Status)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// One redeems one job. Once it has begun it goes on to the end of the sequence
// even when ctx is cancelled: half a sequence is the worst place to stop.
func (b *Binder) One(ctx context.Context, j Job) Outcome {
	o := Outcome{Status: NotAttempted, Before: j.Plan.Before}
	if len(j.Plan.Calls) == 0 {
		o.Status = Unchanged
		return o
	}
	if ctx.Err() != nil {
		o.Message, o.Interrupted = "interrupted before any call for this binding", true
		return o
	}
	ctx = context.WithoutCancel(ctx)
	for n := 0; ; n++ {
		call, more := j.Permit.Peek()
		if !more {
			if n != len(j.Plan.Calls) {
				return o.end(n, fmt.Errorf("making the calls: %w", gate.ErrRedeemed))
			}
			break
		}
		reply, err := b.call(ctx, j, call, &o)
		o.RequestID, o.Code = orElse(reply.RequestID, o.RequestID), reply.Code
		if err != nil {
			return o.end(n, err)
		}
		o.Restore = j.Plan.Restore
	}
	return b.readBack(ctx, j, o)
}

// end says how a sequence ended at call n (from 0) with err.
func (o Outcome) end(n int, err error) Outcome {
	o.Message = err.Error()
	switch {
	case errors.Is(err, write.ErrOutcomeUnknown):
		o.Status = Unknown
	case errors.Is(err, errChanged), errors.Is(err, write.ErrChanged):
		o.Changed = true
		o.Status = Failed
	default:
		o.Status = Failed
	}
	switch {
	case n > 0 && o.Status == Failed:
		o.Status, o.Stopped = Incomplete, true
	case n == 0 && o.Changed:
		o.Status = NotAttempted
	}
	return o
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
