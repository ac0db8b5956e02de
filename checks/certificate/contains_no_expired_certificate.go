package certificate

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// containsNoExpiredCertificate returns the check certificate/contains-no-expired-certificate.
func containsNoExpiredCertificate() checks.Check {
	return checks.Check{
		ID: "certificate/contains-no-expired-certificate", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeExpiredBeside,
		Doc: checks.Doc{
			Title: "The file contains no expired certificate outside the path",
			Why: "The server sends the whole file. Old clients (OpenSSL 1.0, GnuTLS before 3.6.14) follow an expired cross-sign " +
				"instead of the valid path, and refuse, as happened with AddTrust in May 2020 and with DST Root CA X3 in " +
				"September 2021.",
			Fix: "Remove the expired certificate from the file: --write-chain writes only the path.",
			References: []string{
				"RFC 8446 §4.4.2 (the chain that a server sends)",
				"Let's Encrypt, DST Root CA X3 Expiration (September 2021)",
				"Sectigo, AddTrust External CA Root Expiring May 30, 2020",
			},
			Failing: "load: {certificate: expired-cross-sign.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeExpiredBeside(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	now, facts := s.Evidence.Run.Now, s.Evidence.Certificate.Facts
	if now.IsZero() {
		return checks.Unknown("the run has no clock")
	}
	var found []checks.Finding
	for i, c := range chain {
		inPath := i == 0 || slices.ContainsFunc(facts.Path.DER, func(der []byte) bool { return bytes.Equal(der, c.Raw) })
		if inPath || !now.After(c.NotAfter) { // certificate/is-valid-now judges the path
			continue
		}
		found = append(found, checks.Warns(atBody, fmt.Sprintf("%s expired at %s, %s ago; no path needs it, and old clients that follow it refuse",
			nth(chain, i), c.NotAfter.UTC().Format(time.RFC3339), span(now.Sub(c.NotAfter))),
			repair("remove it from the file: bindgate lint --certificate FILE --domain NAME --write-chain CHAIN.pem writes the chain without it", facts.Source)))
	}
	return checks.Judge(found...)
}
