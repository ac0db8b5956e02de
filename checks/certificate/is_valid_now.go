package certificate

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// isValidNow returns the check certificate/is-valid-now.
func isValidNow() checks.Check {
	return checks.Check{
		ID: "certificate/is-valid-now", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeValidity,
		Doc: checks.Doc{
			Title: "Every certificate on the path is valid now",
			Why: "Clients refuse a server whose certificate has expired or is not yet valid, and also one whose intermediate or root has " +
				"expired, which is rarely monitored. It happens with an old file in the repository, and with a certificate that " +
				"becomes valid tomorrow.",
			Fix: "Give the renewed certificate with the intermediates that the CA delivers with it, or wait until it is valid.",
			References: []string{
				"RFC 5280 §4.1.2.5 (validity, both ends included) and §6.1.3 (a)(2)",
			},
			Failing: "load: {certificate: expired.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeValidity(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	now := s.Evidence.Run.Now
	if now.IsZero() {
		return checks.Unknown("the run has no clock")
	}
	var found []checks.Finding
	if f, bad := outside(chain[0], now, func() string { return nth(chain, 0) }); bad {
		found = append(found, f)
	}
	path := s.Evidence.Certificate.Facts.Path
	for i := 1; i < len(path.DER); i++ {
		c, err := path.X509(i)
		if err != nil {
			return checks.Unknown(fmt.Sprintf("certificate %d on the path in the evidence cannot be parsed", i+1))
		}
		if f, bad := outside(c, now, func() string { return inPath(chain, c, i == len(path.DER)-1) }); bad {
			found = append(found, f)
		}
	}
	if len(found) == 0 && len(path.DER) == 0 {
		return checks.Unknown("there is no path to judge; see certificate/chain-is-trusted")
	}
	return checks.Judge(found...)
}

// inPath names a certificate on the path by its position in the file, or as the
// root.
func inPath(chain []*x509.Certificate, c *x509.Certificate, root bool) string {
	for i := range chain {
		if chain[i].Equal(c) {
			return nth(chain, i)
		}
	}
	if root {
		return fmt.Sprintf("the root %q", bounded(evidence.DistinguishedName(c.Subject)))
	}
	return fmt.Sprintf("the certificate of %q", bounded(evidence.DistinguishedName(c.Subject)))
}

// outside returns the finding about a certificate that is not valid now. It
// calls name only in that case.
func outside(c *x509.Certificate, now time.Time, name func() string) (checks.Finding, bool) {
	switch {
	case now.Before(c.NotBefore):
		return checks.Fails(atBody, fmt.Sprintf("%s is not valid before %s, in %s", name(), c.NotBefore.UTC().Format(time.RFC3339), span(c.NotBefore.Sub(now))),
			"wait until it is valid, or give a certificate that is valid now; check the clock if this is unexpected"), true
	case now.After(c.NotAfter):
		return checks.Fails(atBody, fmt.Sprintf("%s expired at %s, %s ago", name(), c.NotAfter.UTC().Format(time.RFC3339), span(now.Sub(c.NotAfter))),
			"give the renewed certificate with its intermediates"), true
	}
	return checks.Finding{}, false
}
