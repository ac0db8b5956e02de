// Package plan works out, from a binding and its evidence, the exact calls that
// would bring the requested binding into effect, what a force would displace, and what
// would restore the state before. It is pure: it makes no call and gives no
// permission to make one.
package plan

import (
	"maps"
	"slices"

	"github.com/bindgate/bindgate/checks/binding"
)

// Actions that a plan may hold.
const (
	SetDomain            = "SetDomain"
	SetDomainCertificate = "SetDomainCertificate"
)

// Call is one frozen request: everything that will be on the wire but the bytes
// of certificate and key, which are named by digest so that no plan, permit or
// report ever holds a secret.
type Call struct {
	Action   string            `json:"action"`          // SetDomain or SetDomainCertificate
	RegionID string            `json:"regionId"`        // whose endpoint it goes to
	Params   map[string]string `json:"params"`          // an empty value is sent as an empty value
	Keeps    []string          `json:"keeps,omitempty"` // the parameters that are sent back as they were read, sorted
	Material *Material         `json:"material,omitempty"`
}

// Material names the certificate and key that a call carries. The bytes are
// read again when the call is made and must still have these digests.
type Material struct {
	Binding         binding.Binding `json:"-"`               // whose certificate it is; the files are found through it
	FileDigest      string          `json:"fileDigest"`      // sha256:<hex> of the certificate file
	ChainDigest     string          `json:"chainDigest"`     // sha256:<hex> of the PEM chain that is sent
	PublicKeyDigest string          `json:"publicKeyDigest"` // sha256:<hex> of the key's SubjectPublicKeyInfo
	BodyParam       string          `json:"bodyParam"`       // the parameter that carries the chain
	KeyParam        string          `json:"keyParam"`        // the parameter that carries the key

	ClientCADigest string `json:"clientCADigest,omitempty"` // sha256:<hex> of the PEM that ClientCAParam carries; empty: not sent
}

// ClientCAParam is the parameter of SetDomainCertificate that carries the CA of
// callers' certificates; empty, it takes one away.
const ClientCAParam = "CaCertificateBody"

// Clone is a copy that shares nothing with the call.
func (c Call) Clone() Call {
	c.Params, c.Keeps = maps.Clone(c.Params), slices.Clone(c.Keeps)
	if c.Material != nil {
		m := *c.Material
		c.Material = &m
	}
	return c
}

// Forces reports whether the call takes the domain from other groups.
func (c Call) Forces() bool { return c.Params["IsForce"] == "true" }
