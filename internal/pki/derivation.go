package pki

import (
	"encoding/asn1"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const (
	// maxIterations bounds the key derivation that one file may ask for, over
	// all its parts. OpenSSL writes 2,048, Java 10,000, and OWASP's cheat sheet
	// on password storage (2023) asks for 600,000 with SHA-256.
	maxIterations = 2_000_000
	// maxScrypt bounds scrypt's N·r·p; its memory is 128 bytes for each N·r.
	// OpenSSL writes 16384·8·1 (16 MiB).
	maxScrypt = 1 << 18
	maxDepth  = 32 // of nested DER
)

// boundDerivation looks through DER for the parameters of password-based key
// derivation before anyone derives a key: an attacker may ask for years of it.
func boundDerivation(der []byte) *Problem {
	d := derivation{}
	d.walk(der, maxDepth)
	if !d.refused && d.iterations <= maxIterations {
		return nil
	}
	return &Problem{Kind: "too-expensive",
		Message: fmt.Sprintf("asks for more key derivation than is done here (%d iterations of PBKDF2, or 32 MiB of scrypt)", maxIterations),
		Fix:     "encrypt it again with fewer: openssl pkcs8 -topk8 -iter 600000 -in FILE -out FILE.pem for a key, openssl pkcs12 -export -iter 600000 for PKCS#12"}
}

type derivation struct {
	iterations int64
	refused    bool // deeper, or with larger numbers, than anything sound
}

// walk visits every element, also inside octet strings, where PKCS#12 nests
// further DER. Ciphertext in one of them is no DER and ends the walk there.
func (d *derivation) walk(s cryptobyte.String, depth int) {
	if depth == 0 {
		d.refused = true
	}
	for !s.Empty() && !d.refused {
		var body cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1(&body, &tag) {
			return
		}
		if tag == cbasn1.SEQUENCE {
			d.algorithm(body)
		}
		if tag&0x20 != 0 || tag == cbasn1.OCTET_STRING {
			d.walk(body, depth-1)
		}
	}
}

// algorithm counts the work of an AlgorithmIdentifier, if body is one.
func (d *derivation) algorithm(body cryptobyte.String) {
	var oid asn1.ObjectIdentifier
	var parameters cryptobyte.String
	if !body.ReadASN1ObjectIdentifier(&oid) || !body.ReadASN1(&parameters, cbasn1.SEQUENCE) {
		return
	}
	pkcs5 := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5}
	pkcs12 := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1}
	switch {
	case oid.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}): // scrypt, RFC 7914 §7
		d.scrypt(parameters)
	case len(oid) == 7 && oid[:6].Equal(pkcs5), len(oid) == 8 && oid[:7].Equal(pkcs12):
		// PBKDF2 and the older PBE schemes begin alike: salt, iteration count.
		if parameters.SkipASN1(cbasn1.OCTET_STRING) && parameters.PeekASN1Tag(cbasn1.INTEGER) {
			d.count(&parameters)
		}
	}
}

func (d *derivation) count(s *cryptobyte.String) {
	var n int64
	if !s.ReadASN1Integer(&n) || n > maxIterations {
		d.refused = true
		return
	}
	d.iterations += max(n, 1)
}

func (d *derivation) scrypt(s cryptobyte.String) {
	product := int64(1)
	s.SkipASN1(cbasn1.OCTET_STRING)
	for range 3 {
		var n int64
		if !s.ReadASN1Integer(&n) || n < 1 || n > maxScrypt {
			d.refused = true
			return
		}
		if product *= n; product > maxScrypt {
			d.refused = true
			return
		}
	}
}
