package certificate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// coversDomain returns the check certificate/covers-domain.
func coversDomain() checks.Check {
	return checks.Check{
		ID: "certificate/covers-domain", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeCovers,
		Doc: checks.Doc{
			Title: "The certificate covers the domain",
			Why: "A client compares the requested domain with the DNS names of the certificate and disconnects if none matches. Only " +
				"subjectAltName counts; clients have ignored the common name for years. A wildcard matches exactly one label: " +
				"*.demo.com covers api.demo.com, but neither demo.com nor api.eu.demo.com.",
			Fix: "Have the certificate issued with the domain among its DNS names, or bind a domain that it covers. For a binding of *.x the " +
				"certificate needs the name *.x itself.",
			References: []string{
				"RFC 9525 §6.3 (matching DNS names; wildcards) and appendix A (the common name is no longer valid)",
				"RFC 5280 §4.2.1.6 (subjectAltName) and §7.2 (A-labels)",
				"CA/Browser Forum Baseline Requirements §3.2.2.6 (no wildcard directly left of a public suffix)",
				pageSetDomainCertificate,
			},
			Failing: "binding: {domainName: api.eu.demo.com}\nload: {certificate: wildcard.pem}",
			Passing: "load: {certificate: wildcard.pem}",
		},
	}
}

func judgeCovers(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	domain, err := asciiName(s.Binding.DomainName)
	if err != nil {
		return checks.Unknown("the domain is not a name that a certificate can contain; see request/domain-is-well-formed")
	}
	leaf := chain[0]
	if slices.ContainsFunc(leaf.DNSNames, func(san string) bool { return covers(san, domain) }) {
		return checks.Pass()
	}
	const fix = "give a certificate that is issued for %s"
	if len(leaf.DNSNames) == 0 {
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf(
			"%s has no DNS name in its subjectAltName, want %q; the common name is ignored", nth(chain, 0), domain), fmt.Sprintf(fix, domain)))
	}
	return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s covers %s, not %q%s", nth(chain, 0), some(leaf.DNSNames), domain, near(leaf.DNSNames, leaf.Subject.CommonName, domain)),
		fmt.Sprintf(fix, domain)))
}

// near explains why a similar name does not cover the domain.
func near(sans []string, commonName, domain string) string {
	for _, san := range sans {
		san = asciiLower(san)
		parent, wildcard := strings.CutPrefix(san, "*.")
		switch {
		case wildcard && overPublicSuffix(parent) && (strings.HasSuffix(domain, "."+parent) || san == domain):
			return fmt.Sprintf("; no client accepts a wildcard over the public suffix %q", bounded(parent))
		case wildcard && domain == parent:
			return fmt.Sprintf("; %q does not cover %q itself", bounded(san), domain)
		case wildcard && strings.HasSuffix(domain, "."+parent):
			return "; a wildcard matches exactly one label"
		case strings.HasPrefix(domain, "*.") && strings.HasSuffix(san, domain[1:]):
			return fmt.Sprintf("; a wildcard binding needs the name %q itself", domain)
		}
	}
	if strings.EqualFold(commonName, domain) {
		return "; its common name is the domain, but the common name is ignored"
	}
	return ""
}
