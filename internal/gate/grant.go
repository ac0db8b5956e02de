package gate

import (
	"crypto/rand"
	"errors"
	"sync/atomic"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
)

// Refusals to make a permit.
var (
	ErrNotLive        = errors.New("no permit: the evidence was not observed in this run on the live clock")
	ErrAlreadyGranted = errors.New("no permit: this decision has given its permit already")
)

// grant is what an allowed decision holds: the subject that was judged, the plan
// that follows from it, and whether its one permit was given.
type grant struct {
	subject checks.Subject
	plan    plan.Plan
	planErr error
	given   atomic.Bool
}

// Permit turns an allowed decision into a permit for the calls that follow from
// the very subject that was judged, once. Any other decision gives none, and
// neither does one that rests on replayed evidence or has no plan.
func (d Decision) Permit() (Permit, error) {
	switch {
	case d.Status != Allowed || d.grant == nil:
		return Permit{}, ErrNoPermit
	case !d.grant.subject.Evidence.Run.Live:
		return Permit{}, ErrNotLive
	case d.grant.planErr != nil:
		return Permit{}, d.grant.planErr
	case !d.grant.given.CompareAndSwap(false, true):
		return Permit{}, ErrAlreadyGranted
	}
	return newPermit(rand.Text(), d.grant.subject, d.grant.plan), nil
}
