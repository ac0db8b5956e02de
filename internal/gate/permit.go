package gate

import (
	"errors"
	"slices"
	"sync"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/plan"
)

// Errors of a permit's methods.
var (
	ErrNoPermit       = errors.New("no permit: only an allowed decision makes one")
	ErrRedeemed       = errors.New("permit already used: it returns each of its calls once")
	ErrOutcomePending = errors.New("permit is blocked: the outcome of its last call was not reported")
	ErrNotFilled      = errors.New("permit is blocked: the identifier of the uploaded certificate was not filled in")
	ErrNotTheUpload   = errors.New("the certificate that was read back is not the one that the permit uploads")
	ErrNotUnknown     = errors.New("permit allows no repeat: the outcome of its last call is known")
)

// Permit authorises one fixed sequence of calls, once and in order. Only
// an allowed decision creates one; the zero Permit allows no call. Copies share
// one state, so a copy is not a second permit. A Permit contains the judged subject and
// its plan, so that they cannot be confused with those of another binding.
type Permit struct{ seq *sequence }

type sequence struct {
	id      string
	subject checks.Subject
	plan    plan.Plan

	mu     sync.Mutex
	next   int // index of the next call
	state  callState
	repeat int // how often that call was repeated
}

type callState int

const (
	settled callState = iota // no call is pending
	taken                    // the caller took it and has not reported the outcome
	unknown                  // the caller reported that the outcome is unknown
	spent                    // a call failed: no further call is allowed
)

// maxRepeats limits the repeats of one call whose outcome is unknown.
const maxRepeats = 3

func newPermit(id string, s checks.Subject, p plan.Plan) Permit {
	return Permit{seq: &sequence{id: id, subject: s, plan: frozen(p)}}
}

// frozen returns a deep copy of a plan.
func frozen(p plan.Plan) plan.Plan {
	p.Calls, p.Displaces, p.Restore = slices.Clone(p.Calls), slices.Clone(p.Displaces), slices.Clone(p.Restore)
	for i, c := range p.Calls {
		p.Calls[i] = c.Clone()
	}
	if p.Before != nil {
		before := *p.Before
		p.Before = &before
	}
	if p.Record != nil {
		record := *p.Record
		p.Record = &record
	}
	return p
}

// ID returns the id of the permit in the journal; empty for the zero permit.
func (p Permit) ID() string {
	if p.seq == nil {
		return ""
	}
	return p.seq.id
}

// Subject returns the binding and the evidence that were judged; empty for the zero
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

// Peek returns the call that Take (after Unknown: Again) would return, and its
// index in the plan, so that the intent can be journalled first. more is false if no call is left.
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

// over reports whether no call is left. The caller of over and of call must hold the lock.
func (s *sequence) over() bool { return s.state == spent || s.next >= len(s.plan.Calls) }

func (s *sequence) call() plan.Call { return s.plan.Calls[s.next].Clone() }

// Fill gives the call after an upload the identifier of the uploaded certificate, the one
// value that the permit does not contain. It fails unless the upload is the call that
// took effect last, and serial number and digest that were read back for the identifier
// are those of the certificate that was judged.
func (p Permit) Fill(identifier, serial, sha256 string) error {
	if p.seq == nil {
		return ErrNoPermit
	}
	p.seq.mu.Lock()
	defer p.seq.mu.Unlock()
	if p.seq.state != settled || p.seq.over() || p.seq.next == 0 {
		return ErrOutcomePending
	}
	uploaded, c := p.seq.plan.Calls[p.seq.next-1], &p.seq.plan.Calls[p.seq.next]
	switch {
	case !uploaded.Uploads() || c.Filled == "" || c.Params[c.Filled] != "":
		return ErrRedeemed
	case identifier == "" || serial != uploaded.Material.Serial || sha256 != uploaded.Material.SHA256:
		return ErrNotTheUpload
	}
	c.Params[c.Filled] = identifier
	return nil
}

// Take returns the next call, once. The caller must report its outcome with Done, Failed
// or Unknown before it can take another.
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
	case p.seq.call().Filled != "" && p.seq.call().Params[p.seq.call().Filled] == "":
		return plan.Call{}, ErrNotFilled
	}
	p.seq.state, p.seq.repeat = taken, 0
	return p.seq.call(), nil
}

// Again returns the last call once more. It is allowed only after Unknown, at most maxRepeats
// times. The caller must first read the state back and find that the call had no effect.
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

// Done reports that the pending call took effect, also after Unknown if the state
// read back shows it.
func (p Permit) Done() { p.settle(settled, 1) }

// Unknown reports that the outcome of the pending call is unknown.
func (p Permit) Unknown() { p.settle(unknown, 0) }

// Failed reports that the gateway refused the pending call; the permit allows no further call.
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
