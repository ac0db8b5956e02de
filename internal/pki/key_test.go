package pki_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/youmark/pkcs8"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

const passphrase = "correct horse battery staple"

// rsaKey returns the same key of 2048 bits to each test; no test changes it.
func rsaKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	key, err := rsaOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

var rsaOnce = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func ecKey(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func sec1(tb testing.TB, key *ecdsa.PrivateKey) []byte {
	tb.Helper()
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return der
}

func encrypted(tb testing.TB, key any, opts *pkcs8.Opts) []byte {
	tb.Helper()
	der, err := pkcs8.MarshalPrivateKey(key, []byte(passphrase), opts)
	if err != nil {
		tb.Fatal(err)
	}
	return block("ENCRYPTED PRIVATE KEY", der)
}

func TestParsePrivateKeyReadsEveryForm(t *testing.T) {
	rsaKey, p256, p384 := rsaKey(t), ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384())
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(rsaKey)
	parameters := block("EC PARAMETERS", []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07})
	leaf, _ := sound(t)
	tests := map[string]struct {
		file                []byte
		key                 crypto.Signer
		encoding, algorithm string
		bits                int
	}{
		"pkcs1":             {block("RSA PRIVATE KEY", pkcs1), rsaKey, "pkcs1", "RSA", 2048},
		"pkcs8 rsa":         {pkitest.KeyPEM(t, rsaKey), rsaKey, "pkcs8", "RSA", 2048},
		"sec1":              {block("EC PRIVATE KEY", sec1(t, p384)), p384, "sec1", "ECDSA", 384},
		"ec parameters":     {append(parameters, block("EC PRIVATE KEY", sec1(t, p256))...), p256, "sec1", "ECDSA", 256},
		"pkcs8 ec":          {pkitest.KeyPEM(t, p256), p256, "pkcs8", "ECDSA", 256},
		"ed25519":           {pkitest.KeyPEM(t, ed), ed, "pkcs8", "Ed25519", 256},
		"wrong label":       {block("PRIVATE KEY", pkcs1), rsaKey, "pkcs1", "RSA", 2048},
		"with certificate":  {append(pkitest.PEM(leaf), pkitest.KeyPEM(t, p256)...), p256, "pkcs8", "ECDSA", 256},
		"encrypted, pbkdf2": {encrypted(t, p256, nil), p256, "encrypted-pkcs8", "ECDSA", 256},
		"encrypted, scrypt": {encrypted(t, p256, &pkcs8.Opts{Cipher: pkcs8.AES256GCM,
			KDFOpts: pkcs8.ScryptOpts{SaltSize: 8, CostParameter: 1024, BlockSize: 8, ParallelizationParameter: 1}}), p256, "encrypted-pkcs8", "ECDSA", 256},
		"bom, crlf": {append([]byte("\xEF\xBB\xBF"), bytes.ReplaceAll(pkitest.KeyPEM(t, p256), []byte("\n"), []byte("\r\n"))...), p256, "pkcs8", "ECDSA", 256},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, problem := pki.ParsePrivateKey(test.file, passphrase)
			if problem != nil {
				t.Fatal(problem)
			}
			public, err := x509.MarshalPKIXPublicKey(test.key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if got.Encoding != test.encoding || got.Algorithm != test.algorithm || got.Bits != test.bits || !bytes.Equal(got.PublicKey, public) || got.Escaped {
				t.Errorf("got %v", got)
			}
			sendable(t, got)
		})
	}
}

// sendable checks that crypto/tls accepts the canonical text and reads the same
// key.
func sendable(t *testing.T, got *pki.PrivateKey) {
	t.Helper()
	text, err := got.PEM()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"RSA": "RSA PRIVATE KEY", "ECDSA": "EC PRIVATE KEY", "Ed25519": "PRIVATE KEY"}
	b, rest := pem.Decode(text)
	if b == nil || len(rest) > 0 || b.Type != labels[got.Algorithm] {
		t.Fatalf("got block %+v, want one %s", b, labels[got.Algorithm])
	}
	again, problem := pki.ParsePrivateKey(text, "")
	if problem != nil || !bytes.Equal(again.PublicKey, got.PublicKey) {
		t.Fatalf("reading it again: got %v, %v", again, problem)
	}
	if second, err := again.PEM(); err != nil || !bytes.Equal(second, text) {
		t.Errorf("the canonical text of the canonical text differs (%v)", err)
	}
}

func TestParsePrivateKeyTakesEscapedLineBreaks(t *testing.T) {
	key := ecKey(t, elliptic.P256())
	for _, escape := range []string{`\n`, `\r\n`} {
		value := strings.ReplaceAll(string(pkitest.KeyPEM(t, key)), "\n", escape)
		got, problem := pki.ParsePrivateKey([]byte(value), "")
		if problem != nil || !got.Escaped {
			t.Errorf("%s: got %v, %+v, want an escaped key", escape, got, problem)
		}
	}
}

