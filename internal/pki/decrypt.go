package pki

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"hash"

	"github.com/youmark/pkcs8"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// decryptPKCS8 decrypts an encrypted PKCS#8 key (RFC 5958 §3, RFC 8018).
func decryptPKCS8(b block, passphrase string) (key *PrivateKey, problem *Problem) {
	if passphrase == "" {
		return nil, needsPassphrase(b)
	}
	if len(b.Bytes) > maxKeyDER {
		return nil, oversizeKey(b)
	}
	if problem := boundDerivation(b.Bytes); problem != nil {
		return nil, problem
	}
	der, unknown := openPBES2(b.Bytes, passphrase)
	switch {
	case unknown != "":
		return nil, &Problem{Kind: KindUnsupported,
			Message: fmt.Sprintf("contains a private key at %s whose encryption is not supported (%s), want PBES2 with PBKDF2 or scrypt, and AES or triple DES", b.at(), unknown),
			Fix:     "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.pem"}
	case encodingOf(der) != encodingPKCS8:
		return nil, notDecrypted(b)
	}
	if key, problem = plainKey(b, der, encodingPKCS8); key != nil {
		key.Encoding = encryptedPKCS8
	}
	return key, problem
}

// decryptPEM decrypts a key with RFC 1423 headers, the former output of
// `openssl rsa -aes256`.
func decryptPEM(b block, passphrase string) (*PrivateKey, *Problem) {
	if passphrase == "" {
		return nil, needsPassphrase(b)
	}
	der, err := x509.DecryptPEMBlock(&b.Block, []byte(passphrase)) //nolint:staticcheck // the format is weak, not its reader; such keys are in use
	if err != nil {
		return nil, notDecrypted(b)
	}
	// A wrong passphrase can leave valid padding after noise.
	encoding := encodingOf(der)
	if encoding == "" || encoding == encryptedPKCS8 {
		return nil, notDecrypted(b)
	}
	key, problem := plainKey(b, der, encoding)
	if problem != nil {
		return nil, problem
	}
	key.Encoding = encryptedPEM
	return key, nil
}

// KindEncrypted is the kind of a Problem that needs a passphrase.
const KindEncrypted = "encrypted"

// KindPassphrase is the kind of a Problem with a wrong passphrase.
const KindPassphrase = "passphrase"

const namePassphrase = "put the passphrase into an environment variable, and name both: " +
	"privateKey: {file: FILE, passphraseEnv: NAME}, or --private-key FILE --passphrase-env NAME"

func needsPassphrase(b block) *Problem {
	return &Problem{Kind: KindEncrypted,
		Message: fmt.Sprintf("contains an encrypted private key at %s, and no passphrase was given", b.at()), Fix: namePassphrase}
}

func notDecrypted(b block) *Problem {
	return &Problem{Kind: KindPassphrase,
		Message: fmt.Sprintf("contains an encrypted private key at %s that the passphrase does not open", b.at()),
		Fix:     "check the variable that passphraseEnv (--passphrase-env) names; `openssl pkey -in FILE -noout` asks for the passphrase and reports whether it is right"}
}

const (
	// maxIterations limits the total key derivation of one file. OpenSSL uses
	// 2,048, Java 10,000, and OWASP's cheat sheet on password storage (2023)
	// recommends 600,000 with SHA-256.
	maxIterations = 2_000_000
	// maxScrypt limits scrypt's N·r·p; its memory is 128 bytes for each N·r.
	// OpenSSL uses 16384·8·1 (16 MiB).
	maxScrypt = 1 << 18
	maxDepth  = 32 // nesting of DER
)

// boundDerivation checks the parameters of password-based key derivation in DER
// before any key is derived: an attacker may ask for years of it.
func boundDerivation(der []byte) *Problem {
	d := derivation{}
	d.walk(der, maxDepth)
	if !d.refused && d.iterations <= maxIterations {
		return nil
	}
	return &Problem{Kind: "too-expensive",
		Message: fmt.Sprintf("needs more key derivation than the limit (%d iterations of PBKDF2, or 32 MiB of scrypt)", maxIterations),
		Fix:     "encrypt it again with fewer: openssl pkcs8 -topk8 -iter 600000 -in FILE -out FILE.pem for a key, openssl pkcs12 -export -iter 600000 for PKCS#12"}
}

type derivation struct {
	iterations int64
	refused    bool // deeper, or with larger numbers, than any legitimate file
}

// walk visits every element, also inside octet strings, in which PKCS#12 nests
// DER. Ciphertext is not DER and ends the walk there.
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

// algorithm adds the work of an AlgorithmIdentifier, if body is one.
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
		// PBKDF2 and the older PBE schemes begin with salt and iteration count.
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

// openPBES2 decrypts PKCS#8 (RFC 8018 §6.2), whose derivation is already
// checked, and returns the outermost DER element; nil if the passphrase is
// wrong. unknown names an unsupported scheme. The reader of package pkcs8
// returns the same error for a wrong passphrase and for an unsupported key, and
// does not limit the key's size.
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

// decrypted returns the first DER element of the plaintext; the rest is
// padding.
func decrypted(cipher pkcs8.Cipher, key, iv, data []byte) (element []byte) {
	// The library panics if the length does not fit the cipher; such a file
	// cannot be decrypted.
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

// derive returns the key of a cipher; nil for an unsupported function.
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

// prf returns the hash of PBKDF2's HMAC (RFC 8018 appendix B.1), by default
// SHA-1.
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
