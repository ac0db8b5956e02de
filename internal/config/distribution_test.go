package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/config"
)

func TestPolicyReferences(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	path := write(t, version+"policy:\n  - p\n  - p.tar.gz@"+digest+"\n  - oci://r.example.com/p:v1@"+digest+"\n")
	c, err := config.LoadOwner(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	want := []string{dir + "/p", dir + "/p.tar.gz@" + digest, "oci://r.example.com/p:v1@" + digest}
	for i, p := range c.Policies {
		if p.Ref.String() != want[i] || c.Settings[0].Values[i] != want[i] || p.Line != i+3 || p.Column != 5 {
			t.Errorf("policy %d: %+v, setting %q; want %q at line %d", i, p, c.Settings[0].Values[i], want[i], i+3)
		}
	}
	for text, want := range map[string]string{
		"http://x/y.tar.gz": ":2:10: \"http://x/y.tar.gz\" is of a kind that is not supported",
		"p@sha256:abc":      "want @sha256: and 64 digits",
	} {
		if _, err := config.LoadOwner(write(t, version+"policy: ['"+text+"']\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestBundleKeys(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := x509.MarshalPKCS8PrivateKey(key)
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	path := write(t, version+"policySigners: {bundle: {release: {key: key.pem, algorithm: ES256}}}\n")
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"public":  {string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})), ""},
		"private": {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), "is not one block PUBLIC KEY; name a public key in PEM"},
		"empty":   {"", "is not one block PUBLIC KEY"},
	} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "key.pem"), []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.LoadOwner(path)
		if tc.want == "" && (err != nil || c.PolicySigners.Bundle["release"].PEM != tc.text) || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestRelock changes one entry of a file and nothing else.
func TestRelock(t *testing.T) {
	const now = "oci://r.example.com/p:v1@sha256:1111111111111111111111111111111111111111111111111111111111111111"
	for name, tc := range map[string]struct{ text, want string }{
		"a list":      {"policy: # ours\n  - p\n  - oci://r.example.com/p:v1 # the team's\n", "policy: # ours\n  - p\n  - " + now + " # the team's\n"},
		"in brackets": {"policy: [oci://r.example.com/p:v1, p]\r\nfailOn: error\r\n", "policy: [" + now + ", p]\r\nfailOn: error\r\n"},
		"in quotes":   {"policy: [\"é\", \"oci://r.example.com/p:v1\"]\n", "policy: [\"é\", \"" + now + "\"]\n"},
		"twice":       {"policy: [oci://r.example.com/p:v1, oci://r.example.com/p:v1]\n", "policy: [" + now + ", oci://r.example.com/p:v1]\n"},
		"escaped":     {"policy: [\"oci://r.example.com\\u002fp:v1\"]\n", ""},
		"an alias":    {"policy: [&p oci://r.example.com/p:v1, *p]\n", ""},
	} {
		path := write(t, version+tc.text)
		c, err := config.LoadOwner(path)
		if err != nil {
			if tc.want != "" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		i := 0
		for c.Policies[i].Ref.Host == "" {
			i++
		}
		got, err := config.Relock(path, []byte(version+tc.text), c.Policies[i], now)
		if tc.want == "" && err == nil || tc.want != "" && (err != nil || string(got) != version+tc.want) {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, version+tc.want)
		}
	}
}
