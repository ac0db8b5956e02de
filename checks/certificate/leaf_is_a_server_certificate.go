package certificate

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// leafIsAServerCertificate returns the check certificate/leaf-is-a-server-certificate.
func leafIsAServerCertificate() checks.Check {
	return checks.Check{
		ID: "certificate/leaf-is-a-server-certificate", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeServer,
		Doc: checks.Doc{
			Title: "The first certificate is for TLS servers only",
			Why: "Go's crypto/x509 accepts CA certificates and any extended key usage for a server; browsers accept fewer. Without " +
				"extended key usage, OpenSSL and Go accept the certificate, and Apple's systems (support.apple.com/103769) do not. A CA certificate on a server puts a key that can sign other certificates where it is " +
				"easiest to steal.",
			Fix: "Have the certificate issued from a profile for TLS servers: extKeyUsage serverAuth, keyUsage digitalSignature, " +
				"basicConstraints without CA.",
			References: []string{
				"RFC 5280 §4.2.1.3, §4.2.1.9 and §4.2.1.12 (key usage, basic constraints, extended key usage), §4.2 (unknown " +
					"critical extensions), §4.1.2.1 (version)",
				"RFC 8446 §4.4.2.2 and RFC 8422 §5.3 (the key of a handshake has keyUsage digitalSignature)",
				"RFC 6962 §3.1 (the poison of a precertificate)",
				"CA/Browser Forum Baseline Requirements §7.1.2.7 (subscriber certificates)",
				"Chrome Root Program Policy 1.6 §3.2 (no clientAuth in addition to serverAuth; bindgate applies it from 2027-03-15)",
			},
			Failing: "load: {certificate: no-eku.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeServer(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	var found []checks.Finding
	for _, flaw := range serverFlaws(chain[0]) {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("%s %s", nth(chain, 0), flaw), "have the certificate issued from a profile for TLS servers"))
	}
	if len(chain[0].UnhandledCriticalExtensions) > 0 && len(found) == 0 {
		return checks.Unknown(fmt.Sprintf("%s has a critical extension that cannot be evaluated: %s", nth(chain, 0), chain[0].UnhandledCriticalExtensions[0]))
	}
	found = append(found, decryptsOnly(chain)...)
	found = append(found, otherUses(chain, s.Evidence.Certificate.Facts.Profile)...)
	return checks.Judge(found...)
}

// serverFlaws checks the rules that do not depend on dates or profiles.
func serverFlaws(leaf *x509.Certificate) (flaws []string) {
	add := func(flawed bool, text string) {
		if flawed {
			flaws = append(flaws, text)
		}
	}
	add(leaf.Version != 3, fmt.Sprintf("is of X.509 version %d, want 3 (RFC 5280 §4.1.2.1)", leaf.Version))
	add(isCA(leaf), "is a CA certificate (RFC 5280 §4.2.1.9)")
	add(leaf.KeyUsage&x509.KeyUsageCertSign != 0, "has keyUsage keyCertSign, which is for CAs (RFC 5280 §4.2.1.3)")
	add(!isCA(leaf) && withoutUse(leaf), "has a keyUsage without digitalSignature, so that no TLS handshake can use its key (RFC 8446 §4.4.2.2)")
	add(notServerByNetscape(leaf), "has a Netscape certificate type that is not SSL server, and OpenSSL refuses it")
	add(!isCA(leaf) && (leaf.MaxPathLen > 0 || leaf.MaxPathLenZero), "has a path length but is not a CA certificate (RFC 5280 §4.2.1.9)")
	add(hasExtension(leaf, oidPoison), "is a precertificate: it has the poison extension (RFC 6962 §3.1)")
	switch {
	case !hasExtension(leaf, oidExtKeyUsage):
		flaws = append(flaws, "has no extKeyUsage, want serverAuth (Baseline Requirements §7.1.2.7.10): OpenSSL and Go accept it for every use, Apple's systems refuse it for servers")
	case slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny):
		flaws = append(flaws, "has extKeyUsage anyExtendedKeyUsage (Baseline Requirements §7.1.2.7.10)")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		flaws = append(flaws, "has an extKeyUsage without serverAuth (RFC 5280 §4.2.1.12)")
	}
	return flaws
}
