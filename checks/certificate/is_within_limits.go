package certificate

import (
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// isWithinLimits returns the check certificate/is-within-limits.
func isWithinLimits() checks.Check {
	return checks.Check{
		ID: "certificate/is-within-limits", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeBounded,
		Doc: checks.Doc{
			Title: "The chain is within the limits of its verifiers",
			Why: "A file with thousands of certificates, names or constraints, or with an enormous key, makes every program that " +
				"verifies it work for seconds or minutes. No CA issues such a chain; clients and servers refuse it at their own " +
				"limits.",
			Fix: "Give the server certificate and its own intermediates.",
			References: []string{
				"RFC 5280 §6.1 (path validation) and §4.2.1.10 (name constraints)",
				"Go, crypto/tls: RSA keys above 8192 bits are refused",
				"OpenSSL, crypto/x509/v3_ncons.c: at most 2^20 comparisons of name constraints",
			},
			Failing: "load: {certificate: excess.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

// mostSent limits the certificates of one call, in bytes of PEM. The gateway's limit
// is undocumented; ten certificates of RSA 4096 take less than half of this.
const mostSent = 64 << 10

// sent returns the size of the certificates in a call, in bytes of PEM.
func sent(facts evidence.Certificate) (size int) {
	chain := facts.Chain
	if facts.ClientCA != nil {
		chain = slices.Concat(chain, facts.ClientCA.Chain)
	}
	for _, c := range chain {
		size += len("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n") + base64.StdEncoding.EncodedLen(len(c.DER))*65/64 + 1
	}
	return size
}

func judgeBounded(s checks.Subject) checks.Verdict {
	facts := s.Evidence.Certificate.Facts
	const fix = "give the server's certificate and its own intermediates, and nothing else"
	if p := facts.Problem; p != nil && (p.Kind == "too-large" || p.Kind == "too-many") {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("the certificate file %q %s", facts.Source, p.Message), fix))
	}
	var found []checks.Finding
	for _, excess := range facts.LimitsExceeded {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("the certificate file %q exceeds the limits of evaluation: %s", facts.Source, bounded(excess)), fix))
	}
	if len(found) > 0 {
		return checks.Judge(found...)
	}
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if size := sent(s.Evidence.Certificate.Facts); size > mostSent {
		found = append(found, checks.Fails(atBody, fmt.Sprintf("chain and client CA have %d bytes, want at most %d: the second call may be refused (HTTP 413) after the domain is bound", size, mostSent), fix))
	}
	if len(chain) > 10 {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the certificate file %q contains %d certificates; OpenSSL and Java stop at about ten", facts.Source, len(chain)), fix))
	}
	return checks.Judge(found...)
}
