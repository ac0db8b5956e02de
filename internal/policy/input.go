package policy

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // for the schema
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// inputSchema names the form of the document that a policy reads as `input`.
const inputSchema = "bindgate.policy-input/v1"

// Input is the input of the policies for one binding: the binding, its evidence,
// and what the checks of the first pass said.
type Input struct {
	Binding  binding.Binding
	Evidence evidence.Evidence // the policy observation in it is ignored
	Results  []checks.Result
	Run      evidence.Run
	Plan     evidence.Observation[Plan] // may be missing if Engine.ReadsPlan is false
}

// InputSchema is the JSON Schema of bindgate.policy-input/v1, the document that
// a policy reads as `input`.
func InputSchema() []byte { return slices.Clone(schemaJSON) }

// schemaJSON is generated from the type document by TestSchema -update.
//
//go:embed input.schema.json
var schemaJSON []byte

// parts says which parts of a document are made.
type parts struct{ certificate, results, labels, registrable, caa bool }

// document is bindgate.policy-input/v1, what a policy reads as `input`.
type document struct {
	Schema   string            `json:"schema" jsonschema:"enum=bindgate.policy-input/v1"`
	Binding  inputBinding      `json:"binding"`
	Evidence inputEvidence     `json:"evidence"`
	Results  map[string]result `json:"results"` // of the checks of the first pass, by check id
	Run      evidence.Run      `json:"run"`

	CI         *evidence.CI               `json:"ci,omitempty"`         // verified claims of the CI job
	PlanDigest string                     `json:"planDigest,omitempty"` // sha256:<hex> of the saved plan that is applied
	Approvals  []evidence.Approval        `json:"approvals"`            // of that plan, verified, one for each person or service
	Plan       evidence.Observation[Plan] `json:"plan"`                 // what the calls of the whole run would do

	External map[string]evidence.External `json:"external"` // facts of files, by the names that the owner declares
}

// inputBinding is a binding with every label that the owner declares.
type inputBinding struct {
	binding.Binding
	Platform string             `json:"platform" jsonschema:"enum=classic,enum=apig"` // classic: groupId names the API group; apig: gatewayId names the cloud-native gateway
	Labels   map[string]*string `json:"labels,omitempty"`                             // null: the binding has no such label
	// RegistrableDomain is the public suffix of the domain name with one more label, in ASCII; null: there is none.
	RegistrableDomain *string `json:"registrableDomain,omitempty"`
}

// inputEvidence is what was observed. The facts of an observation are there
// only when its state is observed.
type inputEvidence struct {
	DNS         evidence.Observation[dnsFacts]          `json:"dns"`
	Proof       evidence.Observation[evidence.Proof]    `json:"proof"`
	Certificate evidence.Observation[certificateFacts]  `json:"certificate"`
	Key         evidence.Observation[keyFacts]          `json:"key"`
	Group       evidence.Observation[evidence.Group]    `json:"group"`
	Account     evidence.Observation[evidence.Account]  `json:"account"`
	Siblings    evidence.Observation[evidence.Siblings] `json:"siblings"`

	// Of the cloud-native gateway.
	Gateway     evidence.Observation[evidence.Gateway]     `json:"gateway"`
	Records     evidence.Observation[evidence.Records]     `json:"records"`
	Serving     evidence.Observation[evidence.Serving]     `json:"serving"`
	Store       evidence.Observation[evidence.Store]       `json:"store"`
	Predecessor evidence.Observation[evidence.Predecessor] `json:"predecessor"`
}

