package certificate

import (
	"crypto/ecdsa"
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// keyIsAcceptedByGateway returns the check certificate/key-is-accepted-by-gateway.
func keyIsAcceptedByGateway() checks.Check {
	return checks.Check{
		ID: "certificate/key-is-accepted-by-gateway", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate, evidence.NeedGroup},
		Applies: ofGroup,
		Judge:   judgeGatewayKey,
		Doc: checks.Doc{
			Title: "The group's HTTPS policy has a cipher suite for the key",
			Why: "A TLS server can use an ECDSA certificate only with ECDSA cipher suites. The cipher lists that Alibaba Cloud " +
				"documents for its two oldest HTTPS policies contain none, so every handshake up to TLS 1.2 may fail.",
			Fix: "Choose the HTTPS policy HTTPS2_TLS1_2 or HTTPS2_TLS1_3 for the group, or use an RSA certificate.",
			References: []string{
				"Alibaba Cloud API Gateway, HTTPS security policies (2026-03): the cipher lists of HTTPS1_1_TLS1_0 and " +
					"HTTPS2_TLS1_0",
				"RFC 8422 §5.1 (an ECDSA certificate needs an ECDSA suite)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {group: {facts: {httpsPolicy: HTTPS2_TLS1_0}}}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeGatewayKey(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	group := s.Evidence.Group.Facts
	if !group.Found {
		return checks.Unknown("the group was not found; see group/exists")
	}
	_, ec := chain[0].PublicKey.(*ecdsa.PublicKey)
	if ec && slices.Contains([]string{"HTTPS1_1_TLS1_0", "HTTPS2_TLS1_0"}, group.HTTPSPolicy) {
		return checks.Judge(checks.Warns(atBody,
			fmt.Sprintf("the key is ECDSA, and the documented cipher list of the group's HTTPS policy %s contains no ECDSA suite", group.HTTPSPolicy),
			"choose HTTPS2_TLS1_2 or HTTPS2_TLS1_3 for the group, or use an RSA certificate"))
	}
	return checks.Pass()
}
