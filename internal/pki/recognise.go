package pki

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// What a file or block turned out to hold; the kinds of a Problem.
const (
	kindCertificate = "certificate"
	kindTrusted     = "trusted-certificate"
	kindDER         = "der"
	kindPKCS7       = "pkcs7"
	kindPKCS12      = "pkcs12"
	kindJKS         = "jks"
	kindCSR         = "csr"
	kindPrivateKey  = "private-key"
	kindSSHKey      = "openssh-key"
	kindPublicKey   = "public-key"
	kindCRL         = "crl"
	kindParameters  = "parameters"
	kindEmpty       = "empty"
	kindUTF16       = "utf-16"
	kindText        = "text"
	kindBinary      = "binary"
	kindUnknown     = "unknown"
)

// kindOfLabel is what a PEM label promises (RFC 7468, and OpenSSL's older labels).
func kindOfLabel(label string) string {
	switch label {
	case "CERTIFICATE", "X509 CERTIFICATE":
		return kindCertificate
	case "TRUSTED CERTIFICATE":
		return kindTrusted
	case "PKCS7", "CMS":
		return kindPKCS7
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		return kindCSR
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "DSA PRIVATE KEY":
		return kindPrivateKey
	case "OPENSSH PRIVATE KEY":
		return kindSSHKey
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		return kindPublicKey
	case "X509 CRL":
		return kindCRL
	case "EC PARAMETERS", "DH PARAMETERS", "DSA PARAMETERS":
		return kindParameters
	}
	return kindUnknown
}

// kindOfFile is what a file without PEM blocks holds.
func kindOfFile(file []byte) string {
	switch {
	case len(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF")))) == 0:
		return kindEmpty
	case isUTF16(file):
		return kindUTF16
	case bytes.HasPrefix(file, []byte{0xFE, 0xED, 0xFE, 0xED}), bytes.HasPrefix(file, []byte{0xCE, 0xCE, 0xCE, 0xCE}):
		return kindJKS // the magic numbers of JKS and JCEKS
	}
	kind := kindOfDER(file)
	switch {
	case kind == kindCertificate:
		return kindDER
	case kind != kindUnknown:
		return kind
	case utf8.Valid(file) && bytes.IndexByte(file, 0) < 0:
		return kindText
	}
	return kindBinary
}

func isUTF16(file []byte) bool {
	for _, start := range []string{"\xFF\xFE", "\xFE\xFF", "-\x00-\x00", "\x00-\x00-"} {
		if bytes.HasPrefix(file, []byte(start)) {
			return true
		}
	}
	return false
}

// kindOfDER tells DER structures apart by what they hold, whatever they are called.
func kindOfDER(der []byte) string {
	switch outerShape(der) {
	case "pkcs7":
		return kindPKCS7
	case "pkcs12":
		return kindPKCS12
	}
	if encodingOf(der) != "" {
		return kindPrivateKey
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return kindCertificate
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return kindCSR
	}
	if _, err := x509.ParseRevocationList(der); err == nil {
		return kindCRL
	}
	if _, err := x509.ParsePKIXPublicKey(der); err == nil {
		return kindPublicKey
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
