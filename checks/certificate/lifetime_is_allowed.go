package certificate

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// lifetimeIsAllowed returns the check certificate/lifetime-is-allowed.
func lifetimeIsAllowed() checks.Check {
	return checks.Check{
		ID: "certificate/lifetime-is-allowed", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeLifetime,
		Doc: checks.Doc{
			Title: "The lifetime is within the limit for public CAs",
			Why:   "Browsers refuse a publicly trusted certificate whose lifetime exceeds the limit at its time of issue.",
			Fix:   "Have the certificate issued again with a shorter lifetime; for a private CA use --certificate-profile private.",
			References: []string{
				"CA/Browser Forum Baseline Requirements §6.3.2: 398 days; 200 from 2026-03-15, 100 from 2027-03-15, 47 from " +
					"2029-03-15 (Ballot SC-081v3)",
				"RFC 5280 §4.1.2.5 (both ends of the validity are included)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {certificate: {facts: {profile: public}}}",
			Passing: "load: {certificate: days-90.pem}\nevidence: {certificate: {facts: {profile: public}}}",
		},
	}
}

func judgeLifetime(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	if v := publicOnly(s); v != nil {
		return *v
	}
	leaf := chain[0]
	limit := longest(leaf.NotBefore)
	lifetime := leaf.NotAfter.Sub(leaf.NotBefore) + time.Second
	if lifetime > time.Duration(limit)*24*time.Hour {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s was issued for %s, want at most %d days for one of %s",
			nth(chain, 0), span(lifetime), limit, leaf.NotBefore.UTC().Format(time.DateOnly)), "have it issued with a shorter lifetime, or use --certificate-profile private for a private CA"))
	}
	return checks.Pass()
}

// longest returns the maximum lifetime in days of a certificate issued at
// notBefore.
func longest(notBefore time.Time) int {
	switch from := func(year int) bool { return !notBefore.Before(time.Date(year, 3, 15, 0, 0, 0, 0, time.UTC)) }; {
	case from(2029):
		return 47
	case from(2027):
		return 100
	case from(2026):
		return 200
	}
	return 398
}
