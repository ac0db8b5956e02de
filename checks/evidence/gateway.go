package evidence

import "strings"

// Gateway is what the cloud-native API Gateway (APIG) says of the gateway that the
// binding names. Names of the JSON fields are the API's in lower camel case.
type Gateway struct {
	Found           bool              `json:"found"` // false: the platform says that there is no such gateway
	GatewayID       string            `json:"gatewayId,omitempty"`
	Name            string            `json:"name,omitempty"`
	RegionID        string            `json:"regionId,omitempty"` // the region that was asked
	Status          string            `json:"status,omitempty"`   // Running; others: not usable now
	GatewayEdition  string            `json:"gatewayEdition,omitempty"`
	GatewayType     string            `json:"gatewayType,omitempty"`     // API or AI
	Version         string            `json:"version,omitempty"`         // such as 2.1.8
	ExpireTimestamp int64             `json:"expireTimestamp,omitempty"` // ms since the epoch; 0: not stated
	Entries         []Entry           `json:"entries,omitempty"`
	Features        map[string]string `json:"features,omitempty"`       // by name, from ListGatewayFeatures; nil: not read
	EntriesProblem  string            `json:"entriesProblem,omitempty"` // why the entries may be incomplete; empty: they are complete
	Others          []Entry           `json:"others,omitempty"`         // entries of the other gateways of the account and region
	OthersProblem   string            `json:"othersProblem,omitempty"`  // why Others may be incomplete
	Regions         []string          `json:"regions,omitempty"`        // DescribeRegions: where the platform can be bought; nil: not asked
}

// Kinds of entries.
const (
	EntrySubDomain = "subDomain"    // a name that the gateway owns
	EntryBalancer  = "loadBalancer" // a load balancer in front of it
)

// Entry is one way into a gateway: a name, with its addresses if the API states them.
type Entry struct {
	GatewayID   string   `json:"gatewayId,omitempty"`   // whose it is
	Name        string   `json:"name"`                  // what a CNAME may lead to
	Kind        string   `json:"kind"`                  // EntrySubDomain or EntryBalancer
	NetworkType string   `json:"networkType,omitempty"` // Internet or Intranet
	Addresses   []string `json:"addresses,omitempty"`   // that the API states, IPv4 and IPv6
	Own         bool     `json:"own,omitempty"`         // the user's own load balancer: its addresses may be in no answer
	Ready       bool     `json:"ready,omitempty"`
}

// Records are the domains of the account and region in APIG: a domain serves any
// gateway that a route publishes it on.
type Records struct {
	Domain    *Record  `json:"domain,omitempty"`    // with exactly the binding's name; nil: none
	Same      []Record `json:"same,omitempty"`      // further records with the same name, such as of the other gateway type
	Overlaps  []Record `json:"overlaps,omitempty"`  // whose names overlap the binding's at any depth, without Domain and Same
	Complete  bool     `json:"complete"`            // every page was read and the counts agree
	Problem   string   `json:"problem,omitempty"`   // why it is not complete
	CountRead int      `json:"countRead,omitempty"` // how many records were read
}

// Record is one domain, as GetDomain (or, of overlaps, ListDomains) shows it.
type Record struct {
	DomainID         string  `json:"domainId"`
	Name             string  `json:"name"`
	Status           string  `json:"status,omitempty"`      // only ListDomains shows it: Published, …
	DomainScope      string  `json:"domainScope,omitempty"` // Dedicated or Serverless
	GatewayType      string  `json:"gatewayType,omitempty"` // API or AI, where an answer says so
	Protocol         string  `json:"protocol,omitempty"`    // HTTP or HTTPS
	ForceHTTPS       bool    `json:"forceHttps,omitempty"`
	CertIdentifier   string  `json:"certIdentifier,omitempty"`
	CACertIdentifier string  `json:"caCertIdentifier,omitempty"`
	MTLSEnabled      bool    `json:"mTLSEnabled,omitempty"`
	ClientCACert     string  `json:"clientCACert,omitempty"` // PEM
	HTTP2Option      string  `json:"http2Option,omitempty"`  // Open, Close or GlobalConfig
	TLSMin           string  `json:"tlsMin,omitempty"`       // "TLS 1.2", with the space
	TLSMax           string  `json:"tlsMax,omitempty"`
	Suites           *Suites `json:"tlsCipherSuitesConfig,omitempty"`
	ResourceGroupID  string  `json:"resourceGroupId,omitempty"`
	CreateFrom       string  `json:"createFrom,omitempty"` // Console, Ingress, …
	Default          bool    `json:"default,omitempty"`    // the catch-all domain
	UsedBy           int     `json:"usedBy,omitempty"`     // statisticsInfo.totalCount

	// What the record says of its certificate.
	CertName               string   `json:"certName,omitempty"`
	Algorithm              string   `json:"algorithm,omitempty"`
	Issuer                 string   `json:"issuer,omitempty"`
	SANs                   string   `json:"sans,omitempty"`
	NotBefore              int64    `json:"notBefore,omitempty"`        // ms since the epoch
	NotAfter               int64    `json:"notAfter,omitempty"`         // ms since the epoch
	CertDetailStatus       string   `json:"certDetailStatus,omitempty"` // values are not documented
	CertDetailErrorCode    string   `json:"certDetailErrorCode,omitempty"`
	CertDetailErrorMessage string   `json:"certDetailErrorMessage,omitempty"`
	UnknownFields          []string `json:"unknownFields,omitempty"` // names of fields of the record that bindgate does not know and that are set, sorted
	UpdatedAt              int64    `json:"updatedAt,omitempty"`     // ms since the epoch
}

