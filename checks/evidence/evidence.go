// Package evidence defines the evidence about one binding: the facts, their time and
// source, or the reason why collecting failed. It contains no judgements and no
// secrets: of a private key only the format and the public key. The types are pure
// data and survive a round trip through JSON unchanged, so that a saved run replays
// to the same verdict.
package evidence

import (
	"slices"
	"strings"
	"time"
)

// Need names one piece of evidence that a check can ask for.
type Need string

// The pieces of evidence.
const (
	NeedDNS         Need = "dns"         // the CNAME chain of the domain
	NeedProof       Need = "proof"       // the TXT proof of ownership
	NeedCertificate Need = "certificate" // the certificate file
	NeedKey         Need = "key"         // the private key, reduced to facts
	NeedRevocation  Need = "revocation"  // what CRLs and OCSP say of the path
	NeedGroup       Need = "group"       // the API group that the binding names
	NeedAccount     Need = "account"     // the other groups of the account and region
	NeedDisplaced   Need = "displaced"   // the names that a force takes from other groups
	NeedSiblings    Need = "siblings"    // the other bindings of this run
	NeedProbe       Need = "probe"       // what the addresses of the domain answer
	NeedGateway     Need = "gateway"     // the cloud-native gateway that the binding names
	NeedRecords     Need = "records"     // the domain on the cloud-native gateway, and those that overlap it
	NeedServing     Need = "serving"     // the routes that publish it
	NeedStore       Need = "store"       // the certificate store
	NeedPredecessor Need = "predecessor" // the API group that the binding moves from
	NeedCutover     Need = "cutover"     // both sides of a move, and where DNS leads
	NeedPolicy      Need = "policy"      // what Rego said
)

// Evidence is everything known about one binding.
type Evidence struct {
	Run         Run                      `json:"run"`
	DNS         Observation[DNS]         `json:"dns"`
	Proof       Observation[Proof]       `json:"proof"`
	Certificate Observation[Certificate] `json:"certificate"`
	Key         Observation[Key]         `json:"key"`
	Revocation  Observation[Revocation]  `json:"revocation,omitzero"`
	Group       Observation[Group]       `json:"group"`
	Account     Observation[Account]     `json:"account"`
	Displaced   Observation[Displaced]   `json:"displaced,omitzero"`
	Siblings    Observation[Siblings]    `json:"siblings"`
	Probe       Observation[Probe]       `json:"probe,omitzero"`
	Gateway     Observation[Gateway]     `json:"gateway,omitzero"`
	Records     Observation[Records]     `json:"records,omitzero"`
	Serving     Observation[Serving]     `json:"serving,omitzero"`
	Store       Observation[Store]       `json:"store,omitzero"`
	Predecessor Observation[Predecessor] `json:"predecessor,omitzero"`
	Cutover     Observation[Cutover]     `json:"cutover,omitzero"`
	Policy      Observation[Policy]      `json:"policy"`
}

// Published contracts of SetDomain: that of 2017 takes the certificate itself, in
// that of 2026 SetDomainCertificate does.
const (
	Contract2017 = "2017"
	Contract2026 = "2026"
)

// Ways in which DNS was asked.
const (
	DNSResolver      = "resolver"
	DNSAuthoritative = "authoritative"
	DNSNone          = "none"
)

// Run is what holds for every binding of a run.
type Run struct {
	Now      time.Time `json:"now"`      // the one clock of the run, UTC
	Command  string    `json:"command"`  // lint, plan, apply, …
	Contract string    `json:"contract"` // 2017 or 2026
	DNSMode  string    `json:"dnsMode"`  // resolver, authoritative or none
	Actor    string    `json:"actor"`    // who claims to run this; unproven
	// MinRemainingSeconds is what the owner wants a certificate to last at least,
	// in addition to the third of its lifetime; 0: nothing.
	MinRemainingSeconds int64 `json:"minRemainingSeconds,omitempty"`
	// Identity is who the run calls as; nil: the gateway is not asked.
	Identity *Identity `json:"identity,omitempty"`
	// Labels are the labels that the owner declares, by name; none: any label is allowed.
	Labels map[string]Label `json:"labels,omitempty"`
	// Given is what the run was given to prove or to know; nil: nothing. Saved
	// evidence has it next to the run.
	Given *Given `json:"-"`
	// Live reports that everything was observed in this run, on the live
	// clock. It is never saved, so replayed evidence can never claim it.
	Live bool `json:"-"`
}

// Label is what the owner declares of a label.
type Label struct {
	Required bool   `json:"required,omitempty"` // every binding has it
	Pattern  string `json:"pattern,omitempty"`  // RE2, that its whole value matches; empty: any
}

// Identity is who a run calls as.
type Identity struct {
	AccountID         string `json:"accountId,omitempty"` // empty: STS was not asked, or did not answer
	ARN               string `json:"arn,omitempty"`
	AccessKeyID       string `json:"accessKeyId,omitempty"`       // shortened
	Source            string `json:"source,omitempty"`            // where the credentials come from
	NoSTS             bool   `json:"noSts,omitempty"`             // the owner says that the installation has no STS
	Problem           string `json:"problem,omitempty"`           // why the account is not known
	ExpectedAccountID string `json:"expectedAccountId,omitempty"` // the account that the owner names; empty: any
}

