package certificate

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io"
	"testing"

	"github.com/bindgate/bindgate/internal/pki/lints"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// publicOnlyKey is a key that certificates can be issued for and that signs nothing.
type publicOnlyKey struct{ key crypto.PublicKey }

func (p publicOnlyKey) Public() crypto.PublicKey { return p.key }

func (p publicOnlyKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	panic("it signs nothing")
}

// benchFloor parses the files, verifies the path and runs the lints.
func benchFloor(b *testing.B, root pkitest.Identity, files [][2][]byte) {
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	linter := lints.New(false)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i = (i + 7) % len(files) {
			first, rest := pem.Decode(files[i][0])
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
			key, _ := pem.Decode(files[i][1])
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bindings/s")
}
