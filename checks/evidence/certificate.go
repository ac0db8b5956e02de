package evidence

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
)

// Problem says why a file yielded nothing to judge. It is a finding about the
// user's file, not a failure to observe.
type Problem struct {
	Kind    string `json:"kind"`    // missing, empty, private-key, csr, der, encrypted, …
	Message string `json:"message"` // what is there instead; never bytes of a secret
	Fix     string `json:"fix,omitempty"`
}

// Certificate is a certificate file, reduced to public facts.
type Certificate struct {
	Source         string   `json:"source"` // the path as it was written
	Problem        *Problem `json:"problem,omitempty"`
	Container      string   `json:"container,omitempty"`   // pem or pkcs12
	FileDigest     string   `json:"fileDigest,omitempty"`  // sha256:<hex> of the file's bytes
	ChainDigest    string   `json:"chainDigest,omitempty"` // sha256:<hex> of the canonical PEM chain, as it would be sent
	Chain          []Cert   `json:"chain,omitempty"`       // in the file's order
	Path           Path     `json:"path,omitzero"`
	Profile        string   `json:"profile,omitempty"`        // ProfilePublic or ProfilePrivate: whose rules hold
	Irregularities []string `json:"irregularities,omitempty"` // irregularities of the text, each a predicate: "has CRLF line ends"
	PrivateKeys    []string `json:"privateKeys,omitempty"`    // places of private keys inside a PEM file: "block 2 (line 9, byte 400)"
	LimitsExceeded []string `json:"limitsExceeded,omitempty"` // what is beyond the limits of what is evaluated; then no path was looked for
	Lints          *Lints   `json:"lints,omitempty"`          // nil: nothing was linted

	KeyLists []KeyList `json:"keyLists,omitempty"` // the lists of weak keys that were asked for every key of Chain
	ClientCA *ClientCA `json:"clientCA,omitempty"` // the CA of callers' certificates; nil: the binding names none

	RelatedKey string `json:"relatedKey,omitempty"` // the certificate file of this run whose RSA modulus shares a prime with the leaf's
}

// ClientCA is a file with the certificates that callers' certificates lead to.
type ClientCA struct {
	Source  string   `json:"source"` // the path as it was written
	Problem *Problem `json:"problem,omitempty"`
	Digest  string   `json:"digest,omitempty"` // sha256:<hex> of its canonical PEM, as it would be sent
	Chain   []Cert   `json:"chain,omitempty"`  // in the file's order
}

// KeyList is what one list of weak keys said.
type KeyList struct {
	File   string `json:"file"`             // as the owner named it
	Digest string `json:"digest"`           // sha256:<hex> of its bytes
	Keys   int    `json:"keys"`             // how many it holds
	Listed []int  `json:"listed,omitempty"` // indexes in Chain of the certificates whose key it holds
}

// Profiles of a certificate: the rules that apply in addition to RFC 5280.
const (
	ProfilePublic  = "public"  // the CA/Browser Forum's and the root programs'
	ProfilePrivate = "private" // a CA of one's own
)

// Lints is what the linter found in the leaf and the intermediates.
type Lints struct {
	Linter   string `json:"linter"`             // name and version
	Profile  string `json:"profile"`            // whose lints were run
	LintsRun int    `json:"lintsRun"`           // how many lints were run on the leaf
	Problem  string `json:"problem,omitempty"`  // why a certificate could not be linted
	Findings []Lint `json:"findings,omitempty"` // what was found, in the order of certificates and ids
}

// Lint is one thing that the linter found.
type Lint struct {
	ID          string `json:"id"`                // the linter's own name of the rule
	Certificate int    `json:"certificate"`       // index in Chain
	Error       bool   `json:"error"`             // false: a warning
	Source      string `json:"source"`            // RFC5280, CABF_BR, …
	Citation    string `json:"citation"`          // section of the source
	Details     string `json:"details,omitempty"` // the linter's words
}

// Cert is one certificate of a file.
type Cert struct {
	DER    []byte `json:"der"`    // the certificate itself
	Block  int    `json:"block"`  // index of its PEM block in the file, from 0
	Offset int    `json:"offset"` // byte offset of that block

	// parsed saves the checks from parsing DER again. It is not saved: evidence
	// that comes from a file is parsed when it is judged.
	parsed *x509.Certificate
}

