package certificate

import (
	"crypto/x509"
	"encoding/asn1"

	"github.com/bindgate/bindgate/checks"
)

// signs reports whether the key may sign a handshake, as TLS 1.3 (RFC 8446
// §4.4.2.2) and ECDHE (RFC 8422 §5.3) have it do.
func signs(leaf *x509.Certificate) bool {
	return !hasExtension(leaf, oidKeyUsage) || leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0
}

// withoutUse reports whether no handshake at all is open to the key: an RSA key
// can still decrypt one of TLS 1.2.
func withoutUse(leaf *x509.Certificate) bool {
	return !signs(leaf) && (leaf.PublicKeyAlgorithm != x509.RSA || leaf.KeyUsage&x509.KeyUsageKeyEncipherment == 0)
}

// notServerByNetscape reports a Netscape certificate type without "SSL server",
// its second bit: old tools of private CAs still write one, and OpenSSL still
// refuses a server that has it.
func notServerByNetscape(leaf *x509.Certificate) bool {
	value, ok := extension(leaf, oidNetscapeType)
	var bits asn1.BitString
	rest, err := asn1.Unmarshal(value, &bits)
	return ok && (err != nil || len(rest) > 0 || bits.At(1) == 0)
}

// decryptsOnly warns of a key that TLS 1.2 alone can use, and there without
// forward secrecy: OpenSSL and Go take more of it, the browsers do not.
func decryptsOnly(chain []*x509.Certificate) []checks.Finding {
	if signs(chain[0]) || withoutUse(chain[0]) || isCA(chain[0]) {
		return nil
	}
	return []checks.Finding{checks.Warns(atBody,
		nth(chain, 0)+" has a keyUsage without digitalSignature, which TLS 1.3 and ECDHE want (RFC 8446 §4.4.2.2); browsers refuse such a handshake",
		"have it issued with keyUsage digitalSignature")}
}
