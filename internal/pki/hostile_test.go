package pki_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// Derivation that would take minutes is refused at once. The files are valid
// ones whose iteration counts were replaced by larger ones.
func TestDerivationIsBounded(t *testing.T) {
	leaf, _ := sound(t)
	key := ecKey(t, elliptic.P256())
	const count = 70001
	small, large := []byte{0x02, 0x03, 0x01, 0x11, 0x71}, []byte{0x02, 0x03, 0x7f, 0xff, 0xff}
	files := map[string][]byte{
		"pkcs12 modern": pfx(t, pkcs12.Modern2023.WithIterations(count), leaf, leaf.Certificate),
		"pkcs12 pbmac1": pfx(t, pkcs12.Modern2026.WithIterations(count), leaf, leaf.Certificate),
		"pkcs12 legacy": pfx(t, pkcs12.LegacyDES.WithIterations(count), leaf, leaf.Certificate),
	}
	pbkdf2, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), &pkcs8.Opts{Cipher: pkcs8.AES256CBC,
		KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: count, HMACHash: crypto.SHA256}})
	if err != nil {
		t.Fatal(err)
	}
	files["pkcs8 pbkdf2"] = pbkdf2
	scrypt, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), &pkcs8.Opts{Cipher: pkcs8.AES256CBC,
		KDFOpts: pkcs8.ScryptOpts{SaltSize: 8, CostParameter: 1 << 16, BlockSize: 1, ParallelizationParameter: 1}})
	if err != nil {
		t.Fatal(err)
	}
	files["pkcs8 scrypt"] = bytes.Replace(scrypt, []byte{0x02, 0x03, 0x01, 0x00, 0x00}, small, 1)

	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			if !bytes.Contains(file, small) {
				t.Fatal("the count to replace is not in the file")
			}
			hostile := bytes.ReplaceAll(file, small, large)
			start := cputime.Spent(t)
			_, problem := pki.ParseCertificates(hostile, passphrase)
			if strings.HasPrefix(name, "pkcs8") {
				_, problem = pki.ParsePrivateKey(block("ENCRYPTED PRIVATE KEY", hostile), passphrase)
			}
			if problem == nil || problem.Kind != "too-expensive" {
				t.Errorf("got %+v", problem)
			}
			if spent := cputime.Spent(t) - start; spent > 20*time.Second {
				t.Errorf("it took %s of processor time", spent)
			}
		})
	}
}

// The library panics on an initialization vector or ciphertext of the wrong
// length.
func TestMalformedCiphertextIsAProblem(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	der, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), nil)
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Algorithm asn1.RawValue
		Data      []byte
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		t.Fatal(err)
	}
	info.Data = info.Data[:len(info.Data)-3]
	if der, err = asn1.Marshal(info); err != nil {
		t.Fatal(err)
	}
	_, problem := pki.ParsePrivateKey(block("ENCRYPTED PRIVATE KEY", der), passphrase)
	if problem == nil || problem.Kind != "passphrase" {
		t.Errorf("got %+v", problem)
	}
}

// Keys and signers with slow arithmetic are refused.
func TestOversizeRSAIsBounded(t *testing.T) {
	huge := new(big.Int).Lsh(big.NewInt(1), 100_000)
	huge.Add(huge, big.NewInt(1))
	type pkcs1 struct{ V, N, E, D, P, Q, DP, DQ, QI *big.Int }
	one := big.NewInt(3)
	der, err := asn1.Marshal(pkcs1{big.NewInt(0), huge, big.NewInt(65537), one, one, one, one, one, one})
	if err != nil {
		t.Fatal(err)
	}
	start := cputime.Spent(t)
	_, problem := pki.ParsePrivateKey(block("RSA PRIVATE KEY", der), "")
	if problem == nil || problem.Kind != "too-large" {
		t.Errorf("a key of 100,001 bits: got %+v", problem)
	}
	root := pkitest.Root(t, "root")
	signer := root.Certify(t, "huge", publicOnly{&rsa.PublicKey{N: huge, E: 65537}})
	leaf := pkitest.Root(t, "huge").Leaf(t, []string{"api.demo.com"})
	roots, err := pki.ParseRoots("roots", pkitest.PEM(root))
	if err != nil {
		t.Fatal(err)
	}
	path := roots.FindPath([]*x509.Certificate{leaf.Certificate, signer.Certificate}, pkitest.Now())
	if !strings.Contains(path.Undetermined, "cannot be evaluated") {
		t.Errorf("a signer of 100,001 bits: got %+v", path)
	}
	if spent := cputime.Spent(t) - start; spent > 20*time.Second {
		t.Errorf("it took %s of processor time", spent)
	}
}