// NewCert is a certificate that is parsed already, at its place in its file.
func NewCert(c *x509.Certificate, block, offset int) Cert {
	return Cert{DER: c.Raw, Block: block, Offset: offset, parsed: c}
}

// X509 returns the parsed certificate. It may be shared and must not be changed.
func (c Cert) X509() (*x509.Certificate, error) {
	if c.parsed != nil && bytes.Equal(c.parsed.Raw, c.DER) {
		return c.parsed, nil
	}
	return x509.ParseCertificate(c.DER)
}

// CertificateDigest returns the SHA-256 digest of a certificate's DER, as StoredCertificate
// has it.
func CertificateDigest(der []byte) string {
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// CertificateSerial returns the serial number of a certificate, as StoredCertificate has it.
func CertificateSerial(c *x509.Certificate) string { return c.SerialNumber.Text(16) }

// Path is the certification path (RFC 5280 §6) that was found from the first
// certificate to a root with the file's own intermediates only, regardless of
// validity dates: certificate/is-valid-now judges those.
type Path struct {
	RootsFrom    string   `json:"rootsFrom"`              // mozilla, system, or the path of --roots
	Subjects     []string `json:"subjects"`               // leaf to root; empty: no path
	DER          [][]byte `json:"der,omitempty"`          // the same certificates
	Problem      string   `json:"problem,omitempty"`      // why there is no path
	Missing      string   `json:"missing,omitempty"`      // subject of the issuer that is not in the file, if that is why
	Undetermined string   `json:"undetermined,omitempty"` // why it is not known whether there is one

	parsed []*x509.Certificate // as Cert.parsed
}

// SetCertificates makes this the path of these certificates, leaf to root, with
// the subjects as the caller writes them.
func (p *Path) SetCertificates(path []*x509.Certificate, subject func(*x509.Certificate) string) {
	for _, c := range path {
		p.Subjects, p.DER = append(p.Subjects, subject(c)), append(p.DER, c.Raw)
	}
	p.parsed = path
}

// X509 is the i-th certificate of the path, parsed and shared.
func (p Path) X509(i int) (*x509.Certificate, error) {
	if i < len(p.parsed) && bytes.Equal(p.parsed[i].Raw, p.DER[i]) {
		return p.parsed[i], nil
	}
	return x509.ParseCertificate(p.DER[i])
}

// Key is a private key reduced to what may be known of it.
type Key struct {
	Source          string   `json:"source"` // the path, or "env NAME"
	Problem         *Problem `json:"problem,omitempty"`
	Format          string   `json:"format,omitempty"`          // pkcs1, sec1, pkcs8, encrypted-pkcs8, …
	Algorithm       string   `json:"algorithm,omitempty"`       // RSA, ECDSA, Ed25519
	Bits            int      `json:"bits,omitempty"`            // size of the modulus, or of the curve
	PublicKey       []byte   `json:"publicKey,omitempty"`       // SubjectPublicKeyInfo, DER
	PublicKeyDigest string   `json:"publicKeyDigest,omitempty"` // sha256:<hex> of PublicKey
	Escaped         bool     `json:"escaped,omitempty"`         // its line breaks were written as the two characters \n

	Inconsistencies []string `json:"inconsistencies,omitempty"` // relations that its numbers do not keep: "p*q is not n"
	Weaknesses      []string `json:"weaknesses,omitempty"`      // of its private numbers, each a predicate: "has a small private exponent (…)"
	ReadableBy      string   `json:"readableBy,omitempty"`      // who else may read the file: "everybody (mode 0644)"; empty: only the owner, or see AccessUnknown
	AccessUnknown   string   `json:"accessUnknown,omitempty"`   // why it is not known who may read the file
	Tracked         bool     `json:"tracked,omitempty"`         // the file is under version control
}

// Equal compares what is saved of two certificates.
func (c Cert) Equal(o Cert) bool {
	return bytes.Equal(c.DER, o.DER) && c.Block == o.Block && c.Offset == o.Offset
}

// Equal compares what is saved of two paths.
func (p Path) Equal(o Path) bool {
	return p.RootsFrom == o.RootsFrom && p.Problem == o.Problem && p.Missing == o.Missing && p.Undetermined == o.Undetermined &&
		slices.Equal(p.Subjects, o.Subjects) && slices.EqualFunc(p.DER, o.DER, bytes.Equal)
}
