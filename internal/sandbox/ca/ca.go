// Package ca is a certificate authority for the demo and the tests: it creates
// roots, intermediates and leaves, valid ones and, on request, invalid ones. It
// writes no file; a caller that does must write keys with mode 0600. It also
// parses the certificate and key of a call, like the gateway (see Pair).
package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// Options describe a certificate. The zero value is a valid one.
type Options struct {
	CommonName string    // of the subject; a leaf's default is its first name
	Names      []string  // a leaf's dNSNames
	NotBefore  time.Time // default: an hour before the authority's clock
	NotAfter   time.Time // default: 90 days after NotBefore for a leaf, 5 years for an intermediate
	Key        KeyType   // default: P-256

	// Modify may change the template before it is signed: another extended key
	// usage, a CA bit, a critical extension.
	Modify func(*x509.Certificate)
}

// Authority is a CA. Its methods are safe for concurrent use.
type Authority struct {
	now   time.Time
	cert  *x509.Certificate
	key   crypto.Signer
	above []byte // PEM of the intermediates from this one up to the root, exclusive
	root  []byte
}

// Leaf is an issued certificate, its chain and its key, as PEM.
type Leaf struct {
	Certificate *x509.Certificate
	Chain       []byte // the leaf, then the intermediates; no root
	Cert        []byte // only the leaf
	Key         []byte // PKCS#8
}

// New creates a root that is valid until ten years after now. All certificates
// below it use the same now.
func New(now time.Time) (*Authority, error) {
	a := &Authority{now: now.UTC().Truncate(time.Second)}
	o := Options{CommonName: "Sandbox Root", NotAfter: a.now.AddDate(10, 0, 0)}
	cert, key, err := a.mint(a.authorityTemplate(o), o, nil)
	if err != nil {
		return nil, fmt.Errorf("minting the root: %w", err)
	}
	a.cert, a.key = cert, key
	a.root = encode("CERTIFICATE", cert.Raw)
	return a, nil
}

// Root returns the PEM of the root above this authority, the content of a roots
// file.
func (a *Authority) Root() []byte { return a.root }

// Certificate returns the authority's own certificate.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Intermediate creates a CA below this one.
func (a *Authority) Intermediate(o Options) (*Authority, error) {
	if o.CommonName == "" {
		o.CommonName = "Sandbox Intermediate"
	}
	cert, key, err := a.mint(a.authorityTemplate(o), o, a)
	if err != nil {
		return nil, fmt.Errorf("minting intermediate %q: %w", o.CommonName, err)
	}
	above := append(encode("CERTIFICATE", cert.Raw), a.above...)
	return &Authority{now: a.now, cert: cert, key: key, above: above, root: a.root}, nil
}

// Issue creates a server certificate for the names.
func (a *Authority) Issue(o Options) (Leaf, error) {
	if o.CommonName == "" && len(o.Names) > 0 {
		o.CommonName = o.Names[0]
	}
	cert, key, err := a.mint(a.leafTemplate(o), o, a)
	if err != nil {
		return Leaf{}, fmt.Errorf("issuing for %q: %w", o.Names, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Leaf{}, fmt.Errorf("encoding the key for %q: %w", o.Names, err)
	}
	own := encode("CERTIFICATE", cert.Raw)
	chain := append(append([]byte(nil), own...), a.above...)
	return Leaf{Certificate: cert, Chain: chain, Cert: own, Key: encode("PRIVATE KEY", der)}, nil
}

// mint creates a key and signs the template with it (parent nil) or with
// parent's.
func (a *Authority) mint(template *x509.Certificate, o Options, parent *Authority) (*x509.Certificate, crypto.Signer, error) {
	key, err := o.Key.generate()
	if err != nil {
		return nil, nil, fmt.Errorf("generating a key: %w", err)
	}
	if err := identify(template, key.Public()); err != nil {
		return nil, nil, err
	}
	if o.Modify != nil {
		o.Modify(template)
	}
	issuer, signer := template, key
	if parent != nil {
		issuer, signer = parent.cert, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	if err != nil {
		return nil, nil, fmt.Errorf("signing: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the certificate back: %w", err)
	}
	return cert, key, nil
}

// identify adds a serial number (RFC 5280 §4.1.2.2: positive, at most 20
// octets) and a subject key identifier (RFC 7093 §2, method 1) to the template.
func identify(template *x509.Certificate, public crypto.PublicKey) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("drawing a serial number: %w", err)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return fmt.Errorf("encoding the public key: %w", err)
	}
	sum := sha256.Sum256(spki)
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	template.SubjectKeyId = sum[:20]
	return nil
}

func (a *Authority) authorityTemplate(o Options) *x509.Certificate {
	notBefore, notAfter := a.dates(o, 5*365*24*time.Hour)
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: o.CommonName, Organization: []string{"bindgate sandbox"}},
		NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true,
	}
}

func (a *Authority) leafTemplate(o Options) *x509.Certificate {
	notBefore, notAfter := a.dates(o, 90*24*time.Hour)
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: o.CommonName},
		NotBefore: notBefore, NotAfter: notAfter,
		DNSNames:              o.Names,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
}

func (a *Authority) dates(o Options, lifetime time.Duration) (from, to time.Time) {
	from, to = o.NotBefore, o.NotAfter
	if from.IsZero() {
		from = a.now.Add(-time.Hour)
	}
	if to.IsZero() {
		to = from.Add(lifetime)
	}
	return from, to
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// KeyType is a kind of key pair. The zero value is P-256.
type KeyType int

// Kinds of key pairs.
const (
	P256 KeyType = iota
	P384
	RSA2048
	RSA4096
	Ed25519
)

func (t KeyType) generate() (crypto.Signer, error) {
	switch t {
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA4096:
		return rsa.GenerateKey(rand.Reader, 4096)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("unknown key type %d", t)
}
