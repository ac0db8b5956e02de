// Package report turns decisions and outcomes into what people and tools read.
// All formats are written from one model, bindgate.report/v1. Text from outside
// (DNS, certificates, the gateway, the manifest) is escaped here, on its way to
// a terminal, a CI log or a file, and nowhere before.
package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cutover"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

// SchemaName is the version of the model. Fields may be added within it; none
// changes its meaning or goes away.
const SchemaName = "bindgate.report/v1"

// Report is the document of the json format. The format is written piece by
// piece, so that no run is ever held as one; the schema and readers use the type.
type Report struct {
	Schema   string    `json:"schema" jsonschema:"enum=bindgate.report/v1"` // the version of this document
	Tool     Tool      `json:"tool"`
	Bindings []Binding `json:"bindings"` // in manifest order
	Run      Run       `json:"run"`
	Summary  Summary   `json:"summary"`
}

// Head holds what is known of a run before its first verdict.
type Head struct {
	Tool       Tool
	Run        Run                      // without the facts of Tail
	Catalogue  []checks.Check           // the checks that judge
	Severities checks.Severities        // the owner's, for Catalogue
	Text       func(file string) []byte // the bytes of a manifest, nil where there are none; may be nil itself
	Path       func(file string) string // the path of a manifest below the top of its repository; nil: as it is named
}

// text returns a manifest's bytes.
func (h Head) text(file string) []byte {
	if h.Text == nil || file == "" {
		return nil
	}
	return h.Text(file)
}

// Tail holds what is known of a run only at its end.
type Tail struct {
	Linter      string
	KeyLists    []KeyList
	Waivers     []Waiver
	Interrupted bool
	JournalHead string
	Since       *Since   // what differs from an earlier report; nil: none was given
	Error       *Failure // why the run ended before its end; nil: it did not
}

// Tool is the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// PolicyOff is a policy that the owner's settings switch off, or that has none.
type PolicyOff struct {
	Name   string `json:"name"`   // of its package
	Reason string `json:"reason"` // which setting says so, or is absent
}

// Run is what holds for every binding of the report. Digests read sha256:<hex>.
type Run struct {
	Command        string              `json:"command"`                  // lint, plan, apply, …
	Now            time.Time           `json:"now"`                      // the one clock of the run, UTC
	Offline        bool                `json:"offline"`                  // no network was used
	Endpoint       string              `json:"endpoint,omitempty"`       // as configured, without user, query and fragment; absent: the region's own
	Identity       *evidence.Identity  `json:"identity,omitempty"`       // who the run calls as; absent: the gateway was not asked
	Contract       string              `json:"contract,omitempty"`       // published contract of SetDomain: 2017 or 2026
	DNSMode        string              `json:"dnsMode,omitempty"`        // authoritative, resolver or none
	ManifestDigest string              `json:"manifestDigest,omitempty"` // of the manifest files
	PolicyDigest   string              `json:"policyDigest,omitempty"`   // of all policies and their data
	PoliciesOff    []PolicyOff         `json:"policiesOff,omitempty"`    // policies that are loaded and not asked
	ConfigDigest   string              `json:"configDigest,omitempty"`   // of the gate owner's configuration
	RootsDigest    string              `json:"rootsDigest,omitempty"`    // of the trusted root certificates
	CI             *evidence.CI        `json:"ci,omitempty"`             // verified claims of the CI job; absent: it had no token
	PlanDigest     string              `json:"planDigest,omitempty"`     // of the saved plan that is applied
	Approvals      []evidence.Approval `json:"approvals,omitempty"`      // of that plan, verified
	External       []External          `json:"external,omitempty"`       // facts that policies could read
	Linter         string              `json:"linter,omitempty"`         // name and version of the linter of certificates; absent: none was linted
	Interrupted    bool                `json:"interrupted,omitempty"`    // the run was stopped before its end
	KeyLists       []KeyList           `json:"keyLists,omitempty"`       // the lists of weak keys that were asked; absent: none
	Waivers        []Waiver            `json:"waivers,omitempty"`        // of the owner, in the order of the file; absent: none
	Audited        *Audited            `json:"audited,omitempty"`        // what an audit listed; absent: the run is none
	Since          *Since              `json:"since,omitempty"`          // what differs from an earlier report; absent: none was given
	JournalHead    string              `json:"journalHead,omitempty"`    // hash of the journal's last entry when the run ended
	Classic        *Classic            `json:"classic,omitempty"`        // how long the classic gateway can be used; absent: nothing of it was audited or moves
	Error          *Failure            `json:"error,omitempty"`          // why it ended before its end: what is reported is not the whole; absent: it did not
}

