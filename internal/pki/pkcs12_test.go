package pki_test

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

func pfx(tb testing.TB, encoder *pkcs12.Encoder, key pkitest.Identity, first *x509.Certificate, others ...*x509.Certificate) []byte {
	tb.Helper()
	secret := passphrase
	if encoder == pkcs12.Passwordless {
		secret = ""
	}
	file, err := encoder.Encode(key.Key, first, others, secret)
	if err != nil {
		tb.Fatal(err)
	}
	return file
}

func TestParseCertificatesReadsPKCS12(t *testing.T) {
	leaf, intermediate := sound(t)
	tests := map[string][]byte{
		"modern":       pfx(t, pkcs12.Modern2023, leaf, leaf.Certificate, intermediate.Certificate),
		"pbmac1":       pfx(t, pkcs12.Modern2026, leaf, leaf.Certificate, intermediate.Certificate),
		"legacy":       pfx(t, pkcs12.LegacyDES, leaf, leaf.Certificate, intermediate.Certificate),
		"passwordless": pfx(t, pkcs12.Passwordless, leaf, leaf.Certificate, intermediate.Certificate),
		"leaf last":    pfx(t, pkcs12.Modern2023, leaf, intermediate.Certificate, leaf.Certificate),
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			secret := passphrase
			if name == "passwordless" {
				secret = ""
			}
			got, problem := pki.ParseCertificates(file, secret)
			if problem != nil {
				t.Fatal(problem)
			}
			if got.Container != pki.ContainerPKCS12 || len(got.List) != 2 || !got.List[0].Equal(leaf.Certificate) || !got.List[1].Equal(intermediate.Certificate) {
				t.Fatalf("got %d certificates in %s, want leaf and intermediate", len(got.List), got.Container)
			}
			if got.Key == nil || !bytes.Equal(got.Key.PublicKey, leaf.RawSubjectPublicKeyInfo) || got.Key.Encoding != "pkcs12" {
				t.Errorf("got key %v", got.Key)
			}
		})
	}
}

func TestParseCertificatesRefusesPKCS12(t *testing.T) {
	leaf, _ := sound(t)
	file := pfx(t, pkcs12.Modern2023, leaf, leaf.Certificate)
	tests := map[string]struct {
		file         []byte
		secret, kind string
	}{
		"no passphrase":    {file, "", "encrypted"},
		"wrong passphrase": {file, "wrong", "passphrase"},
		"cut":              {file[:len(file)-10], passphrase, "binary"},
	}
	for name, test := range tests {
		_, problem := pki.ParseCertificates(test.file, test.secret)
		if problem == nil || problem.Kind != test.kind {
			t.Errorf("%s: got %+v, want kind %q", name, problem, test.kind)
		}
	}
	store, err := pkcs12.Modern2023.EncodeTrustStore([]*x509.Certificate{leaf.Certificate}, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	if _, problem := pki.ParseCertificates(store, passphrase); problem == nil || !strings.Contains(problem.Message, "without a private key") {
		t.Errorf("a trust store: got %+v", problem)
	}
}
