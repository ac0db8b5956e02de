// Package token verifies JSON Web Tokens (RFC 7519) with keys that the gate's owner
// keeps in files. It fetches nothing: what a token says about where its keys are is
// refused. Only asymmetric algorithms verify. No error contains a token.
package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// Size limits in bytes.
const (
	MaxSize     = 16 << 10 // of a token
	MaxKeysSize = 1 << 20  // of a JWKS
)

const (
	maxKeys = 100
	// skew is how far the clocks of the issuer and of this machine may differ, for
	// times in the past of the issuer. A token that has expired has expired.
	skew = time.Minute
)

// Keys are public keys of an issuer.
type Keys struct{ list []key }

type key struct {
	id, algorithm string // either may be empty
	public        any    // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
}

// Issuer is one issuer that the owner trusts.
type Issuer struct {
	Name     string // exactly as in iss
	Audience string // that aud must contain
	Keys     Keys
}

// Claims are the claims of a verified token.
type Claims struct {
	Issuer, Subject, ID string
	Expires             time.Time
	all                 map[string]any
}

// ReadKeys reads a JWKS (RFC 7517 §5). A symmetric or private key, a weak one, two
// keys with one id and an unknown kind of key are errors.
func ReadKeys(data []byte) (Keys, error) {
	if err := strictJSON(data); err != nil {
		return Keys{}, fmt.Errorf("reading a JWKS: %w; want {\"keys\": […]}", err)
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &document); err != nil {
		return Keys{}, fmt.Errorf("reading a JWKS: %w; want {\"keys\": […]}", err)
	}
	if n := len(document.Keys); n == 0 || n > maxKeys {
		return Keys{}, fmt.Errorf("reading a JWKS: got %d keys, want 1 to %d; save the keys of the issuer's jwks_uri", n, maxKeys)
	}
	var keys Keys
	for i, raw := range document.Keys {
		k, signs, err := readKey(raw)
		switch {
		case err != nil:
			return Keys{}, fmt.Errorf("reading key %d of a JWKS: %w", i+1, err)
		case !signs:
			continue
		case slices.ContainsFunc(keys.list, func(other key) bool { return other.id == k.id }):
			return Keys{}, fmt.Errorf("reading key %d of a JWKS: another key has the id %.64q too, want one", i+1, k.id)
		}
		keys.list = append(keys.list, k)
	}
	if len(keys.list) == 0 {
		return Keys{}, errors.New("reading a JWKS: no key is for signatures; save the keys of the issuer's jwks_uri")
	}
	return keys, nil
}

