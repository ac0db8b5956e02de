package request

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// What templates and shells leave where a value was not filled in: ${X}, $(x), $X,
// {{ x }}, #{x}, <x>, %X%, and whole values that stand for one.
var (
	expansion = sync.OnceValue(func() *regexp.Regexp { //nolint:gochecknoglobals // never changed; it is compiled when it is needed
		return regexp.MustCompile(`\$\{[^}]*\}|\$\([^)]*\)|\$[A-Z_][A-Z0-9_]+|\{\{.*?\}\}|#\{[^}]*\}|<[A-Za-z][A-Za-z0-9_. -]*>|%[A-Za-z_][A-Za-z0-9_]*%`)
	})
	inBraces = regexp.MustCompile(`\{[^{}]*\}|[{}]`) // in the name of a certificate
	standIn  = regexp.MustCompile(`^(?i:change[-_ ]?me|replace[-_ ]?me|fill[-_ ]?me|todo|tbd|fixme|xxx+)$`)
)

// placeholderIn returns the first placeholder in a text, or "". Searching each text
// for expansions took a tenth of the time of a run without certificates.
func placeholderIn(text string) string {
	if strings.ContainsAny(text, "${#<%") {
		return expansion().FindString(text)
	}
	return standIn.FindString(text)
}

// hasNoPlaceholders is request/has-no-placeholders.
func hasNoPlaceholders() checks.Check {
	return checks.Check{
		ID: "request/has-no-placeholders", Severity: checks.Error,
		Judge: judgePlaceholders,
		Doc: checks.Doc{
			Title: "No value is an unfilled placeholder",
			Why: "A template that was not rendered, or a variable that was not set, leaves its placeholder in the manifest. As a label it " +
				"satisfies policies that ask for an owner or a ticket; as a certificate name it fails only after the domain was bound.",
			Fix: "Render the template, or write the value. In certificate.name, bindgate itself fills {notBefore} and {sha256} from the " +
				"certificate; no other name in braces is filled.",
			References: []string{"POSIX.1-2017, Shell Command Language §2.6 (expansions)", "Go, text/template: actions are delimited by {{ and }}"},
			Failing:    "binding: {labels: {changeTicket: '{{ ticket }}'}}",
			Passing:    "binding: {labels: {changeTicket: CHG-1042}}",
		},
	}
}

func judgePlaceholders(s checks.Subject) checks.Verdict {
	var found []checks.Finding
	for _, v := range values(s.Binding) {
		if left := placeholderIn(v.text); left != "" {
			found = append(found, checks.Fails(v.pointer, fmt.Sprintf("%s contains the placeholder %.80q, which was not filled in", v.name, left),
				"render the template before bindgate runs, or write the value"))
		}
	}
	if c := s.Binding.Certificate; c != nil && placeholderIn(c.Name) == "" {
		found = append(found, unfilled(c.Name)...)
	}
	return checks.Judge(found...)
}

// unfilled reports what is left in braces in the name of a certificate.
func unfilled(name string) []checks.Finding {
	const at = "/certificate/name"
	left := inBraces.FindString(name)
	switch {
	case left == binding.NameNotBefore || left == binding.NameSHA256:
		return []checks.Finding{checks.Fails(at, fmt.Sprintf("certificate.name contains %s, which is filled from the certificate, and the certificate was not read", left),
			"see what other checks report of the certificate")}
	case left != "":
		return []checks.Finding{checks.Fails(at, fmt.Sprintf("certificate.name contains %.80q, which is not filled, want %s or %s", left, binding.NameNotBefore, binding.NameSHA256),
			"write one of the two, or remove the braces")}
	}
	return nil
}

// value is one text of a binding.
type value struct{ name, pointer, text string }

// values returns all texts of a binding that people write.
func values(b binding.Binding) []value {
	out := []value{{"domainName", "/domainName", b.DomainName}, {"groupId", "/groupId", b.GroupID}, {"regionId", "/regionId", b.RegionID},
		{"customDomainType", "/customDomainType", b.CustomDomainType}}
	out = append(out, value{"gatewayId", "/gatewayId", b.GatewayID}, value{"protocol", "/protocol", b.Protocol}, value{"http2Option", "/http2Option", b.HTTP2Option},
		value{"tlsMin", "/tlsMin", b.TLSMin}, value{"tlsMax", "/tlsMax", b.TLSMax}, value{"domainScope", "/domainScope", b.DomainScope},
		value{"gatewayType", "/gatewayType", b.GatewayType}, value{"resourceGroupId", "/resourceGroupId", b.ResourceGroupID})
	if m := b.MovesFrom; m != nil {
		out = append(out, value{"movesFrom.groupId", "/movesFrom/groupId", m.GroupID}, value{"movesFrom.regionId", "/movesFrom/regionId", m.RegionID})
	}
	if b.BindStageName != nil {
		out = append(out, value{"bindStageName", "/bindStageName", *b.BindStageName})
	}
	for i, id := range b.ForceFrom {
		out = append(out, value{"forceFrom", "/forceFrom/" + strconv.Itoa(i), id})
	}
	if c := b.Certificate; c != nil {
		out = append(out, value{"certificate.name", "/certificate/name", c.Name}, value{"certificate.body", "/certificate/body", c.Body},
			value{"certificate.casId", "/certificate/casId", c.CASID})
		if key := c.PrivateKey; key != nil {
			out = append(out, value{"certificate.privateKey", "/certificate/privateKey", key.File})
		}
	}
	if c := b.ClientCertificate; c != nil {
		out = append(out, value{"clientCertificate.ca", "/clientCertificate/ca", c.CA}, value{"clientCertificate.casId", "/clientCertificate/casId", c.CASID})
	}
	for _, key := range slices.Sorted(maps.Keys(b.Labels)) {
		pointer := "/labels/" + token(key)
		out = append(out, value{"the name of a label", pointer, key}, value{fmt.Sprintf("the label %.64q", key), pointer, b.Labels[key]})
	}
	return out
}
