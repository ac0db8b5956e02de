package pki

import (
	"bytes"
	"unicode/utf8"
)

// What a file or block turned out to hold; the kinds of a Problem.
const (
	kindCertificate  = "certificate"
	kindTrusted      = "trusted-certificate"
	kindDER          = "der"
	kindPKCS7        = "pkcs7"
	kindPKCS12       = "pkcs12"
	kindJKS          = "jks"
	kindJCEKS        = "jceks"
	kindCSR          = "csr"
	kindPrivateKey   = "private-key"
	kindEncryptedKey = "encrypted-key"
	kindSSHKey       = "openssh-key"
	kindSSHPublic    = "ssh-public-key"
	kindPuTTYKey     = "putty-key"
	kindPublicKey    = "public-key"
	kindCRL          = "crl"
	kindParameters   = "parameters"
	kindPGP          = "openpgp"
	kindPGPMessage   = "openpgp-message"
	kindEmpty        = "empty"
	kindUTF16        = "utf-16"
	kindGzip         = "gzip"
	kindZIP          = "zip"
	kindHTML         = "html"
	kindJSON         = "json"
	kindBase64       = "base64"
	kindText         = "text"
	kindBinary       = "binary"
	kindUnknown      = "unknown"
)

// kindOfLabel is what a PEM label promises (RFC 7468, OpenSSL's older labels, and
// RFC 9580 §6.2, whose armor looks alike).
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
	case "PGP PUBLIC KEY BLOCK", "PGP PRIVATE KEY BLOCK", "PGP SIGNATURE":
		return kindPGP
	case "PGP MESSAGE":
		return kindPGPMessage
	}
	return kindUnknown
}

// found is what a file or block holds instead of what was wanted.
type found struct {
	kind  string
	place string // of the block; "" for a whole file
	label string // of a block
	inner string // of base64 text: the kind of what it encodes; "pem" for PEM
}

// found is the block as what its label promises.
func (b block) found() found { return found{kind: kindOfLabel(b.Type), place: b.at(), label: b.Type} }

// holds is the block as what its DER is, whatever its label promises.
func (b block) holds() found { return found{kind: kindOfDER(b.Bytes), place: b.at(), label: b.Type} }

// foundIn is what a file without PEM blocks holds.
func foundIn(file []byte) found {
	if kind := kindOfBinary(file); kind != kindUnknown {
		return found{kind: kind}
	}
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return found{kind: kindBinary}
	}
	return foundInText(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))))
}

// kindOfBinary knows files by their first bytes, and DER by its shape.
func kindOfBinary(file []byte) string {
	for _, magic := range []struct{ start, kind string }{
		{"\xFF\xFE", kindUTF16}, {"\xFE\xFF", kindUTF16}, {"-\x00-\x00", kindUTF16}, {"\x00-\x00-", kindUTF16},
		{"\xFE\xED\xFE\xED", kindJKS}, {"\xCE\xCE\xCE\xCE", kindJCEKS},
		{"\x1F\x8B", kindGzip}, {"PK\x03\x04", kindZIP},
	} {
		if bytes.HasPrefix(file, []byte(magic.start)) {
			return magic.kind
		}
	}
	if kind := kindOfDER(file); kind != kindCertificate {
		return kind
	}
	return kindDER
}
