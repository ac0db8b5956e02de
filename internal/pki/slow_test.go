package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// Derivation parameters inside an encrypted part are limited by time.
func TestDecodingIsBoundedInTime(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file, err := pkcs12.Modern2023.WithIterations(50_000).Encode(key, certificate, nil, "secret")
	if err != nil {
		t.Fatal(err)
	}
	d := decodePKCS12(file, "secret", time.Nanosecond)
	if !errors.Is(d.err, errTooSlow) || d.key != nil {
		t.Errorf("got %v", d.err)
	}
	if p := notDecoded(d.err, false); p.Kind != "too-expensive" {
		t.Errorf("got %+v", p)
	}
}
