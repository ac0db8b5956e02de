package apig

import (
	"cmp"
	"crypto/ecdsa"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// suites returns the cipher suites that the platform documents, with the place of the
// oldest TLS version of each in versions. None of them is TLS 1.3's own.
func suites() map[string]int {
	tls10, tls12 := 0, 2
	return map[string]int{
		"ECDHE-ECDSA-AES128-SHA": tls10, "ECDHE-ECDSA-AES256-SHA": tls10, "ECDHE-RSA-AES128-SHA": tls10, "ECDHE-RSA-AES256-SHA": tls10,
		"AES128-SHA": tls10, "AES256-SHA": tls10,
		"ECDHE-ECDSA-AES128-GCM-SHA256": tls12, "ECDHE-ECDSA-AES256-GCM-SHA384": tls12, "ECDHE-ECDSA-CHACHA20-POLY1305": tls12,
		"ECDHE-RSA-AES128-GCM-SHA256": tls12, "ECDHE-RSA-AES256-GCM-SHA384": tls12, "ECDHE-RSA-CHACHA20-POLY1305": tls12,
		"AES128-GCM-SHA256": tls12, "AES256-GCM-SHA384": tls12,
	}
}

// suitesFitTheKey is apig/suites-fit-the-key.
func suitesFitTheKey() checks.Check {
	return checks.Check{
		ID: "apig/suites-fit-the-key", Severity: checks.Error,
		Applies: func(b binding.Binding) (bool, string) {
			if ok, why := target.Gateway(b); !ok {
				return ok, why
			}
			return b.Protocol != protocolHTTP && (b.TLSCipherSuites == nil || b.TLSCipherSuites.ConfigType != "Default"), "the binding states protocol HTTP, or the default cipher suites"
		},
		NeedsFor: func(b binding.Binding) []evidence.Need {
			needs := []evidence.Need{evidence.NeedRecords, evidence.NeedGateway}
			if b.Certificate != nil {
				needs = append(needs, evidence.NeedCertificate)
			}
			return needs
		},
		Judge: judgeSuites,
		Doc: checks.Doc{
			Title: "The domain's cipher suites are known and fit its key",
			Why: "With custom cipher suites, a handshake below TLS 1.3 needs one for the type of the certificate's key: an ECDSA " +
				"certificate with RSA suites alone fails every such client. A gateway before version 2.0.0 has no custom suites, and a name " +
				"that the platform does not document is refused or ignored.",
			Fix:        "Add a suite of the key's type, such as ECDHE-ECDSA-AES128-GCM-SHA256, or use configType: Default.",
			References: []string{pageUpdateDomain, "RFC 8422 §5.1 (an ECDSA certificate needs an ECDSA suite)", "RFC 8446 §4.1.2 (TLS 1.3 has its own suites)"},
			Failing: "base: apig\nload: {certificate: sound.pem}\nbinding: {tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [\n" +
				"  {name: ECDHE-RSA-AES128-GCM-SHA256, supportVersions: [TLS 1.2]}]}}",
			Passing: "base: apig\nload: {certificate: sound.pem}\nbinding: {tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [\n" +
				"  {name: ECDHE-ECDSA-AES128-GCM-SHA256, supportVersions: [TLS 1.2]}]}}",
		},
	}
}

func judgeSuites(s checks.Subject) checks.Verdict {
	chosen, kind := suitesOf(s)
	switch {
	case protocol(s) == protocolHTTP:
		return checks.NotApplicable("the domain has protocol HTTP")
	case kind == "" || kind == "Default":
		return checks.NotApplicable("the domain has the default cipher suites")
	case kind != "Custom":
		return checks.Judge(checks.Fails("/tlsCipherSuitesConfig/configType", fmt.Sprintf("got configType %q, want Default or Custom", bounded(kind)), "write configType: Custom or configType: Default"))
	case len(chosen) == 0:
		return checks.Judge(checks.Fails("/tlsCipherSuitesConfig", "the cipher suites are custom, and none is named", "name suites, or write configType: Default"))
	}
	low, high := tlsRange(s)
	if low < 0 || high < 0 {
		return checks.Unknown("the TLS versions of the domain are not known; see apig/tls-range-is-stated")
	}
	var found []checks.Finding
	var usable []string // below TLS 1.3
	for i, suite := range chosen {
		pointer := "/tlsCipherSuitesConfig/tlsCipherSuite/" + strconv.Itoa(i) + "/name"
		since, known := suites()[suite.Name]
		switch {
		case !known:
			found = append(found, checks.Fails(pointer, fmt.Sprintf("the cipher suite %q is none that the platform documents%s", bounded(suite.Name), near(suite.Name)), "write a documented name, such as ECDHE-ECDSA-AES128-GCM-SHA256"))
		case since > high:
			found = append(found, checks.Fails(pointer, fmt.Sprintf("the cipher suite %s needs %s, and the domain ends at %s", suite.Name, versions()[since], versions()[high]), "remove it, or raise tlsMax"))
		case offered(suite, max(low, since), min(high, version("TLS 1.2"))):
			usable = append(usable, suite.Name)
		}
		for _, v := range suite.SupportVersions {
			if version(v) < 0 {
				found = append(found, checks.Fails(pointer, fmt.Sprintf("the cipher suite %q names the TLS version %q, want TLS 1.0 to TLS 1.3", bounded(suite.Name), bounded(v)), "write it as TLS 1.2, with the space"))
			}
		}
	}
	return fitting(s, found, usable, low)
}

// fitting judges the gateway's version, and whether a usable suite fits the key.
func fitting(s checks.Subject, found []checks.Finding, usable []string, low int) checks.Verdict {
	unknown := ""
	if s.Binding.TLSCipherSuites != nil {
		switch major, _, ok := strings.Cut(s.Evidence.Gateway.Facts.Version, "."); {
		case !ok || strings.Trim(major, "0123456789") != "" || major == "":
			unknown = "the platform does not state the gateway's version, and custom cipher suites need 2.0.0"
		case major == "0" || major == "1":
			found = append(found, checks.Fails("/tlsCipherSuitesConfig", fmt.Sprintf("the gateway has version %s, and custom cipher suites need 2.0.0", bounded(s.Evidence.Gateway.Facts.Version)), "upgrade the gateway, or remove tlsCipherSuitesConfig"))
		}
	}
	key := keyType(s)
	if low < version("TLS 1.3") {
		switch {
		case key == "":
			unknown = "the type of the certificate's key is not known"
		case !slices.ContainsFunc(usable, func(name string) bool { return serves(name, key) }):
			found = append(found, checks.Fails("/tlsCipherSuitesConfig", fmt.Sprintf("the certificate's key is %s, and no cipher suite below TLS 1.3 is for such a key: %s", key, orNone(usable)),
				fmt.Sprintf("add a suite such as ECDHE-%s-AES128-GCM-SHA256", key)))
		}
	}
	if unknown != "" && !checks.HasError(found) {
		return checks.Unknown(unknown, found...)
	}
	return checks.Judge(found...)
}

// suitesOf returns the suites that the domain has after the binding.
func suitesOf(s checks.Subject) ([]evidence.Suite, string) {
	if c := s.Binding.TLSCipherSuites; c != nil {
		var out []evidence.Suite
		for _, suite := range c.Suites {
			out = append(out, evidence.Suite{Name: suite.Name, SupportVersions: suite.SupportVersions})
		}
		return out, c.ConfigType
	}
	if r := record(s); r != nil && r.Suites != nil {
		return r.Suites.Suites, r.Suites.ConfigType
	}
	return nil, ""
}

// tlsRange returns the TLS versions that the domain has after the binding.
func tlsRange(s checks.Subject) (low, high int) {
	least, most := s.Binding.TLSMin, s.Binding.TLSMax
	if r := record(s); r != nil {
		least, most = cmp.Or(least, r.TLSMin), cmp.Or(most, r.TLSMax)
	}
	return version(cmp.Or(least, "TLS 1.0")), version(cmp.Or(most, "TLS 1.3"))
}

// offered reports whether a suite is offered for a version of the range.
func offered(suite evidence.Suite, low, high int) bool {
	if low > high {
		return false
	}
	return len(suite.SupportVersions) == 0 || slices.ContainsFunc(suite.SupportVersions, func(v string) bool { return low <= version(v) && version(v) <= high })
}

// keyType returns ECDSA or RSA for the certificate that the domain has after the binding;
// empty: it is not known.
func keyType(s checks.Subject) string {
	if s.Binding.Certificate != nil {
		file, v := leaf(s)
		if v != nil {
			return ""
		}
		if _, ec := file.PublicKey.(*ecdsa.PublicKey); ec {
			return "ECDSA"
		}
		return "RSA"
	}
	algorithm := ""
	if r := record(s); r != nil {
		algorithm = r.Algorithm
	}
	if c := s.Evidence.Store.Facts.Current; algorithm == "" && c != nil {
		algorithm = c.Algorithm
	}
	switch a := strings.ToUpper(algorithm); {
	case strings.HasPrefix(a, "RSA"):
		return "RSA"
	case strings.HasPrefix(a, "EC"):
		return "ECDSA"
	}
	return ""
}

// serves reports whether a suite is for a type of key. Suites without ECDHE are RSA's.
func serves(suite, key string) bool {
	return strings.HasPrefix(suite, "ECDHE-"+key+"-") || key == "RSA" && strings.HasPrefix(suite, "AES")
}

// near names the documented suite that a name was probably meant to be.
func near(name string) string {
	folded := strings.ToUpper(strings.NewReplacer("_", "-", " ", "").Replace(name))
	for known := range suites() {
		if strings.EqualFold(known, folded) {
			return fmt.Sprintf("; did you mean %s?", known)
		}
	}
	return ""
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none is usable"
	}
	return some(names)
}
