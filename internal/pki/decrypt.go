package pki

import (
	"crypto/x509"

	"github.com/youmark/pkcs8"
)

// decryptPKCS8 opens a key that PKCS#8 encrypts (RFC 5958 §3, RFC 8018).
func decryptPKCS8(der []byte, passphrase string) (key *PrivateKey, problem *Problem) {
	if passphrase == "" {
		return nil, needsPassphrase()
	}
	if len(der) > maxKeyDER {
		return nil, oversizeKey()
	}
	if problem := boundDerivation(der); problem != nil {
		return nil, problem
	}
	// The library panics on an initialization vector or a text of a length that
	// does not fit the cipher; such a file cannot be decrypted by anyone.
	defer func() {
		if recover() != nil {
			key, problem = nil, notDecrypted()
		}
	}()
	parsed, err := pkcs8.ParsePKCS8PrivateKey(der, []byte(passphrase))
	if err != nil {
		return nil, notDecrypted()
	}
	return examined(parsed, encryptedPKCS8)
}

// decryptPEM opens a key that RFC 1423 headers encrypt, as `openssl rsa -aes256`
// used to write it.
func decryptPEM(b block, passphrase string) (*PrivateKey, *Problem) {
	if passphrase == "" {
		return nil, needsPassphrase()
	}
	der, err := x509.DecryptPEMBlock(&b.Block, []byte(passphrase)) //nolint:staticcheck // the form is weak, not its reader; such keys are in use
	if err != nil {
		return nil, notDecrypted()
	}
	// A wrong passphrase can leave well-formed padding around noise.
	encoding := encodingOf(der)
	if encoding == "" || encoding == encryptedPKCS8 {
		return nil, notDecrypted()
	}
	key, problem := plainKey(der, encoding)
	if problem != nil {
		return nil, problem
	}
	key.Encoding = encryptedPEM
	return key, nil
}

// KindEncrypted is the kind of the Problem that a passphrase is needed.
const KindEncrypted = "encrypted"

func needsPassphrase() *Problem {
	return &Problem{Kind: KindEncrypted,
		Message: "is encrypted, and no passphrase was given",
		Fix:     "put the passphrase into an environment variable, and name file and variable: privateKey: {file: FILE, passphraseEnv: NAME}"}
}

func notDecrypted() *Problem {
	return &Problem{Kind: "passphrase",
		Message: "cannot be decrypted: the passphrase is wrong, or the encryption is damaged or of an unknown kind",
		Fix:     "check the variable that passphraseEnv names; try `openssl pkey -in FILE -noout`, and convert an older encryption with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out FILE.pem`"}
}
