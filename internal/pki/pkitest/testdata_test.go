package pkitest_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"unicode/utf16"

	"github.com/youmark/pkcs8"
	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

const folder = "../../../testdata/certificates"

var update = flag.Bool("update", false, "write testdata/certificates")

// TestCertificates checks that testdata/certificates contains exactly the files
// of this generator; `go test ./internal/pki/pkitest -update` writes them. One
// Go release always generates the same bytes, but another may draw keys
// differently, so no test compares the bytes: the fixtures of
// checks/certificate judge the content.
func TestCertificates(t *testing.T) {
	cryptotest.SetGlobalRandom(t, 20261121)
	want := files(t)
	if *update {
		for name, data := range want {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch _, made := want[e.Name()]; {
		case made, e.Name() == "README.md", strings.HasPrefix(e.Name(), "legacy"): // by OpenSSL
		default:
			t.Errorf("no generator creates %s", e.Name())
		}
		delete(want, e.Name())
	}
	for name := range want {
		t.Errorf("%s is missing; run this test with -update", name)
	}
}

const passphrase = "demo"

// files returns all files of the folder; their order matters, because all keys
// come from one random stream.
func files(t *testing.T) map[string][]byte {
	root := pkitest.Root(t, "Demo Root")
	ca := root.CA(t, "Demo CA")
	all := map[string][]byte{"roots.pem": pkitest.PEM(root)}
	leaf := ca.Leaf(t, []string{"api.demo.com"})
	keys(t, all, ca, leaf)
	names(t, all, ca)
	chains(t, all, root, ca, leaf)
	containers(t, all, ca, leaf)
	weak(t, all, ca)
	forms(t, all, root, ca, leaf)
	// Constraints on directoryName: any is permitted; CN=api.demo.com is excluded.
	permitting := root.CA(t, "Demo Directory CA", constraints("\x30\x08\xa0\x06\x30\x04\xa4\x02\x30\x00"))
	all["directory-permitted.pem"] = pkitest.PEM(permitting.Leaf(t, []string{"api.demo.com"}), permitting)
	excluding := root.CA(t, "Demo Excluding CA", constraints("\x30\x1f\xa1\x1d\x30\x1b\xa4\x19\x30\x17\x31\x15\x30\x13\x06\x03\x55\x04\x03\x0c\x0capi.demo.com"))
	all["directory-excluded.pem"] = pkitest.PEM(excluding.Leaf(t, []string{"api.demo.com"}), excluding)
	lists(t, all, ca, leaf)
	cross := pkitest.Root(t, "Demo Older Root").CA(t, "Demo Root", pkitest.Valid(pkitest.Now().AddDate(-5, 0, 0), pkitest.Now().AddDate(0, -1, 0)))
	all["expired-cross-sign.pem"] = pkitest.PEM(leaf, ca, cross)
	return all
}

func constraints(der string) pkitest.Change {
	return pkitest.Extension(true, asn1.ObjectIdentifier{2, 5, 29, 30}, []byte(der))
}

func keys(t *testing.T, all map[string][]byte, ca, leaf pkitest.Identity) {
	key := leaf.Key.(*ecdsa.PrivateKey)
	der := must(x509.MarshalECPrivateKey(key))
	sec1 := block("EC PRIVATE KEY", der)
	all["sound.pem"], all["sound.key"] = pkitest.PEM(leaf, ca), sec1
	all["sound-pkcs8.key"] = pkitest.KeyPEM(t, key)
	all["with-parameters.key"] = append(block("EC PARAMETERS", []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}), sec1...)
	all["escaped.key"] = bytes.ReplaceAll(sec1, []byte("\n"), []byte(`\n`))
	all["encrypted.key"] = block("ENCRYPTED PRIVATE KEY", must(pkcs8.MarshalPrivateKey(key, []byte(passphrase), nil)))
	other := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	all["other.key"] = block("EC PRIVATE KEY", must(x509.MarshalECPrivateKey(other)))
	all["two.key"] = append(bytes.Clone(sec1), all["other.key"]...)
	all["ca.key"] = pkitest.KeyPEM(t, ca.Key)

	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	rsaLeaf := ca.Certify(t, "rsa", rsaKey, pkitest.Server("api.demo.com"))
	all["sound-rsa.pem"] = pkitest.PEM(rsaLeaf, ca)
	all["sound-rsa.key"] = block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))
}

func names(t *testing.T, all map[string][]byte, ca pkitest.Identity) {
	only := func(names ...string) []byte { return pkitest.PEM(ca.Leaf(t, names), ca) }
	all["wildcard.pem"] = only("*.demo.com")
	all["two-names.pem"] = only("DEMO.com", "*.Demo.com")
	all["partial-wildcard.pem"] = only("a*.demo.com", "*.*.com")
	all["suffix-wildcard.pem"] = only("*.com", "*.co.uk")
	all["private-suffix.pem"] = only("*.github.io")
	all["idn.pem"] = only("xn--bcher-kva.example")
	all["common-name.pem"] = pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) { c.DNSNames = []string{"www.demo.com"} }), ca)
	all["no-names.pem"] = pkitest.PEM(ca.Leaf(t, []string{"api.demo.com"}, func(c *x509.Certificate) { c.DNSNames = nil }), ca)
	many := []string{}
	for c := 'a'; c <= 'z'; c++ {
		many = append(many, string(c)+".example.com")
	}
	all["many-names.pem"] = only(many...)
}