// readKey reads one key; signs is false for one that is for encryption.
func readKey(raw json.RawMessage) (k key, signs bool, err error) {
	var head struct {
		Kty, Use, Kid, Alg, D, K, P, Q string
		Operations                     []string `json:"key_ops"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return key{}, false, errors.New("it is no JSON Web Key")
	}
	switch {
	case head.Kty == "oct" || head.K != "":
		return key{}, false, errors.New("it is symmetric, so whoever verifies could sign; use an asymmetric key")
	case head.D != "" || head.P != "" || head.Q != "":
		return key{}, false, errors.New("it is a private key; keep the public key alone")
	case head.Use != "" && head.Use != "sig" || head.Operations != nil && !slices.Contains(head.Operations, "verify"):
		return key{}, false, nil
	}
	parsed, err := jwk.ParseKey(raw)
	if err != nil {
		return key{}, false, fmt.Errorf("it is no JSON Web Key that can be taken (kty %.16q): %w", head.Kty, err)
	}
	k = key{id: head.Kid, algorithm: head.Alg}
	var public any
	if err := jwk.Export(parsed, &public); err != nil {
		return key{}, false, fmt.Errorf("it is no public key (kty %.16q)", head.Kty)
	}
	switch public.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey: // ParseKey refuses RSA keys under 2048 bits and points that are not on the curve
	default:
		return key{}, false, fmt.Errorf("its kind cannot verify signatures (kty %.16q); use RSA, EC or OKP with Ed25519", head.Kty)
	}
	k.public = public
	return k, true, nil
}

// algorithmOf returns the algorithm of a name if it is asymmetric and fits the key.
func algorithmOf(name string, public any) (jwa.SignatureAlgorithm, bool) {
	switch p := public.(type) {
	case *rsa.PublicKey:
		for _, a := range []jwa.SignatureAlgorithm{jwa.RS256(), jwa.RS384(), jwa.RS512(), jwa.PS256(), jwa.PS384(), jwa.PS512()} {
			if a.String() == name {
				return a, true
			}
		}
	case *ecdsa.PublicKey:
		byBits := map[int]jwa.SignatureAlgorithm{256: jwa.ES256(), 384: jwa.ES384(), 521: jwa.ES512()}
		a, known := byBits[p.Curve.Params().BitSize]
		return a, known && a.String() == name
	case ed25519.PublicKey:
		return jwa.EdDSA(), name == "EdDSA"
	}
	return jwa.SignatureAlgorithm{}, false
}

// Verify verifies a token in the compact form with the keys of the issuer that it
// names, if that is one of trusted, and its times at now.
func Verify(text []byte, trusted []Issuer, now time.Time) (Claims, error) {
	text = bytes.TrimSpace(text)
	if len(text) > MaxSize {
		return Claims{}, fmt.Errorf("verifying the token: it has more than %d bytes", MaxSize)
	}
	parts := bytes.Split(text, []byte("."))
	if len(parts) != 3 {
		return Claims{}, errors.New("verifying the token: it is no signed JWT in the compact form, HEADER.CLAIMS.SIGNATURE")
	}
	for i, part := range parts {
		// Decoders ignore padding, line ends or trailing bits: one token would have many forms.
		if _, err := base64.RawURLEncoding.Strict().DecodeString(string(part)); err != nil || bytes.ContainsAny(part, "\r\n") {
			return Claims{}, fmt.Errorf("verifying the token: its %s: it is not base64url without padding (RFC 7515 §2)", []string{"header", "claims", "signature"}[i])
		}
	}
	head, err := decodePart(parts[0])
	if err != nil {
		return Claims{}, fmt.Errorf("verifying the token: its header: %w", err)
	}
	claims, err := decodePart(parts[1])
	if err != nil {
		return Claims{}, fmt.Errorf("verifying the token: its claims: %w", err)
	}
	name, _ := claims["iss"].(string)
	i := slices.IndexFunc(trusted, func(t Issuer) bool { return t.Name == name })
	if name == "" || i < 0 {
		return Claims{}, fmt.Errorf("verifying the token: its issuer %.128q is not one that the owner's file names", name)
	}
	if err := verify(text, head, trusted[i].Keys); err != nil {
		return Claims{}, fmt.Errorf("verifying the token of %q: %w", name, err)
	}
	out, err := judge(claims, trusted[i], now)
	if err != nil {
		return Claims{}, fmt.Errorf("verifying the token of %q: %w", name, err)
	}
	return out, nil
}

// verify checks the signature.
func verify(text []byte, head map[string]any, keys Keys) error {
	for name := range head {
		if !slices.Contains([]string{"alg", "kid", "typ", "cty", "x5t", "x5t#S256"}, name) {
			return fmt.Errorf("its header has %.32q, which is not taken: the keys are those of the owner's file", name)
		}
	}
	name, _ := head["alg"].(string)
	id, _ := head["kid"].(string)
	k, err := keys.find(id)
	if err != nil {
		return err
	}
	algorithm, fits := algorithmOf(name, k.public)
	if !fits || k.algorithm != "" && k.algorithm != name {
		return fmt.Errorf("its algorithm %.16q is not one for the key %.64q; want an asymmetric one that fits the key", name, k.id)
	}
	if _, err := jws.Verify(text, jws.WithKey(algorithm, k.public)); err != nil {
		return fmt.Errorf("its signature does not verify with the key %.64q; if the issuer has changed its keys, save them again", k.id)
	}
	return nil
}

func (k Keys) find(id string) (key, error) {
	if id == "" && len(k.list) == 1 {
		return k.list[0], nil
	}
	i := slices.IndexFunc(k.list, func(one key) bool { return one.id == id && id != "" })
	if i < 0 {
		return key{}, fmt.Errorf("the owner's JWKS has no key with the id %.64q; if the issuer has changed its keys, save them again", id)
	}
	return k.list[i], nil
}

// judge checks the registered claims.
func judge(claims map[string]any, issuer Issuer, now time.Time) (Claims, error) {
	out := Claims{Issuer: issuer.Name, all: claims}
	var err error
	if out.Subject, err = out.Text("sub"); err != nil {
		return Claims{}, err
	}
	if out.ID, err = out.Text("jti"); err != nil {
		return Claims{}, err
	}
	audience := claims["aud"]
	if one, ok := audience.(string); ok {
		audience = []any{one}
	}
	list, _ := audience.([]any)
	if issuer.Audience == "" || !slices.Contains(list, any(issuer.Audience)) {
		return Claims{}, fmt.Errorf("its audience is not %q; ask the issuer for a token with that audience", issuer.Audience)
	}
	times := map[string]time.Time{}
	for _, name := range []string{"exp", "nbf", "iat"} {
		value, given := claims[name]
		if !given {
			continue
		}
		number, _ := value.(json.Number)
		seconds, err := number.Float64()
		if err != nil || seconds < 0 || seconds > 1e11 {
			return Claims{}, fmt.Errorf("its claim %s is no time in seconds", name)
		}
		times[name] = time.Unix(int64(seconds), 0).UTC()
	}
	exp, given := times["exp"]
	switch {
	case !given:
		return Claims{}, errors.New("it has no exp, so it would hold for ever")
	case !now.Before(exp):
		return Claims{}, fmt.Errorf("it expired at %s; ask for a new one", exp.Format(time.RFC3339))
	case times["nbf"].After(now.Add(skew)) || times["iat"].After(now.Add(skew)):
		return Claims{}, fmt.Errorf("it is not valid yet (nbf or iat), by the clock of this machine, %s", now.UTC().Format(time.RFC3339))
	}
	out.Expires = exp
	return out, nil
}

// Text returns a claim that is a text or a number, as text; empty if it is absent.
func (c Claims) Text(name string) (string, error) {
	switch v := c.all[name].(type) {
	case nil:
		return "", nil
	case string:
		if len(v) > 1024 || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fmt.Errorf("its claim %s is longer than 1024 bytes or has control characters", name)
		}
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return "", fmt.Errorf("its claim %s is no text", name)
}

// Bool returns a claim that is true or "true".
func (c Claims) Bool(name string) bool { return c.all[name] == true || c.all[name] == "true" }

func decodePart(part []byte) (map[string]any, error) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(string(part))
	if err != nil {
		return nil, errors.New("it is not base64url")
	}
	if err := strictJSON(data); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out map[string]any
	if err := dec.Decode(&out); err != nil || out == nil {
		return nil, errors.New("it is no JSON object")
	}
	return out, nil
}

// strictJSON refuses text that two readers could read differently: a key that is
// there twice, in any letter case, and anything after the document.
func strictJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := unique(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document")
	}
	return nil
}

func unique(dec *json.Decoder, depth int) error {
	if depth > 32 {
		return errors.New("it nests deeper than 32 levels")
	}
	token, err := dec.Token()
	if err != nil {
		return errors.New("it is no JSON")
	}
	open, isOpen := token.(json.Delim)
	seen := map[string]bool{}
	for isOpen && dec.More() {
		if open == '{' {
			token, err := dec.Token()
			name, ok := token.(string)
			folded := strings.ToLower(name)
			if err != nil || !ok || seen[folded] {
				return fmt.Errorf("the key %.32q is there twice, or is no key", name)
			}
			seen[folded] = true
		}
		if err := unique(dec, depth+1); err != nil {
			return err
		}
	}
	if isOpen {
		if _, err := dec.Token(); err != nil {
			return errors.New("it is no JSON")
		}
	}
	return nil
}
