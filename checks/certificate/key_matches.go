package certificate

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyMatches returns the check certificate/key-matches.
func keyMatches() checks.Check {
	return checks.Check{
		ID: "certificate/key-matches", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate, evidence.NeedKey},
		Applies: hasKey,
		Judge:   judgeKeyMatches,
		Doc: checks.Doc{
			Title: "The private key matches the first certificate",
			Why: "A server proves ownership of its certificate with the private key: with another key no handshake succeeds. It happens at a renewal " +
				"with a new key whose certificate has not arrived yet, with two environments' files mixed up, and with a reversed " +
				"chain, whose first certificate is the CA's.",
			Fix: "Give the key with which the certificate was requested, or have the certificate issued for this key. If the key matches a " +
				"later certificate of the file, put that one first.",
			References: []string{
				"RFC 8446 §4.4.2 and §4.4.3 (the key of the first certificate signs the handshake)",
				"RFC 5280 §4.1.2.7 (subjectPublicKeyInfo)",
				pageSetDomainCertificate,
			},
			Failing: "load: {certificate: sound.pem, key: other.key}",
			Passing: "load: {certificate: sound.pem, key: sound.key}",
		},
	}
}

func judgeKeyMatches(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	public, v := publicKey(s)
	if v != nil {
		return *v
	}
	at := slices.IndexFunc(chain, func(c *x509.Certificate) bool { return sameKey(c.PublicKey, public) })
	switch at {
	case 0:
		return checks.Pass()
	case -1:
		key, want := describeKey(public, s.Evidence.Key.Facts.PublicKey), describeKey(chain[0].PublicKey, chain[0].RawSubjectPublicKeyInfo)
		algorithm, digest, _ := strings.Cut(key, ", ")
		if other, rest, _ := strings.Cut(want, ", "); other == algorithm { // said once
			want = rest
		}
		return checks.Judge(checks.Fails(atKey, fmt.Sprintf("the private key (%s, %s) does not match %s (%s)", algorithm, digest, nth(chain, 0), want),
			"give the certificate's key, or have the certificate issued for this key"))
	}
	return checks.Judge(checks.Fails(atKey,
		fmt.Sprintf("the private key does not match %s but %s in the file", nth(chain, 0), nth(chain, at)),
		fmt.Sprintf("put certificate %d first and its issuers after it, if it is the server's; else give the server's key", at+1)))
}

// sameKey compares two public keys by value, not by encoding.
func sameKey(a, b any) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}
