package certificate

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// lastsLongEnough returns the check certificate/lasts-long-enough.
func lastsLongEnough() checks.Check {
	return checks.Check{
		ID: "certificate/lasts-long-enough", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeLasts,
		Doc: checks.Doc{
			Title: "More than a third of the lifetime remains, and at least --min-remaining",
			Why: "A certificate near its end is forgotten until clients refuse it. ACME clients renew when a third of the lifetime remains, " +
				"a rule that suits certificates of 47 days and of a year alike; a fixed thirty days suits neither. An owner who needs longer to " +
				"renew sets --min-remaining.",
			Fix: "Renew now and bind the new certificate; a renewal is the same manifest with a new file.",
			References: []string{
				"RFC 9773 §4.1 (renewal information), and Let's Encrypt's integration guide: renew when a third of the lifetime " +
					"is left",
				"CA/Browser Forum Ballot SC-081v3 (lifetimes down to 47 days by 2029)",
			},
			Failing: "load: {certificate: near-end.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeLasts(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	now, leaf := s.Evidence.Run.Now, chain[0]
	if now.IsZero() {
		return checks.Unknown("the run has no clock")
	}
	var found []checks.Finding
	wanted := time.Duration(s.Evidence.Run.MinRemainingSeconds) * time.Second
	if short := tooShort(leaf.NotAfter.Sub(now), leaf.NotAfter.Sub(leaf.NotBefore), wanted); short != "" {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("%s ends at %s: %s", nth(chain, 0), leaf.NotAfter.UTC().Format(time.RFC3339), short),
			"renew it now and bind the new one"))
	}
	path := s.Evidence.Certificate.Facts.Path
	for i := 1; i+1 < len(path.DER); i++ {
		c, err := path.X509(i)
		if err != nil {
			return checks.Unknown(fmt.Sprintf("certificate %d on the path in the evidence cannot be parsed", i+1))
		}
		if c.NotAfter.Before(leaf.NotAfter) && c.NotAfter.After(now) {
			found = append(found, checks.Warns(atBody, fmt.Sprintf("%s ends at %s, before the server's certificate", inPath(chain, c, false), c.NotAfter.UTC().Format(time.RFC3339)),
				"give the CA's newer intermediate, or renew before that day"))
		}
	}
	return checks.Judge(found...)
}

// tooShort returns how the remaining time is too short, "" if it is not, and if
// the certificate has expired, which certificate/is-valid-now reports.
func tooShort(left, lifetime, wanted time.Duration) string {
	switch {
	case left <= 0:
		return ""
	case left < lifetime/3:
		return fmt.Sprintf("%s of %s remain, less than a third", span(left), span(lifetime))
	case left < wanted:
		return fmt.Sprintf("%s remain, want at least %s (--min-remaining)", span(left), span(wanted))
	}
	return ""
}
