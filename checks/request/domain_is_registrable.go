package request

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

type reservedName struct{ name, source string }

// reserved are suffixes without public registration, each with its source.
func reserved() []reservedName {
	return []reservedName{
		{"test", "RFC 6761 section 6.2"},
		{"localhost", "RFC 6761 section 6.3"},
		{"invalid", "RFC 6761 section 6.4"},
		{"example", "RFC 6761 section 6.5"},
		{"local", "RFC 6762 section 3"},
		{"onion", "RFC 7686 section 2"},
		{"alt", "RFC 9476 section 2"},
		{"internal", "ICANN board resolution 2024.07.29.06"},
		{"home.arpa", "RFC 8375 section 3"},
		{"arpa", "RFC 3172 section 2"},
	}
}

// domainIsRegistrable is request/domain-is-registrable.
func domainIsRegistrable() checks.Check {
	return checks.Check{
		ID: "request/domain-is-registrable", Severity: checks.Error,
		Applies: func(b binding.Binding) (bool, string) {
			if b.CustomDomainType == binding.Intranet {
				return false, "an INTRANET domain need not be public"
			}
			return namesDomain(b)
		},
		Judge: judgeRegistrable,
		Doc: checks.Doc{
			Title: "The domain is below a public suffix and is not reserved",
			Why: "An INTERNET domain must be one that its owner can register: below a public suffix, and not a name reserved for other " +
				"purposes. Other names cannot be resolved, get an ICP filing or a certificate in public. A wildcard directly below a " +
				"public suffix would cover the domains of all other owners.",
			Fix: "Bind a name below a domain that you registered. For a name of a private network, use customDomainType: INTRANET.",
			References: []string{
				"Public Suffix List: https://publicsuffix.org/list/",
				"IANA, Special-Use Domain Names: https://www.iana.org/assignments/special-use-domain-names/",
				pageBindDomain,
			},
			Failing: "binding: {domainName: '*.co.uk'}",
			Passing: "binding: {domainName: api.demo.co.uk}",
		},
	}
}

func judgeRegistrable(s checks.Subject) checks.Verdict {
	ascii, err := asciiName(s.Binding.DomainName)
	if err != nil {
		return checks.Unknown("the domain name is not well-formed, see request/domain-is-well-formed")
	}
	name := strings.TrimPrefix(ascii, "*.")
	fails := func(fix, format string, args ...any) checks.Verdict {
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf(format, args...), fix))
	}
	for _, r := range reserved() {
		if isOrIsBelow(name, r.name) {
			return fails("bind a registered domain, or say customDomainType: INTRANET",
				"%q lies on %q, which is reserved and never public (%s)", ascii, r.name, r.source)
		}
	}
	if !strings.Contains(name, ".") {
		return fails("bind a name below a registered domain, like api.demo.com", "%q is a single label", ascii)
	}
	if isOrIsBelow(name, "alicloudapi.com") {
		return fails("bind a domain of your own and let it be an alias of that name",
			"%q lies under alicloudapi.com, the platform's own domain", ascii)
	}
	suffix, icann := publicsuffix.PublicSuffix(name)
	switch {
	case name == suffix:
		return fails("bind a name below a registered domain", "%q is the public suffix %q, which cannot be registered", ascii, suffix)
	case !icann && !strings.Contains(suffix, "."):
		return checks.Judge(checks.Warns("/domainName",
			fmt.Sprintf("%q is no top-level domain that the Public Suffix List knows", suffix), "check the end of the name"))
	case !icann && strings.Count(name, ".") == strings.Count(suffix, ".")+1:
		return checks.Judge(checks.Warns("/domainName",
			fmt.Sprintf("%q lies directly under %q, where a private operator gives out names", ascii, suffix),
			"make sure that the name is yours, and stays so as long as the binding"))
	}
	return checks.Pass()
}

func isOrIsBelow(name, parent string) bool {
	return name == parent || strings.HasSuffix(name, "."+parent)
}
