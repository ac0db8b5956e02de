package dns

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"

	"github.com/bindgate/bindgate/checks/binding"
)

// queryName is the name whose aliases are asked for: the binding's domain in
// A-labels, or for a wildcard a random label below its parent, which only a
// wildcard record can answer (RFC 4592 §2.2).
func (c *Collector) queryName(b binding.Binding) (string, error) {
	domain, err := aLabels(b)
	if err != nil || !b.Wildcard() {
		return domain, err
	}
	name := strings.ToLower(c.label()) + "." + domain
	if _, err := toASCII(name); err != nil {
		return "", fmt.Errorf("putting a random label below %q, for the wildcard: %w", domain, err)
	}
	return name, nil
}

// proofOwner is the owner of the TXT proof, <GroupId>.<domain>; for a wildcard
// binding <GroupId>.<parent>.
func proofOwner(b binding.Binding) (string, error) {
	domain, err := aLabels(b)
	if err != nil {
		return "", err
	}
	owner := b.GroupID + "." + domain
	ascii, err := toASCII(owner)
	if err != nil || b.GroupID == "" || strings.Contains(b.GroupID, ".") {
		return "", fmt.Errorf("the TXT proof of group %q would be at %q, which is no host name: want a group id of letters and digits", b.GroupID, owner)
	}
	return ascii, nil
}

// aLabels is the binding's domain, without a wildcard's label, in A-labels,
// lower case, without the final dot.
func aLabels(b binding.Binding) (string, error) {
	domain := b.DomainName
	if b.Wildcard() {
		domain = strings.TrimPrefix(domain, "*.")
	}
	ascii, err := toASCII(domain)
	if err != nil {
		return "", fmt.Errorf("domain name %q cannot be asked for: %w; see request/domain-is-well-formed", b.DomainName, err)
	}
	return ascii, nil
}

// toASCII converts as a client that looks a name up does: IDNA2008 through
// UTS #46 without the transitional mappings, host names only.
func toASCII(name string) (string, error) {
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.VerifyDNSLength(true))
	ascii, err := profile.ToASCII(strings.TrimSuffix(name, "."))
	if err != nil {
		return "", err
	}
	return ascii, nil
}
