package dns

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// CAAAllowsRenewal is dns/caa-allows-renewal.
func CAAAllowsRenewal() checks.Check {
	return checks.Check{
		ID: "dns/caa-allows-renewal", Severity: checks.Warning,
		Needs:   []evidence.Need{evidence.NeedDNS, evidence.NeedCertificate},
		Applies: hasCertificate,
		Judge:   judgeCAA,
		Doc: checks.Doc{
			Title: "CAA records let the certificate's issuer renew it",
			Why: "A certificate authority must look for CAA records before it issues, and refuse if another one is named, if a critical " +
				"tag is unknown to it, or if the lookup fails. The certificate of today is not touched; its renewal fails, weeks later, " +
				"when nobody remembers the record.",
			Fix: "Add an issue record (issuewild for wildcards) that names the authority, or remove the records that leave it out.",
			References: []string{"RFC 8659 §3 (climbing), §4 (issue, issuewild, critical)", "CA/Browser Forum Baseline Requirements §3.2.2.8",
				"CCADB, recognised CAA domains: https://www.ccadb.org/resources"},
			Failing: caaFixture("records: ['128 tbs unknown']"),
			Passing: caaFixture("event: nodata"),
		},
	}
}

func hasCertificate(b binding.Binding) (bool, string) {
	if b.CertificateAlone || b.Certificate == nil {
		return false, "the binding has no domain, or no certificate to renew"
	}
	return public(b)
}

func judgeCAA(s checks.Subject) checks.Verdict {
	a := s.Evidence.DNS.Facts.Around
	if a == nil || len(a.CAA) == 0 {
		return checks.CannotTell("the evidence holds no CAA lookup")
	}
	last := a.CAA[len(a.CAA)-1]
	if last.Problem != "" {
		return checks.Found(checks.Warns("/certificate", fmt.Sprintf("looking for CAA records at %s failed (%s); a certificate authority must refuse then", last.Name, cut(last.Problem)), "repair the zone's servers or its DNSSEC"))
	}
	domains := issuersOf(s.Evidence.Certificate.Facts)
	if len(last.Records) == 0 {
		return checks.Found()
	}
	allowed, critical := caaFor(last.Records, s.Binding.Wildcard())
	var findings []checks.Finding
	if critical != "" {
		findings = append(findings, checks.Warns("/certificate", fmt.Sprintf("%s has a critical CAA record with the tag %s, which authorities that do not know it must take as a refusal", last.Name, critical), "remove the record, or its critical flag"))
	}
	switch {
	case allowed == nil || slices.ContainsFunc(domains, func(d string) bool { return slices.Contains(allowed, d) }):
	case len(domains) == 0:
		return checks.CannotTell(fmt.Sprintf("CAA at %s allows %s, and which domain the certificate's issuer goes by is not known", last.Name, orNobody(allowed)), findings...)
	default:
		findings = append(findings, checks.Warns("/certificate", fmt.Sprintf("CAA at %s allows %s and not %s, who issued the certificate; its renewal will be refused", last.Name, orNobody(allowed), domains[0]),
			fmt.Sprintf(`add %s. CAA 0 issue "%s", or change the issuer`, last.Name, domains[0])))
	}
	return checks.Found(findings...)
}

// caaFor reads records in presentation format: whom they allow (nil: everybody),
// and an unknown tag that is critical.
func caaFor(records []string, wildcard bool) (allowed []string, critical string) {
	byTag := map[string][]string{}
	for _, text := range records {
		flags, rest, _ := strings.Cut(text, " ")
		tag, value, _ := strings.Cut(rest, " ")
		tag = strings.ToLower(tag)
		issuer, _, _ := strings.Cut(strings.Trim(value, `"`), ";")
		byTag[tag] = append(byTag[tag], strings.ToLower(strings.TrimSpace(issuer)))
		if known := []string{"issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail", "contactphone"}; !slices.Contains(known, tag) && len(flags) == 3 && flags >= "128" {
			critical = tag
		}
	}
	if wildcard && byTag["issuewild"] != nil {
		return byTag["issuewild"], critical
	}
	return byTag["issue"], critical
}

func orNobody(allowed []string) string {
	if named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" }); len(named) > 0 {
		return some(named)
	}
	return "nobody"
}

// issuersOf are the CAA domains of the leaf's issuer.
func issuersOf(c evidence.Certificate) []string {
	if len(c.Chain) == 0 {
		return nil
	}
	leaf, err := x509.ParseCertificate(c.Chain[0].DER)
	if err != nil || len(leaf.Issuer.Organization) == 0 {
		return nil
	}
	org := strings.ToLower(leaf.Issuer.Organization[0])
	for part, domains := range caaDomains() {
		if strings.Contains(org, part) {
			return domains
		}
	}
	return nil
}
