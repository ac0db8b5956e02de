package gate

import (
	"errors"
	"sync"

	"github.com/bindgate/bindgate/internal/plan"
)

// Refusals of a permit.
var (
	ErrNoPermit   = errors.New("no permit: only an allowed decision makes one")
	ErrRedeemed   = errors.New("permit already redeemed: each of its calls is given once")
	ErrUnsettled  = errors.New("permit is waiting: the outcome of its last call is not settled")
	ErrNotUnknown = errors.New("permit does not repeat: the outcome of its last call is known")
)

// Permit is leave to make one frozen sequence of calls, once and in order. Only
// an allowed decision makes one; the zero permit gives nothing. Copies share
// one state, so a copy is not a second permit.
type Permit struct{ seq *sequence }

type sequence struct {
	mu     sync.Mutex
	id     string
	calls  []plan.Call
	next   int
	state  callState
	repeat int
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

func newPermit(id string, calls []plan.Call) Permit {
	seq := &sequence{id: id, calls: make([]plan.Call, len(calls))}
	for i, c := range calls {
		seq.calls[i] = c.Clone()
	}
	return Permit{seq: seq}
}

// ID names the permit in the journal; empty for the zero permit.
func (p Permit) ID() string {
	if p.seq == nil {
		return ""
	}
	return p.seq.id
}

// Peek is the call that Take would give, for the journal's intent.
func (p Permit) Peek() (plan.Call, bool) {
	if p.seq == nil {
		return plan.Call{}, false
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	if p.seq.next >= len(p.seq.calls) || p.seq.state == spent {
		return plan.Call{}, false
	}
	return p.seq.calls[p.seq.next].Clone(), true
}

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
		return plan.Call{}, ErrUnsettled
	case p.seq.state == spent || p.seq.next >= len(p.seq.calls):
		return plan.Call{}, ErrRedeemed
	}
	p.seq.state, p.seq.repeat = taken, 0
	return p.seq.calls[p.seq.next].Clone(), nil
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
	return p.seq.calls[p.seq.next].Clone(), nil
}

// Done settles the call that was taken, or one whose outcome was unknown and
// turned out to stand.
func (p Permit) Done() { p.settle(settled, 1) }

// Unknown settles that nobody can tell yet whether the call took effect.
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
