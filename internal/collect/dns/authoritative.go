package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	miekg "github.com/miekg/dns"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/resolve"
	"github.com/bindgate/bindgate/internal/resolve/iterate"
)

// authorities is the source of observations in authoritative mode.
const authorities = "the zones' authoritative servers"

func (c *Collector) authorityAliases(ctx context.Context, b binding.Binding) evidence.Observation[evidence.DNS] {
	name, err := c.queryName(b)
	if err != nil {
		return evidence.Failed[evidence.DNS](err.Error(), authorities, c.now())
	}
	walk, err := c.walker.WalkWithOthers(ctx, name, miekg.TypeA, miekg.TypeAAAA)
	facts := evidence.DNS{Mode: evidence.DNSAuthoritative, QueryName: name, Hops: cnameRecords(walk), End: end(walk.Chain), Servers: c.allServerAnswers(ctx, walk)}
	if err != nil {
		return failed(evidence.Failed[evidence.DNS](err.Error(), authorities, c.now()), facts)
	}
	facts.Clients = clientsOfServers(walk)
	if b.GatewayID != "" { // its own addresses are allowed in place of a CNAME record
		otherAddresses(walk, &facts.Clients.Differing)
	}
	seen := facts // a copy, because the goroutines below change facts
	var work sync.WaitGroup
	facts.ResolversProblem = c.resolversProblem
	facts.Resolvers = make([]evidence.ResolverAnswer, len(c.resolvers))
	for i, resolver := range c.resolvers {
		work.Go(func() { facts.Resolvers[i] = c.compareResolver(ctx, i, resolver, walk.Chain, name) })
	}
	if c.walker.Trusted(walk) { // the validation needs no further query
		facts.Security = c.security(ctx, walk)
	} else {
		work.Go(func() { facts.Security = c.security(ctx, walk) })
	}
	facts.Context = collectContext(ctx, c.authority, b, seen)
	work.Wait()
	if doubtful(facts.Security) { // then the checks need the answers of the resolvers
		for i, v := range facts.Resolvers {
			if v.Problem != "" && !v.Bogus {
				facts.Resolvers[i] = followResolver(ctx, c.resolvers[i], name)
			}
		}
	}
	return evidence.Observed(facts, authorities, c.now())
}

// doubtful reports whether validation failed or was impossible for some name.
func doubtful(all []evidence.NameSecurity) bool {
	return slices.ContainsFunc(all, func(s evidence.NameSecurity) bool {
		return s.Status == evidence.DNSSECBogus || s.Status == evidence.DNSSECIndeterminate
	})
}

// authority follows the CNAME chain at the authoritative servers.
func (c *Collector) authority(ctx context.Context, name string, types ...uint16) (resolve.Chain, error) {
	walk, err := c.walker.Walk(ctx, name, types...)
	return walk.Chain, err
}

// cnameRecords returns the CNAME records of the chain, each with the first server that
// returned it.
func cnameRecords(walk iterate.Walk) []evidence.Hop {
	out := hops(walk.Chain, "")
	for i := range out {
		for _, r := range walk.Steps[i].Aliases.Replies {
			if len(r.Answer.CNAMEs) == 1 && r.Answer.CNAMEs[0].Target == out[i].Target {
				out[i].Server = r.Server.Text
				break
			}
		}
	}
	return out
}

// allServerAnswers returns the nameserver answers for each step of the chain.
func (c *Collector) allServerAnswers(ctx context.Context, walk iterate.Walk) []evidence.ServerAnswers {
	out := make([]evidence.ServerAnswers, len(walk.Steps))
	var work sync.WaitGroup
	for i, step := range walk.Steps {
		if between := i > 0 && i < len(out)-1; between {
			work.Go(func() { out[i] = c.serverAnswers(ctx, step) })
		}
	}
	for i, step := range walk.Steps {
		if i == 0 || i == len(out)-1 { // these steps need few queries, so they run on this goroutine
			out[i] = c.serverAnswers(ctx, step)
		}
	}
	work.Wait()
	return out
}

