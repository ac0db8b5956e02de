package certificate

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// isNotRevoked returns the check certificate/is-not-revoked.
func isNotRevoked() checks.Check {
	return checks.Check{
		ID: "certificate/is-not-revoked", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedRevocation},
		Applies: applies,
		Judge:   judgeRevoked,
		Doc: checks.Doc{
			Title: "Neither the certificate nor an intermediate is revoked",
			Why: "Browsers refuse a revoked certificate, but not all at the same time, so a service first fails for some clients. A " +
				"certificate is revoked because its key leaked or because it should never have been issued.",
			Fix: "Have a new certificate issued, for a new key if the old one leaked, and bind it.",
			References: []string{
				"RFC 5280 §5 and §6.3 (CRLs and their validation)",
				"RFC 6960 (OCSP)",
				"CA/Browser Forum Baseline Requirements §4.9 (revocation)",
			},
			Failing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: revoked, source: \"http://crl.demo.com/ca.crl\", at: 2026-11-01T00:00:00Z}]}}}",
			Passing: "load: {certificate: sound.pem}\nevidence: {revocation: {state: observed, facts: {certificates: [{subject: " +
				"CN=api.demo.com, status: good, source: \"http://crl.demo.com/ca.crl\"}]}}}",
		},
	}
}

func judgeRevoked(s checks.Subject) checks.Verdict {
	if isRoot(s) {
		return checks.NotApplicable(ofARoot)
	}
	var found []checks.Finding
	certificates := s.Evidence.Revocation.Facts.Certificates
	noStatus := len(certificates) > 0 && certificates[0].Status == evidence.RevocationNoSource
	for _, c := range certificates {
		switch c.Status {
		case evidence.RevocationRevoked:
			serial, reason := "", ""
			if c.Serial != "" {
				serial = " (serial number " + bounded(c.Serial) + ")"
			}
			if c.Reason != "" {
				reason = ", for " + bounded(c.Reason)
			}
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the certificate of %q%s was revoked at %s%s, according to %q",
				bounded(c.Subject), serial, c.At.UTC().Format(time.RFC3339), reason, bounded(c.Source)), "have a new certificate issued, for a new key if the old one leaked"))
		case evidence.RevocationGood, evidence.RevocationNoSource:
		case evidence.RevocationUnknown:
			noStatus = true
		default:
			return checks.Unknown(fmt.Sprintf("the evidence contains the unknown status %q", bounded(string(c.Status))))
		}
	}
	switch {
	case len(found) > 0:
		return checks.Judge(found...)
	case len(certificates) == 0:
		return checks.Unknown("no certificate was looked up; see certificate/chain-is-trusted")
	case noStatus: // the status of an intermediate says nothing about the server's certificate
		return checks.NotApplicable("no source reports the status of every certificate; see certificate/revocation-was-checked")
	}
	return checks.Pass()
}

const ofARoot = "the certificate is itself a root, for which no revocation status exists"

// isRoot reports whether the path is a single certificate that is a root.
func isRoot(s checks.Subject) bool {
	return s.Evidence.Certificate.State == evidence.StateObserved && len(s.Evidence.Certificate.Facts.Path.DER) == 1
}
