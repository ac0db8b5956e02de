package ca

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

// Reasons to refuse a certificate and key.
var (
	ErrBody     = errors.New("the certificate body contains no readable PEM certificate")
	ErrKey      = errors.New("the private key cannot be read: want PEM in PKCS#1, SEC1 or PKCS#8")
	ErrMismatch = errors.New("the private key does not match the certificate")
)

// maxCertificates limits the chain of one call.
const maxCertificates = 100

// Pair is the certificate and key of a call, as the gateway requires them: PEM
// only, the leaf first, the key matching the leaf. It contains no secret.
type Pair struct {
	Leaf            *x509.Certificate
	ChainDigest     string // sha256:<hex> of the chain in canonical PEM
	PublicKeyDigest string // sha256:<hex> of the key's SubjectPublicKeyInfo
}

// ParsePair parses a chain and the key of its first certificate. The error is
// ErrBody, ErrKey or ErrMismatch.
func ParsePair(body, key string) (Pair, error) {
	chain := certificates(body)
	if chain == nil {
		return Pair{}, ErrBody
	}
	leaf, err := x509.ParseCertificate(chain[0].Bytes)
	if err != nil {
		return Pair{}, ErrBody
	}
	digest := PublicKeyDigest(key)
	if digest == "" {
		return Pair{}, ErrKey
	}
	if digest != sum(leaf.RawSubjectPublicKeyInfo) {
		return Pair{}, ErrMismatch
	}
	return Pair{Leaf: leaf, ChainDigest: ChainDigest(body), PublicKeyDigest: digest}, nil
}

// Covers reports whether the leaf names the domain (RFC 9525 §6.3). A wildcard
// domain needs exactly that wildcard.
func (p Pair) Covers(domain string) bool {
	if strings.HasPrefix(domain, "*.") {
		for _, name := range p.Leaf.DNSNames {
			if strings.EqualFold(name, domain) {
				return true
			}
		}
		return false
	}
	return p.Leaf.VerifyHostname(domain) == nil
}

// ChainDigest returns sha256:<hex> of a chain in canonical PEM: its
// certificates with nothing between; empty if there are none.
func ChainDigest(body string) string {
	var canonical []byte
	for _, block := range certificates(body) {
		canonical = append(canonical, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
	}
	if canonical == nil {
		return ""
	}
	return sum(canonical)
}

// PublicKeyDigest returns sha256:<hex> of the SubjectPublicKeyInfo (RFC 5280
// §4.1) of a private key; empty if it is unreadable.
func PublicKeyDigest(key string) string {
	for rest := []byte(key); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return ""
		}
		signer := parseKey(block)
		if signer == nil {
			continue
		}
		if spki, err := x509.MarshalPKIXPublicKey(signer.Public()); err == nil {
			return sum(spki)
		}
	}
}

func parseKey(block *pem.Block) crypto.Signer {
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		return nil // EC PARAMETERS may precede the key
	}
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return nil
	}
	return signer
}

// certificates returns the PEM certificates of a text; none if there are too
// many.
func certificates(body string) []*pem.Block {
	var chain []*pem.Block
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return chain
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if chain = append(chain, block); len(chain) > maxCertificates {
			return nil
		}
	}
}

func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(digest[:])
}