// Suites are the cipher suites of a domain.
type Suites struct {
	ConfigType string  `json:"configType"` // Default or Custom
	Suites     []Suite `json:"tlsCipherSuite,omitempty"`
}

// Suite is one cipher suite and the TLS versions that it is offered for.
type Suite struct {
	Name            string   `json:"name"`
	SupportVersions []string `json:"supportVersions,omitempty"`
}

// Serving says by which routes and deployments the domain is published.
type Serving struct {
	Routes   []Route `json:"routes,omitempty"`
	Complete bool    `json:"complete"`          // every HTTP API of the gateway and its routes were read
	Problem  string  `json:"problem,omitempty"` // why it is not
}

// Route is a route or a deployment of an HTTP API that names the domain.
type Route struct {
	GatewayID    string `json:"gatewayId"`
	HTTPAPIID    string `json:"httpApiId"`
	RouteID      string `json:"routeId,omitempty"` // empty: the deployment of the whole API
	DeployStatus string `json:"deployStatus,omitempty"`
}

// Deployed reports whether a route on a gateway is deployed.
func (s Serving) Deployed(gatewayID string) bool {
	for _, r := range s.Routes {
		if r.GatewayID == gatewayID && r.DeployStatus == "Deployed" {
			return true
		}
	}
	return false
}

// Store is what the certificate store (CAS) and ListSslCerts say of the binding's
// certificate and of the one in effect. No private key is ever read.
type Store struct {
	ByID     *StoredCertificate  `json:"byId,omitempty"`     // what the binding's casId names; nil: it names none, or there is none
	Matching []StoredCertificate `json:"matching,omitempty"` // whose SHA-256 is that of the leaf of the binding's file
	Current  *StoredCertificate  `json:"current,omitempty"`  // attached to the domain now; nil: none, or not found
	ClientCA *StoredCertificate  `json:"clientCa,omitempty"` // what clientCertificate.casId names; nil: it names none, or there is none
	SameName bool                `json:"sameName,omitempty"` // another certificate has the name of the binding's
	Complete bool                `json:"complete"`           // the listing was read whole
	Problem  string              `json:"problem,omitempty"`
}

// StoredCertificate is one certificate of the store.
type StoredCertificate struct {
	CertIdentifier  string   `json:"certIdentifier"` // as the API gives it, whole
	Name            string   `json:"name,omitempty"`
	Serial          string   `json:"serial,omitempty"` // hexadecimal, lower case, without leading zeros
	SHA256          string   `json:"sha256,omitempty"` // sha256:<hex> of the leaf's DER; empty: not stated
	SANs            []string `json:"sans,omitempty"`
	Algorithm       string   `json:"algorithm,omitempty"`
	NotBefore       int64    `json:"notBefore,omitempty"` // ms since the epoch
	NotAfter        int64    `json:"notAfter,omitempty"`  // ms since the epoch
	Status          string   `json:"status,omitempty"`
	ExistPrivateKey *bool    `json:"existPrivateKey,omitempty"`  // nil: not stated
	DomainMatch     *bool    `json:"domainMatchCert,omitempty"`  // nil: not stated
	ChainCompleted  *bool    `json:"isChainCompleted,omitempty"` // nil: not stated
}

// Predecessor is the API group of the classic gateway that the binding says it moves from.
type Predecessor struct {
	Group  Group `json:"group,omitzero"`   // absent: there is no such group
	Serves bool  `json:"serves,omitempty"` // the group holds exactly the binding's name
}

// TLSVersion returns a TLS version in the spelling that is sent ("TLS 1.2"); answers
// also spell it without the space. An unknown text is returned as it is.
func TLSVersion(s string) string {
	plain := strings.ToUpper(strings.ReplaceAll(s, " ", ""))
	for _, known := range []string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"} {
		if plain == strings.ReplaceAll(known, " ", "") {
			return known
		}
	}
	return s
}
