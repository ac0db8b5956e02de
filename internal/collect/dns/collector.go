// Package dns turns what a resolver says about a binding's domain into
// evidence: the alias chain, and the TXT record that proves ownership.
package dns

import (
	"context"
	"time"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
)

// Collector collects DNS evidence from one resolver. It is safe for concurrent use.
type Collector struct {
	resolver *resolve.Client
	now      func() time.Time
	label    func() string
}

// New makes a collector. now is the clock that stamps the evidence; label gives
// a DNS label that nobody has used before, for wildcard bindings (crypto/rand's
// Text, or a fixed one in tests).
func New(resolver *resolve.Client, now func() time.Time, label func() string) *Collector {
	return &Collector{resolver: resolver, now: now, label: label}
}

// Collect asks for the alias chain of the binding's domain, and for its TXT
// proof if that is how the binding proves its domain. An observation that
// failed holds the aliases that were seen until then.
func (c *Collector) Collect(ctx context.Context, b binding.Binding) (evidence.Observation[evidence.DNS], evidence.Observation[evidence.Proof]) {
	if b.CertificateAlone {
		const why = "the certificate is judged alone: no group was named"
		return evidence.Left[evidence.DNS](why), evidence.Left[evidence.Proof](why)
	}
	return c.aliases(ctx, b), c.proof(ctx, b)
}

func (c *Collector) aliases(ctx context.Context, b binding.Binding) evidence.Observation[evidence.DNS] {
	name, err := c.queryName(b)
	if err != nil {
		return evidence.CouldNot[evidence.DNS](err.Error(), c.resolver.Server(), c.now())
	}
	chain, err := c.resolver.Walk(ctx, name)
	facts := evidence.DNS{
		Mode:      evidence.DNSResolver,
		QueryName: name,
		Hops:      c.hops(chain),
		End:       evidence.End{Name: chain.Name, Event: event(chain.Event), Addresses: chain.Records, Targets: chain.Targets},
	}
	if err != nil {
		return failed(evidence.CouldNot[evidence.DNS](err.Error(), c.resolver.Server(), c.now()), facts)
	}
	return evidence.Saw(facts, c.resolver.Server(), c.now())
}

func (c *Collector) proof(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Proof] {
	if b.DomainProof != binding.ProofTXT {
		return evidence.Left[evidence.Proof]("the binding proves its domain by CNAME")
	}
	owner, err := proofOwner(b)
	if err != nil {
		return evidence.CouldNot[evidence.Proof](err.Error(), c.resolver.Server(), c.now())
	}
	chain, err := c.resolver.TXT(ctx, owner)
	facts := evidence.Proof{Owner: owner, Records: chain.Records}
	if len(chain.Hops) > 0 {
		facts.Hops = c.hops(chain)
	}
	if chain.Event != resolve.Found {
		facts.Event = event(chain.Event)
	}
	if err != nil {
		return failed(evidence.CouldNot[evidence.Proof](err.Error(), c.resolver.Server(), c.now()), facts)
	}
	return evidence.Saw(facts, c.resolver.Server(), c.now())
}

// failed adds to a failed observation what was seen until then.
func failed[T any](o evidence.Observation[T], seen T) evidence.Observation[T] {
	o.Facts = seen
	return o
}

// hops are the chain's aliases; never nil, so that a chain without any is [] in JSON.
func (c *Collector) hops(chain resolve.Chain) []evidence.Hop {
	hops := make([]evidence.Hop, 0, len(chain.Hops))
	for _, h := range chain.Hops {
		hops = append(hops, evidence.Hop{Owner: h.Owner, Target: h.Target, TTL: h.TTL, Server: c.resolver.Server()})
	}
	return hops
}

// event puts the resolver's word into the evidence's. A walk that failed has none.
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