func chains(t *testing.T, all map[string][]byte, root, ca, leaf pkitest.Identity) {
	demo := []string{"api.demo.com"}
	ago := pkitest.Valid(pkitest.Now().AddDate(-2, 0, 0), pkitest.Now().AddDate(0, 0, -3))
	later := pkitest.Valid(pkitest.Now().AddDate(0, 0, 2), pkitest.Now().AddDate(40, 0, 0))
	all["expired.pem"] = pkitest.PEM(ca.Leaf(t, demo, ago), ca)
	all["not-yet.pem"] = pkitest.PEM(ca.Leaf(t, demo, later), ca)
	oldCA := root.CA(t, "Demo Old CA", ago)
	all["expired-ca.pem"] = pkitest.PEM(oldCA.Leaf(t, demo), oldCA)
	oldRoot := pkitest.Root(t, "Demo Old Root", ago)
	all["expired-root.pem"], all["old-roots.pem"] = pkitest.PEM(oldRoot.Leaf(t, demo)), pkitest.PEM(oldRoot)

	all["leaf-alone.pem"] = pkitest.PEM(leaf)
	all["reversed.pem"] = pkitest.PEM(root, ca, leaf)
	all["leaf-in-the-middle.pem"] = pkitest.PEM(ca, leaf, root)
	all["ca-alone.pem"] = pkitest.PEM(ca)
	all["two-leaves.pem"] = pkitest.PEM(leaf, ca.Leaf(t, []string{"www.demo.com"}), ca)
	oldStyle := pkitest.Root(t, "Demo Issuer")
	oldStyleLeaf := oldStyle.Leaf(t, demo)
	oldStyle = root.Certify(t, "Demo Issuer", oldStyle.Key, func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = false, false })
	all["issuer-without-constraints.pem"] = pkitest.PEM(oldStyle, oldStyleLeaf)
	all["self-signed.pem"] = pkitest.PEM(pkitest.SelfSigned(t, demo...))
	stranger := pkitest.Root(t, "Stranger Root")
	all["unknown-root.pem"] = pkitest.PEM(stranger.Leaf(t, demo), stranger)
	sha1 := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	all["sha1.pem"] = pkitest.PEM(ca.Leaf(t, demo, sha1), ca)
	client := root.CA(t, "Demo Client CA", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	all["client-ca.pem"] = pkitest.PEM(client.Leaf(t, demo), client)
	// A constraint with a minimum, which no name form uses.
	constrained := root.CA(t, "Demo Constrained CA", constraints("\x30\x11\xa0\x0f\x30\x0d\x82\x08demo.com\x80\x01\x01"))
	all["unevaluable.pem"] = pkitest.PEM(constrained.Leaf(t, demo), constrained)
}

func containers(t *testing.T, all map[string][]byte, ca, leaf pkitest.Identity) {
	sound := all["sound.pem"]
	all["sound.p12"] = must(pkcs12.Modern2023.Encode(leaf.Key, leaf.Certificate, []*x509.Certificate{ca.Certificate}, passphrase))
	all["dirty.pem"] = append([]byte("\xEF\xBB\xBFsubject=CN = api.demo.com\r\n"), bytes.ReplaceAll(sound, []byte("\n"), []byte("\r\n"))...)
	all["empty.pem"] = []byte{}
	all["text.pem"] = []byte("certificate goes here\n")
	all["cut.pem"] = sound[:len(sound)-40]
	all["der.cer"] = leaf.Raw
	all["store.jks"] = []byte("\xFE\xED\xFE\xED\x00\x00\x00\x02\x00\x00\x00\x00")
	all["public.pem"] = block("PUBLIC KEY", leaf.RawSubjectPublicKeyInfo)
	all["request.csr"] = block("CERTIFICATE REQUEST", must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: leaf.Subject}, leaf.Key)))
	all["list.crl"] = block("X509 CRL", must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1),
		ThisUpdate: pkitest.Now(), NextUpdate: pkitest.Now().AddDate(40, 0, 0)}, ca.Certificate, ca.Key)))
	all["chain.p7b"] = block("PKCS7", pkcs7(leaf, ca))
	units := utf16.Encode([]rune(string(sound)))
	wide := []byte{0xFF, 0xFE}
	for _, u := range units {
		wide = append(wide, byte(u), byte(u>>8))
	}
	all["utf16.pem"] = wide
}

// pkcs7 returns a SignedData without signers (RFC 5652 §5) that contains
// certificates.
func pkcs7(identities ...pkitest.Identity) []byte {
	var certificates []byte
	for _, i := range identities {
		certificates = append(certificates, i.Raw...)
	}
	type contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"`
	}
	none := asn1.RawValue{Tag: asn1.TagSet, IsCompound: true}
	signed := must(asn1.Marshal(struct {
		Version      int
		Digests      asn1.RawValue
		Content      contentInfo
		Certificates asn1.RawValue
		Signers      asn1.RawValue
	}{1, none, contentInfo{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}},
		asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: certificates}, none}))
	return must(asn1.Marshal(contentInfo{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2},
		asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true, Bytes: signed}}))
}

func block(label string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
