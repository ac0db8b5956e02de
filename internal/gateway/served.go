package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
)

// chainDigest is the digest of a PEM chain in the canonical form in which a
// certificate file is digested too: its CERTIFICATE blocks, encoded again one
// after the other. Empty for a text without one.
func chainDigest(body string) string {
	h := sha256.New()
	found := false
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			found = true
			h.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
		}
	}
	if !found {
		return ""
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
