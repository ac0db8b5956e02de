package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/bindgate/bindgate/internal/approval"
)

// jwt FILE JWKS CLAIM=VALUE…: writes a token of the service that iss names, valid for
// an hour, and the service's public keys. A value @PLAN is the digest of a file.
func writeToken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: jwt FILE JWKS CLAIM=VALUE…")
	}
	claims := map[string]any{"exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "jti": args[0]}
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(arg, "=")
		claims[name] = value
		if path, ok := strings.CutPrefix(value, "@"); ok {
			claims[name] = approval.Digest([]byte(ts.ReadFile(path)))
		}
	}
	seed := sha256.Sum256(fmt.Append(nil, claims["iss"]))
	key := ed25519.NewKeyFromSeed(seed[:])
	public, err := jwk.Import(key.Public())
	ts.Check(err)
	keys, err := json.Marshal(map[string]any{"keys": []any{public}})
	ts.Check(err)
	payload, err := json.Marshal(claims)
	ts.Check(err)
	text, err := jws.Sign(payload, jws.WithKey(jwa.EdDSA(), key))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), keys, 0o600))
}
