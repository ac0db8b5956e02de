// Package certstore is the certificate store of the account (product cas, version
// 2020-04-07, RPC style): uploaded certificates, their facts, and the actions that
// read and change them. What the platform's pages do not say is marked "invention".
package certstore

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// Certificate is one entry. In a seed, Body and PrivateKey are paths, relative to
// the seed's folder; everywhere else they are PEM text. A reported state does not
// contain the private key.
type Certificate struct {
	ID         int64  `yaml:"id"`
	Identifier string `yaml:"certIdentifier"` // default <id>-cn-hangzhou
	Name       string `yaml:"name"`           // default cert-<id>
	Body       string `yaml:"body"`
	PrivateKey string `yaml:"privateKey"` // empty: the store has none, as of a CA
	Status     string `yaml:"status"`     // default ISSUED; REVOKED

	Leaf  *x509.Certificate   `yaml:"-"`
	Chain []*x509.Certificate `yaml:"-"` // with the leaf
}

// Assumptions settle what the platform's pages leave open.
type Assumptions struct {
	RefusesSame   bool // an upload of bytes that the store has is refused; else it gets a new id
	DeletesInUse  bool // a certificate that a domain uses can be deleted; else not
	LowerCaseHash bool // digests are in lower case
	LongDetail    bool // FingerPrint of GetCertificateDetail is a SHA-256; else a SHA-1
}

// Store is safe for concurrent use. Every error that a method returns is a
// *refusal.Error, unless its comment says otherwise.
type Store struct {
	assume Assumptions
	roots  *x509.CertPool // nil: not known
	now    func() time.Time
	mu     sync.RWMutex
	certs  []Certificate // in the order of upload
	next   int64
	inUse  func(identifier string) []string
}

// firstID is the first id that an upload gets: an invention with the length of the
// published ones.
const firstID = 18594156

// New returns a store with these certificates, which must be complete.
func New(certs []Certificate, assume Assumptions, roots *x509.CertPool, now func() time.Time) *Store {
	s := &Store{assume: assume, roots: roots, now: now, certs: append([]Certificate(nil), certs...), next: firstID, inUse: func(string) []string { return nil }}
	for _, c := range certs {
		s.next = max(s.next, c.ID+1)
	}
	return s
}

// UsedBy sets who knows the products that use a certificate. It is for a store
// that nothing uses yet.
func (s *Store) UsedBy(users func(identifier string) []string) { s.inUse = users }

// Complete checks seeded certificates and fills in what they leave out.
func Complete(certs []Certificate) ([]Certificate, error) {
	out := make([]Certificate, len(certs))
	ids, names := map[int64]bool{}, map[string]bool{}
	for i, c := range certs {
		c.ID = cmp.Or(c.ID, firstID+int64(i))
		c.Name = cmp.Or(c.Name, "cert-"+strconv.FormatInt(c.ID, 10))
		c.Identifier = cmp.Or(c.Identifier, identifier(c.ID))
		c.Status = cmp.Or(c.Status, "ISSUED")
		if ids[c.ID] || names[c.Name] {
			return nil, fmt.Errorf("certificate %q: its id or its name is given twice", c.Name)
		}
		ids[c.ID], names[c.Name] = true, true
		if c.PrivateKey != "" {
			if _, err := ca.ParsePair(c.Body, c.PrivateKey); err != nil {
				return nil, fmt.Errorf("certificate %q: %w", c.Name, err)
			}
		}
		if c.parse(); c.Leaf == nil {
			return nil, fmt.Errorf("certificate %q: %w", c.Name, ca.ErrBody)
		}
		out[i] = c
	}
	return out, nil
}

func identifier(id int64) string { return strconv.FormatInt(id, 10) + "-cn-hangzhou" }