// serverAnswers converts the nameserver answers to evidence and adds the zone's serial at
// each server. If the name has a CNAME record, it adds the other records of the name.
func (c *Collector) serverAnswers(ctx context.Context, step iterate.Step) evidence.ServerAnswers {
	m := step.Aliases
	out := evidence.ServerAnswers{Name: m.Name, Zone: m.Zone.Name, Answers: rows(m)}
	for i, v := range c.walker.Versions(ctx, m) {
		out.Answers[i].Serial, out.NegativeTTL = v.Serial, max(out.NegativeTTL, v.NegativeTTL)
	}
	if said, ok := m.Agreed(); ok && len(said.CNAMEs) > 0 {
		more, err := c.walker.OtherRecords(ctx, m)
		if err != nil {
			out.OtherRecordsProblem = err.Error()
		}
		out.OtherRecords, out.OtherRecordsUnanswered = append(addressTypes(step.Others), more.Types...), more.Unasked
	}
	return out
}

// addressTypes returns the address types (A, AAAA) that at least one server has at the name
// itself.
func addressTypes(all []iterate.ZoneAnswers) (types []string) {
	for _, m := range all {
		if slices.ContainsFunc(m.Replies, func(r iterate.Reply) bool { return len(r.Answer.Records) > 0 }) {
			types = append(types, miekg.Type(m.Type).String())
		}
	}
	return types
}

func rows(m iterate.ZoneAnswers) []evidence.ServerAnswer {
	out := make([]evidence.ServerAnswer, len(m.Replies))
	for i, r := range m.Replies {
		out[i] = evidence.ServerAnswer{Server: r.Server.Host, At: r.At.UTC(), Status: evidence.ServerStatus(r.Status), RCode: r.RCode, Flags: r.Flags, Problem: r.Problem, Address: r.Server.Text, Origin: r.Server.Origin}
		if r.At.IsZero() {
			out[i].At = r.At
		}
		for _, alias := range r.Answer.CNAMEs {
			out[i].Targets, out[i].TTL = append(out[i].Targets, alias.Target), alias.TTL
		}
	}
	return out
}

// Limits for the comparison with the system's resolvers. The comparison is only
// informative, and resolvers often do not answer or limit their rate.
const (
	comparisonTime = 2500 * time.Millisecond // slightly longer than one attempt
	maxFailed      = 3                       // failed comparisons with one resolver per run
)

// compareResolver compares a resolver's answers to A and AAAA with the chain, within
// comparisonTime. It does not query a resolver that failed maxFailed times in this run.
func (c *Collector) compareResolver(ctx context.Context, number int, resolver *resolve.Client, chain resolve.Chain, name string) evidence.ResolverAnswer {
	if c.failures[number].Load() >= maxFailed {
		return evidence.ResolverAnswer{Server: resolver.Server(), Problem: fmt.Sprintf("no longer queried, because it left %d queries of this run unanswered", maxFailed)}
	}
	short, cancel := context.WithTimeoutCause(ctx, comparisonTime, fmt.Errorf("no answer within %v", comparisonTime))
	defer cancel()
	v := compareAnswers(short, resolver, chain, name)
	if v.Problem != "" && !v.Bogus {
		c.failures[number].Add(1)
	}
	return v
}

// compareAnswers queries a resolver for A and AAAA. Only if the answers do not agree with
// the chain, it follows the resolver's own chain.
func compareAnswers(ctx context.Context, resolver *resolve.Client, chain resolve.Chain, name string) evidence.ResolverAnswer {
	led, err := resolver.Ask(ctx, name)
	if err != nil {
		return evidence.ResolverAnswer{Server: resolver.Server(), Problem: err.Error()}
	}
	want, seen := targetsFrom(chain, 0), chain
	var hopsSeen []resolve.Hop
	for _, l := range led {
		if l.Err != nil || chain.Event != resolve.Found || len(want) == 0 || len(l.Lead.Targets) != len(want) || !agrees(chain, l.Type, want, l.Lead) {
			return followResolver(ctx, resolver, name)
		}
		if hopsSeen == nil {
			for i, h := range chain.Hops {
				hopsSeen = append(hopsSeen, resolve.Hop{Owner: h.Owner, Target: h.Target, TTL: l.Lead.TTLs[i]})
			}
			seen.Records = nil
		}
		seen.Records = append(seen.Records, l.Lead.Records...)
	}
	if len(seen.Records) == 0 {
		return followResolver(ctx, resolver, name)
	}
	seen.Hops, seen.TTL = hopsSeen, 0
	return evidence.ResolverAnswer{Server: resolver.Server(), Hops: hops(seen, resolver.Server()), End: end(seen)}
}

