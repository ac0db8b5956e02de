package dns

import (
	"fmt"
	"slices"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// caaAllowsRenewal is dns/caa-allows-renewal.
func caaAllowsRenewal() checks.Check {
	return checks.Check{
		ID: "dns/caa-allows-renewal", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS, evidence.NeedCertificate},
		Applies: hasCertificate,
		Judge:   judgeCAA,
		Doc: checks.Doc{
			Title: "CAA records allow the certificate's issuer to renew it",
			Why: "A certificate authority must look up CAA records before it issues a certificate, and must refuse if they name only " +
				"other authorities, if they have an unknown critical tag, or if the lookup fails. The current certificate stays valid; " +
				"its renewal fails, weeks later, when the record is long forgotten.",
			Fix: "Add an issue record (issuewild for wildcards) that names the authority, or remove the records that exclude it.",
			References: []string{"RFC 8659 §3 (climbing), §4 (issue, issuewild, critical)", "CA/Browser Forum Baseline Requirements §3.2.2.8",
				"CCADB, list of CAA identifiers (which authority goes by which domain): https://www.ccadb.org/resources"},
			Failing: caaFixture("records: ['128 tbs unknown']"),
			Passing: caaFixture("event: nodata"),
		},
	}
}

func hasCertificate(b binding.Binding) (bool, string) {
	if b.CertificateOnly || b.Certificate == nil {
		return false, "the binding has no domain, or no certificate to renew"
	}
	return public(b)
}

func judgeCAA(s checks.Subject) checks.Verdict {
	a := s.Evidence.DNS.Facts.Context
	if a == nil || len(a.CAA) == 0 {
		return checks.Unknown("the evidence holds no CAA lookup")
	}
	last := a.CAA[len(a.CAA)-1]
	if last.Problem != "" {
		return checks.Judge(checks.Warns("/certificate", fmt.Sprintf("looking for CAA records at %s failed (%s); a certificate authority must refuse then", last.Name, cut(last.Problem)), "repair the zone's servers or its DNSSEC"))
	}
	if len(last.Records) == 0 {
		return checks.Pass()
	}
	allowed, critical := caaFor(last.Records, s.Binding.Wildcard())
	var findings []checks.Finding
	if critical != "" {
		findings = append(findings, checks.Warns("/certificate", fmt.Sprintf("%s has a critical CAA record with the tag %s, which authorities that do not know it must take as a refusal", last.Name, critical), "remove the record, or its critical flag"))
	}
	return whoMayRenew(last.Name, allowed, issuersOf(s.Evidence.Certificate.Facts), findings)
}

// whoMayRenew compares the CAs that CAA allows with the domains of the issuer. It warns
// only where all domains are known: one that is not may be the issuer's.
func whoMayRenew(at string, allowed, issuer []string, findings []checks.Finding) checks.Verdict {
	other, unknown := stranger(allowed)
	switch {
	case allowed == nil || slices.ContainsFunc(issuer, func(d string) bool { return slices.Contains(allowed, d) }):
	case orNoCA(allowed) == noCA:
		findings = append(findings, checks.Warns("/certificate", fmt.Sprintf("CAA at %s allows no CA to issue; the certificate's renewal will be refused", at), "add an issue record that names the certificate's issuer"))
	case len(issuer) == 0:
		return checks.Unknown(fmt.Sprintf("CAA at %s allows %s, and the CAA domain of the certificate's issuer is unknown; ask the issuer", at, orNoCA(allowed)), findings...)
	case unknown:
		return checks.Unknown(fmt.Sprintf("CAA at %s allows %s, and it is unknown whether %s is another domain of the certificate's issuer %s; ask the issuer", at, orNoCA(allowed), other, issuer[0]), findings...)
	default:
		findings = append(findings, checks.Warns("/certificate", fmt.Sprintf("CAA at %s allows %s and not %s, who issued the certificate; its renewal will be refused", at, orNoCA(allowed), issuer[0]),
			fmt.Sprintf(`add %s. CAA 0 issue "%s", or change the issuer`, at, issuer[0])))
	}
	return checks.Judge(findings...)
}
