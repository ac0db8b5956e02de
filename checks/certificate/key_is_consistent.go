package certificate

import (
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyIsConsistent returns the check certificate/key-is-consistent.
func keyIsConsistent() checks.Check {
	return checks.Check{
		ID: "certificate/key-is-consistent", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedKey},
		Applies: hasKey,
		Judge:   judgeSound,
		Doc: checks.Doc{
			Title: "The private key is internally consistent",
			Why: "A damaged key loads in some programs and produces wrong signatures, so that handshakes fail; and one " +
				"faulty CRT signature of an RSA key is enough to compute the key.",
			Fix: "Check it with openssl pkey -in FILE -check -noout and restore it from a backup; else have the certificate issued " +
				"for a new key.",
			References: []string{
				"RFC 8017 §3.2 (the relations of an RSA key)",
				"RFC 5915 §3 (the public point of an EC key)",
				"Boneh, DeMillo, Lipton 1997 (a faulty CRT signature reveals the key)",
			},
			Failing: "load: {certificate: sound-rsa.pem, key: wrong-crt.key}",
			Passing: "load: {certificate: sound-rsa.pem, key: sound-rsa.key}",
		},
	}
}

func judgeSound(s checks.Subject) checks.Verdict {
	key := s.Evidence.Key.Facts
	const fix = "check it with `openssl pkey -check -noout -in FILE` and restore it from a backup, or have the certificate issued for a new key"
	var found []checks.Finding
	for _, relation := range key.Inconsistencies {
		found = append(found, checks.Fails(atKey, fmt.Sprintf("%s is damaged: %s", keyFile(key.Source), bounded(relation)), repair(fix, key.Source)))
	}
	if len(found) > 0 {
		return checks.Judge(found...)
	}
	if p := key.Problem; p != nil && p.Kind == "inconsistent" && len(key.Weaknesses) == 0 {
		return checks.Judge(checks.Fails(atKey, fmt.Sprintf("%s %s", keyFile(key.Source), p.Message), repair(fix, key.Source)))
	}
	if _, v := publicKey(s); v != nil {
		return *v
	}
	return checks.Pass()
}
