package pki_test

import (
	"crypto/x509"
	"encoding/pem"
	"testing"

	pkcs12 "software.sslmate.com/src/go-pkcs12"

	"github.com/bindgate/bindgate/internal/pki"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// A file gives either a problem or at least one certificate, and the canonical
// text of a chain parses to the same certificates.
func FuzzParseCertificates(f *testing.F) {
	leaf, intermediate := sound(f)
	for _, seed := range [][]byte{
		nil, pkitest.PEM(leaf, intermediate), append([]byte("\xEF\xBB\xBF\r\nx\n"), pkitest.PEM(leaf)...), leaf.Raw,
		pkitest.KeyPEM(f, leaf.Key), utf16le(pkitest.PEM(leaf)), pfx(f, pkcs12.Passwordless, leaf, leaf.Certificate),
		[]byte(`-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, problem := pki.ParseCertificates(file, "")
		if problem != nil {
			if problem.Kind == "" || problem.Message == "" || problem.Fix == "" || len(problem.Message) > 2000 {
				t.Fatalf("got problem %+v", problem)
			}
			return
		}
		var ders [][]byte
		for _, c := range got.List {
			ders = append(ders, c.Raw)
		}
		canonical := pki.CanonicalChain(ders)
		if len(canonical) > pki.MaxFileSize { // it has more line ends than the file
			return
		}
		again, problem := pki.ParseCertificates(canonical, "")
		if problem != nil || len(again.List) != len(got.List) || len(got.List) == 0 {
			t.Fatalf("read %d certificates, and %d of their canonical text (%+v)", len(got.List), len(again.List), problem)
		}
	})
}

func FuzzParsePrivateKey(f *testing.F) {
	leaf, _ := sound(f)
	key := pkitest.KeyPEM(f, leaf.Key)
	der, _ := pem.Decode(key)
	for _, seed := range [][]byte{
		nil, key, der.Bytes, encrypted(f, leaf.Key, nil), testFile(f, "legacy.key"),
		[]byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"), pkitest.PEM(leaf),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, problem := pki.ParsePrivateKey(file, passphrase)
		if problem != nil {
			if problem.Kind == "" || problem.Message == "" || len(problem.Message) > 2000 {
				t.Fatalf("got problem %+v", problem)
			}
			return
		}
		if _, err := x509.ParsePKIXPublicKey(got.PublicKey); err != nil {
			t.Fatal(err)
		}
		text, err := got.PEM()
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := pki.ParsePrivateKey(text, ""); problem != nil {
			t.Fatalf("its canonical text: %+v", problem)
		}
	})
}

// FuzzPKCS12 mutates the container with its correct passphrase.
func FuzzPKCS12(f *testing.F) {
	leaf, intermediate := sound(f)
	for _, encoder := range []*pkcs12.Encoder{pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.LegacyRC2} {
		f.Add(pfx(f, encoder.WithIterations(1), leaf, leaf.Certificate, intermediate.Certificate))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, problem := pki.ParseCertificates(file, passphrase)
		if problem == nil && len(got.List) == 0 {
			t.Fatal("neither a problem nor a certificate")
		}
	})
}

// Any certificates of a file, in any order, give a path or exactly one reason
// why there is none.
func FuzzFindPath(f *testing.F) {
	root := pkitest.Root(f, "root")
	a := root.CA(f, "a")
	f.Add(pkitest.PEM(a.Leaf(f, names), a))
	f.Add(pkitest.PEM(a, root))
	roots := rootsOf(f, root)
	f.Fuzz(func(t *testing.T, file []byte) {
		parsed, problem := pki.ParseCertificates(file, "")
		if problem != nil {
			return
		}
		var chain []*x509.Certificate
		for _, c := range parsed.List {
			chain = append(chain, c.Certificate)
		}
		got := roots.FindPath(chain, pkitest.Now())
		if reasons := btoi(got.Problem != "") + btoi(got.Undetermined != ""); (len(got.Certificates) == 0) != (reasons == 1) || reasons > 1 {
			t.Fatalf("got %+v", got)
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Accepted roots have a digest and are trusted; any other file gives a short
// error.
func FuzzParseRoots(f *testing.F) {
	root := pkitest.Root(f, "root")
	for _, seed := range [][]byte{nil, pkitest.PEM(root), root.Raw, pkitest.KeyPEM(f, root.Key), []byte("-----BEGIN \nCERTIFICATE")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		roots, err := pki.ParseRoots("roots.pem", file)
		switch {
		case err != nil && len(err.Error()) > 4000:
			t.Fatalf("an error of %d bytes", len(err.Error()))
		case err == nil && (roots.Digest() == "" || len(file) == 0):
			t.Fatal("roots of nothing")
		}
	})
}