// publicOnly is the owner of a key that signs nothing.
type publicOnly struct{ *rsa.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.PublicKey }

func (publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("it signs nothing")
}

// Each certificate of the file has the issuer name of every other.
func TestManyIssuersOfOneNameAreBounded(t *testing.T) {
	chain := []*x509.Certificate{pkitest.Root(t, "x").Leaf(t, []string{"api.demo.com"}).Certificate}
	for range 99 {
		chain = append(chain, pkitest.Root(t, "x").Certificate)
	}
	roots, err := pki.ParseRoots("roots", pkitest.PEM(pkitest.Root(t, "x")))
	if err != nil {
		t.Fatal(err)
	}
	start := cputime.Spent(t)
	path := roots.FindPath(chain, pkitest.Now())
	if len(path.Certificates) > 0 || (path.Problem == "") == (path.Undetermined == "") {
		t.Errorf("got %+v", path)
	}
	if spent := cputime.Spent(t) - start; spent > 20*time.Second {
		t.Errorf("it took %s of processor time", spent)
	}
}

// TestNoSecretInAnyProblem damages keys in every way and searches the output
// for eight bytes of them, or for the passphrase.
func TestNoSecretInAnyProblem(t *testing.T) {
	leaf, _ := sound(t)
	rsaDER := x509.MarshalPKCS1PrivateKey(rsaKey(t))
	ecDER := sec1(t, leaf.Key.(*ecdsa.PrivateKey))
	p8, _ := pem.Decode(pkitest.KeyPEM(t, leaf.Key))
	p12 := pfx(t, pkcs12.Modern2023, leaf, leaf.Certificate)
	secrets := formsOf(rsaDER[300:], ecDER[7:39], []byte(passphrase))
	for _, der := range [][]byte{rsaDER, ecDER, p8.Bytes} {
		for i := 0; i < len(der); i += 1 + len(der)/30 {
			broken := bytes.Clone(der)
			broken[i] ^= 0x55
			files := [][]byte{broken}
			for _, label := range []string{"PRIVATE KEY", "CERTIFICATE", "ENCRYPTED PRIVATE KEY"} {
				files = append(files, block(label, broken), block(label, broken[:i]))
			}
			for _, file := range files {
				_, asKey := pki.ParsePrivateKey(file, passphrase)
				_, asCertificate := pki.ParseCertificates(file, passphrase)
				keepsSecret(t, secrets, fmt.Sprintf("%+v %+v", asKey, asCertificate))
			}
		}
	}
	for i := 0; i < len(p12); i += 1 + len(p12)/30 {
		broken := bytes.Clone(p12)
		broken[i] ^= 0x01
		_, problem := pki.ParseCertificates(broken, passphrase)
		keepsSecret(t, secrets, fmt.Sprintf("%+v", problem))
	}
}

func TestNoSecretInAnyPrint(t *testing.T) {
	leaf, _ := sound(t)
	file, problem := pki.ParseCertificates(pfx(t, pkcs12.Modern2023, leaf, leaf.Certificate), passphrase)
	if problem != nil {
		t.Fatal(problem)
	}
	key := leaf.Key.(*ecdsa.PrivateKey)
	encoded, err := json.Marshal(file.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(file.Key), fmt.Sprintf("%+v %#v %x %d", file.Key, *file.Key, file.Key, *file.Key), fmt.Sprintf("%+v", file), string(encoded),
	} {
		keepsSecret(t, formsOf(key.D.Bytes(), []byte(key.D.String())), text) //nolint:staticcheck // D is the secret
	}
}

// formsOf returns each eight bytes in a row of the secrets: raw, hexadecimal and base64.
func formsOf(secrets ...[]byte) (forms []string) {
	for _, secret := range secrets {
		for i := 0; i+8 <= len(secret); i++ {
			run := secret[i : i+8]
			forms = append(forms, string(run), hex.EncodeToString(run), base64.RawStdEncoding.EncodeToString(run)[:10])
		}
	}
	return forms
}

// keepsSecret fails if a form of a secret is in text.
func keepsSecret(t *testing.T, forms []string, text string) {
	t.Helper()
	for _, form := range forms {
		if strings.Contains(text, form) {
			t.Fatalf("a secret is in the output") // which this message does not print
		}
	}
}
