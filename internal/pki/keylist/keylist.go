// Package keylist reads lists of keys that nobody may use: those of Debian's
// package openssl-blacklist (CVE-2008-0166), and those that a team keeps of its
// own. It judges nothing.
package keylist

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

type (
	modulus [10]byte
	spki    [sha256.Size]byte
)

// List is the keys of one file. It is safe for concurrent use.
type List struct {
	moduli []modulus // sorted, each once
	spkis  []spki
}

const wanted = "want 20 hex digits (an RSA key in the form of openssl-blacklist) or 64 (the SHA-256 of a SubjectPublicKeyInfo)"

// Parse reads a list: one key a line, each by 20 or 64 hex digits (see Key), and
// beside them blank lines and lines that begin with #. A list without a key is an
// error, for it would pass every key. The error names the line, and never what
// stands in it: somebody may have named the file of a key.
func Parse(name string, text []byte) (*List, error) {
	list := &List{}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		if !list.add(line) {
			return nil, fmt.Errorf("%s:%d: got %s, %s", name, number, kind(line), wanted)
		}
	}
	if list.Len() == 0 {
		return nil, fmt.Errorf("%s: got no key, %s a line", name, wanted)
	}
	// Debian's lists are sorted, which costs next to nothing then.
	slices.SortFunc(list.moduli, compareModuli)
	slices.SortFunc(list.spkis, compareSPKIs)
	list.moduli, list.spkis = slices.Compact(list.moduli), slices.Compact(list.spkis)
	return list, nil
}

func compareModuli(a, b modulus) int { return bytes.Compare(a[:], b[:]) }
func compareSPKIs(a, b spki) int     { return bytes.Compare(a[:], b[:]) }

// add reports whether the line is a key.
func (l *List) add(line []byte) bool {
	var m modulus
	var s spki
	switch len(line) {
	case hex.EncodedLen(len(m)):
		_, err := hex.Decode(m[:], line)
		if err == nil {
			l.moduli = append(l.moduli, m)
		}
		return err == nil
	case hex.EncodedLen(len(s)):
		_, err := hex.Decode(s[:], line)
		if err == nil {
			l.spkis = append(l.spkis, s)
		}
		return err == nil
	}
	return false
}

// kind says what a line is without showing it.
func kind(line []byte) string {
	for i := range line {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(line[i])) {
			return fmt.Sprintf("a byte that is no hex digit in column %d", i+1)
		}
	}
	return fmt.Sprintf("%d hex digits", len(line))
}

// Len is the number of different keys.
func (l *List) Len() int { return len(l.moduli) + len(l.spkis) }

// Has reports whether the list holds the key.
func (l *List) Has(k Key) bool {
	_, byModulus := slices.BinarySearchFunc(l.moduli, k.modulus, compareModuli)
	_, bySPKI := slices.BinarySearchFunc(l.spkis, k.spki, compareSPKIs)
	return k.rsa && byModulus || bySPKI
}

// Key is a public key as lists write it.
type Key struct {
	rsa     bool
	modulus modulus // the last 80 bits of the SHA-1 of what `openssl rsa -modulus` prints (openssl-vulnkey(1))
	spki    spki    // the SHA-256 of the SubjectPublicKeyInfo, DER
}

// KeyOf is the key of a certificate.
func KeyOf(c *x509.Certificate) Key {
	k := Key{spki: sha256.Sum256(c.RawSubjectPublicKeyInfo)}
	if public, ok := c.PublicKey.(*rsa.PublicKey); ok {
		k.rsa, k.modulus = true, modulusOf(public.N)
	}
	return k
}

// modulusOf uses SHA-1 as the lists do: here it only names, it protects nothing.
func modulusOf(n *big.Int) modulus {
	sum := sha1.Sum(fmt.Appendf(nil, "Modulus=%X\n", n))
	return modulus(sum[len(sum)-len(modulus{}):])
}
