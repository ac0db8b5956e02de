package evidence

import "crypto/x509"

// Probe is what the addresses of a name answer now. It is asked for with --probe,
// and only about a binding that is allowed otherwise.
type Probe struct {
	Name      string         `json:"name"`                // the server name that was asked for (SNI, RFC 6066 §3)
	Presented []Presented    `json:"presented,omitempty"` // each certificate chain once
	HTTP      []HTTPAnswer   `json:"http,omitempty"`      // port 80, asked where the group has no certificate
	Failures  []ProbeFailure `json:"failures,omitempty"`  // addresses that gave no answer to judge
}

// Presented is a chain that was presented in a TLS handshake on port 443.
type Presented struct {
	Addresses                 []string `json:"addresses"`                           // that presented it
	Version                   string   `json:"version"`                             // of TLS, as the first address negotiated it: "TLS 1.3"
	RequestsClientCertificate bool     `json:"requestsClientCertificate,omitempty"` // the server asks for a client certificate
	Chain                     []Cert   `json:"chain"`                               // as it was sent, the first certificate first
	Path                      Path     `json:"path"`                                // to a root of the run
}

// Leaf returns the first certificate of the chain, parsed and shared.
func (p Presented) Leaf() (*x509.Certificate, error) {
	if len(p.Chain) == 0 {
		return nil, x509.ErrUnsupportedAlgorithm
	}
	return p.Chain[0].X509()
}

// HTTPAnswer is an answer to a HEAD request on port 80. Redirects are not followed.
type HTTPAnswer struct {
	Address    string `json:"address"`
	Status     int    `json:"status"`
	RedirectTo string `json:"redirectTo,omitempty"` // scheme and host of a redirect
}

// ProbeFailureKind is why an address gave no answer to judge.
type ProbeFailureKind string

// The kinds of silence.
const (
	ProbeNotAllowed   ProbeFailureKind = "not-allowed"   // the address may not be reached; nothing was sent
	ProbeNoRoute      ProbeFailureKind = "no-route"      // this machine has no way to addresses of this kind
	ProbeNoConnection ProbeFailureKind = "no-connection" // refused or reset
	ProbeTimeout      ProbeFailureKind = "timeout"       // no answer in time
	ProbeNoName       ProbeFailureKind = "no-name"       // the server refuses the server name (RFC 6066 §3, unrecognized_name)
	ProbeNotTLS       ProbeFailureKind = "not-tls"       // the answer is not TLS, or not HTTP on port 80
	ProbeNoHandshake  ProbeFailureKind = "no-handshake"  // TLS, but no handshake came about
)

// ProbeFailure is an address without an answer to judge.
type ProbeFailure struct {
	Address string           `json:"address"`
	Port    int              `json:"port"`
	Kind    ProbeFailureKind `json:"kind"`
	Problem string           `json:"problem"` // in words
}
