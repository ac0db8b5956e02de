package gate

import (
	"errors"
	"slices"
	"sync"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
)

// Refusals of a permit.
var (
	ErrNoPermit       = errors.New("no permit: only an allowed decision makes one")
	ErrRedeemed       = errors.New("permit already redeemed: each of its calls is given once")
	ErrOutcomePending = errors.New("permit is waiting: the outcome of its last call is not settled")
	ErrNotUnknown     = errors.New("permit does not repeat: the outcome of its last call is known")
)

// Permit authorises one fixed sequence of calls, once and in order. Only
// an allowed decision makes one; the zero permit gives nothing. Copies share
// one state, so a copy is not a second permit. It carries what was judged and
// what follows from it, so that neither can be mistaken for another binding's.
type Permit struct{ seq *sequence }

type sequence struct {
	id      string
	subject checks.Subject
	plan    plan.Plan

	mu     sync.Mutex
	next   int // index of the call that is given next
	state  callState
	repeat int // how often that call was given again
}

type callState int

const (
	settled callState = iota // nothing is under way
	taken                    // given to the writer, outcome not reported
	unknown                  // the writer could not tell the outcome
	spent                    // a call failed: the rest is never given
)

// maxRepeats bounds how often one call of unknown outcome may be made again.
const maxRepeats = 3

func newPermit(id string, s checks.Subject, p plan.Plan) Permit {
	return Permit{seq: &sequence{id: id, subject: s, plan: frozen(p)}}
}

// frozen is a copy of a plan that shares nothing with it.
func frozen(p plan.Plan) plan.Plan {
	p.Calls, p.Displaces, p.Restore = slices.Clone(p.Calls), slices.Clone(p.Displaces), slices.Clone(p.Restore)
	for i, c := range p.Calls {
		p.Calls[i] = c.Clone()
	}
	if p.Before != nil {
		before := *p.Before
		p.Before = &before
	}
	return p
}

// ID names the permit in the journal; empty for the zero permit.
func (p Permit) ID() string {
	if p.seq == nil {
		return ""
	}
	return p.seq.id
}

// Subject is the binding and the evidence that were judged; empty for the zero
// permit.
func (p Permit) Subject() checks.Subject {
	if p.seq == nil {
		return checks.Subject{}
	}
	return p.seq.subject
}

// Plan returns a copy of what the permit authorises; empty for the zero permit.
func (p Permit) Plan() plan.Plan {
	if p.seq == nil {
		return plan.Plan{}
	}
	return frozen(p.seq.plan)
}

// Peek is the call that Take, or after Unknown Again, would give, for the
// journal's intent, and its index in the plan. False: neither gives any more.
func (p Permit) Peek() (c plan.Call, index int, more bool) {
	if p.seq == nil {
		return plan.Call{}, 0, false
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	if p.seq.over() || p.seq.state == unknown && p.seq.repeat >= maxRepeats {
		return plan.Call{}, 0, false
	}
	return p.seq.call(), p.seq.next, true
}

// over wants the lock held, and so does call.
func (s *sequence) over() bool { return s.state == spent || s.next >= len(s.plan.Calls) }

func (s *sequence) call() plan.Call { return s.plan.Calls[s.next].Clone() }

// Take gives the next call, once. Its outcome must be settled with Done, Failed
// or Unknown before the permit gives anything more.
func (p Permit) Take() (plan.Call, error) {
	if p.seq == nil {
		return plan.Call{}, ErrNoPermit
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	switch {
	case p.seq.state == taken || p.seq.state == unknown:
		return plan.Call{}, ErrOutcomePending
	case p.seq.over():
		return plan.Call{}, ErrRedeemed
	}
	p.seq.state, p.seq.repeat = taken, 0
	return p.seq.call(), nil
}

// Again gives the last call once more, only after Unknown: the reader has seen
// that it did not take effect. It is bounded.
func (p Permit) Again() (plan.Call, error) {
	if p.seq == nil {
		return plan.Call{}, ErrNoPermit
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	if p.seq.state != unknown {
		return plan.Call{}, ErrNotUnknown
	}
	if p.seq.repeat >= maxRepeats {
		return plan.Call{}, ErrRedeemed
	}
	p.seq.state = taken
	p.seq.repeat++
	return p.seq.call(), nil
}

// Done settles the call that was taken, or one whose outcome was unknown and
// turned out to stand.
func (p Permit) Done() { p.settle(settled, 1) }

// Unknown records that it is not known yet whether the call took effect.
func (p Permit) Unknown() { p.settle(unknown, 0) }

// Failed settles that the call was refused; the rest of the permit is spent.
func (p Permit) Failed() { p.settle(spent, 0) }

func (p Permit) settle(to callState, advance int) {
	if p.seq == nil {
		return
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	if p.seq.state != taken && p.seq.state != unknown {
		return
	}
	p.seq.state = to
	p.seq.next += advance
}
