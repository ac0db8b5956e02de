// Package binding holds the binding that bindgate judges: this domain name on
// this API group, with its stage, network type, force, redirect and
// certificate, and where in the manifest each of them was written. It is pure:
// it reads nothing and imports nothing of bindgate.
package binding

// Network types of a custom domain, as SetDomain's CustomDomainType spells them.
const (
	Internet = "INTERNET"
	Intranet = "INTRANET"
)

// Ways to prove that a domain is the caller's.
const (
	ProofCNAME = "cname" // the name is an alias of the group's SubDomain
	ProofTXT   = "txt"   // a TXT record at <GroupId>.<domain> names the SubDomain
)

// Binding is one requested binding. Names follow the API's own. Pointers tell a value that
// was not written (nil: not sent, not compared) from an empty one.
type Binding struct {
	DomainName            string            `json:"domainName"`
	GroupID               string            `json:"groupId"`
	RegionID              string            `json:"regionId"`
	BindStageName         *string           `json:"bindStageName,omitempty"`         // TEST, PRE or RELEASE; empty: all environments; absent: not sent
	CustomDomainType      string            `json:"customDomainType"`                // INTERNET when the manifest says nothing
	IsForce               bool              `json:"isForce"`                         // a permission to take the domain from ForceFrom
	ForceFrom             []string          `json:"forceFrom,omitempty"`             // ids of the groups that may lose the domain
	IsHTTPRedirectToHTTPS *bool             `json:"isHttpRedirectToHttps,omitempty"` // absent: not sent
	DomainProof           string            `json:"domainProof"`                     // cname when the manifest says nothing
	Certificate           *Certificate      `json:"certificate,omitempty"`
	Labels                map[string]string `json:"labels,omitempty"` // free form, for policies

	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"` // nil: not stated

	// The cloud-native gateway (APIG). GatewayID is set instead of GroupID.
	GatewayID       string        `json:"gatewayId,omitempty"`
	Protocol        string        `json:"protocol,omitempty"`    // HTTP or HTTPS; empty: not stated
	ForceHTTPS      *bool         `json:"forceHttps,omitempty"`  // nil: not stated
	HTTP2Option     string        `json:"http2Option,omitempty"` // Open, Close or GlobalConfig; empty: not stated
	TLSMin          string        `json:"tlsMin,omitempty"`      // "TLS 1.2"; empty: not stated
	TLSMax          string        `json:"tlsMax,omitempty"`
	TLSCipherSuites *CipherSuites `json:"tlsCipherSuitesConfig,omitempty"` // nil: not stated
	DomainScope     string        `json:"domainScope,omitempty"`           // Dedicated or Serverless; empty: not stated
	GatewayType     string        `json:"gatewayType,omitempty"`           // API or AI; empty: not stated
	ResourceGroupID string        `json:"resourceGroupId,omitempty"`       // sent when the domain is created
	MovesFrom       *MovesFrom    `json:"movesFrom,omitempty"`             // the API group that serves the domain until it moves
	CutOver         bool          `json:"cutOver,omitempty"`               // the binding is of a map of a cut-over: the move is judged too

	Source                Position  `json:"source"`
	Positions             Positions `json:"-"`
	CustomDomainTypeGiven bool      `json:"-"` // false: INTERNET is the default and is not sent
	Unserved              bool      `json:"-"` // of an audit: no gateway serves the domain, and GatewayID is NoGateway
	CertificateOnly       bool      `json:"-"` // judge the certificate only: no group was named

	// Of a binding in the file of another tool.
	Called bool              `json:"-"` // that tool makes the calls: it sends what the binding states, and nothing that the gateway has
	Names  map[string]string `json:"-"` // of the values in the file, by JSON pointer

	Accounts []Account `json:"-"` // in which that tool makes the calls, as far as the file says it
}

// Account is an account that the file of another tool names.
type Account struct {
	ID string
	Of string // what names it, for messages
}

// Platforms: the products that a binding can be for.
const (
	Classic = "classic" // API Gateway, to be switched off on 2027-09-21
	APIG    = "apig"    // cloud-native API Gateway
)

// NoGateway is the GatewayID of a domain that no gateway serves.
const NoGateway = "none"

// Platform returns the platform of the binding.
func (b Binding) Platform() string {
	if b.GatewayID != "" {
		return APIG
	}
	return Classic
}

// Target returns the id of what serves the domain: an API group or a gateway.
func (b Binding) Target() string {
	if b.GatewayID != "" {
		return b.GatewayID
	}
	return b.GroupID
}

// MovesFrom names the API group of the classic gateway that a domain moves from.
type MovesFrom struct {
	GroupID  string `json:"groupId"`
	RegionID string `json:"regionId"` // that of the binding if the manifest says nothing

	Accept []string `json:"accept,omitempty"` // what is lost on purpose, by the names of Losses
}

// What a domain can lose when it moves from the classic gateway to the cloud-native one.
const (
	LossStage       = "stage"             // BindStageName: a gateway has no stages
	LossPatterns    = "wildcard-patterns" // WildcardDomainPatterns
	LossIntranet    = "intranet"          // CustomDomainType INTRANET: an intranet entry is another name
	LossBasePath    = "base-path"         // further API groups that hold the name with another base path
	LossSubjectDN   = "subject-dn"        // ClientCertSDnPassThrough
	LossOCSP        = "ocsp"              // SslOcspEnable and SslOcspCacheEnable
	LossVerifyDepth = "verify-depth"      // SslVerifyDepth
	LossSuites      = "suites"            // cipher suites that the cloud-native gateway does not have
	LossHTTP2       = "http2"             // HTTP/2 is switched on or off
	LossOldClients  = "old-clients"       // the lowest TLS version rises
	LossFields      = "unknown-fields"    // fields of the classic record that bindgate does not know
)

