package pki

import (
	"crypto/x509"
	"fmt"
)

// decryptPKCS8 opens a key that PKCS#8 encrypts (RFC 5958 §3, RFC 8018).
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
			Message: fmt.Sprintf("holds a private key at %s whose encryption is not read here (%s), want PBES2 with PBKDF2 or scrypt, and AES or triple DES", b.at(), unknown),
			Fix:     "convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.pem"}
	case encodingOf(der) != encodingPKCS8:
		return nil, notDecrypted(b)
	}
	if key, problem = plainKey(b, der, encodingPKCS8); key != nil {
		key.Encoding = encryptedPKCS8
	}
	return key, problem
}

// decryptPEM opens a key that RFC 1423 headers encrypt, as `openssl rsa -aes256`
// used to write it.
func decryptPEM(b block, passphrase string) (*PrivateKey, *Problem) {
	if passphrase == "" {
		return nil, needsPassphrase(b)
	}
	der, err := x509.DecryptPEMBlock(&b.Block, []byte(passphrase)) //nolint:staticcheck // the form is weak, not its reader; such keys are in use
	if err != nil {
		return nil, notDecrypted(b)
	}
	// A wrong passphrase can leave well-formed padding around noise.
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

// KindEncrypted is the kind of the Problem that a passphrase is needed.
const KindEncrypted = "encrypted"

const namePassphrase = "put the passphrase into an environment variable, and name both: " +
	"privateKey: {file: FILE, passphraseEnv: NAME}, or --private-key FILE --passphrase-env NAME"

func needsPassphrase(b block) *Problem {
	return &Problem{Kind: KindEncrypted,
		Message: fmt.Sprintf("holds an encrypted private key at %s, and no passphrase was given", b.at()), Fix: namePassphrase}
}

func notDecrypted(b block) *Problem {
	return &Problem{Kind: "passphrase",
		Message: fmt.Sprintf("holds an encrypted private key at %s that the passphrase does not open", b.at()),
		Fix:     "check the variable that passphraseEnv (--passphrase-env) names; `openssl pkey -in FILE -noout` asks for the passphrase and tells whether it is right"}
}
