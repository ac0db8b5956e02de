// Package bind redeems permits: for each call it journals the intent, makes the
// call, and journals the outcome; after the last call it reads the state back
// until the gateway shows the requested binding. It is the only importer of the writer.
package bind

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/write"
)

// Reader reads the state of a binding's target and domain afresh, from no cache.
type Reader interface {
	// State returns what the platform of the binding shows, with the certificate in
	// effect if it may be the binding's, or if certificate asks for it.
	State(ctx context.Context, b binding.Binding, certificate bool) (plan.State, error)
}

// DisplacedReader lists again the groups that a force would displace.
type DisplacedReader interface {
	DisplacedGroups(ctx context.Context, b binding.Binding, g evidence.Group) ([]evidence.BoundGroup, error)
}

// Materials reads the certificate and key of a binding again.
type Materials interface {
	Material(binding.Binding) (certificate.Material, error)
}

// Journal records intents and outcomes, each on disk before it returns.
type Journal interface{ Append(journal.Entry) error }

// Config is what a Binder works with.
type Config struct {
	Transport *api.Transport
	Materials Materials
	Reader    Reader
	Displaced DisplacedReader
	Journal   Journal
	Now       func() time.Time // for the ends of approvals
	Deadline  time.Duration    // for the read back of one binding, a quarter of it for settling one unknown outcome; 0: 30 s
	Interval  time.Duration    // between two reads; 0: 500 ms
	CallTime  time.Duration    // for one call, its retries included, and for reading the displaced groups of a force; 0: 30 s
	Grace     time.Duration    // once the run is interrupted: for the step that is under way, and for what must be read after it; 0: 5 s
}

// Binder makes the calls of allowed bindings.
type Binder struct {
	Config
	writer *write.Writer
}

// New makes a binder, and with it the one writer of the run.
func New(c Config) *Binder {
	c.Deadline = cmp.Or(c.Deadline, 30*time.Second)
	c.Interval = cmp.Or(c.Interval, 500*time.Millisecond)
	c.CallTime = cmp.Or(c.CallTime, 30*time.Second)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	return &Binder{Config: c, writer: write.New(c.Transport, func(b binding.Binding) (write.Material, error) {
		m, err := c.Materials.Material(b)
		return write.Material(m), err
	})}
}

// Sequence returns a function that redeems one permit after another. The first
// call that fails or whose outcome is unknown stops the rest; a cancelled context
// stops before the next binding, never inside one, so that no domain is left
// without its certificate.
func (b *Binder) Sequence() func(context.Context, gate.Permit) Outcome {
	var stopped string
	return func(ctx context.Context, p gate.Permit) Outcome {
		if plan := p.Plan(); stopped != "" && len(plan.Calls) > 0 {
			return Outcome{Status: NotAttempted, Message: stopped, Before: plan.Before}
		}
		o := b.One(ctx, p)
		if o.stops() {
			stopped = fmt.Sprintf("not attempted: the binding of %q, earlier in the run, has the outcome %s", p.Subject().Binding.DomainName, o.Status)
		}
		return o
	}
}

// One redeems one permit. Once a call took effect it goes on to the end of the
// sequence even when ctx is cancelled: half a sequence is the worst place to stop.
// But it then begins no sequence and repeats no call whose outcome is unknown.
func (b *Binder) One(ctx context.Context, p gate.Permit) Outcome {
	r := redemption{Binder: b, permit: p, subject: p.Subject(), plan: p.Plan(), platform: platform.Of(p.Subject().Binding), run: ctx}
	r.outcome = Outcome{Status: NotAttempted, Before: r.plan.Before}
	switch {
	case r.permit.ID() == "":
		r.outcome.Status, r.outcome.Message = Failed, gate.ErrNoPermit.Error()
		return r.outcome
	case len(r.plan.Calls) == 0:
		r.outcome.Status = Unchanged
		return r.outcome
	case ctx.Err() != nil:
		r.outcome.Message, r.outcome.Interrupted = "interrupted before any call for this binding", true
		return r.outcome
	}
	return r.redeem(context.WithoutCancel(ctx))
}
