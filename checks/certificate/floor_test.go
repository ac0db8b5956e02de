package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	collector "github.com/bindgate/bindgate/internal/collect/certificate"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/pki/lints"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// publicOnlyKey is a key that certificates can be issued for and that cannot
// sign.
type publicOnlyKey struct{ key crypto.PublicKey }

func (p publicOnlyKey) Public() crypto.PublicKey { return p.key }

func (p publicOnlyKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	panic("it signs nothing")
}

// benchFloor reads and parses the files, verifies the path and runs the lints.
func benchFloor(b *testing.B, root pkitest.Identity, dir string, pairs int) {
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	linter, start := lints.New(false), cputime.Spent(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i = (i + 7) % pairs {
			chain, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.pem", i)))
			if err != nil {
				b.Fatal(err)
			}
			secret, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.key", i)))
			if err != nil {
				b.Fatal(err)
			}
			first, rest := pem.Decode(chain)
			second, _ := pem.Decode(rest)
			leaf, err := x509.ParseCertificate(first.Bytes)
			if err != nil {
				b.Fatal(err)
			}
			ca, err := x509.ParseCertificate(second.Bytes)
			if err != nil {
				b.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AddCert(ca)
			if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, CurrentTime: pkitest.Now()}); err != nil {
				b.Fatal(err)
			}
			key, _ := pem.Decode(secret)
			if _, err := x509.ParsePKCS8PrivateKey(key.Bytes); err != nil {
				b.Fatal(err)
			}
			if _, err := linter.Leaf(first.Bytes); err != nil {
				b.Fatal(err)
			}
			if _, err := linter.Issuer(second.Bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
	report(b, start)
}

// report reports throughput, and processor time, which does not depend on other
// load on the machine.
func report(b *testing.B, start time.Duration) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bindings/s")
	b.ReportMetric(float64((cputime.Spent(b)-start).Microseconds())/float64(b.N), "cpu-µs/op")
}

// BenchmarkFamily runs the whole offline family, linter and key checks
// included, over distinct P-256 pairs below one intermediate; the floor is the
// unavoidable work: read and parse both files, verify the path, run the same
// lints.
func BenchmarkFamily(b *testing.B) {
	root := pkitest.Root(b, "Root")
	ca := root.CA(b, "CA")
	const pairs = 200
	dir := b.TempDir()
	save := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	save("roots.pem", pkitest.PEM(root))
	for i := range pairs {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		leaf := ca.Certify(b, "leaf", key, pkitest.Server(fmt.Sprintf("a%d.demo.com", i)))
		save(fmt.Sprintf("%d.pem", i), pkitest.PEM(leaf, ca))
		save(fmt.Sprintf("%d.key", i), pkitest.KeyPEM(b, key))
	}
	b.Run("floor", func(b *testing.B) { benchFloor(b, root, dir, pairs) })
	b.Run("family", func(b *testing.B) {
		c, err := collector.New(collector.Config{Files: confine.Anywhere(), Dir: dir, Roots: "roots.pem", Now: pkitest.Now})
		if err != nil {
			b.Fatal(err)
		}
		all, start := Checks(), cputime.Spent(b)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i = (i + 7) % pairs {
				requested := binding.Binding{DomainName: fmt.Sprintf("a%d.demo.com", i), Certificate: &binding.Certificate{
					Body: fmt.Sprintf("%d.pem", i), PrivateKey: &binding.SecretRef{File: fmt.Sprintf("%d.key", i)}}}
				s := checks.Subject{Binding: requested, Evidence: evidence.Evidence{Run: evidence.Run{Now: pkitest.Now()}}}
				s.Evidence.Certificate, s.Evidence.Key = c.Collect(b.Context(), requested)
				checks.Run(b.Context(), all, nil, s)
			}
		})
		report(b, start)
	})
}
