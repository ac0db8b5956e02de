package dns

// caaDomains are the domains that certificate authorities go by in CAA records,
// by a part of the organization in their certificates' issuer (CCADB, 2026-11).
func caaDomains() map[string][]string {
	return map[string][]string{
		"let's encrypt":         {"letsencrypt.org"},
		"internet security res": {"letsencrypt.org"},
		"digicert":              {"digicert.com", "www.digicert.com", "symantec.com", "geotrust.com", "rapidssl.com", "thawte.com", "digitalcertvalidation.com"},
		"sectigo":               {"sectigo.com", "comodoca.com", "usertrust.com", "trust-provider.com"},
		"zerossl":               {"sectigo.com", "zerossl.com"},
		"globalsign":            {"globalsign.com"},
		"google trust services": {"pki.goog", "google.com"},
		"amazon":                {"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"},
		"godaddy":               {"godaddy.com", "starfieldtech.com"},
		"starfield":             {"starfieldtech.com", "godaddy.com"},
		"ssl corp":              {"ssl.com"},
		"entrust":               {"entrust.net"},
		"buypass":               {"buypass.com", "buypass.no"},
		"actalis":               {"actalis.it"},
		"certum":                {"certum.pl", "certum.eu"},
		"asseco":                {"certum.pl", "certum.eu"},
		"trustasia":             {"trustasia.com"},
		"china financial":       {"cfca.com.cn"},
		"guang dong":            {"gdca.com.cn"},
		"identrust":             {"identrust.com"},
	}
}

// caaFixture is the sound base with a certificate and the CAA records of demo.com.
func caaFixture(records string) string {
	return "evidence: {certificate: {state: observed, facts: {source: a.pem, path: {rootsFrom: mozilla, subjects: []}}},\n" +
		"  dns: {facts: {around: {caa: [{name: api.demo.com, event: nodata}, {name: demo.com, " + records + "}]}}}}"
}
