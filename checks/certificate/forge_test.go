//go:build dataplane

package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// forge issues the pairs of the data-plane test, with one set of keys.
type forge struct {
	root pkitest.Identity
	keys map[string][2]crypto.Signer // by kind: the key, and a wrong one
}

func newForge(t *testing.T) *forge {
	t.Helper()
	f := &forge{root: pkitest.Root(t, "Data Plane Root"), keys: map[string][2]crypto.Signer{}}
	for _, a := range axes() {
		if a.name == "kind" {
			for _, kind := range a.values {
				f.keys[kind] = [2]crypto.Signer{newKeyOf(t, kind), newKeyOf(t, kind)}
			}
		}
	}
	return f
}

func newKeyOf(t *testing.T, kind string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch kind {
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "p224":
		key, err = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	case "p521":
		key, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "rsa1024":
		key, err = rsa.GenerateKey(rand.Reader, 1024)
	case "rsa2048":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "rsa3072":
		key, err = rsa.GenerateKey(rand.Reader, 3072)
	case "rsa4096":
		key, err = rsa.GenerateKey(rand.Reader, 4096)
	default:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// write writes the files of one pair: roots.pem, chain.pem and key.pem, and
// pair.p12 if that is the container.
func (f *forge) write(t *testing.T, dir string, p pair) {
	t.Helper()
	now := time.Now()
	expired := pkitest.Valid(now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1))
	keep := pkitest.Change(func(*x509.Certificate) {})
	leafDates, caDates := keep, keep
	switch p["dates"] {
	case "leaf expired":
		leafDates = expired
	case "ca expired":
		caDates = expired
	}
	signature := keep
	if p["kind"] == "sha1" {
		signature = func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	}
	caKind := "p256"
	if _, isRSA := f.keys[p["kind"]][0].(*rsa.PrivateKey); isRSA != (p["ca"] == "other key type") && p["kind"] != "sha1" {
		caKind = "rsa2048"
	}
	ca := f.root.Certify(t, "Data Plane CA "+caKind, f.keys[caKind][1], caDates)
	key := f.keys[p["kind"]][0]
	leaf := ca.Certify(t, "leaf", key, pkitest.Server(domain), leafDates, signature)
	if p["key"] == "wrong" {
		key = f.keys[p["kind"]][1]
	}
	save(t, dir, "roots.pem", pkitest.PEM(f.root))
	save(t, dir, "chain.pem", irregular(p["text"], pkitest.PEM(f.order(p, leaf, ca)...)))
	save(t, dir, "key.pem", keyText(t, p, key))
	if p["container"] == "pkcs12" {
		var others []*x509.Certificate
		if p["intermediate"] == "there" {
			others = append(others, ca.Certificate)
		}
		data, err := pkcs12.Modern2023.Encode(key, leaf.Certificate, others, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		save(t, dir, "pair.p12", data)
	}
}

func (f *forge) order(p pair, leaf, ca pkitest.Identity) []pkitest.Identity {
	list := map[string][]pkitest.Identity{
		"leaf first": {leaf, ca}, "reversed": {ca, leaf}, "leaf in the middle": {ca, leaf, f.root},
		"leaf twice": {leaf, leaf, ca}, "with root": {leaf, ca, f.root},
	}[p["order"]]
	if p["intermediate"] == "missing" {
		list = slices.DeleteFunc(slices.Clone(list), func(i pkitest.Identity) bool { return i.Equal(ca.Certificate) })
	}
	return list
}

func keyText(t *testing.T, p pair, key crypto.Signer) []byte {
	t.Helper()
	if p["encryption"] == "none" {
		return irregular(p["text"], pkitest.KeyPEM(t, key))
	}
	der, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), nil)
	if err != nil { // the library does not support Ed25519; the key stays unencrypted
		return irregular(p["text"], pkitest.KeyPEM(t, key))
	}
	return irregular(p["text"], pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}

func irregular(kind string, text []byte) []byte {
	switch kind {
	case "bom":
		return append([]byte("\xEF\xBB\xBF"), text...)
	case "crlf":
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	case "text between":
		return append([]byte("subject=CN = api.demo.com\n\n"), text...)
	case `literal \n`:
		return bytes.ReplaceAll(text, []byte("\n"), []byte(`\n`))
	}
	return text
}
