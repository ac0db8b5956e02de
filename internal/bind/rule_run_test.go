package bind_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/apply"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/collect"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/collect/siblings"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/platform/api"
	"github.com/bindgate/bindgate/internal/platform/classic/client"
	"github.com/bindgate/bindgate/internal/sandbox"
)

// ran is the result of a case.
type ran struct {
	decisions []gate.Decision
	permits   []gate.Permit // of each binding; the zero permit where none was given
	outcomes  []bind.Outcome
	writes    []received
	entries   []marked
}

// marked is an entry of the journal, and how many writes had arrived before it.
type marked struct {
	journal.Entry
	writes int
}

// run executes a case with the real components: collector, checks, gate,
// binder, writer and client. It misuses them as no caller should: it requests a permit
// for every decision, and redeems every result, some of them twice.
func (c *ruleCase) run(p *platform) (*ran, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	transport, err := api.NewTransport(p.config)
	if err != nil {
		return nil, err
	}
	defer transport.Close()
	reader := client.NewReader(transport)
	groups := group.New(reader, time.Now, 4)
	material := &perBinding{}
	r := &ran{}
	id, err := api.Identity(ctx, transport, region)
	if err != nil {
		return nil, err
	}
	subjects := c.observe(ctx, cancel, p, groups, &id)
	totals := totalsOf(subjects)
	for i, s := range subjects {
		d := c.judge(ctx, cancel, i, s, totals)
		permit, _ := c.again(ctx, i, s, d, totals)
		r.decisions, r.permits = append(r.decisions, d), append(r.permits, permit)
	}
	if c.cancel == cancels[2] {
		cancel()
	}
	p.key.become(c.identity)
	if err := c.change(p, material); err != nil {
		return nil, err
	}
	base := len(p.writes())
	log := &marks{at: func() int { return len(p.writes()) - base }, fails: c.journal}
	if c.cancel == cancels[3] {
		log.first = cancel
	}
	b := bind.New(bind.Config{Transport: transport, Materials: material, Reader: reader, Displaced: groups, Journal: log,
		Now:      func() time.Time { return time.Now().Add(callsAt) },
		Deadline: p.wait, Interval: p.tick, CallTime: p.call})
	r.redeem(ctx, b)
	r.writes, r.entries = p.writes()[base:], log.entries
	return r, nil
}

// redeem hands the permits that were given to the binder, then, one by one,
// those that were not, and those that were redeemed already.
func (r *ran) redeem(ctx context.Context, b *bind.Binder) {
	var given []gate.Permit
	for _, p := range r.permits {
		if p.ID() != "" {
			given = append(given, p)
		}
	}
	outcomes := redeemed(ctx, b, given)
	for _, p := range r.permits {
		if p.ID() == "" {
			r.outcomes = append(r.outcomes, b.One(ctx, p))
			continue
		}
		o := outcomes[0]
		outcomes = outcomes[1:]
		r.outcomes = append(r.outcomes, o)
		if o.Sent {
			b.One(ctx, p)
		}
	}
}

func (c *ruleCase) observe(ctx context.Context, cancel func(), p *platform, groups *group.Collector, id *evidence.Identity) []checks.Subject {
	f := &faulty{c: c, groups: groups, cancel: cancel}
	var requests []binding.Binding
	for _, b := range c.bindings {
		requests = append(requests, b.requested)
	}
	facts := evidence.Run{Now: time.Now(), Command: "apply", Contract: evidence.Contract2026, Live: c.live, Identity: id, Given: c.given(time.Now())}
	collector := collect.Collector{DNS: f, Certificate: faultyFiles{f}, Group: f, Served: true,
		Related: siblings.NewIndex(slices.Values(requests)), Timeout: p.collect, Now: time.Now}
	out := make([]checks.Subject, len(requests))
	var work errgroup.Group
	work.SetLimit(2)
	for i, b := range requests {
		work.Go(func() error {
			ev := collector.Collect(ctx, i, b)
			ev.Run = facts
			out[i] = checks.Subject{Binding: b, Evidence: ev}
			return nil
		})
	}
	_ = work.Wait()
	for i := range out {
		c.bindings[i].rest(&out[i].Evidence)
	}
	return out
}

// judge runs both passes with the script of binding i, spoils results, and
// decides.
func (c *ruleCase) judge(ctx context.Context, cancel func(), i int, s checks.Subject, totals *judge.Totals) gate.Decision {
	b := c.bindings[i]
	list := b.catalogue()
	first, second := catalog.Passes(list)
	results := checks.Run(ctx, first, nil, s)
	s.Evidence.Policy = c.limited(i, s, totals, b.policies(b.counted(b.policy, s.Evidence.Run)))
	if c.cancel == cancels[1] && i == len(c.bindings)-1 {
		cancel()
	}
	results = append(results, checks.Run(ctx, second, nil, s)...)
	failOn := checks.Error
	if c.strict {
		failOn = checks.Warning
	}
	return gate.Decide(list, nil, s, b.spoil(results), failOn)
}

