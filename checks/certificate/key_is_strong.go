package certificate

import (
	"bytes"
	"fmt"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyIsStrong returns the check certificate/key-is-strong.
func keyIsStrong() checks.Check {
	return checks.Check{
		ID: "certificate/key-is-strong", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeStrong,
		Doc: checks.Doc{
			Title: "The key is strong and widely supported",
			Why: "A short or badly generated key can be computed from the certificate, and anyone can then impersonate the server. Keys of other " +
				"kinds or sizes load and are then refused by some clients. Published keys, and those of the lists that " +
				"--weak-keys names, are already compromised.",
			Fix: "Generate a new key (openssl ecparam -name prime256v1 -genkey -noout, or openssl genrsa 2048) with a current library " +
				"and have the certificate issued for it.",
			References: []string{
				"CA/Browser Forum Baseline Requirements §6.1.5 and §6.1.6 (sizes and curves; exponents; small factors), §6.1.1.3 " +
					"(close primes, ROCA, Debian keys)",
				"FIPS 186-5 §A.1.1 (the size of the private exponent)",
				"CVE-2008-0166, openssl-vulnkey(1) (Debian's lists of weak keys)",
				"Go, crypto/tls: RSA keys above 8192 bits are refused",
			},
			Failing: "load: {certificate: rsa-1024.pem, key: rsa-1024.key}",
			Passing: "load: {certificate: sound.pem, key: sound.key}",
		},
	}
}

func judgeStrong(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	found, v := listed(chain, s.Evidence.Certificate.Facts.KeyLists)
	if v != nil {
		return *v
	}
	facts := s.Evidence.Key.Facts
	factored := facts.Algorithm == "RSA" && len(facts.Inconsistencies) == 0 && facts.Problem == nil && bytes.Equal(facts.PublicKey, chain[0].RawSubjectPublicKeyInfo)
	found = append(found, strength(chain[0], factored)...)
	if file := s.Evidence.Certificate.Facts.RelatedKey; file != "" {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("the RSA modulus of the certificate shares a prime with that of %q, so anyone can factor both", bounded(file)), newKey))
	}
	found = append(found, issuers(chain, s.Evidence.Certificate.Facts.Path)...)
	key := s.Evidence.Key
	for _, weakness := range key.Facts.Weaknesses {
		found = append(found, checks.Fails(atKey, fmt.Sprintf("%s %s", keyFile(key.Facts.Source), bounded(weakness)), newKey))
	}
	if checks.HasError(found) {
		return checks.Judge(found...)
	}
	switch {
	case key.State == evidence.StateNotCollected && keyIsStored(s.Binding):
		return checks.Judge(found...)
	case key.State == evidence.StateNotCollected:
		return checks.NotRun("the public key shows no weakness, and the private key was not examined: " + key.Reason)
	case key.State != evidence.StateObserved:
		return checks.Unknown("the private key was not observed: "+key.Reason, found...)
	}
	if _, v := publicKey(s); v != nil {
		return *v
	}
	return checks.Judge(found...)
}
