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
	ErrNotLive = errors.New("no permit: the evidence was not observed in this run on the live clock")
	ErrGiven   = errors.New("no permit: this decision has given its permit already")
)

// leave is what an allowed decision holds: the subject that was judged, and
// whether its one permit was given.
type leave struct {
	subject checks.Subject
	given   atomic.Bool
}

// Permit turns an allowed decision into a permit for the calls that follow from
// the very subject that was judged, once. Any other decision gives none, and
// neither does one that rests on replayed evidence.
func (d Decision) Permit() (Permit, error) {
	if d.Status != Allowed || d.leave == nil {
		return Permit{}, ErrNoPermit
	}
	if !d.leave.subject.Evidence.Run.Live {
		return Permit{}, ErrNotLive
	}
	p, err := plan.For(d.leave.subject)
	if err != nil {
		return Permit{}, err
	}
	if !d.leave.given.CompareAndSwap(false, true) {
		return Permit{}, ErrGiven
	}
	return newPermit(rand.Text(), d.leave.subject, p), nil
}
