package certificate

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

const serverAuthAlone = "have it issued for serverAuth alone"

// otherUses are the findings about what the leaf's key may do beside serving.
func otherUses(chain []*x509.Certificate, profile string) (found []checks.Finding) {
	if use := forbiddenUse(chain[0]); use != "" {
		tell := checks.Warns // a CA of one's own has not agreed to the rule
		if profile == evidence.ProfilePublic {
			tell = checks.Fails
		}
		found = append(found, tell(atBody, nth(chain, 0)+" is for more than TLS servers: "+use+" (Baseline Requirements §7.1.2.7.10)", serverAuthAlone))
	}
	if slices.Contains(chain[0].ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		found = append(found, clientAuth(chain[0], profile))
	}
	return found
}

// forbiddenUse is the first extended key usage that the Baseline Requirements
// (§7.1.2.7.10) forbid in a server's certificate, "" for none. What they only
// advise against is left to the lints.
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

// clientAuth: root programs end certificates for both uses.
func clientAuth(leaf *x509.Certificate, profile string) checks.Finding {
	text := "the certificate is for TLS clients too (extKeyUsage clientAuth)"
	if profile == evidence.ProfilePublic && !leaf.NotBefore.Before(time.Date(2027, 3, 15, 0, 0, 0, 0, time.UTC)) {
		return checks.Fails(atBody, text+", which public CAs may not issue from 2027-03-15 on", serverAuthAlone)
	}
	return checks.Warns(atBody, text+"; public CAs end such certificates by 2027-03-15", serverAuthAlone)
}
