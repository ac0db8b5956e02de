package pkitest

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"

	"github.com/youmark/pkcs8"
)

// Derivation is a password-based key derivation function as an attacker would
// declare it; the file may use another one.
type Derivation struct {
	OID        asn1.ObjectIdentifier
	Parameters any // after the salt, which is eight zeros
}

// Seal encrypts the DER of a private key by PBES2 with one iteration of PBKDF2,
// and declares another derivation if declared is not nil. It supports keys that
// no library writes: of any size and kind.
func Seal(tb testing.TB, der []byte, passphrase string, declared *Derivation) []byte {
	tb.Helper()
	salt, iv := make([]byte, 8), make([]byte, 16)
	key, _, err := pkcs8.PBKDF2Opts{IterationCount: 1, HMACHash: crypto.SHA1}.DeriveKey([]byte(passphrase), salt, 32)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := pkcs8.AES256CBC.Encrypt(key, iv, der)
	if err != nil {
		tb.Fatal(err)
	}
	made := func(v any) asn1.RawValue {
		out, err := asn1.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return asn1.RawValue{FullBytes: out}
	}
	if declared == nil {
		declared = &Derivation{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}, struct{ Iterations int }{1}}
	}
	numbers := made(declared.Parameters) // a SEQUENCE whose contents follow the salt
	var inside asn1.RawValue
	if _, err := asn1.Unmarshal(numbers.FullBytes, &inside); err != nil {
		tb.Fatal(err)
	}
	parameters := made(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: bytes.Join([][]byte{made(salt).FullBytes, inside.Bytes}, nil)})
	scheme := made(struct{ Derivation, Encryption pkix.AlgorithmIdentifier }{
		pkix.AlgorithmIdentifier{Algorithm: declared.OID, Parameters: parameters},
		pkix.AlgorithmIdentifier{Algorithm: pkcs8.AES256CBC.OID(), Parameters: made(iv)},
	})
	return made(struct {
		Scheme pkix.AlgorithmIdentifier
		Data   []byte
	}{pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}, Parameters: scheme}, text}).FullBytes
}

// RSANumbers returns the DER of an RSAPrivateKey (RFC 8017 A.1.2) with
// consistent numbers and a modulus of the given size; its factors are not
// prime.
func RSANumbers(tb testing.TB, bits int) []byte {
	tb.Helper()
	one, e := big.NewInt(1), big.NewInt(65537)
	odd := func(high, low int64) *big.Int { // returns high*2^n + low; 6 and 7 of 8 give a product of full size
		n := new(big.Int).Lsh(big.NewInt(high), uint(bits/2-3))
		return n.Add(n, big.NewInt(low))
	}
	for low := int64(1); low < 10_000; low += 2 {
		p, q := odd(6, low), odd(7, low+2)
		p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
		d, inverse := new(big.Int).ModInverse(e, new(big.Int).Mul(p1, q1)), new(big.Int).ModInverse(q, p)
		if d == nil || inverse == nil {
			continue
		}
		der, err := asn1.Marshal(struct{ V, N, E, D, P, Q, DP, DQ, Inverse *big.Int }{new(big.Int), new(big.Int).Mul(p, q), e, d,
			p, q, new(big.Int).Mod(d, p1), new(big.Int).Mod(d, q1), inverse})
		if err != nil {
			tb.Fatal(err)
		}
		return der
	}
	tb.Fatal("found no numbers of that size")
	return nil
}
