// Package pki reads certificate and private-key files and finds certification
// paths. It does no I/O and judges nothing: bytes go in; certificates, the facts
// of a key, paths, or the Problem that keeps a file from being read come out.
//
// Every input is hostile. Sizes, counts and key-derivation work are bounded
// before anything expensive is done, and no Problem ever holds bytes of a key
// or a passphrase: the errors of the libraries below are replaced by words of
// our own wherever they could have seen one.
package pki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxFileSize is the largest certificate or key file that is read, in bytes.
const MaxFileSize = 1 << 20

const (
	maxCertificates = 100   // in one file
	maxRSABits      = 16384 // of the modulus of a private key
	maxSignerBits   = 8192  // of the RSA modulus that checks a signature; crypto/tls draws the same line
	minSignerBits   = 2048  // of the RSA modulus of a CA; OpenSSL's security level 2 draws the same line
	maxKeyDER       = 16384 // bytes of one encoded key: 16384-bit RSA takes 9.3 KiB
	maxTextLength   = 300   // bytes of a name or message taken from a certificate
)

// Problem says why a file yields nothing to judge. Message is a predicate that
// reads on after the file's name ("holds a certificate in DER form"); Fix is the
// next step, with FILE in the place of the file's name. Numbers of blocks,
// certificates and lines in them count from 1, byte offsets from 0.
type Problem struct {
	Kind    string // stable and short: empty, der, private-key, corrupt, …
	Message string
	Fix     string

	Unsound    []string // of KindUnsound: as PrivateKey.Unsound
	Weaknesses []string // of KindUnsound: as PrivateKey.Weaknesses
}

// Digest is "sha256:" and the hexadecimal SHA-256 digest of b.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// clip bounds text that comes from a certificate.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxTextLength {
		return s
	}
	cut := maxTextLength
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// tooLarge is the Problem of a file over MaxFileSize.
func tooLarge(size int) *Problem {
	return &Problem{Kind: "too-large",
		Message: fmt.Sprintf("has %d bytes, want at most %d", size, MaxFileSize),
		Fix:     "keep one server certificate with its intermediates, and one private key, a file"}
}
