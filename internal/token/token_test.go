package token_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/token"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const (
	github = "https://token.actions.githubusercontent.com"
	gitlab = "https://gitlab.demo.com"
)

// keyring has one key of each kind, by its id.
type keyring map[string]crypto.Signer

func newKeyring(t testing.TB) keyring {
	t.Helper()
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return keyring{"rs": rs, "ec": ec, "ed": ed}
}

// jwks is the public half.
func (k keyring) jwks(t testing.TB) []byte {
	t.Helper()
	var list []any
	for _, id := range []string{"rs", "ec", "ed"} {
		if k[id] == nil {
			continue
		}
		list = append(list, public(t, k[id].Public(), id))
	}
	out, err := json.Marshal(map[string]any{"keys": list})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func public(t testing.TB, key any, id string) jwk.Key {
	t.Helper()
	one, err := jwk.Import(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Set(jwk.KeyIDKey, id); err != nil {
		t.Fatal(err)
	}
	return one
}

func (k keyring) keys(t testing.TB) token.Keys {
	t.Helper()
	keys, err := token.ReadKeys(k.jwks(t))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func githubClaims() map[string]any {
	return map[string]any{"iss": github, "aud": "bindgate", "sub": "repo:acme/domains:ref:refs/heads/main", "jti": "x", "exp": now.Add(5 * time.Minute).Unix(),
		"iat": now.Unix(), "nbf": now.Add(-time.Minute).Unix(), "repository": "acme/domains", "repository_id": "74", "ref": "refs/heads/main", "ref_type": "branch",
		"ref_protected": "true", "sha": "abc", "event_name": "push", "actor": "alice", "actor_id": "12", "run_id": "99",
		"job_workflow_ref": "acme/domains/.github/workflows/bind.yml@refs/heads/main", "runner_environment": "github-hosted"}
}

// sign makes a token; a nil value removes a claim, a header's value adds one.
func sign(t testing.TB, algorithm jwa.SignatureAlgorithm, key any, header, claims map[string]any) []byte {
	t.Helper()
	head := jws.NewHeaders()
	for name, value := range header {
		if err := head.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jws.Sign(payload, jws.WithKey(algorithm, key, jws.WithProtectedHeaders(head)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func with(claims map[string]any, name string, value any) map[string]any {
	if claims[name] = value; value == nil {
		delete(claims, name)
	}
	return claims
}

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func TestCI(t *testing.T) {
	k, stranger := newKeyring(t), newKeyring(t)
	trusted := []token.Issuer{{Name: github, Audience: "bindgate", Keys: k.keys(t)}, {Name: gitlab, Audience: "bindgate", Keys: k.keys(t)}}
	providers := map[string]string{github: token.GitHub, gitlab: token.GitLab}
	kid := map[string]any{"kid": "rs"}
	rs := func(claims map[string]any) []byte { return sign(t, jwa.RS256(), k["rs"], kid, claims) }
	good := rs(githubClaims())
	payload := strings.Split(string(good), ".")[1]
	der := k["rs"].Public().(*rsa.PublicKey).N.Bytes()
	main := evidence.CI{Provider: "github", Issuer: github, Subject: "repo:acme/domains:ref:refs/heads/main", Repository: "acme/domains", RepositoryID: "74",
		Ref: "refs/heads/main", RefProtected: true, Commit: "abc", Event: "push", Workflow: "acme/domains/.github/workflows/bind.yml@refs/heads/main",
		Actor: "alice", ActorID: "12", RunID: "99", Expires: now.Add(5 * time.Minute)}
	lab := map[string]any{"iss": gitlab, "aud": []string{"other", "bindgate"}, "sub": "project_path:acme/domains:ref_type:branch:ref:main", "jti": "y", "exp": now.Add(time.Hour).Unix(),
		"project_path": "acme/domains", "project_id": 7, "ref": "main", "ref_type": "branch", "ref_protected": "false", "sha": "def", "pipeline_source": "push",
		"user_login": "bob", "user_id": "3", "user_email": "bob@demo.com", "pipeline_id": "5", "ci_config_ref_uri": "gitlab.demo.com/acme/domains//.gitlab-ci.yml@refs/heads/main"}
	labWants := evidence.CI{Provider: "gitlab", Issuer: gitlab, Subject: "project_path:acme/domains:ref_type:branch:ref:main", Repository: "acme/domains", RepositoryID: "7",
		Ref: "refs/heads/main", Commit: "def", Event: "push", Workflow: "gitlab.demo.com/acme/domains//.gitlab-ci.yml@refs/heads/main",
		Actor: "bob", ActorID: "3", ActorEmail: "bob@demo.com", RunID: "5", Expires: now.Add(time.Hour)}
	for name, tc := range map[string]struct {
		text []byte
		want any // evidence.CI, or words of the error
	}{
		"GitHub, RS256": {good, main},
		"PS384":         {sign(t, jwa.PS384(), k["rs"], kid, githubClaims()), main},
		"ES256":         {sign(t, jwa.ES256(), k["ec"], map[string]any{"kid": "ec"}, githubClaims()), main},
		"EdDSA":         {sign(t, jwa.EdDSA(), k["ed"], map[string]any{"kid": "ed"}, githubClaims()), main},
		"a line end":    {append(bytes.Clone(good), '\n'), main},
		"GitLab":        {rs(lab), labWants},

		"none":                                {[]byte(part(`{"alg":"none","kid":"rs"}`) + "." + payload + "."), "its algorithm \"none\" is not one for the key"},
		"HMAC by the key":                     {sign(t, jwa.HS256(), der, kid, githubClaims()), "its algorithm \"HS256\" is not one for the key"},
		"an algorithm of another kind of key": {sign(t, jwa.ES256(), k["ec"], kid, githubClaims()), `its algorithm "ES256" is not one for the key "rs"`},
		"another key":                         {sign(t, jwa.RS256(), stranger["rs"], kid, githubClaims()), "its signature does not verify"},
		"an unknown key":                      {sign(t, jwa.RS256(), k["rs"], map[string]any{"kid": "zz"}, githubClaims()), `no key with the id "zz"`},
		"no key id":                           {sign(t, jwa.RS256(), k["rs"], nil, githubClaims()), `no key with the id ""`},
		"its own key's address":               {sign(t, jwa.RS256(), stranger["rs"], map[string]any{"kid": "rs", "jku": "https://evil.demo.com/jwks"}, githubClaims()), `its header has "jku", which is not taken`},
		"its own key":                         {sign(t, jwa.RS256(), stranger["rs"], map[string]any{"kid": "rs", "jwk": public(t, stranger["rs"].Public(), "rs")}, githubClaims()), `its header has "jwk"`},
		"crit":                                {[]byte(part(`{"alg":"RS256","kid":"rs","crit":["b64"],"b64":false}`) + "." + payload + ".AA"), "which is not taken"},
		"another issuer":                      {rs(with(githubClaims(), "iss", "https://evil.demo.com")), "is not one that the owner's file names"},
		"no issuer":                           {rs(with(githubClaims(), "iss", nil)), "is not one that the owner's file names"},
		"another audience":                    {rs(with(githubClaims(), "aud", "https://github.com/acme")), `its audience is not "bindgate"`},
		"expired":                             {rs(with(githubClaims(), "exp", now.Unix())), "it expired at 2026-11-28T12:00:00Z"},
		"no end":                              {rs(with(githubClaims(), "exp", nil)), "it has no exp"},
		"an end in words":                     {rs(with(githubClaims(), "exp", "tomorrow")), "its claim exp is no time in seconds"},
		"not yet":                             {rs(with(githubClaims(), "nbf", now.Add(time.Hour).Unix())), "it is not valid yet"},
		"no ref":                              {rs(with(githubClaims(), "ref", nil)), "it lacks the subject, the repository, the ref or the actor"},
		"a list as actor":                     {rs(with(githubClaims(), "actor", []string{"a"})), "its claim actor is no text"},
		"a terminal's code":                   {rs(with(githubClaims(), "ref", "refs/heads/\x1b[2J")), "control characters"},
		"no ref_type":                         {rs(with(lab, "ref_type", "")), "its ref_type is"},
		"a key twice":                         {[]byte(part(`{"alg":"RS256","Alg":"none"}`) + "." + payload + ".AA"), "is there twice"},
		"a claim twice":                       {[]byte(part(`{"alg":"RS256","kid":"rs"}`) + "." + part(`{"iss":"a","iss":"b"}`) + ".AA"), "is there twice"},
		"padding after the header":            {[]byte(strings.Replace(string(good), ".", "==.", 1)), "its header: it is not base64url without padding"},
		"padding after the claims":            {[]byte(strings.Replace(string(good), payload, payload+"=", 1)), "its claims: it is not base64url without padding"},
		"padding after the signature":         {append(bytes.Clone(good), "=="...), "its signature: it is not base64url without padding"},
		"a line end within":                   {[]byte(strings.Replace(string(good), payload, payload[:4]+"\n"+payload[4:], 1)), "its claims: it is not base64url"},
		"no token":                            {[]byte("eyJ"), "it is no signed JWT in the compact form"},
		"JSON":                                {[]byte(`{"payload":"x.y.z"}`), "its header: it is not base64url"},
		"too long":                            {make([]byte, token.MaxSize+1), "more than 16384 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := token.CI(tc.text, trusted, providers, now)
			words, fails := tc.want.(string)
			switch {
			case fails && (err == nil || !strings.Contains(err.Error(), words) || got != nil):
				t.Fatalf("got %+v and the error %v, want one with %q", got, err, words)
			case fails:
				if strings.Contains(err.Error(), payload) || strings.Contains(err.Error(), string(good)) {
					t.Errorf("the error holds the token: %v", err)
				}
			case err != nil:
				t.Fatal(err)
			default:
				if diff := cmp.Diff(*got, tc.want); diff != "" {
					t.Errorf("claims (-got +want):\n%s", diff)
				}
			}
		})
	}
	// A changed claim keeps no signature.
	forged := with(githubClaims(), "actor", "mallory")
	text, _ := json.Marshal(forged)
	parts := strings.Split(string(good), ".")
	if _, err := token.CI([]byte(parts[0]+"."+part(string(text))+"."+parts[2]), trusted, providers, now); err == nil || !strings.Contains(err.Error(), "signature") {
		t.Errorf("a changed claim: %v", err)
	}
	// What an issuer may sign with depends on the issuer.
	own := []token.Issuer{{Name: github, Audience: "bindgate", Keys: stranger.keys(t)}}
	if _, err := token.CI(good, own, providers, now); err == nil {
		t.Error("a token verifies with keys of another issuer")
	}
}

func TestReadKeysRefuses(t *testing.T) {
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	ed := newKeyring(t)["ed"]
	one, _ := json.Marshal(public(t, ed.Public(), "a"))
	private, _ := json.Marshal(public(t, ed, "a"))
	weak := fmt.Sprintf(`{"kty":"RSA","kid":"a","e":"AQAB","n":%q}`, base64.RawURLEncoding.EncodeToString(small.N.Bytes()))
	for text, want := range map[string]string{
		``:                      "it is no JSON",
		`{"keys":[]}`:           "got 0 keys",
		`[]`:                    "want {\"keys\": […]}",
		`{"keys":[]} x`:         "something follows",
		`{"keys":[],"Keys":[]}`: "is there twice",
		fmt.Sprintf(`{"keys":[%s,%s]}`, one, one):                                                             `reading key 2 of a JWKS: another key has the id "a" too`,
		fmt.Sprintf(`{"keys":[%s]}`, private):                                                                 "it is a private key",
		fmt.Sprintf(`{"keys":[%s]}`, weak):                                                                    "rsa modulus too small: got 1024 bits",
		`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`:                                                             "it is symmetric",
		`{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","kid":"a"}]}`:                                   "reading key 1 of a JWKS: ",
		`{"keys":[{"kty":"OKP","crv":"X25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","kid":"a"}]}`: "its kind cannot verify signatures",
		strings.Replace(fmt.Sprintf(`{"keys":[%s]}`, one), `"kid"`, `"use":"enc","kid"`, 1):                   "no key is for signatures",
	} {
		if _, err := token.ReadKeys([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzCI holds that no text but a token that was signed is taken, for what it says.
func FuzzCI(f *testing.F) {
	k := newKeyring(f)
	trusted := []token.Issuer{{Name: github, Audience: "bindgate", Keys: k.keys(f)}}
	good := sign(f, jwa.ES256(), k["ec"], map[string]any{"kid": "ec"}, githubClaims())
	f.Add(good)
	f.Add([]byte(part(`{"alg":"none"}`) + "." + part(`{"iss":"`+github+`"}`) + "."))
	f.Add([]byte("a.b.c"))
	signed := string(good[:bytes.LastIndexByte(good, '.')])
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := token.CI(text, trusted, map[string]string{github: token.GitHub}, now)
		if err == nil && !strings.HasPrefix(strings.TrimSpace(string(text)), signed) {
			t.Errorf("%q is taken: %+v", text, got)
		}
	})
}

// FuzzKeys holds that no text makes the reader of keys panic or take a key that is
// not public.
func FuzzKeys(f *testing.F) {
	f.Add(newKeyring(f).jwks(f))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := token.ReadKeys(text); err == nil && bytes.Contains(text, []byte(`"kty":"oct"`)) && !bytes.Contains(text, []byte("EC")) && !bytes.Contains(text, []byte("RSA")) && !bytes.Contains(text, []byte("OKP")) {
			t.Errorf("%q is taken", text)
		}
	})
}