// of returns how collecting one piece of evidence went.
func (e *inputEvidence) of(need evidence.Need) evidence.Metadata {
	switch need {
	case evidence.NeedDNS:
		return e.DNS.Metadata
	case evidence.NeedProof:
		return e.Proof.Metadata
	case evidence.NeedCertificate:
		return e.Certificate.Metadata
	case evidence.NeedKey:
		return e.Key.Metadata
	case evidence.NeedGroup:
		return e.Group.Metadata
	case evidence.NeedAccount:
		return e.Account.Metadata
	case evidence.NeedSiblings:
		return e.Siblings.Metadata
	case evidence.NeedGateway:
		return e.Gateway.Metadata
	case evidence.NeedRecords:
		return e.Records.Metadata
	case evidence.NeedServing:
		return e.Serving.Metadata
	case evidence.NeedStore:
		return e.Store.Metadata
	case evidence.NeedPredecessor:
		return e.Predecessor.Metadata
	}
	return evidence.Metadata{Reason: "no such evidence"}
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

// newDocument returns the document of one binding.
func newDocument(in Input, want parts, labels []string) (document, error) {
	var d document
	err := d.fill(&in, want, labels)
	return d, err
}

// fill makes d the document of one binding, with only those of its parts that cost much
// and are wanted. Two results of one check are an error where they are wanted: a policy
// could read only one of them. The gate refuses them in any case.
func (d *document) fill(in *Input, want parts, labels []string) error {
	labelled, external := d.Binding.Labels, d.External // to be written over
	*d = document{
		Schema:  inputSchema,
		Binding: inputBinding{Binding: in.Binding, Platform: in.Binding.Platform()},
		Evidence: inputEvidence{
			DNS: dnsOf(in.Evidence.DNS), Proof: in.Evidence.Proof, Group: in.Evidence.Group,
			Account: in.Evidence.Account, Siblings: in.Evidence.Siblings,
			Key:     keyOf(in.Evidence.Key),
			Gateway: in.Evidence.Gateway, Records: in.Evidence.Records, Serving: in.Evidence.Serving,
			Store: in.Evidence.Store, Predecessor: in.Evidence.Predecessor,
		},
		Run: in.Run, Plan: in.Plan,
		External: cleared(external),
	}
	d.Binding.foldNames()
	if want.labels {
		d.Binding.Labels = cleared(labelled)
		d.Binding.label(labels)
	}
	d.give(in.Run)
	if want.registrable {
		d.Binding.RegistrableDomain = registrableOf(d.Binding.DomainName)
	}
	if want.caa {
		d.Evidence.DNS = withCAA(d.Evidence.DNS)
	}
	if want.certificate {
		d.Evidence.Certificate = certificateOf(in.Evidence.Certificate)
	}
	if !want.results {
		return nil
	}
	d.Results = make(map[string]result, len(in.Results))
	for _, r := range in.Results {
		if _, twice := d.Results[r.ID]; twice {
			return fmt.Errorf("the check %s has two results", r.ID)
		}
		d.Results[r.ID] = result{Status: r.Status, Reason: r.Reason, Findings: r.Findings}
	}
	return nil
}

// foldNames writes names that are the same in capitals in lower case: a policy compares
// texts, and whoever writes the manifest chooses the case.
func (b *inputBinding) foldNames() {
	b.DomainName, b.RegionID = strings.ToLower(b.DomainName), strings.ToLower(b.RegionID)
}

// cleared returns an empty map, the one that is given if there is one.
func cleared[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	clear(m)
	return m
}

// label adds the labels of the binding, and null for each that is declared and that it
// lacks.
func (b *inputBinding) label(declared []string) {
	for _, name := range declared {
		b.Labels[name] = nil
	}
	values := make([]string, 0, len(b.Binding.Labels)) // one allocation for all
	for name, value := range b.Binding.Labels {
		values = append(values, value)
		b.Labels[name] = &values[len(values)-1]
	}
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

// certificateFacts is a certificate file as a policy reads it: the certificates as
// fields instead of DER.
type certificateFacts struct {
	Source      string            `json:"source"` // the path as it was written
	Problem     *evidence.Problem `json:"problem,omitempty"`
	Container   string            `json:"container,omitempty"`   // pem or pkcs12
	FileDigest  string            `json:"fileDigest,omitempty"`  // sha256:<hex> of the file's bytes
	ChainDigest string            `json:"chainDigest,omitempty"` // sha256:<hex> of the canonical PEM chain
	Chain       []cert            `json:"chain"`                 // in the file's order; empty: there is a problem
	Path        certPath          `json:"path"`
}

// certPath is the certification path (RFC 5280 §6), leaf to root.
type certPath struct {
	RootsFrom    string `json:"rootsFrom"`              // mozilla, system, or the path of --roots
	Certificates []cert `json:"certificates"`           // leaf to root; empty: no path
	Problem      string `json:"problem,omitempty"`      // why there is no path
	Undetermined string `json:"undetermined,omitempty"` // why it is not known whether there is one
}

// cert is one certificate in the terms of RFC 5280.
type cert struct {
	Subject            string    `json:"subject"` // RFC 2253 form, as issuer
	Issuer             string    `json:"issuer"`
	IssuerParts        nameParts `json:"issuerParts"`
	SerialNumber       string    `json:"serialNumber"` // hexadecimal
	DNSNames           []string  `json:"dnsNames"`     // dNSName entries of subjectAltName
	NotBefore          time.Time `json:"notBefore"`
	NotAfter           time.Time `json:"notAfter"`
	IsCA               bool      `json:"isCA"`         // basicConstraints
	KeyAlgorithm       string    `json:"keyAlgorithm"` // RSA, ECDSA, Ed25519
	KeyBits            int       `json:"keyBits"`      // modulus or curve size; 0: not known
	SignatureAlgorithm string    `json:"signatureAlgorithm"`
	SPKIDigest         string    `json:"spkiDigest"`               // sha256:<hex> of the SubjectPublicKeyInfo, as publicKeyDigest of a key
	SubjectKeyID       string    `json:"subjectKeyId,omitempty"`   // hexadecimal; null: no such extension
	AuthorityKeyID     string    `json:"authorityKeyId,omitempty"` // hexadecimal; null: no such extension, or no key identifier in it
}

// nameParts are attributes of a distinguished name.
type nameParts struct {
	CommonName   string   `json:"commonName,omitempty"` // the last one
	Organization []string `json:"organization,omitempty"`
	Country      []string `json:"country,omitempty"`
}

// certificateOf parses the certificates of an observation. One that does not
// parse makes the observation failed: a policy that reads half of a chain would
// be silent about the other half.
func certificateOf(o evidence.Observation[evidence.Certificate]) evidence.Observation[certificateFacts] {
	out := without[evidence.Certificate, certificateFacts](o)
	if o.State != evidence.StateObserved {
		return out
	}
	c := o.Facts
	chain, err := certs(len(c.Chain), func(i int) (*x509.Certificate, error) { return c.Chain[i].X509() })
	if err != nil {
		return failed(out, "the chain", err)
	}
	trusted, err := certs(len(c.Path.DER), c.Path.X509)
	if err != nil {
		return failed(out, "the path", err)
	}
	out.Facts = certificateFacts{
		Source: c.Source, Problem: c.Problem, Container: c.Container,
		FileDigest: c.FileDigest, ChainDigest: c.ChainDigest, Chain: chain,
		Path: certPath{RootsFrom: c.Path.RootsFrom, Certificates: trusted, Problem: c.Path.Problem, Undetermined: c.Path.Undetermined},
	}
	return out
}

func failed(o evidence.Observation[certificateFacts], what string, err error) evidence.Observation[certificateFacts] {
	o.State, o.Reason = evidence.StateFailed, fmt.Sprintf("reading %s for the policies: %v", what, err)
	return o
}

func certs(n int, at func(int) (*x509.Certificate, error)) ([]cert, error) {
	out := make([]cert, 0, n)
	for i := range n {
		c, err := at(i)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		out = append(out, cert{
			Subject: evidence.DistinguishedName(c.Subject), Issuer: evidence.DistinguishedName(c.Issuer),
			IssuerParts:  nameParts{c.Issuer.CommonName, c.Issuer.Organization, c.Issuer.Country},
			SerialNumber: c.SerialNumber.Text(16),
			DNSNames:     append([]string{}, c.DNSNames...), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			IsCA: c.IsCA, KeyAlgorithm: c.PublicKeyAlgorithm.String(), KeyBits: keyBits(c),
			SignatureAlgorithm: c.SignatureAlgorithm.String(), SPKIDigest: fmt.Sprintf("sha256:%x", sha256.Sum256(c.RawSubjectPublicKeyInfo)),
			SubjectKeyID: hex.EncodeToString(c.SubjectKeyId), AuthorityKeyID: hex.EncodeToString(c.AuthorityKeyId),
		})
	}
	return out, nil
}

func keyBits(c *x509.Certificate) int {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	return 0
}
