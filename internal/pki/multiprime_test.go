package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/pki"
)

// OpenSSL creates and serves such keys (openssl genrsa -primes 3).
func TestMultiPrime(t *testing.T) {
	one, e := big.NewInt(1), big.NewInt(65537)
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: big.NewInt(1), E: 65537}}
	order := big.NewInt(1)
	for len(key.Primes) < 3 {
		p, err := rand.Prime(rand.Reader, 704)
		if err != nil {
			t.Fatal(err)
		}
		below := new(big.Int).Sub(p, one)
		if new(big.Int).GCD(nil, nil, e, below).Cmp(one) != 0 {
			continue
		}
		key.Primes = append(key.Primes, p)
		key.N.Mul(key.N, p)
		order.Mul(order, below)
	}
	key.D = new(big.Int).ModInverse(e, order)
	key.Precompute()
	file := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	got, problem := pki.ParsePrivateKey(file, "")
	if problem != nil || len(got.Weaknesses) != 1 || !strings.Contains(got.Weaknesses[0], "more than two primes") {
		t.Errorf("got %v, %+v", got, problem)
	}
}
