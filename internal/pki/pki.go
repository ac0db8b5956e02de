// Package pki reads certificate and private-key files and finds certification
// paths. It does no I/O: it turns bytes into certificates, the facts of a key,
// paths, or the Problem why a file cannot be read.
//
// Every input is hostile. Sizes, counts and key-derivation work are limited
// before anything expensive happens, and no Problem contains bytes of a key or
// a passphrase: errors of libraries that may have seen one are replaced.
package pki

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxFileSize is the limit of a certificate or key file, in bytes.
const MaxFileSize = 1 << 20

const (
	maxCertificates = 100   // in one file
	maxRSABits      = 16384 // of the modulus of a private key
	maxSignerBits   = 8192  // of the RSA modulus that verifies a signature; also the limit of crypto/tls
	minSignerBits   = 2048  // of the RSA modulus of a CA; also the limit of OpenSSL's security level 2
	maxKeyDER       = 16384 // bytes of one encoded key; RSA with 16384 bits takes 9.3 KiB
	maxTextLength   = 300   // bytes of a name or message taken from a certificate
)

// Problem is the reason why a file cannot be judged. Message is a predicate
// that follows the file's name ("contains a certificate in DER form"); Fix is
// the next step, with FILE for the file's name. Blocks, certificates and lines
// count from 1, byte offsets from 0.
type Problem struct {
	Kind    string // stable and short: empty, der, private-key, corrupt, …
	Message string
	Fix     string

	Inconsistencies []string // of KindInconsistent: as PrivateKey.Inconsistencies
	Weaknesses      []string // of KindInconsistent: as PrivateKey.Weaknesses
}

// Digest returns "sha256:" and the hexadecimal SHA-256 digest of b.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// clip shortens text that comes from a certificate.
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
		Fix:     "keep one server certificate with its intermediates, or one private key, per file"}
}
