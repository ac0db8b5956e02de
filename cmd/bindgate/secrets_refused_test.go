package main

import (
	"crypto"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// damagedSources returns keys that cannot be used, each for another reason, and
// keys in the place of a certificate.
func (v *vault) damagedSources() []source {
	v.Helper()
	v.passphrase("BINDGATE_WRONG")
	secret := v.passphrase("")
	plain := func(key crypto.Signer, _ ca.Leaf) string { return v.sec1(key) }
	spoil := func(spoil func(string) string) func(crypto.Signer, ca.Leaf) string {
		return func(_ crypto.Signer, leaf ca.Leaf) string { return spoil(string(leaf.Key)) }
	}
	locked := func(key crypto.Signer, _ ca.Leaf) string { return v.encrypted(key, secret) }
	sources := []source{
		v.source("wrong-passphrase", "{file: wrong-passphrase.key, passphraseEnv: BINDGATE_WRONG}", ca.P256, locked),
		v.source("no-passphrase", "no-passphrase.key", ca.P256, locked),
		v.source("unset-passphrase", "{file: unset-passphrase.key, passphraseEnv: BINDGATE_UNSET}", ca.P256, locked),
		v.source("cut", "cut.key", ca.P256, spoil(func(key string) string { return key[:len(key)/2] })),
		v.source("cut-base64", "cut-base64.key", ca.P256, spoil(func(key string) string { return key[:90] + key[len(key)-28:] })),
		v.source("damaged", "damaged.key", ca.RSA2048, spoil(damaged)),
		v.source("mislabelled", "mislabelled.key", ca.P256, spoil(func(key string) string { return strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE") })),
		v.source("der", "der.key", ca.P256, spoil(func(key string) string { b, _ := pem.Decode([]byte(key)); return string(b.Bytes) })),
		v.source("bare", "bare.key", ca.P256, spoil(func(key string) string { return strings.Join(strings.Split(key, "\n")[1:4], "\n") })),
		v.source("two", "two.key", ca.P256, spoil(func(key string) string { return key + key })),
		v.source("mismatch", "unset-passphrase.key", ca.P256, plain),
		v.source("env-unset", "{env: BINDGATE_NO_KEY}", ca.P256, plain),
		v.source("swapped", "swapped.pem", ca.RSA2048, func(key crypto.Signer, _ ca.Leaf) string { return pkcs1(key) }),
		v.source("in-certificate", "", ca.P256, plain),
	}
	for i, body := range map[int]string{len(sources) - 2: "swapped.key", len(sources) - 1: "in-certificate.key"} {
		sources[i].body = body
	}
	return append(sources, v.legacy()...)
}

// damaged changes one number of a key, so that its parts do not fit together.
func damaged(key string) string {
	b, _ := pem.Decode([]byte(key))
	b.Bytes[len(b.Bytes)-300] ^= 1 // somewhere in the primes
	return string(pem.EncodeToMemory(b))
}

// legacy are keys in OpenSSL's old encryption, which Go no longer writes, with
// the right passphrase and without.
func (v *vault) legacy() []source {
	v.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "certificates", "legacy.key"))
	v.check(err)
	key, problem := pki.ParsePrivateKey(text, "demo")
	if problem != nil {
		v.Fatal(problem)
	}
	plain, err := key.PEM()
	v.check(err)
	b, _ := pem.Decode(plain)
	v.mark("the legacy key", v.parsed(b.Bytes))
	v.give("legacy.key", string(text))
	v.env = append(v.env, "BINDGATE_LEGACY=demo")
	use := func(name, variable string) source {
		s := v.source(name, "{file: legacy.key, passphraseEnv: "+variable+"}", ca.P256, func(crypto.Signer, ca.Leaf) string { return "" })
		return s
	}
	return []source{use("legacy-right", "BINDGATE_LEGACY"), use("legacy-wrong", "BINDGATE_WRONG")}
}

// Refused alone or together, no secret is reported, and nothing is sent.
func TestNoSecretLeaksFromDamagedKeys(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	sources := v.damagedSources()
	v.serve(groups(len(sources)), zone(sources))
	in := openWorkshop(t)
	v.runs = in.of(v)
	v.give("bindings.yaml", manifest(sources))
	v.give("echo/echo.rego", echo)
	for what, args := range map[string][]string{
		"lint":         {"lint", "-v", "-f", "text", "-f", "json=lint.json", "--evidence-out", "evidence.json", "--policy", "echo"},
		"lint -q":      {"lint", "-q", "-f", "jsonl"},
		"lint offline": {"lint", "--offline", "-f", "jsonl", "--evidence-out", "offline.json"},
		"plan":         {"plan", "-v", "-f", "json", "-o", "plan.json"},
		"apply":        {"apply", "-v", "-f", "json", "-f", "text=apply.txt"},
		"apply --each": {"apply", "--each", "-v", "-f", "jsonl", "--policy", "echo"},
	} {
		v.says(what, refused, args...)
	}
	v.says("lint of saved evidence", refused, "lint", "-v", "--evidence", "evidence.json", "--policy", "echo", "-f", "json")
	v.says("journal show", clean, "journal", "show", "-f", "jsonl")
	v.sweep("lint.json", "evidence.json", "offline.json", "apply.txt", journalFile)
	if got := v.writes(); len(got) > 0 {
		t.Errorf("the gateway took %q", got)
	}
	for _, s := range sources {
		flags := []string{"lint", "--domain", s.domain(), "--certificate", s.name + ".pem", "--private-key", s.name + ".key", "--passphrase-env", "BINDGATE_WRONG"}
		v.says("flags: "+s.name, []int{0, 1}, flags...)
	}
	in.close(t)
}
