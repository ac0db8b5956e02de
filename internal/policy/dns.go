package policy

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/bindgate/bindgate/checks/evidence"
)

// dnsFacts is what DNS answered, as a policy reads it.
type dnsFacts struct {
	evidence.DNS
	CAASet *caaSet `json:"caaSet,omitempty"` // not given: it was not looked up
}

// caaSet is the CAA record set that applies to the name (RFC 8659 §3).
type caaSet struct {
	Name    string      `json:"name"`              // the owner of the records, or the last name that was queried
	Problem string      `json:"problem,omitempty"` // why they are not known
	Records []caaRecord `json:"records"`           // empty: any authority may issue, unless there is a problem
}

// caaRecord is one CAA record.
type caaRecord struct {
	Flag  int    `json:"flag"`  // 128: critical
	Tag   string `json:"tag"`   // in lower case: issue, issuewild, iodef, …
	Value string `json:"value"` // without quotes and escapes
}

// dnsOf returns the observation without a CAA record set.
func dnsOf(o evidence.Observation[evidence.DNS]) evidence.Observation[dnsFacts] {
	out := without[evidence.DNS, dnsFacts](o)
	out.Facts.DNS = o.Facts
	return out
}

// withCAA adds the CAA record set. An unreadable record fails the observation: a policy
// that reads half of a set would be silent about the other half.
func withCAA(o evidence.Observation[dnsFacts]) evidence.Observation[dnsFacts] {
	if o.State != evidence.StateObserved || o.Facts.Context == nil || len(o.Facts.Context.CAA) == 0 {
		return o
	}
	last := o.Facts.Context.CAA[len(o.Facts.Context.CAA)-1]
	set := &caaSet{Name: last.Name, Problem: last.Problem}
	for _, text := range last.Records {
		r, err := parseCAA(text)
		if err != nil {
			o.State, o.Reason = evidence.StateFailed, fmt.Sprintf("reading the CAA records of %q for the policies: %v", last.Name, err)
			return o
		}
		set.Records = append(set.Records, r)
	}
	o.Facts.CAASet = set
	return o
}

// parseCAA reads a record in presentation format: 0 issue "ca.example; a=b".
func parseCAA(text string) (caaRecord, error) {
	parts := strings.SplitN(text, " ", 3)
	if len(parts) != 3 {
		return caaRecord{}, fmt.Errorf("got %.100q, want flag, tag and value", text)
	}
	flag, err := strconv.ParseUint(parts[0], 10, 8)
	if err != nil {
		return caaRecord{}, fmt.Errorf("got the flag %.100q, want 0 to 255", parts[0])
	}
	value := parts[2]
	if len(value) > 1 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
		value = value[1 : len(value)-1]
	}
	return caaRecord{Flag: int(flag), Tag: strings.ToLower(parts[1]), Value: unescape(value)}, nil
}

// unescape resolves \DDD and \X of a master file (RFC 1035 §5.1).
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if i+3 < len(s) {
				if n, err := strconv.ParseUint(s[i+1:i+4], 10, 8); err == nil {
					out = append(out, byte(n))
					i += 3
					continue
				}
			}
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// registrableOf returns the registrable domain of a name or wildcard; nil: it has none.
func registrableOf(name string) *string {
	ascii, err := idna.Lookup.ToASCII(strings.TrimPrefix(evidence.PlainName(name), "*."))
	if err != nil {
		return nil
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(ascii)
	if err != nil {
		return nil
	}
	return &domain
}
