package strictyaml

import (
	"encoding/base64"
	"strings"
)

// base64 of "-----BEGIN", as Kubernetes secrets and CI variables hold PEM.
const encodedPEM = "LS0tLS1CRUdJTi"

// minDERText is the length from which on a text in base64 is taken for DER.
const minDERText = 64

// IsKeyText reports whether a text contains PEM, or is PEM or DER in base64, on
// one line or several. It may be a private key in place of a name, a path or a
// label, so messages never repeat it.
func IsKeyText(s string) bool {
	if len(s) < len(encodedPEM) {
		return false
	}
	return strings.Contains(s, "-----BEGIN") || strings.Contains(s, encodedPEM) ||
		len(s) >= minDERText && isDERText(strings.Join(strings.Fields(s), ""))
}

// isDERText reports whether a text looks like a DER sequence of more than about
// 46 bytes in base64: 0x30, then a length. A P-256 key takes 164 characters or
// more. It avoids regular expressions, which every start of the program would
// compile.
func isDERText(s string) bool {
	const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	digits := strings.TrimRight(s, "=")
	return len(digits) >= minDERText && len(s)-len(digits) <= 2 && digits[0] == 'M' && digits[1] >= 'A' && digits[1] <= 'P' &&
		strings.Trim(digits, base64) == ""
}

// IsPrivateKeyText reports whether a text contains a private key as PEM, or as PEM in
// base64. IsKeyText is true of certificates, too.
func IsPrivateKeyText(s string) bool {
	if privatePEM(s) {
		return true
	}
	for {
		i := strings.Index(s, encodedPEM)
		if i < 0 {
			return false
		}
		const label = 64 // characters, more than the longest first line takes
		head := s[i:min(i+label, len(s))]
		text, _ := base64.RawStdEncoding.DecodeString(head[:len(head)/4*4]) // what comes before an error is decoded
		if privatePEM(string(text)) {
			return true
		}
		s = s[i+len(encodedPEM):]
	}
}

func privatePEM(s string) bool {
	for _, block := range strings.Split(s, "-----BEGIN")[1:] {
		if label, _, _ := strings.Cut(block, "-----"); strings.Contains(label, "PRIVATE") {
			return true
		}
	}
	return false
}
