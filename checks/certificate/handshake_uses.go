package certificate

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/bindgate/bindgate/checks"
)

// signs reports whether the key may sign handshakes, as TLS 1.3 (RFC 8446
// §4.4.2.2) and ECDHE (RFC 8422 §5.3) require.
func signs(leaf *x509.Certificate) bool {
	return !hasExtension(leaf, oidKeyUsage) || leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0
}

// withoutUse reports whether the key is allowed in no handshake at all: an RSA
// key can still decrypt one of TLS 1.2.
func withoutUse(leaf *x509.Certificate) bool {
	return !signs(leaf) && (leaf.PublicKeyAlgorithm != x509.RSA || leaf.KeyUsage&x509.KeyUsageKeyEncipherment == 0)
}

// notServerByNetscape reports a Netscape certificate type without "SSL server",
// its second bit: old tools of private CAs still add the extension, and OpenSSL
// refuses a server whose certificate lacks the bit.
func notServerByNetscape(leaf *x509.Certificate) bool {
	value, ok := extension(leaf, oidNetscapeType)
	var bits asn1.BitString
	rest, err := asn1.Unmarshal(value, &bits)
	return ok && (err != nil || len(rest) > 0 || bits.At(1) == 0)
}

// decryptsOnly warns of a key that only TLS 1.2 can use, without forward
// secrecy: OpenSSL and Go accept it in more cases than browsers.
func decryptsOnly(chain []*x509.Certificate) []checks.Finding {
	if signs(chain[0]) || withoutUse(chain[0]) || isCA(chain[0]) {
		return nil
	}
	return []checks.Finding{checks.Warns(atBody,
		nth(chain, 0)+" has a keyUsage without digitalSignature, which TLS 1.3 and ECDHE require (RFC 8446 §4.4.2.2); browsers refuse such a handshake",
		"have it issued with keyUsage digitalSignature")}
}
