package dns

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/evidence"
)

// tokens are the two published spellings of what precedes the SubDomain.
func tokens() []string {
	return []string{"apigateway-domain-verification=", "apigateway-domain-verfication="}
}

// published are the spellings in which a record names sub, byte for byte.
func published(p evidence.Proof, sub string) []string {
	var found []string
	for _, token := range tokens() {
		if p.Event == "" && slices.Contains(p.Records, token+sub) {
			found = append(found, token)
		}
	}
	return found
}

// proofRecords are the records to publish, as lines of a zone file.
func proofRecords(p evidence.Proof, sub string) string {
	var lines []string
	for _, token := range tokens() {
		lines = append(lines, fmt.Sprintf(`%s. TXT "%s%s"`, p.Owner, token, sub))
	}
	return strings.Join(lines, " and ")
}

// notProved says why no record proves ownership, by the record that comes
// nearest: one that almost names sub, then one that names another group.
func notProved(p evidence.Proof, sub string) string {
	for _, text := range p.Partial {
		if strings.HasSuffix(text, sub) {
			return fmt.Sprintf("some authoritative servers have the TXT record at %s, and others do not yet: the platform may ask any of them", p.Owner)
		}
	}
	for _, m := range p.Misplaced {
		for _, text := range m.Records {
			if strings.Contains(loose(text), loose(sub)) {
				return fmt.Sprintf("no TXT record at %s%s; it was published at %s instead", p.Owner, missing(p), m.Name)
			}
		}
	}
	if len(p.Records) == 0 || p.Event != "" {
		return fmt.Sprintf("no TXT record at %s%s", p.Owner, missing(p))
	}
	for _, text := range p.Records {
		if strings.Contains(loose(text), loose(sub)) {
			return fmt.Sprintf(`the TXT record at %s is almost right: got "%s", want exactly "%s%s"; mind quotes, spaces, case and the final dot`,
				p.Owner, cut(text), tokens()[0], sub)
		}
	}
	for _, text := range p.Records {
		if strings.HasPrefix(loose(text), "apigateway-domain-") {
			return fmt.Sprintf(`the TXT record at %s names another group: got "%s", want %s`, p.Owner, cut(text), sub)
		}
	}
	return fmt.Sprintf(`%d TXT records at %s, none of them for API Gateway: got "%s"`, len(p.Records), p.Owner, cut(p.Records[0]))
}

// missing says how the search for a TXT record ended.
func missing(p evidence.Proof) string {
	via := ""
	if n := len(p.Hops); n > 0 {
		via = fmt.Sprintf(" (a CNAME to %s)", p.Hops[n-1].Target)
	}
	switch p.Event {
	case evidence.EventNameError:
		return via + ": the name does not exist"
	case evidence.EventNoData:
		return via + ": the name exists without one"
	case evidence.EventLoop, evidence.EventMultipleCNAMEs, evidence.EventTooLong:
		return via + ": its CNAME chain has no valid end"
	}
	return via
}

// loose is a text without case, spaces, quotes and backslashes, which escape
// quotes in presentation format.
func loose(text string) string {
	return strings.ToLower(strings.NewReplacer(`\`, "", `"`, "", "'", "", " ", "").Replace(text))
}

// cut bounds a text from outside.
func cut(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
