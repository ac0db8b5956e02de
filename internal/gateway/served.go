package gateway

import (
	"encoding/pem"

	"github.com/bindgate/bindgate/internal/pki"
)

// chainDigest is the digest of the certificates of a PEM text in the canonical
// form in which a certificate file is digested too; empty without one.
func chainDigest(body string) string {
	var ders [][]byte
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			ders = append(ders, block.Bytes)
		}
	}
	if len(ders) == 0 {
		return ""
	}
	return pki.Digest(pki.CanonicalChain(ders))
}
