package gate

import (
	"crypto/rand"
	"errors"
	"sync/atomic"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
)

// Errors of Decision.Permit.
var (
	ErrNotLive        = errors.New("no permit: the evidence was not observed in this run on the live clock")
	ErrAlreadyGranted = errors.New("no permit: the permit of this decision was already issued")
)

// grant belongs to an allowed decision: the judged subject, its plan, and whether
// Permit was already called.
type grant struct {
	subject checks.Subject
	plan    plan.Plan
	planErr error
	issued  atomic.Bool // Permit returned the permit
}

// Permit returns a permit for the planned calls of the judged subject. It fails if it
// already returned one, if the decision is not Allowed, if the evidence was replayed, or
// if there is no plan.
func (d Decision) Permit() (Permit, error) {
	switch {
	case d.Status != Allowed || d.grant == nil:
		return Permit{}, ErrNoPermit
	case !d.grant.subject.Evidence.Run.Live:
		return Permit{}, ErrNotLive
	case d.grant.planErr != nil:
		return Permit{}, d.grant.planErr
	case !d.grant.issued.CompareAndSwap(false, true):
		return Permit{}, ErrAlreadyGranted
	}
	return newPermit(rand.Text(), d.grant.subject, d.grant.plan), nil
}