// again judges a binding once more at a later clock, as apply does just before its
// calls, and asks for the permit of that. An interrupted run judges nothing again.
func (c *ruleCase) again(ctx context.Context, i int, s checks.Subject, was gate.Decision, totals *judge.Totals) (gate.Permit, error) {
	if ctx.Err() != nil {
		return was.Permit()
	}
	b := c.bindings[i]
	list := b.catalogue()
	first, second := catalog.Passes(list)
	s.Evidence.Run.Now = s.Evidence.Run.Now.Add(laterBy)
	results := checks.Run(ctx, first, nil, s)
	s.Evidence.Policy = c.limited(i, s, totals, b.policies(b.counted(cmp.Or(b.later, b.policy), s.Evidence.Run)))
	results = append(results, checks.Run(ctx, second, nil, s)...)
	failOn := checks.Error
	if c.strict {
		failOn = checks.Warning
	}
	now := gate.Decide(list, nil, s, b.spoil(results), failOn)
	permit, _, err := apply.Renewed(judge.Verdict{Binding: s.Binding, Decision: was}, judge.Verdict{Binding: s.Binding, Decision: now})
	return permit, err
}

// catalogue is the real one with scripted judgements.
func (b *ruleBinding) catalogue() []checks.Check {
	list := slices.Clone(everyCheck())
	for i, c := range list {
		if real(c.ID) {
			continue
		}
		if list[i].Judge = says(b.verdict[c.ID]); b.verdict[c.ID] == "no judgement" {
			list[i].Judge = nil
		}
	}
	return list
}

func says(v verdict) func(checks.Subject) checks.Verdict {
	return func(checks.Subject) checks.Verdict {
		switch v {
		case "fail":
			return checks.Judge(checks.Fails("", "scripted", ""))
		case "unknown":
			return checks.Unknown("scripted")
		case "not-run":
			return checks.NotRun("scripted")
		case "not-applicable":
			return checks.NotApplicable("scripted")
		case "panic":
			panic("scripted")
		case warns:
			return checks.Judge(checks.Warns("", "scripted", ""))
		case "nothing":
			return checks.Verdict{}
		}
		return checks.Pass()
	}
}

// spoil does to results what no runner should.
func (b *ruleBinding) spoil(results []checks.Result) []checks.Result {
	var out []checks.Result
	for _, r := range results {
		switch b.results[r.ID] {
		case "missing":
			continue
		case "doubled":
			out = append(out, r)
		case "renamed":
			r.ID += "s"
		case "empty status":
			r.Status = ""
		case "invented status":
			r.Status = "PASS"
		case "bare fail":
			r.Status, r.Findings = checks.StatusFail, nil
		case "error finding":
			r.Findings = append(slices.Clone(r.Findings), checks.Fails("", "spoilt", ""))
		case "finding without severity":
			r.Findings = append(slices.Clone(r.Findings), checks.Finding{Message: "spoilt"})
		}
		out = append(out, r)
	}
	for id, how := range b.results {
		if how == "foreign" {
			out = append(out, checks.Result{ID: id, Status: checks.StatusPass})
		}
	}
	return out
}

// change is what happens between judging and calling: the certificate is
// another, a bystander took the domain; and the gateway's faults begin.
func (c *ruleCase) change(p *platform, m *perBinding) error {
	for i, b := range c.bindings {
		if !b.changed {
			continue
		}
		m.changed = append(m.changed, b.requested.DomainName)
		if b.requested.IsForce {
			if err := p.take(groupID(i, 2), b.requested.DomainName); err != nil {
				return fmt.Errorf("taking the domain: %w", err)
			}
		}
	}
	f, err := sandbox.ParseFaults(c.faults)
	if err != nil {
		return err
	}
	return p.faults(f)
}

// marks is a journal that knows how many writes had arrived before each entry.
type marks struct {
	mu      sync.Mutex
	at      func() int
	fails   int    // which entry cannot be written, nor any after it; 0: none
	first   func() // called at the first entry, if it is set
	entries []marked
}

func (m *marks) Append(e journal.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first != nil && len(m.entries) == 0 {
		m.first()
	}
	if m.fails > 0 && len(m.entries)+1 >= m.fails {
		return errDisk
	}
	m.entries = append(m.entries, marked{e, m.at()})
	return nil
}
