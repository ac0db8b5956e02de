package pkitest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Foreign is a kind of key that crypto/x509 cannot certify, or that no browser
// accepts. Its numbers have the right sizes and are noise.
type Foreign struct {
	Name       string // as weakkey.Unaccepted returns it
	PublicKey  []byte // SubjectPublicKeyInfo, DER
	PrivateKey []byte // PKCS#8, DER
	algorithm  []byte // AlgorithmIdentifier of its signatures, DER
	signature  int    // size of a signature, in bytes
}

// Foreigners returns one key of each kind.
func Foreigners(tb testing.TB) []Foreign {
	tb.Helper()
	type identifier struct {
		Algorithm  asn1.ObjectIdentifier
		Parameters any `asn1:"optional"`
	}
	noise := func(n int) []byte { return bytes.Repeat([]byte{0x5a}, n) }
	number := new(big.Int).SetBytes(noise(32))
	made := func(v any) []byte {
		der, err := asn1.Marshal(v)
		if err != nil {
			tb.Fatal(err)
		}
		return der
	}
	foreign := func(name string, key identifier, signature asn1.ObjectIdentifier, size int, public, private []byte) Foreign {
		algorithm := asn1.RawValue{FullBytes: made(struct{ Algorithm asn1.ObjectIdentifier }{key.Algorithm})}
		if key.Parameters != nil {
			algorithm.FullBytes = made(key)
		}
		return Foreign{name,
			made(struct {
				Algorithm asn1.RawValue
				Key       asn1.BitString
			}{algorithm, asn1.BitString{Bytes: public, BitLength: 8 * len(public)}}),
			made(struct {
				Version   int
				Algorithm asn1.RawValue
				Key       []byte
			}{0, algorithm, private}),
			made(struct{ Algorithm asn1.ObjectIdentifier }{signature}), size}
	}
	alone := func(name string, public, private []byte, size int, oid ...int) Foreign {
		return foreign(name, identifier{Algorithm: oid}, oid, size, public, private)
	}
	seed := made(asn1.RawValue{Class: asn1.ClassContextSpecific, Bytes: noise(32)}) // RFC 9881 §6
	dsa := struct{ P, Q, G *big.Int }{new(big.Int).SetBytes(noise(256)), number, big.NewInt(2)}
	return []Foreign{
		foreign("SM2", identifier{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}},
			asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}, 70, append([]byte{4}, noise(64)...), made(struct {
				Version int
				Key     []byte
			}{1, noise(32)})),
		foreign("DSA", identifier{asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, dsa},
			asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 2}, 70, made(number), made(number)),
		alone("ML-DSA-44", noise(1312), seed, 2420, 2, 16, 840, 1, 101, 3, 4, 3, 17),
		alone("ML-DSA-65", noise(1952), seed, 3309, 2, 16, 840, 1, 101, 3, 4, 3, 18),
		alone("ML-DSA-87", noise(2592), seed, 4627, 2, 16, 840, 1, 101, 3, 4, 3, 19),
		alone("Ed25519", noise(32), made(noise(32)), 64, 1, 3, 101, 112),
		alone("Ed448", noise(57), made(noise(57)), 114, 1, 3, 101, 113),
	}
}

// Holding returns the DER of a certificate issued by i, with its key replaced by
// the foreign one.
func (f Foreign) Holding(tb testing.TB, i, certificate Identity) []byte {
	tb.Helper()
	return rewrite(tb, certificate.Raw, f.PublicKey, nil, func(tbs []byte) []byte {
		digest := sha256.Sum256(tbs)
		signature, err := ecdsa.SignASN1(rand.Reader, i.Key.(*ecdsa.PrivateKey), digest[:])
		if err != nil {
			tb.Fatal(err)
		}
		return signature
	})
}

// Signed returns the DER of a certificate with a made-up signature of the
// foreign kind.
func (f Foreign) Signed(tb testing.TB, certificate Identity) []byte {
	tb.Helper()
	return rewrite(tb, certificate.Raw, nil, f.algorithm, func([]byte) []byte { return bytes.Repeat([]byte{0x5a}, f.signature) })
}

// rewrite replaces the key or the signature algorithm of a certificate (RFC
// 5280 §4.1), unless nil, and signs it again.
func rewrite(tb testing.TB, der, spki, algorithm []byte, sign func(tbs []byte) []byte) []byte {
	tb.Helper()
	input := cryptobyte.String(der)
	var certificate, tbs, old cryptobyte.String
	ok := input.ReadASN1(&certificate, cbasn1.SEQUENCE) && certificate.ReadASN1(&tbs, cbasn1.SEQUENCE)
	var fields [][]byte // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions
	for ok && !tbs.Empty() {
		var tag cbasn1.Tag
		ok = tbs.ReadAnyASN1Element(&old, &tag)
		fields = append(fields, old)
	}
	if !ok || len(fields) != 8 {
		tb.Fatalf("got %d fields of a certificate", len(fields))
	}
	if algorithm != nil {
		fields[2] = algorithm
	}
	if spki != nil {
		fields[6] = spki
	}
	var inner, outer cryptobyte.Builder
	inner.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(fields, nil)) })
	signed := inner.BytesOrPanic()
	outer.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes(fields[2])
		b.AddASN1BitString(sign(signed))
	})
	return outer.BytesOrPanic()
}
