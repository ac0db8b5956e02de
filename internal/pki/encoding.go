package pki

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Encodings of private keys.
const (
	encodingPKCS1  = "pkcs1"
	encodingSEC1   = "sec1"
	encodingPKCS8  = "pkcs8"
	encryptedPKCS8 = "encrypted-pkcs8"
	encryptedPEM   = "encrypted-pem" // RFC 1421 headers, by OpenSSL's older tools
)

// encodingOf tells the encoding of a private key by its first elements, for
// labels are often wrong; "" is no private key. RSAPrivateKey (RFC 8017 A.1.2)
// begins with two integers, ECPrivateKey (RFC 5915 §3) with the integer 1 and an
// octet string, PrivateKeyInfo (RFC 5208 §5) with an integer, an algorithm and
// an octet string, EncryptedPrivateKeyInfo (RFC 5208 §6) with an algorithm and
// an octet string and nothing else.
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
		return encodingPKCS1
	case body.PeekASN1Tag(cbasn1.OCTET_STRING):
		return encodingSEC1
	case body.ReadASN1(&algorithm, cbasn1.SEQUENCE) && algorithm.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && body.PeekASN1Tag(cbasn1.OCTET_STRING):
		return encodingPKCS8
	}
	return ""
}

// rsaBits is the size of the modulus of an RSA key in PKCS#1 or PKCS#8, without
// parsing it; 0 for any other key.
func rsaBits(der []byte) int {
	outer := cryptobyte.String(der)
	var body, inner, modulus cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
		return 0
	}
	if body.PeekASN1Tag(cbasn1.INTEGER) {
		body.ReadASN1(&modulus, cbasn1.INTEGER)
		return 8 * len(modulus) // up to 15 bits too many, for the sign and the leading zeros
	}
	if !body.SkipASN1(cbasn1.SEQUENCE) || !body.ReadASN1(&inner, cbasn1.OCTET_STRING) || encodingOf(inner) != encodingPKCS1 {
		return 0
	}
	return rsaBits(inner)
}

// unsupportedAlgorithm names the algorithm or curve of a key in PKCS#8 or SEC 1
// that Go's library has no code for; "" for RSA, Ed25519 and the NIST curves.
func unsupportedAlgorithm(der []byte) string {
	outer := cryptobyte.String(der)
	var body, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.INTEGER) {
		return ""
	}
	if body.PeekASN1Tag(cbasn1.SEQUENCE) {
		if !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
			return ""
		}
		if name := algorithmName(oid); name != "EC" {
			return name
		}
		return curveName(algorithm)
	}
	var curve cryptobyte.String
	if body.SkipASN1(cbasn1.OCTET_STRING) && body.ReadASN1(&curve, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return curveName(curve)
	}
	return ""
}

func algorithmName(oid asn1.ObjectIdentifier) string {
	switch oid.String() {
	case "1.2.840.113549.1.1.1", "1.3.101.112":
		return ""
	case "1.2.840.10045.2.1":
		return "EC"
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.2.840.113549.1.1.10":
		return "RSASSA-PSS"
	case "1.3.101.113":
		return "Ed448"
	case "2.16.840.1.101.3.4.3.17", "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19":
		return "ML-DSA"
	}
	return "unknown"
}

func curveName(parameters cryptobyte.String) string {
	var oid asn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&oid) {
		return "EC with explicit parameters"
	}
	switch oid.String() {
	case "1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35":
		return ""
	case "1.2.156.10197.1.301":
		return "SM2"
	case "1.3.132.0.10":
		return "EC on secp256k1"
	}
	return "EC on an unknown curve"
}
