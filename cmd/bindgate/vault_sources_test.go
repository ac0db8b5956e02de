package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/sandbox/ca"
)

// source is one way to hand a key to the program.
type source struct {
	name       string // of the domain's first label and of the files
	body       string // path of the certificate; "": name.pem
	privateKey string // as the manifest writes it; "": no such field
	key        crypto.Signer
}

func (s source) domain() string { return s.name + ".demo.com" }

// manifest binds the domain of each source to a separate group.
func manifest(sources []source) string {
	text := "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE}\nbindings:\n"
	for i, s := range sources {
		body := s.body
		if body == "" {
			body = s.name + ".pem"
		}
		text += fmt.Sprintf("  - domainName: %s\n    groupId: %s\n    isHttpRedirectToHttps: true\n    labels: {owner: payments, changeTicket: CHG-1042}\n"+
			"    certificate:\n      name: wanted\n      body: %s\n", s.domain(), group(i), body)
		if s.privateKey != "" {
			text += "      privateKey: " + s.privateKey + "\n"
		}
	}
	return text
}

// zone makes every source's domain lead to its group.
func zone(sources []source) map[string]string {
	records := map[string]string{}
	for i, s := range sources {
		records[s.domain()] = target(i)
	}
	return records
}

// source issues for name, gives the certificate and, where there is one, the
// key's file.
func (v *vault) source(name, privateKey string, kind ca.KeyType, keyFile func(crypto.Signer, ca.Leaf) string) source {
	v.Helper()
	leaf, key := v.issue(kind, name+".demo.com")
	v.give(name+".pem", string(leaf.Chain))
	if text := keyFile(key, leaf); text != "" {
		v.give(name+".key", text)
	}
	return source{name: name, privateKey: privateKey, key: key}
}

// soundSources are keys in every form that is read, from everywhere.
func (v *vault) soundSources() []source {
	v.Helper()
	fromEnv := func(variable string, text func(ca.Leaf) string) func(crypto.Signer, ca.Leaf) string {
		return func(_ crypto.Signer, leaf ca.Leaf) string {
			v.env = append(v.env, variable+"="+text(leaf))
			return ""
		}
	}
	encrypted, bagged := v.passphrase("BINDGATE_PASSPHRASE"), v.passphrase("BINDGATE_BAG_PASSPHRASE")
	locked := func(key crypto.Signer, _ ca.Leaf) string { return v.encrypted(key, encrypted) }
	sources := []source{
		v.source("pkcs8", "pkcs8.key", ca.P256, func(_ crypto.Signer, leaf ca.Leaf) string { return string(leaf.Key) }),
		v.source("sec1", "sec1.key", ca.P384, func(key crypto.Signer, _ ca.Leaf) string { return v.sec1(key) }),
		v.source("pkcs1", "{file: pkcs1.key}", ca.RSA2048, func(key crypto.Signer, _ ca.Leaf) string { return pkcs1(key) }),
		v.source("encrypted", "{file: encrypted.key, passphraseEnv: BINDGATE_PASSPHRASE}", ca.P256, locked),
		v.source("env", "{env: BINDGATE_KEY}", ca.P256, fromEnv("BINDGATE_KEY", func(leaf ca.Leaf) string { return string(leaf.Key) })),
		v.source("escaped", "{env: BINDGATE_ESCAPED}", ca.P256, fromEnv("BINDGATE_ESCAPED",
			func(leaf ca.Leaf) string { return strings.ReplaceAll(string(leaf.Key), "\n", `\n`) })),
	}
	bag := v.source("bag", "{file: bag.p12, passphraseEnv: BINDGATE_BAG_PASSPHRASE}", ca.P256, func(key crypto.Signer, leaf ca.Leaf) string {
		file, err := pkcs12.Modern.Encode(key, leaf.Certificate, []*x509.Certificate{v.authority.Certificate()}, bagged)
		v.check(err)
		v.give("bag.p12", string(file))
		return ""
	})
	bag.body = "bag.p12"
	return append(sources, bag)
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (v *vault) sec1(key crypto.Signer) string {
	v.Helper()
	der, err := x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	v.check(err)
	return pemOf("EC PRIVATE KEY", der)
}

func pkcs1(key crypto.Signer) string {
	return pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey)))
}

func (v *vault) encrypted(key crypto.Signer, passphrase string) string {
	v.Helper()
	der, err := pkcs8.ConvertPrivateKeyToPKCS8(key, []byte(passphrase))
	v.check(err)
	return pemOf("ENCRYPTED PRIVATE KEY", der)
}
