// Package plan defines what a platform is to be sent for a binding: fixed calls, the
// groups that a force displaces, the commands that restore the previous state, and the
// saved form of all of them. It makes no call, and a plan is not a permission to make one.
package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
)

// Call is one fixed request: all its parameters, except certificate and key.
// Material contains only their digests, so that no plan, permit or report
// contains a secret.
type Call struct {
	Action   string            `json:"action"`           // as the API names it: SetDomain, UpdateDomain, …
	RegionID string            `json:"regionId"`         // the region whose endpoint receives the call
	Params   map[string]string `json:"params"`           // an empty value is sent as an empty value
	Keeps    []string          `json:"keeps,omitempty"`  // the parameters whose current values are sent back, sorted
	Filled   string            `json:"filled,omitempty"` // the one parameter that the upload before fills with the certificate's identifier; empty: none
	Material *Material         `json:"material,omitempty"`
}

// Material contains the digests of the certificate and key of a call. Before the call,
// the files are read again, and their digests must be equal to these.
type Material struct {
	Binding         binding.Binding `json:"-"`               // the binding that names the files
	FileDigest      string          `json:"fileDigest"`      // sha256:<hex> of the certificate file
	ChainDigest     string          `json:"chainDigest"`     // sha256:<hex> of the PEM chain that is sent
	PublicKeyDigest string          `json:"publicKeyDigest"` // sha256:<hex> of the key's SubjectPublicKeyInfo
	BodyParam       string          `json:"bodyParam"`       // the parameter that carries the chain; empty: only the CA of client certificates is sent
	KeyParam        string          `json:"keyParam"`        // the parameter that carries the key

	ClientCADigest string `json:"clientCADigest,omitempty"` // sha256:<hex> of the PEM that ClientCAParam carries; empty: not sent
	ClientCAParam  string `json:"clientCAParam,omitempty"`  // the parameter that carries the CA of client certificates

	Serial string `json:"serial,omitempty"` // of an upload: the serial number of the leaf, hexadecimal
	SHA256 string `json:"sha256,omitempty"` // of an upload: sha256:<hex> of the leaf's DER
}

// Uploads reports whether the call puts a certificate into the certificate store.
func (c Call) Uploads() bool { return c.Material != nil && c.Material.SHA256 != "" }

// Clone returns a deep copy of the call.
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

// Quote quotes a value as one shell word, so that a pasted line cannot run a command in the
// value. It replaces control characters by a question mark.
func Quote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, s)
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
