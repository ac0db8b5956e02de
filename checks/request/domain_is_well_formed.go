package request

import (
	"fmt"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/internal/target"
)

// domainIsWellFormed is request/domain-is-well-formed.
func domainIsWellFormed() checks.Check {
	return checks.Check{
		ID: "request/domain-is-well-formed", Severity: checks.Error, Core: true,
		MustPass: checks.Proves(checks.RequestIsValid),
		Applies:  namesDomain,
		Judge:    judgeDomainForm,
		Doc: checks.Doc{
			Title: "The domain name is a host name or a wildcard",
			Why: "The name in DNS, in the certificate and in the call must be the same. A scheme, a port, a final dot or an invisible " +
				"character makes them differ, and the binding then serves no request.",
			Fix: "Write only the host name: labels of letters, digits and inner hyphens (U-labels as their A-labels), at most 63 octets " +
				"per label and 253 in total, no final dot; for a wildcard a single * as the leftmost label.",
			References: []string{
				"RFC 1035 section 2.3.4: limits of 63 and 255 octets",
				"RFC 1123 section 2.1: letters, digits and hyphens",
				"RFC 5890 section 2.3: A-labels, U-labels, reserved labels",
				"UTS #46, non-transitional processing: https://www.unicode.org/reports/tr46/",
				"RFC 4592 section 2.1.1: the wildcard label",
				"Alibaba Cloud, cloud-native API Gateway, CreateDomain (2024-03-27): a name has 1 to 128 characters",
			},
			Failing: "binding: {domainName: 'https://api.demo.com/v1'}",
			Passing: "binding: {domainName: '*.demo.com'}",
		},
	}
}

func judgeDomainForm(s checks.Subject) checks.Verdict {
	name := s.Binding.DomainName
	for _, slip := range slips() {
		if slip.in(name) {
			f := checks.Fails("/domainName", fmt.Sprintf("the domain name %.300q %s", name, slip.what), slip.fix)
			if meant := hostIn(name); meant != "" {
				f = f.Writing(meant)
			}
			return checks.Judge(f)
		}
	}
	ascii, err := asciiName(name)
	if err != nil {
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("the domain name %.300q %v", name, err),
			"use letters, digits and inner hyphens, at most 63 octets a label and 253 in all"))
	}
	if ok, _ := target.Gateway(s.Binding); ok && len(ascii) > maxGatewayName {
		return checks.Judge(checks.Fails("/domainName", fmt.Sprintf("the domain name %.300q has %d characters, and a gateway takes at most %d", name, len(ascii), maxGatewayName),
			"bind a shorter name, or a wildcard above it"))
	}
	if strings.EqualFold(name, ascii) && isASCII(name) {
		return checks.Pass()
	}
	return judgeMapped(name, ascii)
}

// maxGatewayName is the longest name that CreateDomain takes.
const maxGatewayName = 128

// judgeMapped looks at a name that IDNA turned into another one. Letters of
// another script become A-labels and are meant; characters that vanish or turn
// into plain letters are not. Either way one form must stand in the manifest, in
// DNS, in the certificate and in the gateway, and only A-labels are the same
// everywhere: which form the API stores for a U-label is documented nowhere.
func judgeMapped(name, ascii string) checks.Verdict {
	fix := fmt.Sprintf("write domainName: %s", ascii)
	mapped := strings.Split(ascii, ".")
	for i, label := range strings.Split(name, ".") {
		if isASCII(label) || i < len(mapped) && strings.HasPrefix(mapped[i], "xn--") {
			continue
		}
		return checks.Judge(checks.Fails("/domainName",
			fmt.Sprintf("the domain name %+q holds characters that look like others or are invisible; it reads as %q", name, ascii), fix).Writing(ascii))
	}
	return checks.Judge(checks.Fails("/domainName",
		fmt.Sprintf("the domain name %q has U-labels; it is %q in DNS, in certificates and for the gateway", name, ascii), fix).Writing(ascii))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}