// Same reports whether another reading is of the same identity: account and user or
// role, or without an STS the access key. A session of a role may have another name.
func (i Identity) Same(now Identity) bool {
	if i.NoSTS || now.NoSTS {
		return i.NoSTS == now.NoSTS && i.AccessKeyID == now.AccessKeyID
	}
	return i.AccountID != "" && i.AccountID == now.AccountID && role(i.ARN) == role(now.ARN)
}

// role is an ARN without the name of the session, if it is of a role.
func role(arn string) string {
	if kind, rest, ok := strings.Cut(arn, ":assumed-role/"); ok {
		name, _, _ := strings.Cut(rest, "/")
		return kind + ":assumed-role/" + name
	}
	return arn
}

// State says whether an observation was made. The zero value is StateMissing, and
// nothing that is missing lets a binding through.
type State string

// The states of an observation.
const (
	StateMissing      State = ""              // no collector was asked: judged unknown
	StateObserved     State = "observed"      // the facts hold
	StateFailed       State = "failed"        // collecting it failed: judged unknown
	StateNotCollected State = "not-collected" // the mode of the run skips it: judged not-run
)

// Metadata is an observation without its facts: its state, time and source.
type Metadata struct {
	State  State     `json:"state"`            // observed, failed or not-collected; empty: missing
	Reason string    `json:"reason,omitempty"` // how it failed, or why it was skipped
	At     time.Time `json:"at,omitzero"`      // when it was made, UTC
	From   string    `json:"from,omitempty"`   // who said so: a server, an endpoint, a file
}

// Observation is one piece of evidence. Facts are to be relied on only when
// State is Observed; a failed observation may hold what was seen until then.
type Observation[T any] struct {
	Metadata
	Facts T `json:"facts,omitzero"` // what was seen; to be relied on only when State is observed
}

// Observed returns an observation that succeeded.
func Observed[T any](facts T, from string, at time.Time) Observation[T] {
	return Observation[T]{Metadata: Metadata{State: StateObserved, At: at.UTC(), From: from}, Facts: facts}
}

// Failed returns an observation that failed for the given reason.
func Failed[T any](reason, from string, at time.Time) Observation[T] {
	return Observation[T]{Metadata: Metadata{State: StateFailed, Reason: reason, From: from, At: at.UTC()}}
}

// NotCollected returns an observation that the mode of the run skips.
func NotCollected[T any](why string) Observation[T] {
	return Observation[T]{Metadata: Metadata{State: StateNotCollected, Reason: why}}
}

func (o *Observation[T]) metadata() *Metadata { return &o.Metadata }

func (o *Observation[T]) replace(m Metadata) { *o = Observation[T]{Metadata: m} }

// observation is an Observation of any facts.
type observation interface {
	metadata() *Metadata
	replace(Metadata)
}

// row is a need and its observation.
type row struct {
	need Need
	of   func(*Evidence) observation
}

// table is the one list of needs. Needs, Of and Set read it, and with them
// everything that treats all evidence alike.
func table() [17]row {
	return [...]row{
		{NeedDNS, func(e *Evidence) observation { return &e.DNS }},
		{NeedProof, func(e *Evidence) observation { return &e.Proof }},
		{NeedCertificate, func(e *Evidence) observation { return &e.Certificate }},
		{NeedKey, func(e *Evidence) observation { return &e.Key }},
		{NeedRevocation, func(e *Evidence) observation { return &e.Revocation }},
		{NeedGroup, func(e *Evidence) observation { return &e.Group }},
		{NeedAccount, func(e *Evidence) observation { return &e.Account }},
		{NeedDisplaced, func(e *Evidence) observation { return &e.Displaced }},
		{NeedSiblings, func(e *Evidence) observation { return &e.Siblings }},
		{NeedProbe, func(e *Evidence) observation { return &e.Probe }},
		{NeedGateway, func(e *Evidence) observation { return &e.Gateway }},
		{NeedRecords, func(e *Evidence) observation { return &e.Records }},
		{NeedServing, func(e *Evidence) observation { return &e.Serving }},
		{NeedStore, func(e *Evidence) observation { return &e.Store }},
		{NeedPredecessor, func(e *Evidence) observation { return &e.Predecessor }},
		{NeedCutover, func(e *Evidence) observation { return &e.Cutover }},
		{NeedPolicy, func(e *Evidence) observation { return &e.Policy }},
	}
}

// Needs returns every need, in the order of the fields of Evidence.
func Needs() []Need {
	var out []Need
	for _, r := range table() {
		out = append(out, r.need)
	}
	return out
}

// Of returns the metadata of the observation that need names. A need that is not
// in the table is StateMissing.
func (e *Evidence) Of(need Need) Metadata {
	for _, r := range table() {
		if r.need == need {
			return *r.of(e).metadata()
		}
	}
	return Metadata{Reason: "no such evidence"}
}

// Set replaces the observations that the needs name by others with this metadata
// and no facts. Needs that are not in the table change nothing.
func (e *Evidence) Set(m Metadata, needs ...Need) {
	for _, r := range table() {
		if slices.Contains(needs, r.need) {
			r.of(e).replace(m)
		}
	}
}