// Audited is what an audit listed.
type Audited struct {
	Platform string `json:"platform"`
	RegionID string `json:"regionId"`
	Groups   int    `json:"groups,omitempty"` // API groups of the classic gateway
}

// nothing is the summary of an audit that found no binding.
func (a Audited) nothing() string {
	if a.Platform != binding.Classic {
		return "nothing is bound in " + a.RegionID + ": the cloud-native gateway has no domain there"
	}
	return "nothing is bound in " + a.RegionID + ": the account has " + count(a.Groups, "API group", "API groups") + " there, without a custom domain"
}

// External is a file of facts that the run was given; the facts are not in the report.
type External struct {
	Name   string    `json:"name"`
	AsOf   time.Time `json:"asOf"`   // when the facts held
	Digest string    `json:"digest"` // sha256:<hex> of the file
}

// With returns the run with what it was given; g may be nil.
func (r Run) With(g *evidence.Given) Run {
	if g == nil {
		return r
	}
	r.CI, r.PlanDigest, r.Approvals = g.CI, g.Plan, g.Approvals
	for _, name := range slices.Sorted(maps.Keys(g.External)) {
		r.External = append(r.External, External{name, g.External[name].AsOf, g.External[name].Digest})
	}
	return r
}

// with returns the run with the facts of its end.
func (r Run) with(t Tail) Run {
	r.Waivers, r.Since = t.Waivers, t.Since
	r.Linter, r.KeyLists, r.Interrupted, r.JournalHead, r.Error = t.Linter, t.KeyLists, t.Interrupted, t.JournalHead, t.Error
	return r
}

// KeyList is a list of weak keys.
type KeyList struct {
	File   string `json:"file"`   // as the owner named it
	Digest string `json:"digest"` // of its bytes
	Keys   int    `json:"keys"`   // how many it holds
}

// Binding is one requested binding with its verdict and its outcome.
type Binding struct {
	DomainName       string                `json:"domainName"`
	Platform         string                `json:"platform"`            // classic or apig
	GroupID          string                `json:"groupId,omitempty"`   // of the classic gateway
	GatewayID        string                `json:"gatewayId,omitempty"` // of the cloud-native gateway
	RegionID         string                `json:"regionId,omitempty"`
	BindStageName    *string               `json:"bindStageName,omitempty"` // absent: not asked for; empty: all environments
	CustomDomainType string                `json:"customDomainType,omitempty"`
	Source           binding.Position      `json:"source"` // line 0: named by flags
	Decision         gate.Status           `json:"decision"`
	Reasons          []string              `json:"reasons"`             // why it is not allowed, in the gate's order
	Checks           []checks.Result       `json:"-"`                   // in any order
	Results          []Results             `json:"checks"`              // Checks in the documents: those that say the same together; a check in none has no result, which is no pass
	Calls            []plan.Call           `json:"calls,omitempty"`     // what would be, or was to be, sent, in order; certificates by digest
	Displaces        []evidence.BoundGroup `json:"displaces,omitempty"` // the groups that a force takes the domain from
	Evidence         *Excerpt              `json:"evidence,omitempty"`
	Cutover          *cutover.Progress     `json:"cutover,omitempty"` // how far the domain has moved; absent: it is not of a map of a cut-over
	Outcome          *Outcome              `json:"outcome,omitempty"` // absent: the command makes no calls

	FullEvidence *evidence.Evidence `json:"-"` // all that was observed, for the html format; nil: not known
}