// parse reads the chain; Leaf stays nil if it is unreadable.
func (c *Certificate) parse() {
	c.Leaf, c.Chain = nil, nil
	for rest := []byte(c.Body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			c.Chain = nil
			return
		}
		c.Chain = append(c.Chain, cert)
	}
	if len(c.Chain) > 0 {
		c.Leaf = c.Chain[0]
	}
}

// Find returns a certificate by its identifier, private key included.
func (s *Store) Find(identifier string) (Certificate, bool) {
	return s.find(func(c Certificate) bool { return c.Identifier == identifier })
}

func (s *Store) find(fits func(Certificate) bool) (Certificate, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.certs {
		if fits(c) {
			return c, true
		}
	}
	return Certificate{}, false
}

// All returns every certificate without its private key.
func (s *Store) All() []Certificate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := append([]Certificate(nil), s.certs...)
	for i := range all {
		all[i].PrivateKey = ""
	}
	return all
}

// Complete reports whether the chain leads from the leaf to a root that the
// sandbox knows; without such roots, whether each certificate is signed by the
// next. The platform's own rule is not documented.
func (s *Store) Complete(c Certificate) bool {
	if s.roots != nil {
		between := x509.NewCertPool()
		for _, above := range c.Chain[1:] {
			between.AddCert(above)
		}
		_, err := c.Leaf.Verify(x509.VerifyOptions{Roots: s.roots, Intermediates: between, CurrentTime: c.Leaf.NotBefore.Add(time.Second),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err == nil
	}
	for i, below := range c.Chain[:len(c.Chain)-1] {
		if below.CheckSignatureFrom(c.Chain[i+1]) != nil {
			return false
		}
	}
	return true
}

// Facts are what both products say of a certificate.
type Facts struct {
	Algorithm   string // RSA, ECC
	KeySize     int
	SignName    string
	Serial      string // lower-case hexadecimal
	SHA1        string // upper case, over the DER of the leaf
	SHA256      string
	MD5         string
	Sans        string // with commas
	Issuer      string
	CommonName  string
	NotBefore   int64 // ms
	NotAfter    int64 // ms
	Expired     bool
	HasKey      bool
	OrderStatus string
}

// FactsOf returns the facts of a certificate of the store.
func (s *Store) FactsOf(c Certificate) Facts {
	algorithm, size := keyOf(c.Leaf)
	sum1, sum2, sum5 := sha1.Sum(c.Leaf.Raw), sha256.Sum256(c.Leaf.Raw), md5.Sum(c.Leaf.Raw)
	return Facts{
		Algorithm: algorithm, KeySize: size, SignName: strings.ReplaceAll(c.Leaf.SignatureAlgorithm.String(), "-", ""),
		Serial: serial(c.Leaf.SerialNumber), SHA1: s.hash(sum1[:]), SHA256: s.hash(sum2[:]), MD5: s.hash(sum5[:]),
		Sans: strings.Join(c.Leaf.DNSNames, ","), Issuer: cmp.Or(c.Leaf.Issuer.CommonName, c.Leaf.Issuer.String()), CommonName: c.Leaf.Subject.CommonName,
		NotBefore: c.Leaf.NotBefore.UnixMilli(), NotAfter: c.Leaf.NotAfter.UnixMilli(), Expired: s.now().After(c.Leaf.NotAfter),
		HasKey: c.PrivateKey != "", OrderStatus: c.Status,
	}
}

func (s *Store) hash(b []byte) string {
	if s.assume.LowerCaseHash {
		return hex.EncodeToString(b)
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

func serial(n *big.Int) string {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	return text
}

func keyOf(c *x509.Certificate) (algorithm string, size int) {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", key.N.BitLen()
	case *ecdsa.PublicKey:
		return "ECC", key.Curve.Params().BitSize
	}
	return c.PublicKeyAlgorithm.String(), 256
}

// Covers reports whether the leaf names the domain; a wildcard domain needs exactly
// that wildcard.
func (c Certificate) Covers(domain string) bool { return ca.Pair{Leaf: c.Leaf}.Covers(domain) }
