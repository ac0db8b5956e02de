package policy

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
)

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
	RootsFrom    string `json:"rootsFrom"`           // mozilla, system, or the path of --roots
	Certificates []cert `json:"certificates"`        // leaf to root; empty: no path
	Problem      string `json:"problem,omitempty"`   // why there is no path
	Undecided    string `json:"undecided,omitempty"` // why it cannot be told whether there is one
}

// cert is one certificate in the terms of RFC 5280.
type cert struct {
	Subject            string    `json:"subject"` // RFC 2253 form, as issuer
	Issuer             string    `json:"issuer"`
	SerialNumber       string    `json:"serialNumber"` // hexadecimal
	DNSNames           []string  `json:"dnsNames"`     // dNSName entries of subjectAltName
	NotBefore          time.Time `json:"notBefore"`
	NotAfter           time.Time `json:"notAfter"`
	IsCA               bool      `json:"isCA"`         // basicConstraints
	KeyAlgorithm       string    `json:"keyAlgorithm"` // RSA, ECDSA, Ed25519
	KeyBits            int       `json:"keyBits"`      // modulus or curve size; 0: not known
	SignatureAlgorithm string    `json:"signatureAlgorithm"`
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
	ders := make([][]byte, len(c.Chain))
	for i, link := range c.Chain {
		ders[i] = link.DER
	}
	chain, err := certs(ders)
	if err != nil {
		return failed(out, "the chain", err)
	}
	trusted, err := certs(c.Path.DER)
	if err != nil {
		return failed(out, "the path", err)
	}
	out.Facts = certificateFacts{
		Source: c.Source, Problem: c.Problem, Container: c.Container,
		FileDigest: c.FileDigest, ChainDigest: c.ChainDigest, Chain: chain,
		Path: certPath{RootsFrom: c.Path.RootsFrom, Certificates: trusted, Problem: c.Path.Problem, Undecided: c.Path.Undecided},
	}
	return out
}

func failed(o evidence.Observation[certificateFacts], what string, err error) evidence.Observation[certificateFacts] {
	o.State, o.Reason = evidence.StateFailed, fmt.Sprintf("reading %s for the policies: %v", what, err)
	return o
}

func certs(ders [][]byte) ([]cert, error) {
	out := make([]cert, 0, len(ders))
	for i, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		out = append(out, cert{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), SerialNumber: c.SerialNumber.Text(16),
			DNSNames: append([]string{}, c.DNSNames...), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			IsCA: c.IsCA, KeyAlgorithm: c.PublicKeyAlgorithm.String(), KeyBits: keyBits(c),
			SignatureAlgorithm: c.SignatureAlgorithm.String(),
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
