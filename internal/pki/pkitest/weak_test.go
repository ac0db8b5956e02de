package pkitest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// public is a key that certificates can be issued for and that cannot sign.
type public struct{ key crypto.PublicKey }

func (p public) Public() crypto.PublicKey { return p.key }

func (p public) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { panic("it signs nothing") }

// numbers is an RSAPrivateKey (RFC 8017 A.1.2) with arbitrary numbers.
type numbers struct {
	Version                    int
	N, E, D, P, Q, DP, DQ, Inv *big.Int
}

// rsaOf computes the numbers of two primes and an exponent; if the exponent has
// no inverse, the private exponent is 3.
func rsaOf(p, q, e *big.Int) numbers {
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	phi := new(big.Int).Mul(p1, q1)
	if p.Cmp(q) == 0 {
		phi.Mul(p, p1)
	}
	d := new(big.Int).ModInverse(e, phi)
	if d == nil {
		d = big.NewInt(3)
	}
	inv := new(big.Int).ModInverse(q, p)
	if inv == nil {
		inv = one
	}
	return numbers{0, new(big.Int).Mul(p, q), e, d, p, q, new(big.Int).Mod(d, p1), new(big.Int).Mod(d, q1), inv}
}

func (n numbers) pem() []byte { return block("RSA PRIVATE KEY", must(asn1.Marshal(n))) }

// kept returns the numbers of a key file that exists. For a missing file, and with -update, it
// generates them, which takes a second for some.
func kept(name string, generate func() numbers) numbers {
	text, err := os.ReadFile(filepath.Join(folder, name+".key"))
	if err != nil || *update {
		return generate()
	}
	var n numbers
	b, _ := pem.Decode(text)
	_ = must(asn1.Unmarshal(b.Bytes, &n))
	return n
}

func prime(bits int) *big.Int { return must(rand.Prime(rand.Reader, bits)) }

// weak creates pairs whose keys have one weakness each, and damaged keys.
func weak(t *testing.T, all map[string][]byte, ca pkitest.Identity) {
	pair := func(name string, key crypto.PublicKey, private []byte) {
		all[name+".pem"] = pkitest.PEM(ca.Certify(t, name, public{key}, pkitest.Server("api.demo.com")), ca)
		all[name+".key"] = private
	}
	ofRSA := func(name string, n numbers) {
		pair(name, &rsa.PublicKey{N: n.N, E: int(n.E.Int64())}, n.pem())
	}
	f4 := big.NewInt(65537)
	even := kept("even-exponent", func() numbers { return rsaOf(prime(1024), prime(1024), big.NewInt(65536)) })
	p, q := even.P, even.Q
	odd := kept("rsa-odd", func() numbers {
		odd := rsaOf(p, prime(1027), f4)
		for odd.N.BitLen()%8 == 0 {
			odd = rsaOf(p, prime(1027), f4)
		}
		return odd
	})
	ofRSA("rsa-1024", rsaOf(prime(512), prime(512), f4))
	ofRSA("rsa-odd", odd)
	ofRSA("square", rsaOf(p, p, f4))
	ofRSA("close-primes", kept("close-primes", func() numbers {
		next := new(big.Int).Add(p, big.NewInt(2))
		for !next.ProbablyPrime(20) {
			next.Add(next, big.NewInt(2))
		}
		return rsaOf(p, next, f4)
	}))
	ofRSA("small-factor", kept("small-factor", func() numbers { return rsaOf(prime(2040), big.NewInt(251), f4) }))
	ofRSA("roca", kept("roca", func() numbers { return rsaOf(rocaPrime(), rocaPrime(), f4) }))
	ofRSA("even-exponent", even)
	ofRSA("exponent-1", rsaOf(p, q, big.NewInt(1)))
	ofRSA("exponent-3", kept("exponent-3", func() numbers {
		three := rsaOf(prime(1024), prime(1024), big.NewInt(3))
		for three.D.BitLen() < 1024 || three.N.BitLen() != 2048 {
			three = rsaOf(prime(1024), prime(1024), big.NewInt(3))
		}
		return three
	}))
	small := rsaOf(p, q, prime(500)) // d and e are swapped
	small.E, small.D = small.D, small.E
	small.DP, small.DQ = new(big.Int).Mod(small.D, new(big.Int).Sub(p, big.NewInt(1))), new(big.Int).Mod(small.D, new(big.Int).Sub(q, big.NewInt(1)))
	all["small-d.key"] = small.pem()
	p224, p521 := must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	pair("p224", p224.Public(), pkitest.KeyPEM(t, p224))
	pair("p521", p521.Public(), pkitest.KeyPEM(t, p521))
	edwards := ed25519.NewKeyFromSeed(make([]byte, 32))
	pair("ed25519", edwards.Public(), pkitest.KeyPEM(t, edwards))
	example, _ := pem.Decode([]byte(examplePublic))
	published := must(x509.ParsePKIXPublicKey(example.Bytes))
	all["published.pem"] = pkitest.PEM(ca.Certify(t, "published", public{published}, pkitest.Server("api.demo.com")), ca)
	damaged(all)
}

func damaged(all map[string][]byte) {
	b, _ := pem.Decode(all["sound-rsa.key"])
	spoil := func(name string, change func(*numbers)) {
		var n numbers
		_ = must(asn1.Unmarshal(b.Bytes, &n))
		change(&n)
		all[name] = n.pem()
	}
	one := big.NewInt(1)
	spoil("wrong-crt.key", func(n *numbers) { n.DP.Add(n.DP, one) })
	spoil("wrong-modulus.key", func(n *numbers) { n.N.Add(n.N, big.NewInt(2)) })
	spoil("wrong-exponent.key", func(n *numbers) { n.D.Add(n.D, big.NewInt(2)) })
	first, _ := pem.Decode(all["sound.key"])
	second, _ := pem.Decode(all["ca.key"])
	other := must(x509.ParsePKCS8PrivateKey(second.Bytes)).(*ecdsa.PrivateKey)
	der := append([]byte{}, first.Bytes...)
	copy(der[len(der)-65:], must(other.PublicKey.Bytes()))
	all["wrong-point.key"] = block("EC PRIVATE KEY", der)
}

// rocaPrime creates a prime like Infineon's chips for keys of 2048 bits: k·M +
// (65537^a mod M), where M is the product of the first 126 primes.
func rocaPrime() *big.Int {
	m, found := big.NewInt(1), 0
	for i := int64(2); found < 126; i++ {
		if big.NewInt(i).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(i))
			found++
		}
	}
	low := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(3), 1022), m) // so that the product of two has 2048 bits
	span := new(big.Int).Sub(new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 1024), m), low)
	for {
		k := new(big.Int).Add(low, must(rand.Int(rand.Reader, span)))
		p := new(big.Int).Exp(big.NewInt(65537), must(rand.Int(rand.Reader, m)), m)
		if p.Add(p, k.Mul(k, m)); p.BitLen() == 1024 && p.ProbablyPrime(10) {
			return p
		}
	}
}
