package dns

import (
	"slices"
	"strings"
)

// caaFor reads records in presentation format: which CAs they allow (nil: every one),
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

// noCA is the meaning of a lone ";".
const noCA = "no CA"

func orNoCA(allowed []string) string {
	if named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" }); len(named) > 0 {
		return some(named)
	}
	return noCA
}

// caaFixture is the sound base with a certificate and the CAA records of demo.com.
func caaFixture(records string) string {
	return "evidence: {certificate: {state: observed, facts: {source: a.pem, path: {rootsFrom: mozilla, subjects: []}}},\n" +
		"  dns: {facts: {context: {caa: [{name: api.demo.com, event: nodata}, {name: demo.com, " + records + "}]}}}}"
}
