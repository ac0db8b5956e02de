// Package platform is the seam between the gate and the products that it gates. It picks
// the platform of a binding; each platform has a folder with its pure part and, in the
// folder client, its reader.
package platform

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/platform/apig"
	"github.com/bindgate/bindgate/internal/platform/classic"
)

// Platform is what is known of a product without asking it. All methods are pure.
type Platform interface {
	// Calls returns the calls that bring the binding of a subject into effect; none: it
	// already is. It fails if the evidence does not contain what the calls depend on.
	Calls(checks.Subject) (plan.Plan, error)
	// Compare returns what a state lacks of the binding.
	Compare(checks.Subject, plan.State) plan.Gap
	// Shows reports whether a state contains the effect of a call.
	Shows(plan.Call, checks.Subject, plan.State) bool
	// Uploaded returns the certificate of the certificate store that is the one that a call
	// uploads, if a state shows it.
	Uploaded(plan.Call, plan.State) (evidence.StoredCertificate, bool)
	// Lost returns the settings that a call was to keep and that a state no longer has.
	Lost(plan.Call, checks.Subject, plan.State) []string
	// Reread reports whether the state must be read again right before the next call, of
	// which done calls took effect, and whether the certificate in effect must be part of it.
	Reread(s checks.Subject, p plan.Plan, done int) (needed, certificate bool)
	// Changed returns how that state differs from the judged one; empty: it does not.
	Changed(checks.Subject, plan.Plan, plan.State) string
}

// Of returns the platform of a binding.
func Of(b binding.Binding) Platform {
	if b.Platform() == binding.APIG {
		return apig.Platform{}
	}
	return classic.Platform{}
}

// Calls returns the plan for a subject on the platform of its binding.
func Calls(s checks.Subject) (plan.Plan, error) { return Of(s.Binding).Calls(s) }
