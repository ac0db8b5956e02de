package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyIsReadable returns the check certificate/key-is-readable.
func keyIsReadable() checks.Check {
	return checks.Check{
		ID: "certificate/key-is-readable", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedKey},
		Applies: hasKey,
		Judge:   judgeKeyReadable,
		Doc: checks.Doc{
			Title: "The private key exists and is readable",
			Why: "A certificate without its key is useless. The wrong file under privateKey (the certificate, the request, a " +
				"public key), two keys in one file, or a passphrase that the job does not have are found only when the gateway " +
				"refuses the call, after the domain was bound.",
			Fix: "Name the file or variable that contains exactly one private key, in PEM (PKCS#1, SEC 1 or PKCS#8) or PKCS#12. For an encrypted " +
				"key name the variable with its passphrase as passphraseEnv; a passphrase is never an argument.",
			References: []string{
				"RFC 5958 and RFC 5208 (PKCS#8)",
				"RFC 8017 appendix A.1.2 (PKCS#1)",
				"RFC 5915 (SEC 1)",
				"RFC 7468 §10, §11 and §13 (their PEM labels)",
			},
			Failing: "load: {certificate: sound.pem, key: request.csr}",
			Passing: "load: {certificate: sound.pem, key: encrypted.key, passphrase: demo}",
		},
	}
}

func judgeKeyReadable(s checks.Subject) checks.Verdict {
	key := s.Evidence.Key.Facts
	if p := key.Problem; p != nil {
		return checks.Judge(checks.Fails(atKey, fmt.Sprintf("%s %s", keyFile(key.Source), p.Message), repair(p.Fix, key.Source)))
	}
	if _, v := publicKey(s); v != nil {
		return *v
	}
	if key.Escaped {
		return checks.Judge(checks.Warns(atKey,
			fmt.Sprintf("%s has its line breaks written as the two characters \\n; they were read as line breaks", keyFile(key.Source)),
			"store the key with real line breaks; other tools do not repair it"))
	}
	return checks.Pass()
}

// keyFile names the source of a private key: a file, or an environment
// variable.
func keyFile(source string) string {
	if name, ok := strings.CutPrefix(source, "env "); ok {
		return fmt.Sprintf("the private key in the environment variable %q", name)
	}
	return fmt.Sprintf("the private key file %q", source)
}

// publicKey returns the public half of the private key, or the verdict if there
// is none; certificate/key-is-readable reports why.
func publicKey(s checks.Subject) (any, *checks.Verdict) {
	key := s.Evidence.Key.Facts
	if key.Problem != nil {
		return nil, cannotTell("the private key was not read; see certificate/key-is-readable")
	}
	for _, c := range s.Evidence.Certificate.Facts.Chain { // usually the leaf's, which is already parsed
		if parsed, err := c.X509(); err == nil && bytes.Equal(parsed.RawSubjectPublicKeyInfo, key.PublicKey) {
			return parsed.PublicKey, nil
		}
	}
	public, err := x509.ParsePKIXPublicKey(key.PublicKey)
	if err != nil {
		return nil, cannotTell("the evidence contains no public key of the private key")
	}
	return public, nil
}
