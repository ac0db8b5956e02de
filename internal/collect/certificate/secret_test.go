package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

const passphrase = "correct horse battery staple"

func TestKeyFromTheEnvironment(t *testing.T) {
	dir, leaf, _ := folder(t)
	text := string(pkitest.KeyPEM(t, leaf.Key))
	c := collector(t, dir, map[string]string{"BINDGATE_KEY": text, "BINDGATE_ESCAPED": strings.ReplaceAll(text, "\n", `\n`), "BINDGATE_EMPTY": ""})
	tests := map[string]struct {
		ref           binding.SecretRef
		kind, message string
		escaped       bool
	}{
		"plain":         {ref: binding.SecretRef{Env: "BINDGATE_KEY"}},
		"escaped":       {ref: binding.SecretRef{Env: "BINDGATE_ESCAPED"}, escaped: true},
		"empty":         {ref: binding.SecretRef{Env: "BINDGATE_EMPTY"}, kind: "empty", message: "is empty"},
		"not set":       {ref: binding.SecretRef{Env: "BINDGATE_NONE"}, kind: "no-variable", message: "BINDGATE_NONE, which must contain the private key, is not set"},
		"no passphrase": {ref: binding.SecretRef{File: "body.key", PassphraseEnv: "BINDGATE_NONE"}, kind: "no-variable", message: "BINDGATE_NONE, which must contain the passphrase, is not set"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, key := c.Collect(t.Context(), requested("body.pem", &test.ref))
			if key.State != evidence.StateObserved || key.Facts.Escaped != test.escaped {
				t.Fatalf("got %+v", key)
			}
			p := key.Facts.Problem
			if (p != nil) != (test.kind != "") || p != nil && (p.Kind != test.kind || !strings.Contains(p.Message, test.message)) {
				t.Errorf("got %+v", p)
			}
			if test.ref.Env != "" && key.Facts.Source != "env "+test.ref.Env {
				t.Errorf("got source %q", key.Facts.Source)
			}
		})
	}
}

func TestKeyFromPKCS12(t *testing.T) {
	dir, leaf, ca := folder(t)
	encode := func(encoder *pkcs12.Encoder, secret string) []byte {
		file, err := encoder.Encode(leaf.Key, leaf.Certificate, []*x509.Certificate{ca.Certificate}, secret)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	write(t, dir, "body.p12", encode(pkcs12.Modern2023, passphrase))
	write(t, dir, "open.p12", encode(pkcs12.Passwordless, ""))
	c := collector(t, dir, map[string]string{"BINDGATE_P": passphrase})
	locked := &binding.SecretRef{File: "body.p12", PassphraseEnv: "BINDGATE_P"}
	other := &binding.SecretRef{File: "body.key", PassphraseEnv: "BINDGATE_P"}
	for name, b := range map[string]binding.Binding{
		"one file": requested("body.p12", locked), "separate key": requested("body.p12", other), "no passphrase": requested("open.p12", nil),
	} {
		cert, key := c.Collect(t.Context(), b)
		if cert.Facts.Container != "pkcs12" || key.State != evidence.StateObserved || key.Facts.PublicKeyDigest != pki.Digest(leaf.RawSubjectPublicKeyInfo) {
			t.Errorf("%s: got %+v, %+v", name, cert.Facts.Problem, key)
		}
		if m, err := c.Material(b); err != nil || m.ChainDigest != cert.Facts.ChainDigest {
			t.Errorf("%s: got material %v, %v", name, m, err)
		}
	}
	unset := requested("body.p12", &binding.SecretRef{File: "body.p12", PassphraseEnv: "BINDGATE_NONE"})
	if cert, _ := c.Collect(t.Context(), unset); cert.Facts.Problem == nil || !strings.Contains(cert.Facts.Problem.Message, "BINDGATE_NONE") {
		t.Errorf("the passphrase is not set: got %+v", cert.Facts.Problem)
	}
}

func TestMaterialEqualsTheJudged(t *testing.T) {
	dir, leaf, _ := folder(t)
	c := collector(t, dir, nil)
	b := requested("body.pem", &binding.SecretRef{File: "body.key"})
	cert, key := c.Collect(t.Context(), b)
	m, err := c.Material(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.FileDigest != cert.Facts.FileDigest || m.ChainDigest != cert.Facts.ChainDigest || m.PublicKeyDigest != key.Facts.PublicKeyDigest || pki.Digest(m.Chain) != m.ChainDigest {
		t.Errorf("got %v, want the digests of %+v, %+v", m, cert.Facts, key.Facts)
	}
	pair, err := tls.X509KeyPair(m.Chain, m.Key)
	if err != nil || !bytes.Equal(pair.Certificate[0], leaf.Raw) {
		t.Errorf("a TLS server cannot use it: %v", err)
	}
	write(t, dir, "body.key", pkitest.KeyPEM(t, pkitest.SelfSigned(t, "x").Key))
	if again, err := c.Material(b); err != nil || again.PublicKeyDigest == m.PublicKeyDigest {
		t.Errorf("the changed key was not read again: %v, %v", again, err)
	}
	for name, b := range map[string]binding.Binding{
		"no certificate": {DomainName: "api.demo.com"}, "missing": requested("nowhere.pem", nil), "no key": requested("body.pem", nil),
		"key is a certificate": requested("body.pem", &binding.SecretRef{File: "body.pem"}),
	} {
		if m, err := c.Material(b); err == nil || m.Key != nil || m.Chain != nil {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
}

// No output or saved evidence contains a run of the key's bytes or the
// passphrase.
func TestNoSecretLeaves(t *testing.T) {
	dir, leaf, _ := folder(t)
	key := string(pkitest.KeyPEM(t, leaf.Key))
	c := collector(t, dir, map[string]string{"BINDGATE_P": passphrase, "BINDGATE_KEY": key})
	write(t, dir, "broken.key", []byte(strings.Replace(key, "M", "!", 1)))
	write(t, dir, "as-body.pem", []byte(key))
	var out strings.Builder
	for _, ref := range []*binding.SecretRef{
		{File: "body.key", PassphraseEnv: "BINDGATE_P"}, {Env: "BINDGATE_KEY"}, {File: "broken.key"}, {File: "as-body.pem"}, {File: "body.pem"},
	} {
		for _, body := range []string{"body.pem", "as-body.pem", "body.key"} {
			b := requested(body, ref)
			cert, key := c.Collect(t.Context(), b)
			saved, err := json.Marshal([]any{cert, key})
			if err != nil {
				t.Fatal(err)
			}
			m, err := c.Material(b)
			fmt.Fprintf(&out, "%s %+v %+v %v %+v %#v %s %x\n", saved, cert, key, err, m, m, m, &m)
		}
	}
	scalar, err := leaf.Key.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{passphrase}
	for i := 0; i+9 <= len(scalar); i++ { // nine bytes are twelve base64 characters at some i
		run := scalar[i : i+9]
		secrets = append(secrets, string(run), hex.EncodeToString(run), base64.StdEncoding.EncodeToString(run))
	}
	for _, s := range secrets {
		if strings.Contains(out.String(), s) {
			t.Fatal("a secret is in the output") // which this message does not print
		}
	}
}
