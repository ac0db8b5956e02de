// Package dns collects DNS evidence for a binding's domain: the CNAME chain and its context,
// and the TXT record that proves ownership. In authoritative mode it queries the zones'
// authoritative servers, in resolver mode one resolver.
package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	miekg "github.com/miekg/dns"
	"golang.org/x/net/idna"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

// Collector collects DNS evidence. It is safe for concurrent use.
type Collector struct {
	walker    *iterate.Walker   // nil: resolver mode
	resolvers []*resolve.Client // resolver mode: one; authoritative mode: to compare with, and for INTRANET names
	failures  []atomic.Int32    // failed comparisons with each resolver
	now       func() time.Time
	label     func() string

	resolversProblem string // authoritative mode: why some or all resolvers are missing
}

// New makes a collector in resolver mode. now is the clock that stamps the
// evidence; label returns a DNS label that was never used before, for wildcard
// bindings (crypto/rand's Text, or a fixed one in tests).
func New(resolver *resolve.Client, now func() time.Time, label func() string) *Collector {
	return &Collector{resolvers: []*resolve.Client{resolver}, now: now, label: label}
}

// NewAuthority makes a collector in authoritative mode. It queries the resolvers to compare
// them with the authoritative servers, and for INTRANET names, which have no public
// authoritative servers. resolvers may be empty; resolversProblem states why some or all are
// missing.
func NewAuthority(w *iterate.Walker, resolvers []*resolve.Client, resolversProblem string, now func() time.Time, label func() string) *Collector {
	return &Collector{walker: w, resolvers: resolvers, resolversProblem: resolversProblem, failures: make([]atomic.Int32, len(resolvers)), now: now, label: label}
}

// Collect observes the CNAME chain of the binding's domain, and the TXT record if
// domainProof is txt or the binding names a gateway. A failed observation contains the CNAME records up to the
// error.
func (c *Collector) Collect(ctx context.Context, b binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
	if b.CertificateOnly {
		const why = "the certificate is judged alone: no group was named"
		return evidence.NotCollected[evidence.DNS](why), evidence.NotCollected[evidence.Proof](why)
	}
	if c.walker != nil && b.CustomDomainType != binding.Intranet {
		return c.authorityAliases(ctx, b), c.authorityProof(ctx, b)
	}
	if len(c.resolvers) == 0 {
		why := "INTRANET names need a resolver, and none is configured"
		if c.resolversProblem != "" {
			why += " (" + c.resolversProblem + ")"
		}
		why += "; name one with --resolver"
		return evidence.Failed[evidence.DNS](why, "", c.now()), evidence.Failed[evidence.Proof](why, "", c.now())
	}
	return c.aliases(ctx, b), c.proof(ctx, b)
}

// inTurn queries resolvers one after the other, as the C library does, until one of them
// answers or reports that DNSSEC validation failed.
func inTurn[T any](ctx context.Context, resolvers []*resolve.Client, ask func(*resolve.Client) (evidence.Observation[T], error)) (o evidence.Observation[T]) {
	for _, resolver := range resolvers {
		last, err := ask(resolver)
		if o.State == "" || err == nil {
			o = last
		} else {
			o.Reason += "; " + last.Reason
		}
		var e *resolve.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) || e.Kind == resolve.Bogus {
			break
		}
	}
	return o
}

func (c *Collector) aliases(ctx context.Context, b binding.Binding) evidence.Observation[evidence.DNS] {
	name, err := c.queryName(b)
	if err != nil {
		return evidence.Failed[evidence.DNS](err.Error(), c.resolvers[0].Server(), c.now())
	}
	return inTurn(ctx, c.resolvers, func(resolver *resolve.Client) (evidence.Observation[evidence.DNS], error) {
		chain, led, err := resolver.WalkAndAsk(ctx, name)
		facts := evidence.DNS{Mode: evidence.DNSResolver, QueryName: name, Hops: hops(chain, resolver.Server()), End: end(chain)}
		if err != nil {
			return failed(evidence.Failed[evidence.DNS](err.Error(), resolver.Server(), c.now()), facts), err
		}
		facts.Clients = clientsOf(chain, led, name, resolver.Server())
		facts.Context = collectContext(ctx, resolver.Follow, b, facts)
		return evidence.Observed(facts, resolver.Server(), c.now()), nil
	})
}

func (c *Collector) proof(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Proof] {
	if !asksProof(b) {
		return evidence.NotCollected[evidence.Proof](byCNAME)
	}
	owner, err := proofOwner(b)
	if errors.Is(err, errTooLong) {
		return evidence.Observed(evidence.Proof{Owner: owner, OwnerProblem: err.Error()}, c.resolvers[0].Server(), c.now())
	}
	if err != nil {
		return evidence.Failed[evidence.Proof](err.Error(), c.resolvers[0].Server(), c.now())
	}
	return inTurn(ctx, c.resolvers, func(resolver *resolve.Client) (evidence.Observation[evidence.Proof], error) {
		chain, err := resolver.Follow(ctx, owner, miekg.TypeTXT)
		facts := proofFacts(owner, chain, resolver.Server())
		if err != nil {
			return failed(evidence.Failed[evidence.Proof](err.Error(), resolver.Server(), c.now()), facts), err
		}
		facts.Misplaced = misplacedProof(ctx, resolver.Follow, b, facts)
		return evidence.Observed(facts, resolver.Server(), c.now()), nil
	})
}

