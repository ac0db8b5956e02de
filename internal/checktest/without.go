package checktest

import "github.com/bindgate/bindgate/checks/evidence"

// empty asks with for an observation that succeeded and saw nothing.
const empty evidence.State = "empty"

// with is the evidence with one observation in another state.
func with(e evidence.Evidence, need evidence.Need, state evidence.State) evidence.Evidence {
	switch need {
	case evidence.NeedDNS:
		e.DNS = in(e.DNS, state)
	case evidence.NeedProof:
		e.Proof = in(e.Proof, state)
	case evidence.NeedCertificate:
		e.Certificate = in(e.Certificate, state)
	case evidence.NeedKey:
		e.Key = in(e.Key, state)
	case evidence.NeedRevocation:
		e.Revocation = in(e.Revocation, state)
	case evidence.NeedGroup:
		e.Group = in(e.Group, state)
	case evidence.NeedAccount:
		e.Account = in(e.Account, state)
	case evidence.NeedSiblings:
		e.Siblings = in(e.Siblings, state)
	case evidence.NeedPolicy:
		e.Policy = in(e.Policy, state)
	}
	return e
}

func in[T any](o evidence.Observation[T], state evidence.State) evidence.Observation[T] {
	if state == empty {
		return evidence.Observation[T]{State: evidence.StateObserved}
	}
	o.State, o.Reason = state, "taken away by the test"
	return o
}
