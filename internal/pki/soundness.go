package pki

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// rsaNumbers are the numbers of an RSAPrivateKey (RFC 8017 A.1.2) as in the
// file. crypto/x509 refuses inconsistent keys without saying which number is
// wrong.
type rsaNumbers struct{ n, e, d, p, q, dp, dq, qinv *big.Int }

// maxPrimality limits the moduli whose factors are tested for primality: a
// factor of 4096 bits takes a quarter of a second.
const maxPrimality = 4096

// readRSA reads the numbers of an RSA key in PKCS#1 or PKCS#8 of limited size;
// ok is false for anything else.
func readRSA(der []byte) (rsaNumbers, bool) {
	inner, ok := pkcs1Of(der)
	if !ok {
		return rsaNumbers{}, false
	}
	var r rsaNumbers
	for _, number := range []**big.Int{&r.n, &r.e, &r.d, &r.p, &r.q, &r.dp, &r.dq, &r.qinv} {
		*number = new(big.Int)
		if !inner.ReadASN1Integer(*number) || (*number).Sign() <= 0 || (*number).BitLen() > maxRSABits {
			return rsaNumbers{}, false
		}
	}
	return r, inner.Empty()
}

// pkcs1Of returns the content of an RSAPrivateKey after its version.
func pkcs1Of(der []byte) (cryptobyte.String, bool) {
	outer := cryptobyte.String(der)
	var body, inner cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
		return nil, false
	}
	if body.PeekASN1Tag(cbasn1.INTEGER) {
		return body, true
	}
	if !body.SkipASN1(cbasn1.SEQUENCE) || !body.ReadASN1(&inner, cbasn1.OCTET_STRING) || encodingOf(inner) != encodingPKCS1 {
		return nil, false
	}
	return pkcs1Of(inner)
}

// inconsistencies lists the relations of RFC 8017 §3.2 that the numbers violate.
func (r rsaNumbers) inconsistencies() (broken []string) {
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(r.p, one), new(big.Int).Sub(r.q, one)
	var x big.Int
	demand := func(kept bool, relation string) {
		if !kept {
			broken = append(broken, relation)
		}
	}
	demand(x.Mul(r.p, r.q).Cmp(r.n) == 0, "the product of the primes is not the modulus (p*q = n)")
	if p1.Sign() <= 0 || q1.Sign() <= 0 || r.p.Cmp(one) <= 0 {
		return append(broken, "a prime is 1")
	}
	undoes := func(m *big.Int) bool {
		return new(big.Int).Mod(new(big.Int).Mul(r.d, r.e), m).Cmp(new(big.Int).Mod(one, m)) == 0
	}
	demand(undoes(p1) && undoes(q1), "the private exponent is not the inverse of the public one (d*e = 1 mod p-1 and mod q-1)")
	demand(x.Mod(r.d, p1).Cmp(r.dp) == 0, "the first CRT exponent is wrong (d mod p-1)")
	demand(x.Mod(r.d, q1).Cmp(r.dq) == 0, "the second CRT exponent is wrong (d mod q-1)")
	demand(x.Mod(x.Mul(r.q, r.qinv), r.p).Cmp(one) == 0, "the CRT coefficient is wrong (q*qInv = 1 mod p)")
	if r.n.BitLen() > maxPrimality {
		return broken
	}
	demand(r.p.ProbablyPrime(1) && r.q.ProbablyPrime(1), "a factor of the modulus is not prime")
	return broken
}

// weak lists why the key can be broken: weaknesses of its public numbers, and a
// private exponent of at most half the modulus' size (FIPS 186-5 §A.1.1; Boneh
// and Durfee, 1999, recover one below n^0.292).
func (r rsaNumbers) weak() []string {
	found := weakkey.RSA(r.n, r.e)
	for _, prime := range []*big.Int{r.p, r.q} {
		if why := weakkey.PatternedPrime(prime); why != "" {
			found = append(found, why)
			break
		}
	}
	if 2*r.d.BitLen() <= r.n.BitLen() {
		found = append(found, "has a private exponent of at most half the size of the modulus, which can be recovered (FIPS 186-5 §A.1.1)")
	}
	return found
}

// examine returns what the numbers of a key's DER violate, and its weaknesses.
// Every RSA key is examined, accepted by Go's library or not. key is the parsed
// key, nil if it was refused.
func examine(der []byte, key any) (inconsistencies, weaknesses []string) {
	if r, ok := readRSA(der); ok {
		return r.inconsistencies(), r.weak()
	}
	if key, ok := key.(*rsa.PrivateKey); ok && len(key.Primes) > 2 {
		return nil, []string{"has more than two primes, which BoringSSL does not accept and bindgate does not check (RFC 8017 §3.2)"}
	}
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		return inconsistentEC(der, key), nil
	}
	return nil, nil
}

// inconsistentEC compares the public point in an EC key (RFC 5915 §3) with the one
// computed from its private number, which crypto/x509 keeps.
func inconsistentEC(der []byte, key *ecdsa.PrivateKey) []string {
	outer := cryptobyte.String(der)
	var body, inner, public cryptobyte.String
	var carried []byte
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
		return nil
	}
	if body.PeekASN1Tag(cbasn1.SEQUENCE) { // PKCS#8
		if !body.SkipASN1(cbasn1.SEQUENCE) || !body.ReadASN1(&inner, cbasn1.OCTET_STRING) ||
			!inner.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
			return nil
		}
	}
	if !body.SkipASN1(cbasn1.OCTET_STRING) || !body.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!body.ReadASN1(&public, cbasn1.Tag(1).ContextSpecific().Constructed()) || !public.ReadASN1BitStringAsBytes(&carried) {
		return nil // it has no public point
	}
	want, err := key.PublicKey.Bytes()
	if err != nil {
		return nil
	}
	if half := len(want) / 2; len(carried) == half+1 && carried[0] != 4 { // compressed: whether y is odd, then x
		want = append([]byte{2 + want[len(want)-1]&1}, want[1:half+1]...)
	}
	if !bytes.Equal(carried, want) {
		return []string{"the public point does not match the private number (Q = d*G)"}
	}
	return nil
}

// examined examines a key from PKCS#12: it encodes the library's parsed key as
// PKCS#8 again.
func examined(parsed any) (*PrivateKey, *Problem) {
	key, name := newPrivateKey(parsed, ContainerPKCS12)
	if name != "" {
		return nil, unsupportedKey("its key bag", name)
	}
	if der, err := x509.MarshalPKCS8PrivateKey(parsed); err == nil {
		key.Inconsistencies, key.Weaknesses = examine(der, parsed)
	}
	return key, nil
}
