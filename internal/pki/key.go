package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/bits"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/checks/weakkey"
)

// PrivateKey is a private key: its public facts, and the key itself, which only
// PEM can reach. Printing it in any way shows only the facts.
type PrivateKey struct {
	Encoding  string // as found: pkcs1, sec1, pkcs8, encrypted-pkcs8, encrypted-pem or pkcs12
	Algorithm string // RSA, ECDSA or Ed25519
	Bits      int    // of the RSA modulus or the curve
	PublicKey []byte // SubjectPublicKeyInfo, DER
	Escaped   bool   // line breaks were the two characters \n

	Inconsistencies []string // relations that its numbers violate (RFC 8017 §3.2, RFC 5915 §3)
	Weaknesses      []string // why it can be broken, each a predicate
	key             crypto.PrivateKey
}

// Format prints the facts for every verb, so that no format string, log or test
// failure prints the key.
func (k PrivateKey) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "private key (%s, %s, %d bits)", k.Encoding, k.Algorithm, k.Bits)
}

// ParsePrivateKey reads a file with exactly one private key: PEM, in which EC
// PARAMETERS and certificates are skipped, or PKCS#12. The passphrase decrypts
// an encrypted key. The Problem names any other content.
func ParsePrivateKey(file []byte, passphrase string) (*PrivateKey, *Problem) {
	if len(file) > MaxFileSize {
		return nil, tooLarge(len(file))
	}
	if outerShape(file) == "pkcs12" {
		certificates, problem := parsePKCS12(file, passphrase)
		return certificates.Key, problem
	}
	if isJSON(file) {
		return nil, notKey(found{kind: kindJSON})
	}
	text, escaped := clean(file)
	blocks, problem := scan(text)
	if problem != nil {
		return nil, problem
	}
	if len(blocks) == 0 {
		return nil, notKey(foundIn(file))
	}
	b, problem := onlyKey(blocks)
	if problem != nil {
		return nil, problem
	}
	key, problem := keyOf(b, passphrase)
	if problem != nil {
		return nil, problem
	}
	key.Escaped = escaped
	return key, nil
}

func onlyKey(blocks []block) (block, *Problem) {
	var keys []block
	for _, b := range blocks {
		switch kindOfLabel(b.Type) {
		case kindSSHKey:
			return block{}, notKey(b.found())
		case kindPrivateKey:
			keys = append(keys, b)
		}
	}
	switch len(keys) {
	case 0:
		return block{}, notKey(named(blocks))
	case 1:
		return keys[0], nil
	}
	return block{}, &Problem{Kind: "two-keys",
		Message: fmt.Sprintf("contains %d private keys, at %s and %s, want one", len(keys), keys[0].at(), keys[1].at()),
		Fix:     "keep the key of the first certificate, each key in a separate file: openssl pkey -in FILE -out FILE.pem takes the first"}
}

// named returns the content of the first block that shows the purpose of the
// file.
func named(blocks []block) found {
	for _, b := range blocks {
		switch kindOfLabel(b.Type) {
		case kindParameters:
		case kindUnknown:
			if holds := b.holds(); holds.kind != kindUnknown {
				return holds
			}
			return b.found()
		default:
			return b.found()
		}
	}
	return blocks[0].found()
}

func keyOf(b block, passphrase string) (*PrivateKey, *Problem) {
	if _, legacy := b.Headers["DEK-Info"]; legacy {
		return decryptPEM(b, passphrase)
	}
	switch encoding := encodingOf(b.Bytes); encoding {
	case encryptedPKCS8:
		return decryptPKCS8(b, passphrase)
	case "":
		return nil, mislabelledKey(b)
	default:
		return plainKey(b, b.Bytes, encoding)
	}
}

func mislabelledKey(b block) *Problem {
	if f := b.holds(); f.kind != kindUnknown {
		return notKey(f)
	}
	return corrupt(b, "it is labelled "+clip(b.Type)+" but is not a private key")
}

// plainKey parses the DER of a key, encrypted or not in block b. It checks the
// size first, because the time to check an RSA key grows with the square of its
// size.
func plainKey(b block, der []byte, encoding string) (*PrivateKey, *Problem) {
	if bits := rsaBits(der); len(der) > maxKeyDER || bits > maxRSABits {
		return nil, oversizeKey(b)
	}
	var key any
	var err error
	switch encoding {
	case encodingPKCS1:
		key, err = x509.ParsePKCS1PrivateKey(der)
	case encodingSEC1:
		key, err = x509.ParseECPrivateKey(der)
	case encodingDSA:
		return nil, unsupportedKey(b.at(), "DSA")
	default:
		key, err = x509.ParsePKCS8PrivateKey(der)
	}
	if err != nil {
		return nil, inconsistentKey(b, der, encoding)
	}
	k, name := newPrivateKey(key, encoding)
	if name != "" {
		return nil, unsupportedKey(b.at(), name)
	}
	k.Inconsistencies, k.Weaknesses = examine(der, key)
	return k, nil
}

