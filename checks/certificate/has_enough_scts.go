package certificate

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// hasEnoughSCTs returns the check certificate/has-enough-scts.
func hasEnoughSCTs() checks.Check {
	return checks.Check{
		ID: "certificate/has-enough-scts", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeSCTs,
		Doc: checks.Doc{
			Title: "The certificate embeds enough SCTs",
			Why: "Chrome, Safari and Firefox refuse a publicly trusted certificate without the signed timestamps (SCTs) of " +
				"enough certificate transparency logs. The gateway cannot send them in any other way.",
			Fix: "Have the certificate issued by a CA that logs it and embeds the SCTs, as all public CAs do unless asked not " +
				"to.",
			References: []string{
				"RFC 6962 §3.3 (the list of SCTs in a certificate)",
				"Apple's Certificate Transparency policy (HT205280): 2 SCTs up to 180 days, 3 above, from distinct logs",
				"Chrome's Certificate Transparency policy: the same numbers",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {certificate: {facts: {profile: public}}}",
			Passing: "load: {certificate: two-scts.pem}\nevidence: {certificate: {facts: {profile: public}}}",
		},
	}
}

func judgeSCTs(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if v := publicOnly(s); v != nil {
		return *v
	}
	leaf := chain[0]
	logs, err := sctLogs(leaf)
	if err != nil {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s has a malformed list of SCTs: %v", nth(chain, 0), err), "have it issued again"))
	}
	want := 2
	if leaf.NotAfter.Sub(leaf.NotBefore) > 180*24*time.Hour {
		want = 3
	}
	if len(logs) < want {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s embeds SCTs of %d logs, want %d for its lifetime", nth(chain, 0), len(logs), want),
			"have it issued with embedded SCTs, or use --certificate-profile private for a private CA"))
	}
	return checks.Pass()
}
