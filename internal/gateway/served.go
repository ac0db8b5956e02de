package gateway

import (
	"encoding/pem"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
)

// certificatesOf is the DER of the certificates of a PEM text, in its order.
func certificatesOf(body string) (ders [][]byte) {
	for rest := []byte(body); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			ders = append(ders, block.Bytes)
		}
	}
	return ders
}

// served is what is told of the certificate of an answer: its digest in the
// canonical form in which a certificate file is digested too, and its leaf.
func served(name, body string) evidence.Served {
	s := evidence.Served{CertificateName: name}
	if ders := certificatesOf(body); len(ders) > 0 {
		s.ChainDigest, s.Leaf = pki.Digest(pki.CanonicalChain(ders)), string(pki.CanonicalChain(ders[:1]))
	}
	return s
}