// followResolver follows the CNAME chain at a resolver and returns its answers.
func followResolver(ctx context.Context, resolver *resolve.Client, name string) evidence.ResolverAnswer {
	chain, led, err := resolver.WalkAndAsk(ctx, name)
	v := evidence.ResolverAnswer{Server: resolver.Server(), End: end(chain)}
	if len(chain.Hops) > 0 {
		v.Hops = hops(chain, resolver.Server())
	}
	if err != nil {
		v.Problem = err.Error()
		var e *resolve.Error
		v.Bogus = errors.As(err, &e) && e.Kind == resolve.Bogus
		return v
	}
	v.Differing = clientsOf(chain, led, name, resolver.Server()).Differing
	return v
}

func (c *Collector) security(ctx context.Context, walk iterate.Walk) []evidence.NameSecurity {
	all, err := c.walker.Validate(ctx, walk)
	out := make([]evidence.NameSecurity, 0, len(all)+1)
	for _, s := range all {
		out = append(out, evidence.NameSecurity{Name: s.Name, Zone: s.Zone, Status: string(s.Status), Reason: s.Reason, Expires: s.Until})
	}
	if err != nil {
		out = append(out, evidence.NameSecurity{Name: walk.Name, Status: evidence.DNSSECIndeterminate, Reason: err.Error()})
	}
	return out
}

// authorityProof observes the TXT records at all authoritative servers. A record counts only
// if every server has it, because the platform may query any of them.
func (c *Collector) authorityProof(ctx context.Context, b binding.Binding) evidence.Observation[evidence.Proof] {
	if !asksProof(b) {
		return evidence.NotCollected[evidence.Proof](byCNAME)
	}
	owner, err := proofOwner(b)
	if errors.Is(err, errTooLong) {
		return evidence.Observed(evidence.Proof{Owner: owner, OwnerProblem: err.Error()}, authorities, c.now())
	}
	if err != nil {
		return evidence.Failed[evidence.Proof](err.Error(), authorities, c.now())
	}
	walk, err := c.walker.Walk(ctx, owner, miekg.TypeTXT)
	facts := proofFacts(owner, walk.Chain, authorities)
	for i, step := range walk.Steps {
		for _, m := range step.Others {
			compareServers(walk.Chain, i, step.Aliases, m, &facts.Differing)
		}
	}
	if n := len(walk.Steps); n > 0 && len(walk.Steps[n-1].Others) > 0 && len(walk.Hops) < n {
		facts.Records, facts.Partial = sharedRecords(walk.Steps[n-1].Others[0])
		if len(facts.Records) == 0 && facts.Event == "" {
			facts.Event = evidence.EventNoData
		}
	}
	if err != nil {
		return failed(evidence.Failed[evidence.Proof](err.Error(), authorities, c.now()), facts)
	}
	facts.Misplaced = misplacedProof(ctx, c.authority, b, facts)
	return evidence.Observed(facts, authorities, c.now())
}

// sharedRecords returns the records that all authoritative replies contain, and the records
// that only some contain.
func sharedRecords(m iterate.ZoneAnswers) (all, some []string) {
	counts, replies := map[string]int{}, 0
	for _, r := range m.Replies {
		if r.Status != iterate.Authoritative {
			continue
		}
		replies++
		for _, text := range r.Answer.Records {
			counts[text]++
		}
	}
	for text, n := range counts {
		if n == replies {
			all = append(all, text)
		} else {
			some = append(some, text)
		}
	}
	slices.Sort(all)
	slices.Sort(some)
	return all, some
}