func proofFacts(owner string, chain resolve.Chain, server string) evidence.Proof {
	facts := evidence.Proof{Owner: owner, Records: chain.Records}
	if len(chain.Hops) > 0 {
		facts.Hops = hops(chain, server)
	}
	if chain.Event != resolve.Found {
		facts.Event = event(chain.Event)
	}
	return facts
}

// failed returns a failed observation with the facts that were collected before the error.
func failed[T any](o evidence.Observation[T], seen T) evidence.Observation[T] {
	o.Facts = seen
	return o
}

// hops returns the CNAME records of the chain. The result is never nil, so that JSON contains
// [] for an empty chain.
func hops(chain resolve.Chain, server string) []evidence.Hop {
	out := make([]evidence.Hop, 0, len(chain.Hops))
	for _, h := range chain.Hops {
		out = append(out, evidence.Hop{Owner: h.Owner, Target: h.Target, TTL: h.TTL, Server: server})
	}
	return out
}

func end(chain resolve.Chain) evidence.End {
	return evidence.End{Name: chain.Name, Event: event(chain.Event), Addresses: chain.Records, TTL: chain.TTL, Targets: chain.Targets}
}

// event converts a resolve.Event to an evidence.Event; the result is empty if the walk failed.
func event(e resolve.Event) evidence.Event {
	switch e {
	case resolve.Found:
		return evidence.EventAddress
	case resolve.NoData:
		return evidence.EventNoData
	case resolve.NameError:
		return evidence.EventNameError
	case resolve.Loop:
		return evidence.EventLoop
	case resolve.MultipleCNAMEs:
		return evidence.EventMultipleCNAMEs
	case resolve.TooLong:
		return evidence.EventTooLong
	}
	return ""
}

// queryName returns the name to look up: the binding's domain in A-labels. For a wildcard it
// replaces * by a random label, so that only a wildcard record can answer (RFC 4592 §2.2).
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

// maxOctets is the length of the longest name in presentation format (RFC 1035 §2.3.4).
const maxOctets = 253

var errTooLong = fmt.Errorf("a domain name has at most %d", maxOctets)

const byCNAME = "the binding proves its domain by CNAME"

// asksProof reports whether a TXT record may prove the domain. For a gateway it always may.
func asksProof(b binding.Binding) bool {
	return b.DomainProof == binding.ProofTXT || b.GatewayID != ""
}

// gatewayLabel is the first label of the TXT proof for a gateway. bindgate's own rule, since
// the platform has none.
const gatewayLabel = "_bindgate"

// proofOwner returns the owner name of the TXT proof, <GroupId>.<domain> or
// _bindgate.<domain>; for a wildcard binding the domain is its parent.
func proofOwner(b binding.Binding) (string, error) {
	domain, err := aLabels(b)
	if err != nil {
		return "", err
	}
	owner := b.GroupID + "." + domain
	if b.GatewayID != "" {
		owner = gatewayLabel + "." + domain
	}
	if len(owner) > maxOctets {
		return strings.ToLower(owner), fmt.Errorf("its owner name would have %d octets, and %w: %s", len(owner), errTooLong, owner)
	}
	if b.GatewayID != "" {
		return owner, nil // no host name, because of its underscore
	}
	ascii, err := toASCII(owner)
	if err != nil || b.GroupID == "" || strings.Contains(b.GroupID, ".") {
		return "", fmt.Errorf("the TXT record for group %q would be at %q, which is not a valid name; want a group id of letters and digits", b.GroupID, owner)
	}
	return ascii, nil
}

// aLabels returns the binding's domain without the label *, in A-labels, in lower case and
// without the final dot.
func aLabels(b binding.Binding) (string, error) {
	domain := b.DomainName
	if b.Wildcard() {
		domain = strings.TrimPrefix(domain, "*.")
	}
	ascii, err := toASCII(domain)
	if err != nil {
		return "", fmt.Errorf("domain name %q cannot be queried: %w; see request/domain-is-well-formed", b.DomainName, err)
	}
	return ascii, nil
}

// lookupProfile is IDNA2008 with UTS #46, non-transitional, as lookup clients do.
var lookupProfile = sync.OnceValue(func() *idna.Profile { //nolint:gochecknoglobals // never changed
	return idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.VerifyDNSLength(true))
})

// toASCII converts a host name to A-labels.
func toASCII(name string) (string, error) {
	ascii, err := lookupProfile().ToASCII(strings.TrimSuffix(name, "."))
	if err != nil {
		return "", err
	}
	return ascii, nil
}
