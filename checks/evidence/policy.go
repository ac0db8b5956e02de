package evidence

import (
	"strings"
	"time"
)

// NeedApprovals names the approvals of a saved plan, which policies alone read.
const NeedApprovals Need = "approvals"

// Policy is what the loaded Rego packages said about the binding.
type Policy struct {
	Packages []PolicyPackage `json:"packages"` // by name
}

// PolicyPackage is the verdict of one package.
type PolicyPackage struct {
	Name     string          `json:"name"`               // bindgate.policy.… or bindgate.force.…
	Denials  []PolicyMessage `json:"denials,omitempty"`  // of deny
	Warnings []PolicyMessage `json:"warnings,omitempty"` // of warn
	Allow    bool            `json:"allow,omitempty"`    // bindgate.force: allow is exactly true
	Reasons  []PolicyMessage `json:"reasons,omitempty"`  // bindgate.force: why it does not allow
	Awaits   Need            `json:"awaits,omitempty"`   // the only evidence it was not run for: approvals
	NotRun   string          `json:"notRun,omitempty"`   // the evidence it needs and the mode left out

	Off           string `json:"off,omitempty"`           // the owner's settings switch it off, or are absent
	NotApplicable string `json:"notApplicable,omitempty"` // the evidence it needs and the binding itself excludes
}

// PolicyMessage is one message of a policy; Pointer is a JSON pointer into the
// binding, or empty.
type PolicyMessage struct {
	Text    string `json:"text"`
	Pointer string `json:"pointer,omitempty"`

	Rule     string  `json:"rule,omitempty"`     // id of the rule in its package
	Waivable bool    `json:"waivable,omitempty"` // the rule may be waived
	Waived   *Waiver `json:"waived,omitempty"`   // by the owner; nil: it counts
}

// Counts reports whether the message counts: it is not waived, or its rule may not be.
func (m PolicyMessage) Counts() bool { return m.Waived == nil || !m.Waivable }

// Waiver is why something does not count, until when.
type Waiver struct {
	Owner  string    `json:"owner"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
}

// PackagesUnder are the packages whose name begins with prefix and a dot.
func (p Policy) PackagesUnder(prefix string) []PolicyPackage {
	var out []PolicyPackage
	for _, pkg := range p.Packages {
		if strings.HasPrefix(pkg.Name, prefix+".") {
			out = append(out, pkg)
		}
	}
	return out
}
