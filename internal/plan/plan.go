package plan

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Plan contains the calls for one binding and their effects.
type Plan struct {
	Calls     []Call                `json:"calls"`               // empty: the binding is already in effect
	Displaces []evidence.BoundGroup `json:"displaces,omitempty"` // the groups that the force would unbind
	Before    *evidence.Domain      `json:"before,omitempty"`    // the domain on this group now; nil: not bound here
	Record    *evidence.Record      `json:"record,omitempty"`    // the domain of the cloud-native gateway now; nil: there is none
	Restore   []string              `json:"restore,omitempty"`   // commands that restore the previous state
}

// State is what a platform shows of the target of a binding and of the binding's domain.
// The platform of the binding reads its own fields only.
type State struct {
	Group evidence.Group // an API group of the classic gateway

	Records evidence.Records // of the cloud-native gateway
	Store   evidence.Store   // the certificate store
}

// StateOf returns the state that the evidence of a subject contains.
func StateOf(s checks.Subject) State {
	ev := s.Evidence
	return State{Group: ev.Group.Facts, Records: ev.Records.Facts, Store: ev.Store.Facts}
}

// Gap is what a state lacks of a binding.
type Gap struct {
	InEffect    bool     // the state equals what the binding asks for
	Differences []string // each: got, then want
	NotShown    string   // settings of the binding that the platform does not report; empty: none
}
