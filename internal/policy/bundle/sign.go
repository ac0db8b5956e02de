package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// ErrUnsigned is the error of a bundle without .signatures.json.
var ErrUnsigned = errors.New("the bundle has no " + signaturesName)

// Key verifies signatures that `opa sign` makes.
type Key struct {
	PEM       string // public key
	Algorithm string // such as ES256
	Scope     string // that the signature must state; usually empty
}

// Algorithms lists those of keys; a shared secret would let every reader sign.
func Algorithms() []string {
	return []string{"ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
}

// Verify checks the bundle's own signature with keys by id. It covers every file
// of the bundle, and no other.
func (b Bundle) Verify(keys map[string]Key) error {
	if b.signatures == nil {
		return ErrUnsigned
	}
	var stated opa.SignaturesConfig
	if err := json.Unmarshal(b.signatures, &stated); err != nil {
		return fmt.Errorf("reading %s: %w", signaturesName, err)
	}
	if stated.Plugin != "" && stated.Plugin != "_default" { // OPA's own has this name
		return fmt.Errorf("reading %s: it is for the plugin %.40q, want a signature of `opa sign`", signaturesName, stated.Plugin)
	}
	configs := map[string]*opa.KeyConfig{}
	for id, k := range keys {
		configs[id] = &opa.KeyConfig{Key: k.PEM, Algorithm: k.Algorithm, Scope: k.Scope}
	}
	covered, err := opa.VerifyBundleSignature(stated, opa.NewVerificationConfig(configs, "", "", nil))
	if err != nil {
		return fmt.Errorf("verifying %s: %w", signaturesName, err)
	}
	for _, f := range b.files {
		if err := opa.VerifyBundleFile(f.Name, *bytes.NewBuffer(f.Text), covered); err != nil {
			return fmt.Errorf("verifying %s: %w", signaturesName, err)
		}
	}
	if len(covered) > 0 {
		return fmt.Errorf("verifying %s: it covers files that are missing: %.200s", signaturesName, strings.Join(slices.Sorted(maps.Keys(covered)), ", "))
	}
	return nil
}
