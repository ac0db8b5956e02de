// Package report turns decisions and outcomes into what people and tools read.
// One model, bindgate.report/v1, stands behind every format. Text from outside
// (DNS, certificates, the gateway, the manifest) is escaped here, on its way to
// a terminal, a CI log or a file, and nowhere before.
package report

import (
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

// SchemaName is the version of the model. Fields may be added within it; none
// changes its meaning or goes away.
const SchemaName = "bindgate.report/v1"

// Report is one run: what was judged, what was decided and what came of it.
type Report struct {
	Schema   string    `json:"schema" jsonschema:"enum=bindgate.report/v1"` // the version of this document; Write fills it in
	Tool     Tool      `json:"tool"`
	Run      Run       `json:"run"`
	Bindings []Binding `json:"bindings"` // by file, line and column
	Summary  Summary   `json:"summary"`  // Write counts it

	// What follows is no part of the model: formats for other tools want it.
	Catalogue  []checks.Check           `json:"-"` // the checks that judged
	Severities checks.Severities        `json:"-"` // the owner's, for Catalogue
	Text       func(file string) []byte `json:"-"` // the bytes of a manifest, nil where there are none; may be nil itself
}

// text is a manifest's bytes.
func (r Report) text(file string) []byte {
	if r.Text == nil || file == "" {
		return nil
	}
	return r.Text(file)
}

// Tool is the program that wrote the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Run is what holds for every binding of the report. Digests read sha256:<hex>.
type Run struct {
	Command        string    `json:"command"`                  // lint, plan, apply, …
	Now            time.Time `json:"now"`                      // the one clock of the run, UTC
	Offline        bool      `json:"offline"`                  // no network was used
	Endpoint       string    `json:"endpoint,omitempty"`       // as configured, without user, query and fragment; absent: the region's own
	Contract       string    `json:"contract,omitempty"`       // published contract of SetDomain: 2017 or 2026
	DNSMode        string    `json:"dnsMode,omitempty"`        // authority, resolver or none
	ManifestDigest string    `json:"manifestDigest,omitempty"` // of the manifest files
	PolicyDigest   string    `json:"policyDigest,omitempty"`   // of all policies and their data
	ConfigDigest   string    `json:"configDigest,omitempty"`   // of the gate owner's configuration
	RootsDigest    string    `json:"rootsDigest,omitempty"`    // of the trusted root certificates
	Linter         string    `json:"linter,omitempty"`         // name and version of the linter of certificates; absent: none was linted
	Interrupted    bool      `json:"interrupted,omitempty"`    // somebody stopped it before its end
	KeyLists       []KeyList `json:"keyLists,omitempty"`       // the lists of weak keys that were asked; absent: none
	JournalHead    string    `json:"journalHead,omitempty"`    // hash of the journal's last entry when the run ended
}

// KeyList is a list of weak keys.
type KeyList struct {
	File   string `json:"file"`   // as the owner named it
	Digest string `json:"digest"` // of its bytes
	Keys   int    `json:"keys"`   // how many it holds
}

// Binding is one wish, the verdict over it and what came of it.
type Binding struct {
	DomainName       string            `json:"domainName"`
	GroupID          string            `json:"groupId"`
	RegionID         string            `json:"regionId,omitempty"`
	BindStageName    *string           `json:"bindStageName,omitempty"` // absent: not asked for; empty: all environments
	CustomDomainType string            `json:"customDomainType,omitempty"`
	Source           binding.Position  `json:"source"` // line 0: named by flags
	Decision         gate.Status       `json:"decision"`
	Reasons          []string          `json:"reasons"`         // why it is not allowed, in the gate's order
	Checks           []checks.Result   `json:"checks"`          // by id
	Calls            []plan.Call       `json:"calls,omitempty"` // what would be, or was to be, sent, in order; certificates by digest
	Takes            []evidence.Holder `json:"takes,omitempty"` // the groups that a force takes the domain from
	Evidence         *Seen             `json:"evidence,omitempty"`
	Outcome          *Outcome          `json:"outcome,omitempty"` // absent: the command makes no calls

	Whole *evidence.Evidence `json:"-"` // all that was observed, for the html format; nil: not known
}

// The outcomes that the schema knows, in bind's words.
const (
	bound        = "bound"         // the read back shows the wish
	unchanged    = "unchanged"     // it stood already; nothing was sent
	incomplete   = "incomplete"    // bound, but certificate or effect is missing
	failed       = "failed"        // the gateway refused a call
	unknown      = "unknown"       // nobody can tell whether a call took effect
	notAttempted = "not-attempted" // no call was made for it
)

// Outcome is what came of a binding's calls.
type Outcome struct {
	Status    string           `json:"status" jsonschema:"enum=bound,enum=unchanged,enum=incomplete,enum=failed,enum=unknown,enum=not-attempted"`
	Sent      bool             `json:"sent,omitempty"`      // at least one call may have reached the gateway
	RequestID string           `json:"requestId,omitempty"` // the gateway's, of the last call
	Code      string           `json:"code,omitempty"`      // the gateway's error code
	Message   string           `json:"message,omitempty"`   // what happened, in words
	Before    *evidence.Domain `json:"before,omitempty"`    // the domain on this group before the calls; absent: not bound there
	Restore   []string         `json:"restore,omitempty"`   // commands that bring the state before back, in order
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
	Warnings     int `json:"warnings"` // findings of severity warning
}
