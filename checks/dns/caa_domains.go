package dns

import (
	"crypto/x509"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// caaDomains are the domains that certificate authorities recognise as theirs in
// CAA records, by how the organization of their certificates' issuer begins, in
// lower case; the first is the one that they ask for. Too many cost a warning, too
// few make a wrong one, so domains of former times and of sister brands count.
// From pages of the authorities, in copies read in 2026-11: letsencrypt.org/docs/caa;
// DigiCert "Manage DNS CAA records"; Sectigo, as its reseller ssl247.com quotes it;
// ZeroSSL "Invalid CAA Records"; GlobalSign "CAA Checking for SSL Certificates";
// GoDaddy help 27227; AWS Certificate Manager "Configure a CAA record"; SSL.com
// "Configure CAA records"; Entrust "What does your CAA say?"; Buypass "ACME CAA
// notification". At second hand, from public lists that cite CCADB's report of CAA
// identifiers of 2025-06: Google, Actalis, Certum, IdenTrust, TrustAsia, CFCA, and
// what DigiCert, Sectigo and others use in addition to their own name.
func caaDomains() map[string][]string {
	amazon := []string{"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com", "aws.amazon.com"}
	sectigo := []string{"sectigo.com", "comodoca.com", "comodo.com", "usertrust.com", "trust-provider.com", "entrust.net", "affirmtrust.com"}
	digicert := []string{"digicert.com", "www.digicert.com", "symantec.com", "geotrust.com", "rapidssl.com", "thawte.com", "digitalcertvalidation.com",
		"volusion.digitalcertvalidation.com", "stratossl.digitalcertvalidation.com", "intermediatecertificate.digitalcertvalidation.com",
		"1and1.digitalcertvalidation.com", "quovadisglobal.com", "pkioverheid.nl", "digicert.ne.jp", "cybertrust.ne.jp"}
	return map[string][]string{
		"let's encrypt":                    {"letsencrypt.org"},
		"internet security research group": {"letsencrypt.org"},
		"digicert":                         append(digicert, amazon...),
		"sectigo":                          sectigo,
		"comodo ca":                        sectigo,
		"the usertrust network":            sectigo,
		"zerossl":                          append(slices.Clone(sectigo), "zerossl.com"),
		"globalsign":                       {"globalsign.com"},
		"google trust services":            {"pki.goog"},
		"amazon":                           amazon,
		"godaddy.com":                      {"godaddy.com", "starfieldtech.com"},
		"starfield technologies":           append([]string{"starfieldtech.com", "godaddy.com"}, amazon...),
		"ssl corp":                         {"ssl.com", "entrust.net", "affirmtrust.com"},
		"entrust":                          {"entrust.net", "affirmtrust.com"},
		"buypass":                          {"buypass.com", "buypass.no"},
		"actalis":                          {"actalis.it"},
		"asseco data systems":              {"certum.pl", "certum.eu"},
		"identrust":                        {"identrust.com"},
		"trustasia technologies":           {"trustasia.com"},
		"china financial certification authority": {"cfca.com.cn"},
	}
}

// caaDomainsOf are the domains of an organization; none: it is not known.
func caaDomainsOf(organization string) []string {
	for begin, domains := range caaDomains() {
		if strings.HasPrefix(strings.ToLower(organization), begin) {
			return domains
		}
	}
	return nil
}

// stranger is the first of some domains that belongs to no authority known here,
// and so may belong to any; "" belongs to none.
func stranger(domains []string) (domain string, found bool) {
	known := map[string]bool{"": true}
	for _, own := range caaDomains() {
		for _, d := range own {
			known[d] = true
		}
	}
	if i := slices.IndexFunc(domains, func(d string) bool { return !known[d] }); i >= 0 {
		return domains[i], true
	}
	return "", false
}

// issuersOf are the CAA domains of the leaf's issuer, and of those that vouch for
// it: an authority that issues under another's may go by either's. None: the
// leaf's issuer is not known.
func issuersOf(c evidence.Certificate) (domains []string) {
	for i, link := range c.Chain {
		parsed, err := x509.ParseCertificate(link.DER)
		if err != nil || len(parsed.Issuer.Organization) == 0 {
			break
		}
		own := caaDomainsOf(parsed.Issuer.Organization[0])
		if i == 0 && own == nil {
			break
		}
		domains = append(domains, own...)
	}
	return domains
}
