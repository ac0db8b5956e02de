package strictyaml

import (
	"regexp"
	"strings"
)

// derText is what a DER sequence of more than some 46 bytes looks like in
// base64: 0x30, then a length. A P-256 key takes 164 characters and more.
var derText = regexp.MustCompile(`^M[A-P][A-Za-z0-9+/]{62,}={0,2}$`)

// base64 of "-----BEGIN", as Kubernetes secrets and CI variables hold PEM.
const encodedPEM = "LS0tLS1CRUdJTi"

// IsKeyText reports whether a text is, or holds, PEM, or is PEM or DER in base64,
// on one line or several. It may be a private key where a name, a path or a
// label was meant, so it is never repeated in a message.
func IsKeyText(s string) bool {
	if len(s) < len(encodedPEM) {
		return false
	}
	return strings.Contains(s, "-----BEGIN") || strings.Contains(s, encodedPEM) || derText.MatchString(strings.Join(strings.Fields(s), ""))
}
