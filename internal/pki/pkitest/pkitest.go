// Package pkitest issues certificates for tests from a small certification
// authority. A Change can alter each certificate before it is signed.
package pkitest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// Identity is a certificate with its private key.
type Identity struct {
	*x509.Certificate
	Key crypto.Signer
}

// Change alters a certificate before it is signed.
type Change func(*x509.Certificate)

// Now is the time at which certificates are valid by default: the clock of
// checks/checktest/base.yaml.
func Now() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// Valid sets the validity.
func Valid(notBefore, notAfter time.Time) Change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = notBefore, notAfter }
}

// Root creates a self-signed CA.
func Root(tb testing.TB, name string, changes ...Change) Identity {
	return issue(tb, ca(name), newKey(tb), nil, changes)
}

// CA creates a CA below this one.
func (i Identity) CA(tb testing.TB, name string, changes ...Change) Identity {
	return issue(tb, ca(name), newKey(tb), &i, changes)
}

// Leaf creates a server certificate for the DNS names; the first is also its
// CN.
func (i Identity) Leaf(tb testing.TB, names []string, changes ...Change) Identity {
	return issue(tb, server(names), newKey(tb), &i, changes)
}

// Certify creates a certificate for an existing key: a cross certificate, or a
// leaf with another type of key.
func (i Identity) Certify(tb testing.TB, name string, key crypto.Signer, changes ...Change) Identity {
	return issue(tb, ca(name), key, &i, changes)
}

// Server turns a certificate of Certify into a server certificate.
func Server(names ...string) Change {
	return func(c *x509.Certificate) { *c = *server(names) }
}

// SelfSigned creates a self-signed server certificate.
func SelfSigned(tb testing.TB, names ...string) Identity {
	return issue(tb, server(names), newKey(tb), nil, nil)
}

// Extension adds an extension unchanged.
func Extension(critical bool, oid asn1.ObjectIdentifier, value []byte) Change {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: oid, Critical: critical, Value: value})
	}
}

// PEM returns the certificates as PEM, in order.
func PEM(identities ...Identity) []byte {
	var text []byte
	for _, i := range identities {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.Raw})...)
	}
	return text
}

// KeyPEM returns a private key in PKCS#8.
func KeyPEM(tb testing.TB, key crypto.Signer) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func newKey(tb testing.TB) crypto.Signer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func ca(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{"bindgate test"}},
		NotBefore: Now().AddDate(-1, 0, 0), NotAfter: Now().AddDate(50, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func server(names []string) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: names[0]},
		NotBefore: Now().AddDate(0, -1, 0), NotAfter: Now().AddDate(40, 0, 0),
		DNSNames: names, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

// issue signs a certificate; without an issuer it is self-signed.
func issue(tb testing.TB, template *x509.Certificate, key crypto.Signer, issuer *Identity, changes []Change) Identity {
	tb.Helper()
	serial := make([]byte, 8)
	_, _ = rand.Read(serial) // never fails
	template.SerialNumber = new(big.Int).SetBytes(serial)
	for _, change := range changes {
		serial := template.SerialNumber
		change(template)
		template.SerialNumber = serial
	}
	signer, parent := key, template
	if issuer != nil {
		signer, parent = issuer.Key, issuer.Certificate
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return Identity{parsed, key}
}