// Losses returns the names that Accept may have.
func Losses() []string {
	return []string{LossStage, LossPatterns, LossIntranet, LossBasePath, LossSubjectDN, LossOCSP, LossVerifyDepth, LossSuites, LossHTTP2, LossOldClients, LossFields}
}

// Accepts reports whether a loss is accepted.
func (m *MovesFrom) Accepts(loss string) bool {
	if m == nil {
		return false
	}
	for _, a := range m.Accept {
		if a == loss {
			return true
		}
	}
	return false
}

// CipherSuites are the cipher suites that a domain offers, as the API names them.
type CipherSuites struct {
	ConfigType string        `json:"configType"` // Default or Custom
	Suites     []CipherSuite `json:"tlsCipherSuite,omitempty"`
}

// CipherSuite is one cipher suite and the TLS versions that it is offered for.
type CipherSuite struct {
	Name            string   `json:"name"`
	SupportVersions []string `json:"supportVersions,omitempty"`
}

// Placeholders in the name of a certificate. They are filled from the leaf certificate of
// Body, so that each renewal has its own name.
const (
	NameNotBefore = "{notBefore}" // the first day of validity, UTC: 20261128
	NameSHA256    = "{sha256}"    // the first 12 hexadecimal digits of the SHA-256 of its DER
)

// Certificate names the certificate files of a binding. It holds no bytes.
type Certificate struct {
	Name       string     `json:"name"`                 // CertificateName, 4 to 50 characters; as written, or with its placeholders filled
	Body       string     `json:"body"`                 // path: PEM (leaf first) or PKCS#12
	PrivateKey *SecretRef `json:"privateKey,omitempty"` // nil: none given

	CASID string `json:"casId,omitempty"` // certIdentifier in the certificate store, which must be the certificate of Body; empty: upload it, or find it there

	MayExpireEarlier bool `json:"mayExpireEarlier,omitempty"` // it may end before the certificate that it replaces
}

// ClientCertificate is what a domain asks of its callers' certificates (mutual TLS).
// It goes with the certificate: one call carries both.
type ClientCertificate struct {
	None          bool   `json:"none,omitempty"`        // stated to be off; the rest is empty
	CA            string `json:"ca,omitempty"`          // path: the PEM certificates that callers' certificates lead to
	CASID         string `json:"casId,omitempty"`       // caCertIdentifier of the cloud-native gateway
	VerifyDepth   int    `json:"verifyDepth,omitempty"` // 0: not stated
	PassSubjectDN bool   `json:"passSubjectDN,omitempty"`
	OCSP          bool   `json:"ocsp,omitempty"`
	OCSPCache     bool   `json:"ocspCache,omitempty"`
}

// SecretRef says where a private key is read from; exactly one of File and Env
// is set. PassphraseEnv names the variable that decrypts an encrypted key.
type SecretRef struct {
	File          string `json:"file,omitempty"`          // a path
	Env           string `json:"env,omitempty"`           // the name of a variable that holds the key
	PassphraseEnv string `json:"passphraseEnv,omitempty"` // the name of a variable
}

// Position is a place in a manifest or in a file of another tool; lines and columns count
// from 1. The zero Line means that the value came from a flag, or from a file without lines.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`

	Address string `json:"address,omitempty"` // of the resource in a file of another tool, with the property if it is known
}

// Positions holds where the values of a binding were written, all of them in the
// file of its Source. A slice, because a map of some ten positions costs more
// memory and time than the rest of the binding.
type Positions []Place

// Place is where one value was written.
type Place struct {
	Pointer      string // JSON pointer inside the binding ("/bindStageName", "/certificate/body")
	Line, Column int    // from 1
}

// Set records the place of a value; it replaces an earlier one.
func (p *Positions) Set(pointer string, line, column int) {
	place := Place{Pointer: pointer, Line: line, Column: column}
	if i := p.index(pointer); i >= 0 {
		(*p)[i] = place
		return
	}
	*p = append(*p, place)
}

func (p *Positions) index(pointer string) int {
	for i := range *p {
		if (*p)[i].Pointer == pointer {
			return i
		}
	}
	return -1
}

// Has reports whether the position of the value at pointer is known.
func (p Positions) Has(pointer string) bool { return p.index(pointer) >= 0 }

// At is the position of the value at pointer, or of the nearest enclosing
// value that has one, or of the binding itself.
func (b Binding) At(pointer string) Position {
	for p := pointer; p != ""; p = parent(p) {
		if i := b.Positions.index(p); i >= 0 {
			at := Position{File: b.Source.File, Line: b.Positions[i].Line, Column: b.Positions[i].Column, Address: b.Source.Address}
			if name := b.Names[p]; name != "" {
				at.Address += "." + name
			}
			return at
		}
	}
	return b.Source
}

func parent(pointer string) string {
	for i := len(pointer) - 1; i >= 0; i-- {
		if pointer[i] == '/' {
			return pointer[:i]
		}
	}
	return ""
}

// Wildcard reports whether the binding asks for every name one label below a
// parent (*.example.com).
func (b Binding) Wildcard() bool {
	return len(b.DomainName) > 1 && b.DomainName[0] == '*' && b.DomainName[1] == '.'
}

// Key identifies a binding within a run: one domain, on one group, in one
// region and network.
func (b Binding) Key() string {
	return b.DomainName + "|" + b.Target() + "|" + b.RegionID + "|" + b.CustomDomainType
}
