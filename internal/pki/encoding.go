package pki

import (
	"bytes"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// Encodings of private keys.
const (
	encodingPKCS1  = "pkcs1"
	encodingSEC1   = "sec1"
	encodingPKCS8  = "pkcs8"
	encodingDSA    = "dsa" // OpenSSL's own, of DSA PRIVATE KEY blocks
	encryptedPKCS8 = "encrypted-pkcs8"
	encryptedPEM   = "encrypted-pem" // RFC 1421 headers, by OpenSSL's older tools
)

// encodingOf tells the encoding of a private key by its first elements, for
// labels are often wrong; "" is no private key. RSAPrivateKey (RFC 8017 A.1.2)
// is nine integers or more, OpenSSL's DSA key six; ECPrivateKey (RFC 5915 §3)
// begins with the integer 1 and an octet string, PrivateKeyInfo (RFC 5208 §5)
// with an integer, an algorithm and an octet string; EncryptedPrivateKeyInfo
// (RFC 5208 §6) is an algorithm and an octet string and nothing else.
func encodingOf(der []byte) string {
	outer := cryptobyte.String(der)
	var body, algorithm cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) {
		return ""
	}
	if body.PeekASN1Tag(cbasn1.SEQUENCE) {
		if body.ReadASN1(&algorithm, cbasn1.SEQUENCE) && algorithm.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) &&
			body.SkipASN1(cbasn1.OCTET_STRING) && body.Empty() {
			return encryptedPKCS8
		}
		return ""
	}
	if !body.SkipASN1(cbasn1.INTEGER) {
		return ""
	}
	switch {
	case body.PeekASN1Tag(cbasn1.INTEGER):
		if n := integersOf(body); n == 5 {
			return encodingDSA
		}
		return encodingPKCS1
	case body.PeekASN1Tag(cbasn1.OCTET_STRING):
		return encodingSEC1
	case body.ReadASN1(&algorithm, cbasn1.SEQUENCE) && algorithm.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && body.PeekASN1Tag(cbasn1.OCTET_STRING):
		return encodingPKCS8
	}
	return ""
}

// integersOf counts the integers in s if there is nothing else, up to nine.
func integersOf(s cryptobyte.String) (n int) {
	for !s.Empty() && n < 9 {
		if !s.SkipASN1(cbasn1.INTEGER) {
			return 0
		}
		n++
	}
	return n
}

// rsaBits is the size of the modulus of an RSA key in PKCS#1 or PKCS#8, without
// parsing it; 0 for any other key.
func rsaBits(der []byte) int {
	inner, ok := pkcs1Of(der)
	var modulus cryptobyte.String
	if !ok || !inner.ReadASN1(&modulus, cbasn1.INTEGER) {
		return 0
	}
	modulus = bytes.TrimLeft(modulus, "\x00")
	if len(modulus) == 0 {
		return 0
	}
	return 8*len(modulus) - bits.LeadingZeros8(modulus[0])
}

// unacceptedKey names the algorithm or curve of a key in PKCS#8 or SEC 1 that
// browsers do not take, as weakkey.Unaccepted does for public keys.
func unacceptedKey(der []byte) string {
	outer := cryptobyte.String(der)
	var body, algorithm, curve cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
		return ""
	}
	if body.PeekASN1Tag(cbasn1.SEQUENCE) {
		body.ReadASN1(&algorithm, cbasn1.SEQUENCE)
		return weakkey.UnacceptedAlgorithm(algorithm)
	}
	if body.SkipASN1(cbasn1.OCTET_STRING) && body.ReadASN1(&curve, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return weakkey.UnacceptedCurve(curve)
	}
	return ""
}

// subjectAndKey are the DER of a certificate's subject and SubjectPublicKeyInfo
// (RFC 5280 §4.1), found without parsing the rest.
func subjectAndKey(der []byte) (subject, key cryptobyte.String, ok bool) {
	input := cryptobyte.String(der)
	var certificate, tbs cryptobyte.String
	if !input.ReadASN1(&certificate, cbasn1.SEQUENCE) ||
		!certificate.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.Tag(0).Constructed().ContextSpecific()) || // version
		!tbs.SkipASN1(cbasn1.INTEGER) || // serialNumber
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // signature
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // issuer
		!tbs.SkipASN1(cbasn1.SEQUENCE) || // validity
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return nil, nil, false
	}
	return subject, key, true
}
