// Package keylist reads lists of compromised keys: those of Debian's package
// openssl-blacklist (CVE-2008-0166), and a team's own.
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

// List is the set of keys of one file. It is safe for concurrent use.
type List struct {
	moduli []modulus // sorted, without duplicates
	spkis  []spki
}

const wanted = "want 20 hex digits (an RSA key in the form of openssl-blacklist) or 64 (the SHA-256 of a SubjectPublicKeyInfo)"

// Parse parses a list: one key per line as 20 or 64 hex digits (see Key), blank
// lines, and comment lines that begin with #. A list without keys is an error,
// because it would accept every key. The error names the line but never quotes
// it: the file may be a private key, named by mistake.
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
		return nil, fmt.Errorf("%s: got no key, %s on each line", name, wanted)
	}
	// Debian's lists are sorted, so this costs almost nothing for them.
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

// kind describes a line without quoting it.
func kind(line []byte) string {
	for i := range line {
		if !strings.ContainsRune("0123456789abcdefABCDEF", rune(line[i])) {
			return fmt.Sprintf("a byte that is not a hex digit in column %d", i+1)
		}
	}
	return fmt.Sprintf("%d hex digits", len(line))
}

// Len returns the number of distinct keys.
func (l *List) Len() int { return len(l.moduli) + len(l.spkis) }

// Has reports whether the list contains the key.
func (l *List) Has(k Key) bool {
	_, byModulus := slices.BinarySearchFunc(l.moduli, k.modulus, compareModuli)
	_, bySPKI := slices.BinarySearchFunc(l.spkis, k.spki, compareSPKIs)
	return k.rsa && byModulus || bySPKI
}

// Key is a public key in the forms that lists use.
type Key struct {
	rsa     bool
	modulus modulus // the last 80 bits of the SHA-1 of the output of `openssl rsa -modulus` (openssl-vulnkey(1))
	spki    spki    // the SHA-256 of the SubjectPublicKeyInfo, DER
}

// KeyOf returns the key of a certificate.
func KeyOf(c *x509.Certificate) Key {
	k := Key{spki: sha256.Sum256(c.RawSubjectPublicKeyInfo)}
	if public, ok := c.PublicKey.(*rsa.PublicKey); ok {
		k.rsa, k.modulus = true, modulusOf(public.N)
	}
	return k
}

// modulusOf uses SHA-1 as the lists do: as an identifier, not for security.
func modulusOf(n *big.Int) modulus {
	sum := sha1.Sum(fmt.Appendf(nil, "Modulus=%X\n", n))
	return modulus(sum[len(sum)-len(modulus{}):])
}
