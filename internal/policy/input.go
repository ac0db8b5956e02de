package policy

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// inputSchema names the form of the document that a policy reads as `input`.
const inputSchema = "bindgate.policy-input/v1"

// Input is what a binding brings to the policies: the wish, what was observed,
// and what the checks of the first pass said.
type Input struct {
	Binding  binding.Binding
	Evidence evidence.Evidence // the policy observation in it is ignored
	Results  []checks.Result
	Run      evidence.Run
}

// document is bindgate.policy-input/v1, what a policy reads as `input`.
type document struct {
	Schema   string            `json:"schema" jsonschema:"enum=bindgate.policy-input/v1"`
	Binding  binding.Binding   `json:"binding"`
	Evidence inputEvidence     `json:"evidence"`
	Results  map[string]result `json:"results"` // of the checks of the first pass, by check id
	Run      evidence.Run      `json:"run"`
}

// inputEvidence is what was observed. The facts of an observation are there
// only when its state is observed.
type inputEvidence struct {
	DNS         evidence.Observation[evidence.DNS]      `json:"dns"`
	Proof       evidence.Observation[evidence.Proof]    `json:"proof"`
	Certificate evidence.Observation[certificateFacts]  `json:"certificate"`
	Key         evidence.Observation[keyFacts]          `json:"key"`
	Group       evidence.Observation[evidence.Group]    `json:"group"`
	Account     evidence.Observation[evidence.Account]  `json:"account"`
	Siblings    evidence.Observation[evidence.Siblings] `json:"siblings"`
}

// of returns the metadata of one piece of evidence.
func (e *inputEvidence) of(need evidence.Need) evidence.Metadata {
	return (&evidence.Evidence{
		DNS: e.DNS, Proof: e.Proof, Group: e.Group, Account: e.Account, Siblings: e.Siblings,
		Certificate: without[certificateFacts, evidence.Certificate](e.Certificate),
		Key:         without[keyFacts, evidence.Key](e.Key),
	}).Of(need)
}

// only is the evidence with the facts of some of it.
func (e inputEvidence) only(facts []evidence.Need) map[evidence.Need]any {
	return map[evidence.Need]any{
		evidence.NeedDNS:         only(facts, evidence.NeedDNS, e.DNS),
		evidence.NeedProof:       only(facts, evidence.NeedProof, e.Proof),
		evidence.NeedCertificate: only(facts, evidence.NeedCertificate, e.Certificate),
		evidence.NeedKey:         only(facts, evidence.NeedKey, e.Key),
		evidence.NeedGroup:       only(facts, evidence.NeedGroup, e.Group),
		evidence.NeedAccount:     only(facts, evidence.NeedAccount, e.Account),
		evidence.NeedSiblings:    only(facts, evidence.NeedSiblings, e.Siblings),
	}
}

func only[T any](facts []evidence.Need, need evidence.Need, o evidence.Observation[T]) any {
	if slices.Contains(facts, need) {
		return o
	}
	return without[T, struct{}](o)
}

// keyFacts is a private key reduced to what may be known of it.
type keyFacts struct {
	Source          string            `json:"source"` // the path, or "env NAME"
	Problem         *evidence.Problem `json:"problem,omitempty"`
	Format          string            `json:"format,omitempty"`          // pkcs1, sec1, pkcs8, encrypted-pkcs8, …
	Algorithm       string            `json:"algorithm,omitempty"`       // RSA, ECDSA, Ed25519
	Bits            int               `json:"bits,omitempty"`            // size of the key
	PublicKeyDigest string            `json:"publicKeyDigest,omitempty"` // sha256:<hex> of the SubjectPublicKeyInfo
}

// result is what became of one check of the first pass.
type result struct {
	Status   checks.Status    `json:"status"`           // pass, fail, unknown, not-run, not-applicable
	Reason   string           `json:"reason,omitempty"` // why it is unknown, not-run or not-applicable
	Findings []checks.Finding `json:"findings"`
}

// newDocument makes the document of one binding. Two results of one check are
// an error: a policy could read only one of them.
func newDocument(in Input) (document, error) {
	d := document{
		Schema:  inputSchema,
		Binding: in.Binding,
		Evidence: inputEvidence{
			DNS: in.Evidence.DNS, Proof: in.Evidence.Proof, Group: in.Evidence.Group,
			Account: in.Evidence.Account, Siblings: in.Evidence.Siblings,
			Certificate: certificateOf(in.Evidence.Certificate),
			Key:         keyOf(in.Evidence.Key),
		},
		Results: make(map[string]result, len(in.Results)),
		Run:     in.Run,
	}
	if d.Evidence.DNS.State == evidence.StateObserved && d.Evidence.DNS.Facts.Hops == nil {
		d.Evidence.DNS.Facts.Hops = []evidence.Hop{} // a list to Rego, never null
	}
	for _, r := range in.Results {
		if _, twice := d.Results[r.ID]; twice {
			return document{}, fmt.Errorf("the check %s has two results", r.ID)
		}
		findings := r.Findings
		if findings == nil {
			findings = []checks.Finding{}
		}
		d.Results[r.ID] = result{Status: r.Status, Reason: r.Reason, Findings: findings}
	}
	return d, nil
}

// keyOf leaves out the public key's bytes: its digest says as much to a policy.
func keyOf(o evidence.Observation[evidence.Key]) evidence.Observation[keyFacts] {
	out := without[evidence.Key, keyFacts](o)
	if o.State == evidence.StateObserved {
		k := o.Facts
		out.Facts = keyFacts{Source: k.Source, Problem: k.Problem, Format: k.Format,
			Algorithm: k.Algorithm, Bits: k.Bits, PublicKeyDigest: k.PublicKeyDigest}
	}
	return out
}

// without is an observation of another kind of facts, with none of them yet.
func without[From, To any](o evidence.Observation[From]) evidence.Observation[To] {
	return evidence.Observation[To]{Metadata: o.Metadata}
}
