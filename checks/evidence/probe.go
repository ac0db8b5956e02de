package evidence

import "crypto/x509"

// Probe is what the addresses of a name answer now. It is asked for with --probe,
// and only about a binding that is allowed otherwise.
type Probe struct {
	Name   string      `json:"name"`             // the server name that was asked for (SNI, RFC 6066 §3)
	Served []Presented `json:"served,omitempty"` // each certificate chain once
	Plain  []Plain     `json:"plain,omitempty"`  // port 80, asked where the group has no certificate
	Silent []Silent    `json:"silent,omitempty"` // addresses that gave no answer to judge
}

// Presented is a chain that was presented in a TLS handshake on port 443.
type Presented struct {
	Addresses   []string `json:"addresses"`             // that presented it
	Version     string   `json:"version"`               // of TLS, as the first address negotiated it: "TLS 1.3"
	AsksClients bool     `json:"asksClients,omitempty"` // the server asks for a client certificate
	Chain       []Cert   `json:"chain"`                 // as it was sent, the first certificate first
	Path        Path     `json:"path"`                  // to a root of the run
}

// Leaf returns the first certificate of the chain, parsed and shared.
func (p Presented) Leaf() (*x509.Certificate, error) {
	if len(p.Chain) == 0 {
		return nil, x509.ErrUnsupportedAlgorithm
	}
	return p.Chain[0].X509()
}

// Plain is an answer to a HEAD request on port 80. Redirects are not followed.
type Plain struct {
	Address string `json:"address"`
	Status  int    `json:"status"`
	To      string `json:"to,omitempty"` // scheme and host of a redirect
}

// Silence says why an address gave no answer to judge.
type Silence string

// The kinds of silence.
const (
	SilenceNotAllowed   Silence = "not-allowed"   // the address may not be reached; nothing was sent
	SilenceNoRoute      Silence = "no-route"      // this machine has no way to addresses of this kind
	SilenceNoConnection Silence = "no-connection" // refused or reset
	SilenceTimeout      Silence = "timeout"       // no answer in time
	SilenceNoName       Silence = "no-name"       // the server refuses the server name (RFC 6066 §3, unrecognized_name)
	SilenceNotTLS       Silence = "not-tls"       // the answer is not TLS, or not HTTP on port 80
	SilenceNoHandshake  Silence = "no-handshake"  // TLS, but no handshake came about
)

// Silent is an address without an answer to judge.
type Silent struct {
	Address string  `json:"address"`
	Port    int     `json:"port"`
	Kind    Silence `json:"kind"`
	Problem string  `json:"problem"` // in words
}
