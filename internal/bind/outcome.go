package bind

import (
	"github.com/bindgate/bindgate/checks/evidence"
)

// Status of an outcome, in the words of the report. The zero value is not-attempted.
type Status string

// The outcomes.
const (
	Bound        Status = "bound"         // every call was made and the gateway shows the requested binding
	Unchanged    Status = "unchanged"     // the binding was already in effect; nothing was sent
	Incomplete   Status = "incomplete"    // bound, but certificate or effect is missing
	Failed       Status = "failed"        // a call was refused
	Unknown      Status = "unknown"       // it is not known whether a call took effect
	NotAttempted Status = "not-attempted" // nothing was sent
)

// Outcome is what became of one binding.
type Outcome struct {
	Status      Status
	RequestID   string // of the last call that was answered
	Code        string // of a refusal
	Message     string // the problem and the next step
	Before      *evidence.Domain
	Restore     []string // commands that restore the previous state; empty when nothing was sent
	Changed     bool     // the world is no longer the one that was judged
	Interrupted bool     // the run was interrupted before a call for this binding, or before one could be made again
	Stopped     bool     // a later call of the sequence failed after an earlier one took effect
	Sent        bool     // at least one call may have reached the gateway
}

// stops reports whether later bindings of the run must not be attempted.
func (o Outcome) stops() bool {
	return o.Status == Failed || o.Status == Unknown || o.Changed || o.Stopped
}
