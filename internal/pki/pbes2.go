package pki

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"

	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// openPBES2 decrypts PKCS#8 (RFC 8018 §6.2), whose derivation is bounded
// already, and gives the outermost DER element; nil where the passphrase is
// wrong. unknown names a scheme that is not read. pkcs8's own reader would not
// do: it gives one error for a wrong passphrase and for a key that it does not
// know, and does not bound the key's size.
func openPBES2(der []byte, passphrase string) (element []byte, unknown string) {
	var info struct {
		Scheme pkix.AlgorithmIdentifier
		Data   []byte
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, "it is malformed"
	}
	if !info.Scheme.Algorithm.Equal(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}) {
		return nil, info.Scheme.Algorithm.String()
	}
	var parameters struct{ Derivation, Encryption pkix.AlgorithmIdentifier }
	var iv []byte
	if _, err := asn1.Unmarshal(info.Scheme.Parameters.FullBytes, &parameters); err != nil {
		return nil, "its parameters are malformed"
	}
	if _, err := asn1.Unmarshal(parameters.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, parameters.Encryption.Algorithm.String()
	}
	cipher := cipherOf(parameters.Encryption.Algorithm)
	if cipher == nil || len(iv) != cipher.IVSize() {
		return nil, parameters.Encryption.Algorithm.String()
	}
	key, err := derive(parameters.Derivation, passphrase, cipher.KeySize())
	if err != nil || key == nil {
		return nil, parameters.Derivation.Algorithm.String()
	}
	return decrypted(cipher, key, iv, info.Data), ""
}

func cipherOf(oid asn1.ObjectIdentifier) pkcs8.Cipher {
	for _, c := range []pkcs8.Cipher{pkcs8.AES256CBC, pkcs8.AES128CBC, pkcs8.AES192CBC, pkcs8.TripleDESCBC, pkcs8.AES256GCM, pkcs8.AES128GCM, pkcs8.AES192GCM} {
		if c.OID().Equal(oid) {
			return c
		}
	}
	return nil
}

// decrypted is the first element of the text behind a cipher; what follows it
// is padding.
func decrypted(cipher pkcs8.Cipher, key, iv, data []byte) (element []byte) {
	// The library panics on a text whose length does not fit the cipher; nobody
	// can decrypt such a file.
	defer func() {
		if recover() != nil {
			element = nil
		}
	}()
	text, err := cipher.Decrypt(key, iv, data)
	if err != nil {
		return nil
	}
	s := cryptobyte.String(text)
	var der cryptobyte.String
	if !s.ReadASN1Element(&der, cbasn1.SEQUENCE) {
		return nil
	}
	return der
}

// derive is the key of a cipher; nil for a function that is not known here.
func derive(function pkix.AlgorithmIdentifier, passphrase string, size int) ([]byte, error) {
	switch function.Algorithm.String() {
	case "1.2.840.113549.1.5.12": // PBKDF2, RFC 8018 appendix A.2
		var p struct {
			Salt       []byte
			Iterations int
			KeyLength  int                      `asn1:"optional"`
			PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(function.Parameters.FullBytes, &p); err != nil {
			return nil, err
		}
		if hash := prf(p.PRF.Algorithm); hash != nil && p.Iterations > 0 {
			return pbkdf2.Key(hash, passphrase, p.Salt, p.Iterations, size)
		}
	case "1.3.6.1.4.1.11591.4.11": // scrypt, RFC 7914 §7
		var p struct {
			Salt      []byte
			N, R, P   int
			KeyLength int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(function.Parameters.FullBytes, &p); err != nil {
			return nil, err
		}
		return scrypt.Key([]byte(passphrase), p.Salt, p.N, p.R, p.P, size)
	}
	return nil, nil
}

// prf is the hash of PBKDF2's HMAC (RFC 8018 appendix B.1), SHA-1 where none is named.
func prf(oid asn1.ObjectIdentifier) func() hash.Hash {
	switch oid.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.8":
		return sha256.New224
	case "1.2.840.113549.2.9":
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	}
	return nil
}
