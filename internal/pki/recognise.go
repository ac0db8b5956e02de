package pki

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// Contents of a file or block; these are the kinds of a Problem.
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

	kindUTF16LE    = "utf-16le" // without a byte-order mark
	kindUTF16BE    = "utf-16be"
	kindGitLFS     = "git-lfs"
	kindGitAnnex   = "git-annex"
	kindGitCrypt   = "git-crypt"
	kindVault      = "ansible-vault"
	kindSOPS       = "sops"
	kindAge        = "age"
	kindOpenSSLEnc = "openssl-enc"
	kindSecret     = "kubernetes-secret"
	kindSealed     = "sealed-secret"
	kindPath       = "path"
)

// kindOfLabel returns the kind that a PEM label indicates (RFC 7468, OpenSSL's
// older labels, and RFC 9580 §6.2, whose armor looks similar).
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
	case "AGE ENCRYPTED FILE":
		return kindAge
	}
	return kindUnknown
}

// found is the content of a file or block in place of the wanted one.
type found struct {
	kind  string
	place string // of the block; "" for a whole file
	label string // of a block
	inner string // of base64 text: the kind of its content; "pem" for PEM
}

// found describes the block by its label.
func (b block) found() found { return found{kind: kindOfLabel(b.Type), place: b.at(), label: b.Type} }

// holds describes the block by its DER and ignores its label.
func (b block) holds() found { return found{kind: kindOfDER(b.Bytes), place: b.at(), label: b.Type} }

// foundIn describes a file without PEM blocks.
func foundIn(file []byte) found {
	if kind := kindOfBinary(file); kind != kindUnknown {
		return found{kind: kind}
	}
	if !utf8.Valid(file) || bytes.IndexByte(file, 0) >= 0 {
		return found{kind: kindBinary}
	}
	return foundInText(bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xEF\xBB\xBF"))))
}

// kindOfBinary recognises files by their first bytes, and DER by its structure.
func kindOfBinary(file []byte) string {
	for _, magic := range []struct{ start, kind string }{
		{"\xFF\xFE", kindUTF16}, {"\xFE\xFF", kindUTF16}, {"-\x00-\x00", kindUTF16LE}, {"\x00-\x00-", kindUTF16BE},
		{"\x00GITCRYPT\x00", kindGitCrypt}, {"age-encryption.org/", kindAge}, {"Salted__", kindOpenSSLEnc},
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

// kindOfDER distinguishes DER structures by their first elements, independently of
// PEM labels and key types.
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

// kindOfSigned distinguishes signed structures by the tags of their fields:
// Certificate (RFC 5280 §4.1), CertificateList (§5.1) and CertificationRequest
// (RFC 2986 §4).
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

// foundInText describes text without PEM blocks.
func foundInText(text []byte) found {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	start := strings.ToLower(string(first[:min(len(first), 64)]))
	begins := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(start, p) {
				return true
			}
		}
		return false
	}
	switch {
	case len(text) == 0:
		return found{kind: kindEmpty}
	case begins("<!doctype html", "<html", "<head", "<body"):
		return found{kind: kindHTML}
	case begins("putty-user-key-file-"):
		return found{kind: kindPuTTYKey}
	case begins("ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- begin ssh2"):
		return found{kind: kindSSHPublic}
	}
	if kind := kindOfTool(text, begins); kind != kindUnknown {
		return found{kind: kind}
	}
	if inner := insideBase64(text); inner != kindUnknown {
		return found{kind: kindBase64, inner: inner}
	}
	return found{kind: kindText}
}

// kindOfTool recognises the files of tools that manage secrets, and a path in
// place of a file.
func kindOfTool(text []byte, begins func(...string) bool) string {
	has := func(part string) bool { return bytes.Contains(text, []byte(part)) }
	small := len(text) <= maxSecret && has("Secret")
	switch {
	case begins("version https://git-lfs.github.com/spec/"):
		return kindGitLFS
	case begins("/annex/objects/") || has(".git/annex/objects/"):
		return kindGitAnnex
	case begins("$ansible_vault;") || has("!vault |"):
		return kindVault
	case has("ENC[AES256_GCM,"):
		return kindSOPS
	case begins("u2fsdgvkx1"): // "Salted__" in base64
		return kindOpenSSLEnc
	case small && sealedSecret.Match(text):
		return kindSealed
	case small && secret.Match(text):
		return kindSecret
	case len(text) <= maxPath && onePath.Match(text):
		return kindPath
	}
	return kindUnknown
}

// Limits in bytes of the text that regular expressions search, at about 100 ns
// per byte.
const (
	maxPath   = 1024
	maxSecret = 64 << 10
)

var (
	secret       = lazyregexp.New(`(?m)^\s*[{,]?\s*"?kind"?:\s*"?Secret"?\s*,?\s*$|"kind": ?"Secret"`)
	sealedSecret = lazyregexp.New(`(?m)^\s*[{,]?\s*"?kind"?:\s*"?SealedSecret"?\s*,?\s*$|"kind": ?"SealedSecret"`)
	// One line that begins like a path or ends like the name of a key file.
	// Base64 may begin with a slash, and contains no dot. maxPath limits the length:
	// limits as counted repetitions cost each start of the program 4 ms.
	onePath = lazyregexp.New(`^(?:(?:/|\.{1,2}/|~/|[A-Za-z]:[\\/])[^\s:;"']*\.[A-Za-z0-9]{1,10}|(?:/builds/|/tmp/|/run/secrets/|/var/run/)[^\s:;"']+|[^\s:;"'=]+\.(?i:pem|key|crt|cer|p12|pfx))$`)
)

// insideBase64 returns the kind of base64 content: "pem", or that of its DER.
// Kubernetes secrets are PEM in base64; Windows exports DER in base64.
func insideBase64(text []byte) string {
	der, err := base64.StdEncoding.DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil {
		return kindUnknown
	}
	if bytes.Contains(der, []byte(beginMark)) {
		return ContainerPEM
	}
	return kindOfDER(der)
}

// isJSON reports text whose PEM is the value of a JSON field.
func isJSON(text []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) && bytes.Contains(text, []byte(beginMark))
}

// wrongDashes reports a BEGIN or END line that lacks some of its five hyphens,
// or has typographic dashes instead. To other programs it is plain text, and
// they skip the block after it.
func wrongDashes(line string) bool {
	return len(line) < 100 && (strings.Contains(line, "BEGIN ") || strings.Contains(line, "END ")) &&
		dashed.MatchString(line) && !strings.Contains(line, "SSH2")
}

var dashed = lazyregexp.New(`^[-\x{2010}-\x{2015}\x{2212}]+ ?(BEGIN|END) [A-Z0-9 ]+ ?[-\x{2010}-\x{2015}\x{2212}]*$`)
