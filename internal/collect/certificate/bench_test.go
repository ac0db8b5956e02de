package certificate_test

import (
	"fmt"
	"testing"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

// BenchmarkCollect reads a full account: 2,000 distinct P-256 pairs that share
// one intermediate. One operation is one binding.
func BenchmarkCollect(b *testing.B) {
	const pairs = 2000
	dir, _, ca := folder(b)
	bindings := make([]binding.Binding, pairs)
	for i := range bindings {
		leaf := ca.Leaf(b, []string{fmt.Sprintf("n%d.demo.com", i)})
		body, key := fmt.Sprintf("%d.pem", i), fmt.Sprintf("%d.key", i)
		write(b, dir, body, pkitest.PEM(leaf, ca))
		write(b, dir, key, pkitest.KeyPEM(b, leaf.Key))
		bindings[i] = requested(body, &binding.SecretRef{File: key})
	}
	c := collector(b, dir, nil)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		cert, key := c.Collect(b.Context(), bindings[n%pairs])
		if len(cert.Facts.Path.Subjects) != 3 || key.State != evidence.StateObserved {
			b.Fatalf("got %+v", cert.Facts.Path)
		}
		n++
	}
}

// BenchmarkMozilla measures the first use of Mozilla's list in a process:
// indexing it and parsing the roots named by one chain.
func BenchmarkMozilla(b *testing.B) {
	dir, leaf, ca := folder(b)
	write(b, dir, "other.pem", pkitest.PEM(leaf, ca))
	for b.Loop() {
		c := trusting(b, "mozilla", dir, confine.Anywhere(), nil)
		if cert, _ := c.Collect(b.Context(), requested("other.pem", nil)); cert.Facts.Path.Problem == "" {
			b.Fatalf("got %+v", cert.Facts.Path)
		}
	}
}
