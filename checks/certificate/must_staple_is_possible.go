package certificate

import (
	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// mustStapleIsPossible returns the check certificate/must-staple-is-possible.
func mustStapleIsPossible() checks.Check {
	return checks.Check{
		ID: "certificate/must-staple-is-possible", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeStaple,
		Doc: checks.Doc{
			Title: "A certificate with must-staple names an OCSP responder",
			Why: "With the TLS feature status_request (must-staple) Firefox refuses a handshake without a stapled OCSP response. " +
				"Without a responder in the certificate no server can get one; many CAs have ended OCSP since 2025.",
			Fix: "Have the certificate issued without must-staple.",
			References: []string{
				"RFC 7633 §4 (TLS feature)",
				"RFC 6066 §8 (status_request)",
			},
			Failing: "load: {certificate: must-staple.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeStaple(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	leaf := chain[0]
	if !hasExtension(leaf, oidTLSFeature) {
		return checks.Pass()
	}
	if len(leaf.OCSPServer) == 0 {
		return checks.Judge(checks.Warns(atBody, nth(chain, 0)+" requires a stapled OCSP response (must-staple) but names no OCSP responder", "have it issued without must-staple"))
	}
	return checks.Pass()
}
