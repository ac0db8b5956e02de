package pki

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// Roots is a set of trust anchors. It is safe for concurrent use. A root is
// parsed when a chain first names it as an issuer, so that a hundred unused
// roots cost nothing.
type Roots struct {
	name   string
	index  func() rootIndex
	system *x509.CertPool // the system's, which cannot be listed; else nil

	unreadable map[string]string // unparsable roots: DER of the subject → which block, and why
}

type rootIndex struct {
	bySubject map[string][]*root // key: the DER of the subject
	digest    string
}

type root struct {
	parse      func() (*x509.Certificate, error)
	constraint func([]*x509.Certificate) error // nil: none; called with the chain below the root
}

// MozillaRoots returns the roots that Mozilla trusts for TLS servers, as
// compiled in, with their distrust-after dates.
func MozillaRoots() *Roots {
	return &Roots{name: "mozilla", index: sync.OnceValue(func() rootIndex {
		b := newIndexBuilder()
		for r := range bundle.Roots() {
			b.add(r.Certificate, r.Constraint)
		}
		return b.done()
	})}
}

// PubliclyTrusted reports whether a certificate is in Mozilla's list, even if other
// roots are in use.
func PubliclyTrusted(c *x509.Certificate) bool {
	for r := range bundle.Roots() {
		if bytes.Equal(r.Certificate, c.Raw) {
			return true
		}
	}
	return false
}

// SystemRoots returns the roots of the operating system, as returned by
// x509.SystemCertPool. On Windows and macOS the platform's verifier uses them.
func SystemRoots(pool *x509.CertPool) *Roots {
	return &Roots{name: "system", system: pool, index: func() rootIndex { return rootIndex{} }}
}

// ParseRoots parses roots from a PEM file; name is used in paths. Every
// certificate of the file is trusted, CA or not. An unparsable one is skipped,
// and named where a chain leads to it; a file with only unparsable ones is an
// error.
func ParseRoots(name string, file []byte) (*Roots, error) {
	if len(file) > 4*MaxFileSize {
		return nil, fmt.Errorf("%q has %d bytes, want at most %d of PEM roots", name, len(file), 4*MaxFileSize)
	}
	text, _ := clean(file)
	blocks, problem := scan(text)
	if problem != nil {
		return nil, fmt.Errorf("%q %s; %s", name, problem.Message, problem.Fix)
	}
	if len(blocks) == 0 {
		return nil, notRoots(name, foundIn(file))
	}
	b := newIndexBuilder()
	unreadable := map[string]string{}
	var first *Problem
	for _, block := range blocks {
		if kindOfLabel(block.Type) != kindCertificate {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			problem := notParsed(block, err)
			if first == nil {
				first = problem
			}
			if subject, _, ok := subjectAndKey(block.Bytes); ok {
				unreadable[string(subject)] = problem.Message
			}
			continue
		}
		b.add(block.Bytes, nil)
	}
	index := b.done()
	switch {
	case len(index.bySubject) > 0:
		return &Roots{name: name, index: func() rootIndex { return index }, unreadable: unreadable}, nil
	case first != nil:
		return nil, fmt.Errorf("%q contains no usable root: it %s; %s", name, first.Message, first.Fix)
	}
	return nil, notRoots(name, named(blocks))
}

func notRoots(name string, f found) error {
	w := describe(f)
	fix := "give the roots to trust, each as a CERTIFICATE block"
	if f.kind == kindDER || f.kind == kindPKCS7 {
		fix = f.form(w.asCertificate)
	}
	return fmt.Errorf("%q %s%s, want roots in PEM; %s", name, w.message, f.where(), fix)
}

// Name returns mozilla, system, or the name passed to ParseRoots.
func (r *Roots) Name() string { return r.name }

// Digest returns "sha256:<hex>" over the SHA-256 digests of all roots in order;
// "" for the system's, which cannot be listed.
func (r *Roots) Digest() string { return r.index().digest }

// named returns the roots with one of these subjects, without duplicates.
func (r *Roots) named(subjects [][]byte) ([]anchor, error) {
	var found []anchor
	asked := map[string]bool{}
	for _, subject := range subjects {
		if asked[string(subject)] {
			continue
		}
		asked[string(subject)] = true
		for _, root := range r.index().bySubject[string(subject)] {
			parsed, err := root.parse()
			if err != nil {
				return nil, fmt.Errorf("parsing a root of %s: %w", r.name, err)
			}
			found = append(found, anchor{parsed, root.constraint})
		}
	}
	return found, nil
}

type anchor struct {
	*x509.Certificate
	constraint func([]*x509.Certificate) error
}

type indexBuilder struct {
	rootIndex
	seen map[[sha256.Size]byte]bool
	all  []byte // the digests of all roots
}

func newIndexBuilder() *indexBuilder {
	return &indexBuilder{rootIndex: rootIndex{bySubject: map[string][]*root{}}, seen: map[[sha256.Size]byte]bool{}}
}

func (b *indexBuilder) add(der []byte, constraint func([]*x509.Certificate) error) {
	sum := sha256.Sum256(der)
	subject, _, ok := subjectAndKey(der)
	if !ok || b.seen[sum] {
		return
	}
	b.seen[sum] = true
	b.all = append(b.all, sum[:]...)
	parse := sync.OnceValues(func() (*x509.Certificate, error) { return x509.ParseCertificate(der) })
	b.bySubject[string(subject)] = append(b.bySubject[string(subject)], &root{parse, constraint})
}

func (b *indexBuilder) done() rootIndex {
	sum := sha256.Sum256(b.all)
	b.digest = "sha256:" + hex.EncodeToString(sum[:])
	return b.rootIndex
}
