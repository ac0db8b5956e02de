package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox"
)

const setDomainCertificate = "SetDomainCertificate"

// call is one call that changes the gateway, whoever tells of it.
type call struct {
	action string
	params map[string]string // without GroupId, DomainName and RegionId
	pair   pair              // the certificate that it carries
	failed string            // why it changed nothing
}

// pair is a certificate with its key, by the digests that reports use.
type pair struct{ chain, key string }

// setDomain is a SetDomain with these names and values.
func setDomain(pairs ...string) call {
	c := call{action: "SetDomain", params: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.params[pairs[i]] = pairs[i+1]
	}
	return c
}

func setCertificate(name string) call {
	return call{action: setDomainCertificate, params: map[string]string{"CertificateName": name}}
}

// String writes everything of a call that must agree.
func (c call) String() string {
	words := []string{c.action}
	for _, name := range slices.Sorted(maps.Keys(c.params)) {
		words = append(words, fmt.Sprintf("%s=%q", name, c.params[name]))
	}
	if c.pair != (pair{}) {
		words = append(words, "certificate "+c.pair.chain, "key "+c.pair.key)
	}
	if c.failed != "" {
		words = append(words, fmt.Sprintf("without effect (%q)", c.failed))
	}
	return strings.Join(words, " ")
}

// writes are the received calls that may have changed something, with the place
// that each names. Whatever is not plainly a read counts.
func writes(received []sandbox.Received) (calls []call, at []place) {
	for _, r := range received {
		if strings.HasPrefix(r.Action, "Describe") && !r.Committed {
			continue
		}
		c := call{action: r.Action, params: withoutPlace(r.Params), pair: pair{r.ChainDigest, r.PublicKeyDigest}}
		if r.Code != "OK" || !r.Committed {
			c.failed = r.Code
			if c.failed == "" || c.failed == "OK" {
				c.failed = "not committed"
			}
		}
		calls, at = append(calls, c), append(at, place{r.Params["DomainName"], r.Params["GroupId"]})
	}
	return calls, at
}

func withoutPlace(params map[string]string) map[string]string {
	rest := maps.Clone(params)
	for _, name := range [...]string{"DomainName", "GroupId", "RegionId"} {
		delete(rest, name)
	}
	return rest
}

// differ says how two sequences of calls differ; nothing if they do not.
func differ(who string, got, want []call) []string {
	var out []string
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			out = append(out, fmt.Sprintf("%s: call %d is missing, want %s", who, i+1, want[i]))
		case i >= len(want):
			out = append(out, fmt.Sprintf("%s: call %d should not be, got %s", who, i+1, got[i]))
		case got[i].String() != want[i].String():
			out = append(out, fmt.Sprintf("%s: call %d: got %s, want %s", who, i+1, got[i], want[i]))
		}
	}
	return out
}
