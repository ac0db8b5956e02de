package pki

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// maxDecodeTime limits the decoding of one PKCS#12 file. Cleartext derivation
// parameters are limited by value; those of a key inside an encrypted part can
// only be limited by time.
const maxDecodeTime = 5 * time.Second

// parsePKCS12 reads a PKCS#12 file (RFC 7292) with one key and its certificates.
func parsePKCS12(file []byte, passphrase string) (Certificates, *Problem) {
	if problem := boundDerivation(file); problem != nil {
		return Certificates{}, problem
	}
	d := decodePKCS12(file, passphrase, maxDecodeTime)
	if d.err != nil {
		return Certificates{}, notDecoded(d.err, passphrase == "")
	}
	if len(d.certificates) > maxCertificates {
		return Certificates{}, tooMany(len(d.certificates))
	}
	key, problem := examined(d.key)
	if problem != nil {
		return Certificates{}, problem
	}
	// The bags are unordered: the leaf is the key's certificate.
	slices.SortStableFunc(d.certificates, func(a, b *x509.Certificate) int {
		return rank(a, key) - rank(b, key)
	})
	list := make([]Certificate, len(d.certificates))
	for i, c := range d.certificates {
		list[i] = Certificate{Certificate: c, Block: i}
	}
	return Certificates{Container: ContainerPKCS12, List: list, Key: key}, nil
}

func rank(c *x509.Certificate, key *PrivateKey) int {
	if bytes.Equal(c.RawSubjectPublicKeyInfo, key.PublicKey) {
		return 0
	}
	return 1
}

type decoded struct {
	key          any
	certificates []*x509.Certificate
	err          error
}

var (
	errTooSlow   = errors.New("decoding takes too long")
	errMalformed = errors.New("decoding panicked")
)

func decodePKCS12(file []byte, passphrase string, limit time.Duration) decoded {
	done := make(chan decoded, 1)
	go func() {
		defer func() {
			if recover() != nil {
				done <- decoded{err: errMalformed}
			}
		}()
		key, leaf, others, err := pkcs12.DecodeChain(file, passphrase)
		done <- decoded{key: key, certificates: append([]*x509.Certificate{leaf}, others...), err: err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case d := <-done:
		return d
	case <-timer.C:
		return decoded{err: errTooSlow}
	}
}

// notDecoded classifies the library's errors; it does not include most of their
// texts, which may contain parts of the decrypted key.
func notDecoded(err error, noPassphrase bool) *Problem {
	const convert = "openssl pkcs12 -in FILE -nokeys -out FILE.pem, openssl pkcs12 -in FILE -nocerts -nodes -out FILE.key, and name the two"
	var unsupported pkcs12.NotImplementedError
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && noPassphrase:
		return &Problem{Kind: KindEncrypted, Message: "is PKCS#12 that is encrypted, and no passphrase was given", Fix: namePassphrase}
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return &Problem{Kind: KindPassphrase, Message: "is PKCS#12, and the passphrase does not open it",
			Fix: "check the variable that passphraseEnv (--passphrase-env) names; `openssl pkcs12 -in FILE -noout` asks for the passphrase and reports whether it is right"}
	case errors.Is(err, errTooSlow):
		return &Problem{Kind: "too-expensive", Message: "is PKCS#12 that takes too long to decrypt", Fix: convert}
	case errors.As(err, &unsupported):
		return &Problem{Kind: KindUnsupported, Message: "is PKCS#12 of an unsupported form (" + clip(string(unsupported)) + ")", Fix: convert}
	}
	message, fix := "is PKCS#12 that is damaged", convert
	for _, known := range []struct{ text, message, fix string }{
		{"private key missing", "is PKCS#12 without a private key, want certificates and their key",
			"openssl pkcs12 -in FILE -nokeys -out FILE.pem, and name FILE.pem as the certificate"},
		{"certificate missing", "is PKCS#12 without a certificate, want certificates and their key",
			"openssl pkcs12 -in FILE -nocerts -nodes -out FILE.pem, and name FILE.pem as the private key"},
		{"exactly one key bag", "is PKCS#12 with more than one private key, want one", convert + ", with one key"},
		{"parsing PKCS#8", "is PKCS#12 whose private key is damaged, or is neither RSA nor ECDSA, the only keys that browsers accept",
			"see what it is: openssl pkcs12 -in FILE -nocerts -nodes | openssl pkey -check -noout"},
	} {
		if strings.Contains(err.Error(), known.text) {
			message, fix = known.message, known.fix
		}
	}
	return &Problem{Kind: "corrupt", Message: message, Fix: fix}
}