// Target returns the id of what serves the domain: an API group or a gateway.
func (b Binding) Target() string { return cmp.Or(b.GatewayID, b.GroupID) }

// Results are the results of a binding's checks that say the same. Each result
// is in exactly one of them, and one with findings is alone. A check that is in
// none has no result, which is not a pass: the gate never allows such a binding.
type Results struct {
	IDs      []string         `json:"ids" jsonschema:"minItems=1"` // of the checks, sorted
	Status   checks.Status    `json:"status"`
	Reason   string           `json:"reason,omitempty"` // why they are unknown, not-run or not-applicable
	Findings []checks.Finding `json:"findings,omitempty"`
}

// The outcomes that the schema knows, in bind's words.
const (
	bound        = "bound"         // the read back shows the requested binding
	unchanged    = "unchanged"     // it was already in effect; nothing was sent
	incomplete   = "incomplete"    // bound, but certificate or effect is missing
	failed       = "failed"        // the gateway refused a call
	unknown      = "unknown"       // it is not known whether a call took effect
	notAttempted = "not-attempted" // no call was made for it
)

// Outcome describes the result of a binding's calls.
type Outcome struct {
	Status    string           `json:"status" jsonschema:"enum=bound,enum=unchanged,enum=incomplete,enum=failed,enum=unknown,enum=not-attempted"`
	Sent      bool             `json:"sent,omitempty"`      // at least one call may have reached the gateway
	RequestID string           `json:"requestId,omitempty"` // the gateway's, of the last call
	Code      string           `json:"code,omitempty"`      // the gateway's error code
	Message   string           `json:"message,omitempty"`   // what happened, in words
	Before    *evidence.Domain `json:"before,omitempty"`    // the domain on this group before the calls; absent: not bound there
	Restore   []string         `json:"restore,omitempty"`   // commands that restore the previous state, in order
}

// Summary counts the bindings by decision and by outcome, and the warnings.
type Summary struct {
	Bindings     int `json:"bindings"`
	Allowed      int `json:"allowed"`
	Refused      int `json:"refused"`
	Undetermined int `json:"undetermined"`
	Partial      int `json:"partial"`
	Bound        int `json:"bound"`
	Unchanged    int `json:"unchanged"`
	Incomplete   int `json:"incomplete"`
	Failed       int `json:"failed"`
	Unknown      int `json:"unknown"`
	NotAttempted int `json:"notAttempted"`
	Warnings     int `json:"warnings"`         // findings of severity warning that are not waived
	Waived       int `json:"waived,omitempty"` // findings that the owner waived
}

// add counts a binding. A decision or an outcome of no known kind counts as
// undetermined or unknown, never as something better.
func (s *Summary) add(b Binding) {
	s.Bindings++
	*s.ofDecision(b.Decision)++
	if b.Outcome != nil {
		*s.ofOutcome(b.Outcome.Status)++
	}
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			switch {
			case f.Severity != checks.Warning:
			case f.Waived != nil:
				s.Waived++
			default:
				s.Warnings++
			}
		}
	}
}

func (s *Summary) ofDecision(status gate.Status) *int {
	switch status {
	case gate.Allowed:
		return &s.Allowed
	case gate.Refused:
		return &s.Refused
	case gate.Partial:
		return &s.Partial
	}
	return &s.Undetermined
}

func (s *Summary) ofOutcome(status string) *int {
	switch status {
	case bound:
		return &s.Bound
	case unchanged:
		return &s.Unchanged
	case incomplete:
		return &s.Incomplete
	case failed:
		return &s.Failed
	case notAttempted:
		return &s.NotAttempted
	}
	return &s.Unknown
}
