package evidence

import (
	"encoding/json"
	"time"
)

// Given holds what a run was given to prove or to know, verified with the keys and
// schemas of the gate's owner. It contains no token and no signature.
type Given struct {
	CI        *CI                 `json:"ci,omitempty"`        // nil: no token was given
	Plan      string              `json:"plan,omitempty"`      // sha256:<hex> of the saved plan that is applied; empty: none is
	PlanUntil time.Time           `json:"planUntil,omitzero"`  // when the plan stops to be valid
	Approvals []Approval          `json:"approvals,omitempty"` // of that plan, one for each person or service
	External  map[string]External `json:"external,omitempty"`  // by the name that the owner declared
}

// CI holds claims of a verified OIDC token of a CI system. Names are the same for
// both providers.
type CI struct {
	Provider     string    `json:"provider"` // github or gitlab
	Issuer       string    `json:"issuer"`
	Subject      string    `json:"subject"`
	Repository   string    `json:"repository"`             // owner/name
	RepositoryID string    `json:"repositoryId,omitempty"` // stays when the repository is renamed
	Ref          string    `json:"ref"`                    // refs/heads/main
	RefProtected bool      `json:"refProtected"`           // the CI system protects the branch or tag
	Commit       string    `json:"commit,omitempty"`
	Event        string    `json:"event,omitempty"`       // push, pull_request, …
	Environment  string    `json:"environment,omitempty"` // of the deployment
	Workflow     string    `json:"workflow,omitempty"`    // file and ref that define the job
	Actor        string    `json:"actor"`                 // user name of who started the run
	ActorID      string    `json:"actorId,omitempty"`
	ActorEmail   string    `json:"actorEmail,omitempty"`
	RunID        string    `json:"runId,omitempty"`
	Expires      time.Time `json:"expires"` // of the token
}

// Persons returns the names of who started the job; of nil, none.
func (c *CI) Persons() []string {
	var out []string
	if c != nil {
		for _, name := range []string{c.Actor, c.ActorEmail} {
			if name != "" {
				out = append(out, name)
			}
		}
	}
	return out
}

// Kinds of approvals.
const (
	ApprovalSSH = "ssh" // a signature by a key of allowed_signers
	ApprovalJWT = "jwt" // a token of a service
)

// Approval is one person's or service's verified approval of a saved plan.
type Approval struct {
	By      string    `json:"by"`      // name in allowed_signers, or the subject of the token
	Kind    string    `json:"kind"`    // ssh or jwt
	Issuer  string    `json:"issuer"`  // fingerprint of the key, or issuer of the token
	Expires time.Time `json:"expires"` // at the latest when the plan does
}

// External holds facts that the gate's owner let a run be given.
type External struct {
	AsOf   time.Time       `json:"asOf"`   // when the facts held
	Until  time.Time       `json:"until"`  // asOf and the maximal age of the owner
	Digest string          `json:"digest"` // sha256:<hex> of the file
	Facts  json.RawMessage `json:"facts"`  // as the owner's schema has them
}

// Ended returns what of a plan and its approvals was valid when it was judged and is
// not any more; empty: nothing. A policy may have counted any of it.
func (g *Given) Ended(judged, now time.Time) string {
	if g == nil || g.Plan == "" {
		return ""
	}
	if !now.Before(g.PlanUntil) {
		return "the plan was valid until " + g.PlanUntil.Format(time.RFC3339)
	}
	for _, a := range g.ApprovalsAt(judged) {
		if !now.Before(a.Expires) {
			return "the approval by " + a.By + " was valid until " + a.Expires.Format(time.RFC3339)
		}
	}
	return ""
}

// ApprovalsAt returns the approvals that have not expired at a time.
func (g *Given) ApprovalsAt(now time.Time) []Approval {
	out := []Approval{}
	if g == nil {
		return out
	}
	for _, a := range g.Approvals {
		if now.Before(a.Expires) {
			out = append(out, a)
		}
	}
	return out
}
