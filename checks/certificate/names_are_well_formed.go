package certificate

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// namesAreWellFormed returns the check certificate/names-are-well-formed.
func namesAreWellFormed() checks.Check {
	return checks.Check{
		ID: "certificate/names-are-well-formed", Severity: checks.Error,
		Needs:   []evidence.Need{evidence.NeedCertificate},
		Applies: applies,
		Judge:   judgeNames,
		Doc: checks.Doc{
			Title: "Every dNSName in the certificate is a valid host name",
			Why: "Verifiers treat invalid names differently: Go ignores them, others refuse the whole certificate. " +
				"An address among the DNS names matches nothing.",
			Fix: "Have the certificate issued with valid DNS names only, each in letters, digits and hyphens, IDNs as A-labels.",
			References: []string{
				"RFC 5280 §4.2.1.6 (dNSName: preferred name syntax) and §7.2 (A-labels)",
				"RFC 5890 §2.3.2.1 (A-labels)",
				"CA/Browser Forum Baseline Requirements §7.1.2.7.12 (no underscores, no internal names, no addresses as dNSName) " +
					"and §7.1.4.3 (a common name repeats a SAN)",
			},
			Failing: "load: {certificate: underscore.pem}",
			Passing: "load: {certificate: sound.pem}",
		},
	}
}

func judgeNames(s checks.Subject) checks.Verdict {
	chain, v := parseChain(s)
	if v != nil {
		return *v
	}
	leaf, public := chain[0], s.Evidence.Certificate.Facts.Profile == evidence.ProfilePublic
	var found []checks.Finding
	for _, name := range leaf.DNSNames {
		if flaw := nameFlaw(name, public); flaw != "" && len(found) < mostFindings {
			found = append(found, checks.Fails(atBody, fmt.Sprintf("the DNS name %q of the certificate %s", bounded(name), flaw), "have the certificate issued without it"))
		}
	}
	if cn := leaf.Subject.CommonName; cn != "" && !named(leaf, cn) {
		found = append(found, checks.Warns(atBody, fmt.Sprintf("the common name %q is not among the names of the certificate, and clients ignore it", bounded(cn)),
			"have it issued with the common name among its DNS names, or without one"))
	}
	return checks.Judge(found...)
}

// named reports whether the common name is among the subject's alternative
// names.
func named(leaf *x509.Certificate, cn string) bool {
	for _, ip := range leaf.IPAddresses {
		if ip.String() == cn {
			return true
		}
	}
	return slices.ContainsFunc(leaf.DNSNames, func(san string) bool { return asciiLower(san) == asciiLower(cn) })
}

// nameFlaw returns why a dNSName is invalid, "" if it is valid.
func nameFlaw(name string, public bool) string {
	base := strings.TrimPrefix(name, "*.")
	if _, err := netip.ParseAddr(base); err == nil {
		return "is an IP address (RFC 5280 §4.2.1.6: iPAddress)"
	}
	if len(base) > 253 {
		return "has more than 253 characters"
	}
	for label := range strings.SplitSeq(base, ".") {
		if flaw := labelFlaw(label); flaw != "" {
			return flaw
		}
	}
	if public && !strings.Contains(base, ".") {
		return "is an internal name of one label (Baseline Requirements §7.1.2.7.12)"
	}
	if _, icann := publicsuffix.PublicSuffix(asciiLower(base)); public && !icann && reserved(asciiLower(base)) {
		return "is an internal name: its top-level domain is reserved (RFC 6761, Baseline Requirements §7.1.2.7.12)"
	}
	return ""
}

func labelFlaw(label string) string {
	switch {
	case label == "":
		return "has an empty label"
	case len(label) > 63:
		return "has a label of more than 63 characters"
	case strings.Contains(label, "_"):
		return "has an underscore (Baseline Requirements §7.1.2.7.12)"
	case strings.Contains(label, "*"):
		return "has an asterisk that is not the whole first label (RFC 9525 §6.3)"
	case label[0] == '-' || label[len(label)-1] == '-':
		return "has a label that begins or ends with a hyphen (RFC 1123 §2.1)"
	case strings.ContainsFunc(label, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}):
		return "has characters other than letters, digits and hyphens (RFC 5280 §4.2.1.6)"
	}
	if ascii := asciiLower(label); strings.HasPrefix(ascii, "xn--") {
		if _, err := idna.New(idna.StrictDomainName(true), idna.ValidateLabels(true)).ToUnicode(ascii); err != nil {
			return "has a label xn-- that is not an A-label (RFC 5890 §2.3.2.1)"
		}
	}
	return ""
}

// reserved reports the top-level domains of RFC 6761, 6762, 7686 and 9476, and
// .internal.
func reserved(name string) bool {
	tld := name[strings.LastIndexByte(name, '.')+1:]
	return slices.Contains([]string{"test", "example", "invalid", "localhost", "local", "onion", "alt", "internal"}, tld)
}
