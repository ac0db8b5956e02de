package certificate

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

const serverAuthOnly = "have it issued for serverAuth only"

// otherUses returns the findings about uses of the leaf's key other than TLS
// servers.
func otherUses(chain []*x509.Certificate, profile string) (found []checks.Finding) {
	if use := forbiddenUse(chain[0]); use != "" {
		report := checks.Warns // the rule does not bind a private CA
		if profile == evidence.ProfilePublic {
			report = checks.Fails
		}
		found = append(found, report(atBody, nth(chain, 0)+" is for more than TLS servers: "+use+" (Baseline Requirements §7.1.2.7.10)", serverAuthOnly))
	}
	if slices.Contains(chain[0].ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		found = append(found, clientAuth(chain[0], profile))
	}
	return found
}

// forbiddenUse returns the first extended key usage that the Baseline
// Requirements (§7.1.2.7.10) forbid in a server's certificate, "" for none. The
// lints cover what they only advise against.
func forbiddenUse(leaf *x509.Certificate) string {
	for _, use := range leaf.ExtKeyUsage {
		switch use {
		case x509.ExtKeyUsageCodeSigning:
			return "codeSigning"
		case x509.ExtKeyUsageEmailProtection:
			return "emailProtection"
		case x509.ExtKeyUsageTimeStamping:
			return "timeStamping"
		case x509.ExtKeyUsageOCSPSigning:
			return "OCSPSigning"
		}
	}
	if slices.ContainsFunc(leaf.UnknownExtKeyUsage, func(use asn1.ObjectIdentifier) bool { return use.String() == oidPrecertificateSigning }) {
		return "the signing of precertificates"
	}
	return ""
}

// clientAuth reports certificates for TLS clients, which root programs phase
// out for servers.
func clientAuth(leaf *x509.Certificate, profile string) checks.Finding {
	text := "the certificate is for TLS clients too (extKeyUsage clientAuth)"
	if profile == evidence.ProfilePublic && !leaf.NotBefore.Before(time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC)) {
		return checks.Fails(atBody, text+", which public CAs may not issue from 2027-03-15 on", serverAuthOnly)
	}
	return checks.Warns(atBody, text+"; public CAs stop issuing such certificates by 2027-03-15", serverAuthOnly)
}
