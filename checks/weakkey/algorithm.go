package weakkey

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Unaccepted names the kind of key in a SubjectPublicKeyInfo (DER) if browsers
// do not accept it in server certificates: they accept only RSA and ECDSA on
// the NIST curves (Baseline Requirements §6.1.5). "" for those two, however
// weak, and for anything else. The name follows "the key is".
func Unaccepted(spki []byte) string {
	outer := cryptobyte.String(spki)
	var body, algorithm cryptobyte.String
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&algorithm, cbasn1.SEQUENCE) {
		return ""
	}
	return UnacceptedAlgorithm(algorithm)
}

// UnacceptedAlgorithm does the same for the contents of an AlgorithmIdentifier,
// also in PKCS#8.
func UnacceptedAlgorithm(identifier cryptobyte.String) string {
	var oid asn1.ObjectIdentifier
	if !identifier.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	switch id := oid.String(); id {
	case "1.2.840.113549.1.1.1":
		return ""
	case "1.2.840.10045.2.1":
		return UnacceptedCurve(identifier)
	default:
		return algorithm(id)
	}
}

// algorithm names algorithms by object identifier: RFC 3279, RFC 4055, RFC
// 8410, RFC 9881, RFC 9909, RFC 9215 and GM/T 0006.
func algorithm(id string) string {
	switch id {
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.2.840.113549.1.1.10":
		return "RSASSA-PSS"
	case "1.3.101.110":
		return "X25519"
	case "1.3.101.111":
		return "X448"
	case "1.3.101.112":
		return "Ed25519"
	case "1.3.101.113":
		return "Ed448"
	case "2.16.840.1.101.3.4.3.17":
		return "ML-DSA-44"
	case "2.16.840.1.101.3.4.3.18":
		return "ML-DSA-65"
	case "2.16.840.1.101.3.4.3.19":
		return "ML-DSA-87"
	case "2.16.840.1.101.3.4.3.20", "2.16.840.1.101.3.4.3.22", "2.16.840.1.101.3.4.3.24",
		"2.16.840.1.101.3.4.3.26", "2.16.840.1.101.3.4.3.28", "2.16.840.1.101.3.4.3.30":
		return "SLH-DSA"
	case "1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2":
		return "GOST R 34.10-2012"
	case "1.2.156.10197.1.301", "1.2.156.10197.1.501": // of the key, and of signatures with SM3
		return "SM2"
	}
	return "of the unknown algorithm " + id
}

// UnacceptedCurve does the same for ECParameters (RFC 5480 §2.1.1), DER.
func UnacceptedCurve(parameters cryptobyte.String) string {
	var oid asn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&oid) {
		return "ECDSA with explicit curve parameters"
	}
	switch id := oid.String(); id {
	case "1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35": // P-224, P-256, P-384, P-521
		return ""
	case "1.2.156.10197.1.301":
		return "SM2"
	case "1.3.132.0.10":
		return "ECDSA on the curve secp256k1"
	case "1.3.36.3.3.2.8.1.1.7", "1.3.36.3.3.2.8.1.1.11", "1.3.36.3.3.2.8.1.1.13":
		return "ECDSA on a Brainpool curve"
	default:
		return "ECDSA on the unknown curve " + id
	}
}
