package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/pki"
)

// Material is a certificate and key as sent, with the digests that are compared
// with the judged ones. Printing it in any way shows nothing of the key.
type Material struct {
	Chain           []byte // PEM
	Key             []byte // PEM
	FileDigest      string // sha256:<hex> of the certificate file
	ChainDigest     string // sha256:<hex> of Chain
	PublicKeyDigest string // sha256:<hex> of the key's SubjectPublicKeyInfo
	ClientCA        []byte // PEM of the CA of client certificates; empty: the binding names none
	ClientCADigest  string // sha256:<hex> of ClientCA
}

// Format prints the digests for every verb.
func (m Material) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "certificate %s with key %s", m.ChainDigest, m.PublicKeyDigest)
}

// Material reads the files of a binding again. Its errors contain no byte of a
// key.
func (c *Collector) Material(b binding.Binding) (Material, error) {
	if b.Certificate == nil {
		return Material{}, fmt.Errorf("reading the certificate of %q: the binding has none", b.DomainName)
	}
	body, err := c.body(b)
	if err != nil {
		return Material{}, fmt.Errorf("reading certificate: %w", err)
	}
	if p := body.problem; p != nil {
		return Material{}, fmt.Errorf("reading certificate: %q %s", b.Certificate.Body, p.Message)
	}
	chain := body.chainPEM()
	m := Material{Chain: chain, FileDigest: pki.Digest(body.bytes), ChainDigest: pki.Digest(chain)}
	if b.GatewayID == "" || b.Certificate.PrivateKey != nil { // the certificate store of a gateway may hold the key already
		read, err := c.key(b, body)
		if err != nil {
			return Material{}, fmt.Errorf("reading private key: %w", err)
		}
		if read.problem != nil {
			return Material{}, fmt.Errorf("reading private key: %q %s", keySource(b), read.problem.Message)
		}
		if m.Key, err = read.key.PEM(); err != nil {
			return Material{}, fmt.Errorf("reading private key: %w", err)
		}
		m.PublicKeyDigest = pki.Digest(read.key.PublicKey)
	}
	if b.ClientCertificate == nil || b.ClientCertificate.None {
		return m, nil
	}
	clients, err := c.clientBody(b)
	if err != nil {
		return Material{}, fmt.Errorf("reading the CA of client certificates: %w", err)
	}
	if p := clients.problem; p != nil {
		return Material{}, fmt.Errorf("reading the CA of client certificates: %q %s", b.ClientCertificate.CA, p.Message)
	}
	m.ClientCA = clients.chainPEM()
	m.ClientCADigest = pki.Digest(m.ClientCA)
	return m, nil
}
