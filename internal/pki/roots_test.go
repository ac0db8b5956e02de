package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/bindgate/bindgate/internal/pki/pkitest"
)

func TestMozillaRoots(t *testing.T) {
	roots := MozillaRoots()
	n := 0
	for r := range bundle.Roots() {
		n++
		parsed, err := x509.ParseCertificate(r.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		subject, key, ok := subjectAndKey(r.Certificate)
		if !ok || !bytes.Equal(subject, parsed.RawSubject) || !bytes.Equal(key, parsed.RawSubjectPublicKeyInfo) {
			t.Fatalf("%s: got subject %x and key %x (%t)", parsed.Subject, subject, key, ok)
		}
		if got := roots.FindPath([]*x509.Certificate{parsed}, pkitest.Now()); len(got.Certificates) != 1 {
			t.Errorf("%s: got %+v", parsed.Subject, got)
		}
	}
	if n < 50 || roots.Name() != "mozilla" || !strings.HasPrefix(roots.Digest(), "sha256:") || roots.Digest() != MozillaRoots().Digest() {
		t.Errorf("got %d roots of %q, %s", n, roots.Name(), roots.Digest())
	}
	stranger := pkitest.Root(t, "a stranger").Leaf(t, []string{"api.demo.com"})
	if got := roots.FindPath([]*x509.Certificate{stranger.Certificate}, pkitest.Now()); !strings.Contains(got.Problem, "(mozilla)") {
		t.Errorf("got %+v", got)
	}
}

// The constraint of a partially distrusted root gets the certificates below it
// with their original dates.
func TestRootConstraint(t *testing.T) {
	root := pkitest.Root(t, "root")
	ca := root.CA(t, "ca")
	leaf := ca.Leaf(t, []string{"api.demo.com"})
	cutoff := pkitest.Now()
	b := newIndexBuilder()
	b.add(root.Raw, func(below []*x509.Certificate) error {
		if slices.ContainsFunc(below, func(c *x509.Certificate) bool { return c.NotBefore.After(cutoff) }) {
			return errors.New("issued too late")
		}
		return nil
	})
	index := b.done()
	roots := &Roots{name: "test", index: func() rootIndex { return index }}
	chain := []*x509.Certificate{leaf.Certificate, ca.Certificate}
	if got := roots.FindPath(chain, pkitest.Now()); len(got.Certificates) != 3 {
		t.Errorf("issued before: got %+v", got)
	}
	cutoff = leaf.NotBefore.AddDate(0, 0, -1)
	if got := roots.FindPath(chain, pkitest.Now()); len(got.Certificates) != 0 || !strings.Contains(got.Problem, "issued too late") {
		t.Errorf("issued after: got %+v", got)
	}
}

func TestParseRoots(t *testing.T) {
	a, b := pkitest.Root(t, "a"), pkitest.Root(t, "b")
	roots, err := ParseRoots("r.pem", append([]byte("# ours\n"), pkitest.PEM(a, b, a)...))
	if err != nil || roots.Name() != "r.pem" {
		t.Fatalf("got %v, %v", roots, err)
	}
	again, err := ParseRoots("other.pem", pkitest.PEM(a, b))
	if err != nil || again.Digest() != roots.Digest() {
		t.Errorf("the digest depends on more than the roots: %v", err)
	}
	for name, file := range map[string]string{
		"empty": "", "text": "hello", "cut": string(pkitest.PEM(a))[:200],
		"no certificate": "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
		"too large":      strings.Repeat(" ", 4*MaxFileSize+1),
	} {
		if _, err := ParseRoots("r.pem", []byte(file)); err == nil || !strings.Contains(err.Error(), `"r.pem"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A root is parsed only if a chain names it.
func TestUnusedRootsCostNothing(t *testing.T) {
	root := pkitest.Root(t, "named")
	b := newIndexBuilder()
	b.add(root.Raw, nil)
	parsed := map[string]bool{}
	for r := range bundle.Roots() {
		b.add(r.Certificate, nil)
	}
	index := b.done()
	for subject, list := range index.bySubject {
		for _, r := range list {
			parse := r.parse
			r.parse = func() (*x509.Certificate, error) { parsed[subject] = true; return parse() }
		}
	}
	roots := &Roots{name: "test", index: func() rootIndex { return index }}
	leaf := root.Leaf(t, []string{"api.demo.com"})
	if got := roots.FindPath([]*x509.Certificate{leaf.Certificate}, pkitest.Now()); len(got.Certificates) != 2 {
		t.Fatalf("got %+v", got)
	}
	if len(parsed) != 1 || !parsed[string(root.RawSubject)] {
		t.Errorf("%d subjects were parsed, want the one that is named", len(parsed))
	}
}