func TestParsePrivateKeyNamesWhatItFinds(t *testing.T) {
	leaf, _ := sound(t)
	key := ecKey(t, elliptic.P256())
	der := sec1(t, key)
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := x509.MarshalPKCS8PrivateKey(exchange)
	if err != nil {
		t.Fatal(err)
	}
	sm2 := bytes.Replace(der, []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
		[]byte{0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d}, 1)
	unsound := *rsaKey(t)
	damaged := bytes.Clone(x509.MarshalPKCS1PrivateKey(&unsound))
	damaged[len(damaged)/2] ^= 1
	tests := map[string]struct {
		file      []byte
		kind, fix string
	}{
		"empty":            {nil, "empty", "private key"},
		"certificate":      {pkitest.PEM(leaf), "certificate", "swapped"},
		"certificate der":  {leaf.Raw, "der", "private key"},
		"public key":       {block("PUBLIC KEY", []byte{0x30, 0}), "public-key", "private key"},
		"csr":              {block("CERTIFICATE REQUEST", request), "csr", "private key"},
		"csr as a key":     {block("PRIVATE KEY", request), "csr", "private key"},
		"der":              {der, "private-key", "openssl pkey -inform DER"},
		"openssh":          {block("OPENSSH PRIVATE KEY", []byte("x")), "openssh-key", "ssh-keygen"},
		"only parameters":  {block("EC PARAMETERS", []byte{5, 0}), "parameters", "private key"},
		"two keys":         {bytes.Repeat(block("EC PRIVATE KEY", der), 2), "two-keys", "a separate file"},
		"corrupt":          {block("PRIVATE KEY", []byte("hello")), "corrupt", "again"},
		"pkcs12":           {[]byte{0x30, 0x0d, 0x02, 0x01, 0x03, 0x30, 0x08, 0x06, 0x01, 0x2a, 0x30, 0x03, 0x02, 0x01, 0x00}, "unsupported", "openssl pkcs12"},
		"x25519":           {block("PRIVATE KEY", x25519), "unsupported", "prime256v1"},
		"sm2":              {block("EC PRIVATE KEY", sm2), "unsupported", "prime256v1"},
		"inconsistent rsa": {block("RSA PRIVATE KEY", damaged), "inconsistent", "openssl pkey"},
		"utf-16":           {utf16le(block("EC PRIVATE KEY", der)), "utf-16", "iconv"},
		"no passphrase":    {encrypted(t, key, nil), "encrypted", "passphraseEnv"},
		"no passphrase 2":  {testFile(t, "legacy.key"), "encrypted", "passphraseEnv"},
		"too large":        {make([]byte, pki.MaxFileSize+1), "too-large", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problem := pki.ParsePrivateKey(test.file, "")
			if problem == nil || problem.Kind != test.kind || !strings.Contains(problem.Fix, test.fix) {
				t.Errorf("got %+v, want kind %q and a fix with %q", problem, test.kind, test.fix)
			}
		})
	}
}

func TestParsePrivateKeyWrongPassphrase(t *testing.T) {
	for name, file := range map[string][]byte{"pkcs8": encrypted(t, ecKey(t, elliptic.P256()), nil), "legacy": testFile(t, "legacy.key")} {
		_, problem := pki.ParsePrivateKey(file, "wrong")
		if problem == nil || problem.Kind != "passphrase" {
			t.Errorf("%s: got %+v", name, problem)
		}
	}
}

// The keys were encrypted by OpenSSL; the digests are those of `openssl pkey
// -pubout -outform DER`.
func TestParsePrivateKeyReadsLegacyEncryption(t *testing.T) {
	for name, want := range map[string]struct {
		algorithm, digest string
		bits              int
	}{
		"legacy.key":     {"ECDSA", "sha256:7d7a1028bb104d640bd4f165c83663a8a853cd26a0a5e028e5f5a9f1c5b13ecb", 256},
		"legacy-rsa.key": {"RSA", "sha256:c219317f8279507d8260b9af48bf6c2e98771da28323a057e741c904cf236719", 2048},
	} {
		got, problem := pki.ParsePrivateKey(testFile(t, name), "demo")
		if problem != nil {
			t.Errorf("%s: got %+v", name, problem)
			continue
		}
		if got.Encoding != "encrypted-pem" || got.Algorithm != want.algorithm || got.Bits != want.bits || pki.Digest(got.PublicKey) != want.digest {
			t.Errorf("%s: got %v with %s", name, got, pki.Digest(got.PublicKey))
		}
		sendable(t, got)
	}
}

func testFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "certificates", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