const makeKey = "openssl ecparam -name prime256v1 -genkey -noout -out KEY"

func oversizeKey(b block) *Problem {
	return &Problem{Kind: "too-large",
		Message: fmt.Sprintf("contains a private key of more than %d bits at %s", maxRSABits, b.at()),
		Fix:     "make a new key of 2048 to 4096 bits RSA, or on the curve P-256, and have the certificate issued for it: " + makeKey}
}

// inconsistentKey is the Problem of a key of the right form that cannot be parsed.
// It does not include the library's error, which may contain parts of the key.
func inconsistentKey(b block, der []byte, encoding string) *Problem {
	if name := unacceptedKey(der); name != "" {
		return unsupportedKey(b.at(), name)
	}
	inconsistencies, weaknesses := examine(der, nil)
	return &Problem{Kind: KindInconsistent, Inconsistencies: inconsistencies, Weaknesses: weaknesses,
		Message: fmt.Sprintf("contains a private key (%s) at %s whose numbers are damaged or inconsistent", encoding, b.at()),
		Fix:     "check it with `openssl pkey -in FILE -check -noout` and restore it from a backup, or have the certificate issued for a new key"}
}

// Kinds of Problems with a meaning to checks.
const (
	KindInconsistent = "inconsistent" // a key of the right form with inconsistent numbers
	KindUnsupported  = "unsupported"  // an unsupported form, or a key that no TLS client accepts
)

func unsupportedKey(where, name string) *Problem {
	return &Problem{Kind: KindUnsupported,
		Message: fmt.Sprintf("contains a private key at %s that is %s, which browsers do not accept in certificates, want RSA or ECDSA on P-256 or P-384", where, name),
		Fix:     "make a new key and have the certificate issued for it: " + makeKey}
}

// newPrivateKey reduces a parsed key to its facts; for a key that cannot sign
// it returns only a name.
func newPrivateKey(key any, encoding string) (k *PrivateKey, name string) {
	k = &PrivateKey{Encoding: encoding, key: key}
	var public any
	switch key := key.(type) {
	case *rsa.PrivateKey:
		k.Algorithm, k.Bits, public = "RSA", key.N.BitLen(), key.Public()
	case *ecdsa.PrivateKey:
		k.Algorithm, k.Bits, public = "ECDSA", key.Curve.Params().BitSize, key.Public()
	case ed25519.PrivateKey:
		k.Algorithm, k.Bits, public = "Ed25519", 256, key.Public()
	default:
		return nil, "X25519" // the only key of crypto/x509 that cannot sign
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, k.Algorithm
	}
	k.PublicKey = der
	return k, ""
}

// PEM returns the canonical text that is sent: PKCS#1 for RSA and SEC 1 for
// ECDSA, the forms on Alibaba Cloud's certificate pages ("BEGIN RSA PRIVATE
// KEY", "BEGIN EC PRIVATE KEY") that every TLS server reads; PKCS#8, the only
// form, for Ed25519. It is the only access to the key.
func (k *PrivateKey) PEM() ([]byte, error) {
	var b pem.Block
	var err error
	switch key := k.key.(type) {
	case *rsa.PrivateKey:
		b = pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	case *ecdsa.PrivateKey:
		b.Type = "EC PRIVATE KEY"
		b.Bytes, err = x509.MarshalECPrivateKey(key)
	default:
		b.Type = "PRIVATE KEY"
		b.Bytes, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the %s private key failed", k.Algorithm)
	}
	return pem.EncodeToMemory(&b), nil
}

// Encodings of private keys.
const (
	encodingPKCS1  = "pkcs1"
	encodingSEC1   = "sec1"
	encodingPKCS8  = "pkcs8"
	encodingDSA    = "dsa" // OpenSSL's format of DSA PRIVATE KEY blocks
	encryptedPKCS8 = "encrypted-pkcs8"
	encryptedPEM   = "encrypted-pem" // RFC 1421 headers, from OpenSSL's older tools
)

// encodingOf detects the encoding of a private key from its first elements,
// because labels are often wrong; "" is no private key. RSAPrivateKey (RFC 8017
// A.1.2) is nine integers or more, OpenSSL's DSA key six; ECPrivateKey (RFC
// 5915 §3) begins with the integer 1 and an octet string, PrivateKeyInfo (RFC
// 5208 §5) with an integer, an algorithm and an octet string;
// EncryptedPrivateKeyInfo (RFC 5208 §6) is exactly an algorithm and an octet
// string.
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

// integersOf counts the integers in s, up to nine, if there is nothing else.
func integersOf(s cryptobyte.String) (n int) {
	for !s.Empty() && n < 9 {
		if !s.SkipASN1(cbasn1.INTEGER) {
			return 0
		}
		n++
	}
	return n
}

// rsaBits returns the modulus size of an RSA key in PKCS#1 or PKCS#8, without
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
// browsers do not accept, as weakkey.Unaccepted does for public keys.
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

// subjectAndKey returns the DER of a certificate's subject and
// SubjectPublicKeyInfo (RFC 5280 §4.1) without parsing the rest.
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
