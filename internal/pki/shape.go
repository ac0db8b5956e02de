package pki

import (
	"bytes"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// kindOfDER tells DER structures apart by their first elements, whatever they
// are called and whatever keys are in them.
func kindOfDER(der []byte) string {
	outer := cryptobyte.String(der)
	var body, first cryptobyte.String
	switch outerShape(der) {
	case "pkcs7":
		return kindPKCS7
	case "pkcs12":
		return kindPKCS12
	}
	switch encodingOf(der) {
	case "":
	case encryptedPKCS8:
		return kindEncryptedKey
	default:
		return kindPrivateKey
	}
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&first, cbasn1.SEQUENCE) {
		return kindUnknown
	}
	if first.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) && body.PeekASN1Tag(cbasn1.BIT_STRING) {
		return kindPublicKey // SubjectPublicKeyInfo, RFC 5280 §4.1
	}
	if !body.SkipASN1(cbasn1.SEQUENCE) || !body.PeekASN1Tag(cbasn1.BIT_STRING) {
		return kindUnknown
	}
	return kindOfSigned(first)
}

// kindOfSigned tells what a CA or an applicant has signed by the tags of its
// fields: Certificate (RFC 5280 §4.1), CertificateList (§5.1) or
// CertificationRequest (RFC 2986 §4).
func kindOfSigned(tbs cryptobyte.String) string {
	var tags []byte
	for !tbs.Empty() && len(tags) < 7 {
		var tag cbasn1.Tag
		var element cryptobyte.String
		if !tbs.ReadAnyASN1(&element, &tag) {
			return kindUnknown
		}
		tags = append(tags, byte(tag))
	}
	const seq, integer, utc, generalized, context0 = 0x30, 0x02, 0x17, 0x18, 0xA0
	begins := func(shape ...byte) bool { return bytes.HasPrefix(tags, shape) }
	withoutVersion := bytes.TrimPrefix(tags, []byte{integer})
	switch {
	case begins(context0, integer, seq, seq, seq, seq, seq), begins(integer, seq, seq, seq, seq, seq):
		return kindCertificate
	case begins(integer, seq, seq) && (len(tags) == 3 || tags[3] == context0):
		return kindCSR
	case bytes.HasPrefix(withoutVersion, []byte{seq, seq, utc}), bytes.HasPrefix(withoutVersion, []byte{seq, seq, generalized}):
		return kindCRL
	}
	return kindUnknown
}

// outerShape recognises ContentInfo (RFC 5652 §3) and PFX (RFC 7292 §4) by
// their first elements.
func outerShape(der []byte) string {
	var body, version, next cryptobyte.String
	outer := cryptobyte.String(der)
	if !outer.ReadASN1(&body, cbasn1.SEQUENCE) {
		return ""
	}
	if body.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		var oid asn1.ObjectIdentifier
		if body.ReadASN1ObjectIdentifier(&oid) && len(oid) == 7 && oid[:6].Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7}) {
			return "pkcs7"
		}
		return ""
	}
	if body.ReadASN1(&version, cbasn1.INTEGER) && bytes.Equal(version, []byte{3}) &&
		body.ReadASN1(&next, cbasn1.SEQUENCE) && next.PeekASN1Tag(cbasn1.OBJECT_IDENTIFIER) {
		return "pkcs12"
	}
	return ""
}
