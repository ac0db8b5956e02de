package certificate

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"net/url"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// chainIsTrusted returns the check certificate/chain-is-trusted.
func chainIsTrusted() checks.Check {
	return checks.Check{
		ID: "certificate/chain-is-trusted", Severity: checks.Error, Core: true,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeTrusted,
		Doc: checks.Doc{
			Title: "The certificate chains to a trusted root through the certificates in the file",
			Why: "Clients have roots, not intermediates: most programs refuse a server that does not send them, while browsers that " +
				"fetch or cache a missing one hide the error in tests. All clients refuse a chain of a CA that they do not know, or with a " +
				"CA certificate that may not sign this one.",
			Fix: "Append the intermediates that the CA names, in the order from the leaf upwards; the root itself may be omitted. For a " +
				"private CA name its roots with --roots FILE. certificate/is-valid-now judges the dates.",
			References: []string{
				"RFC 5280 §6.1 (path validation) and §4.2.1 (extensions)",
				"RFC 8446 §4.4.2 (the chain that a server sends)",
				"CA/Browser Forum Baseline Requirements §7.1.3.2 (signature algorithms: no MD5, no SHA-1)",
				"Mozilla's root store, as contained in golang.org/x/crypto/x509roots/fallback",
			},
			Failing: "load: {certificate: leaf-alone.pem, roots: roots.pem}",
			Passing: "load: {certificate: sound.pem, roots: roots.pem}",
		},
	}
}

func judgeTrusted(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	path := s.Evidence.Certificate.Facts.Path
	switch {
	case path.Undetermined != "":
		return checks.Unknown(fmt.Sprintf("with the roots of %s: %s", path.RootsFrom, path.Undetermined))
	case path.Missing != "":
		return checks.Judge(checks.Fails(atBody, path.Problem,
			appendIssuer(chain, path.Missing)+"; for a private CA name its roots with --roots FILE"))
	case path.Problem != "":
		return checks.Judge(checks.Fails(atBody, fmt.Sprintf("%s does not chain to a root of %s: %s", nth(chain, 0), path.RootsFrom, path.Problem),
			"give a certificate, with its intermediates, of a CA that clients trust; for a private CA name its roots with --roots FILE"))
	case len(path.Subjects) == 0 || len(path.DER) != len(path.Subjects) || !bytes.Equal(path.DER[0], chain[0].Raw):
		return checks.Unknown("the evidence contains neither a certification path of the first certificate nor the reason why there is none")
	}
	return checks.Judge(append(refusedByGo(path), refusedByOpenSSL(path)...)...)
}

// appendIssuer returns where to get the missing CA certificate: at the address
// in the certificate below the gap (caIssuers, RFC 5280 §4.2.2.1). bindgate
// does not fetch it, since the server must send it anyway. The address is
// untrusted, so it is suggested only if it is safe to paste.
func appendIssuer(chain []*x509.Certificate, missing string) string {
	where := "which the CA publishes"
	for _, c := range chain {
		if evidence.DistinguishedName(c.Issuer) != missing {
			continue
		}
		for _, address := range c.IssuingCertificateURL {
			if pasteable(address) {
				where = "which according to the certificate is at " + address
				break
			}
		}
	}
	return fmt.Sprintf("append the CA certificate of %q, %s, to the file", missing, where)
}

// pasteable allows http and https addresses without characters that are special
// to a shell or a terminal.
func pasteable(address string) bool {
	const most = 200
	u, err := url.Parse(address)
	return err == nil && len(address) <= most && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		!strings.ContainsFunc(address, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("-._~:/%", r)
		})
}
