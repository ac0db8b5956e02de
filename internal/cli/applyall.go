package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/gateway"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/plan"
	"github.com/bindgate/bindgate/internal/report"
)

// applied is one binding with its verdict and what came of it.
type applied struct {
	judged
	plan    plan.Plan
	outcome bind.Outcome
}

// all judges, makes the calls and reports. sent tells whether any call may have
// reached the gateway.
func (a *apply) all(ctx context.Context, args []string) (code int, sent bool, rep whole, err error) {
	r := a.run
	facts := r.facts()
	head := r.head(facts)
	if err := a.record(journal.Run, ""); err != nil {
		return 0, false, rep, err
	}
	var done []applied
	if a.each {
		done, err = a.oneByOne(ctx)
	} else {
		done, err = a.together(ctx, args)
	}
	sent = slices.ContainsFunc(done, func(d applied) bool { return d.outcome.Sent })
	if err != nil && !sent {
		a.end(codeOf(err))
		return 0, false, rep, err
	}
	codes := []int{}
	if err != nil { // what was sent before it is still told
		complain(r.env.Stderr, err)
		codes = append(codes, exitFailed)
		done = append(done, unreached(r.set.Bindings[len(done):])...)
	}
	verdicts := make([]judged, len(done))
	for i, d := range done {
		verdicts[i] = d.judged
		codes = append(codes, d.code(sent))
	}
	if !sent {
		codes = append(codes, interrupted(ctx))
	}
	code = worst(codes...)
	a.settle(done)
	a.end(code)
	head.JournalHead = a.journal.Head()
	head.Interrupted = code == exitInterrupted || slices.ContainsFunc(done, func(d applied) bool { return d.outcome.Interrupted })
	rep = r.report(head, verdicts)
	for i, d := range done {
		d.fill(&rep.Bindings[i])
	}
	return code, sent, rep, nil
}

// together makes no call unless every binding is allowed or stands already, and
// none that a given plan does not hold.
func (a *apply) together(ctx context.Context, args []string) ([]applied, error) {
	if a.planned != nil {
		if err := changed(a.planned.InputChanges(a.run.planFile(args))); err != nil {
			return nil, err
		}
	}
	verdicts, groups, reader, err := a.observe(ctx, a.run.set.Bindings, nil)
	if err != nil {
		return nil, err
	}
	done, file, blocked := a.prepare(verdicts, args)
	if a.planned != nil {
		if err := a.differs(done, file); err != nil {
			if allAllowed(done) {
				return nil, err
			}
			complain(a.run.env.Stderr, err) // and the report shows the findings
			return unbound(done, err), nil
		}
	}
	if ctx.Err() != nil {
		blocked = "interrupted before any call"
	}
	var permits []gate.Permit
	var at []int
	for i, d := range done {
		switch {
		case blocked != "" && len(d.plan.Calls) > 0 || d.decision.Status != gate.Allowed && d.outcome.Status != bind.Unchanged:
			done[i].outcome.Status, done[i].outcome.Message = bind.NotAttempted, blocked
		case len(d.plan.Calls) > 0:
			permit, err := d.decision.Permit()
			if err != nil {
				return nil, err
			}
			permits, at = append(permits, permit), append(at, i)
		}
	}
	for n, o := range a.binder(groups, reader).All(ctx, permits) {
		done[at[n]].outcome = o
	}
	return done, nil
}

// differs stops an apply whose plan no longer fits what was judged. What cannot
// be planned any more is left out, where a finding says why.
func (a *apply) differs(done []applied, now plan.File) error {
	was := *a.planned
	if !allAllowed(done) {
		was = was.Among(now)
	}
	return changed(was.Changes(now))
}

func allAllowed(done []applied) bool {
	return !slices.ContainsFunc(done, func(d applied) bool { return d.decision.Status != gate.Allowed })
}

// unbound leaves every binding as it is, for the world has changed.
func unbound(done []applied, why error) []applied {
	for i, d := range done {
		if d.outcome.Status != bind.Unchanged {
			done[i].outcome = bind.Outcome{Status: bind.NotAttempted, Changed: true, Message: why.Error(), Before: d.outcome.Before}
		}
	}
	return done
}

// changed stops an apply that would not do what its plan shows.
func changed(changes []string) error {
	if len(changes) == 0 {
		return nil
	}
	return withCode(exitChanged, fmt.Errorf("comparing with the plan, so nothing was sent: %s; make a new plan", strings.Join(changes, "; ")))
}

// prepare plans every verdict. blocked says why nothing may be sent, if so.
func (a *apply) prepare(verdicts []judged, args []string) (done []applied, file plan.File, blocked string) {
	file = a.run.planFile(args)
	for _, v := range verdicts {
		d := applied{judged: v}
		p, err := plan.For(v.subject)
		b := v.subject.Binding
		if err == nil || gone(v.subject.Evidence) {
			file.Bindings = append(file.Bindings, plan.NewFileBinding(b.DomainName, b.GroupID, b.RegionID, p))
			d.outcome.Before = p.Before
		}
		switch {
		case err == nil && len(p.Calls) == 0:
			d.outcome.Status = bind.Unchanged
		case v.decision.Status == gate.Allowed && err == nil:
			d.plan = p
		default:
			blocked = fmt.Sprintf("%q is %s, so nothing was sent", b.DomainName, v.decision.Status)
		}
		done = append(done, d)
	}
	return done, file, blocked
}

// gone reports that the gateway does not know the group: a change of the world,
// where a plan was made.
func gone(e evidence.Evidence) bool {
	return e.Group.State == evidence.Observed && !e.Group.Facts.Found
}

// oneByOne judges each binding just before its own calls. A refusal does not
// stop the others; an outcome that nobody knows does. With an error come the
// bindings before it: their calls may have been made.
func (a *apply) oneByOne(ctx context.Context) ([]applied, error) {
	if a.planned != nil {
		return nil, errors.New("reading flags: --each judges one by one and cannot hold to a plan; leave one of them out")
	}
	bindings := a.run.set.Bindings
	c, _, _, err := a.run.collectors(false)
	if err != nil {
		return nil, err
	}
	related := c.All(ctx, a.run.facts(), bindings)
	var done []applied
	stopped := ""
	for i, b := range bindings {
		verdicts, groups, reader, err := a.observe(ctx, []binding.Binding{b}, &related[i].Siblings)
		if err != nil {
			return done, err
		}
		prepared, _, blocked := a.prepare(verdicts, nil)
		d := prepared[0]
		if ctx.Err() != nil {
			blocked = "interrupted before any call for this binding"
		}
		if blocked == "" {
			blocked = stopped
		}
		switch {
		case d.outcome.Status == bind.Unchanged:
		case blocked != "":
			d.outcome.Status, d.outcome.Message, d.outcome.Interrupted = bind.NotAttempted, blocked, ctx.Err() != nil
		default:
			permit, err := d.decision.Permit()
			if err != nil {
				return done, err
			}
			d.outcome = a.binder(groups, reader).One(ctx, permit)
		}
		if d.outcome.Status == bind.Unknown {
			stopped = fmt.Sprintf("not attempted: the outcome for %q is unknown", b.DomainName)
		}
		done = append(done, d)
	}
	return done, nil
}

// unreached are the bindings that an error kept from being judged.
func unreached(bindings []binding.Binding) (rest []applied) {
	const why = "not judged: the run ended with an error before this binding"
	for _, b := range bindings {
		rest = append(rest, applied{
			judged: judged{subject: checks.Subject{Binding: b}, results: []checks.Result{},
				decision: gate.Decision{Status: gate.Undetermined, Reasons: []string{why}}},
			outcome: bind.Outcome{Status: bind.NotAttempted, Message: why},
		})
	}
	return rest
}

// observe gathers fresh evidence and judges it. Bindings that are judged alone
// bring what is known of their siblings.
func (a *apply) observe(ctx context.Context, bindings []binding.Binding, related *evidence.Observation[evidence.Siblings]) ([]judged, *group.Collector, *gateway.Reader, error) {
	r := a.run
	c, groups, reader, err := r.collectors(true)
	if err != nil {
		return nil, nil, nil, err
	}
	bar := r.progress(len(bindings))
	c.Progress = bar.step
	all := c.All(ctx, r.facts(), bindings)
	bar.end()
	if related != nil {
		all[0].Siblings = *related
	}
	return r.judgeAll(ctx, bindings, all), groups, reader, nil
}

func (a *apply) binder(groups *group.Collector, reader *gateway.Reader) *bind.Binder {
	return bind.New(bind.Config{
		Transport: a.run.transport, Materials: a.run.certificates, Reader: reader, Losers: groups, Journal: a.journal,
		Deadline: a.readBack, Interval: 500 * time.Millisecond, CallTime: a.run.s.timeout,
	})
}

func (a *apply) record(kind journal.Kind, message string) error {
	r := a.run
	return a.journal.Append(journal.Entry{Kind: kind, Message: message, Actor: r.s.actor,
		ManifestDigest: r.set.Digest, PolicyDigest: r.engine.Digest(), ConfigDigest: r.s.configDigest})
}

// end journals how the run ended; every call has its own entry already.
func (a *apply) end(code int) {
	if err := a.record(journal.End, fmt.Sprintf("exit %d", code)); err != nil {
		complain(a.run.env.Stderr, err)
	}
}

// code is what a binding's decision and outcome say together. An interrupted
// run of which anything was sent is unfinished; only else was it as if never begun.
func (d applied) code(sent bool) int {
	o := d.outcome
	switch {
	case o.Interrupted && sent:
		return exitFailed
	case o.Interrupted:
		return exitInterrupted
	case o.Changed:
		return exitChanged
	case d.decision.Status != gate.Allowed || o.Status == bind.NotAttempted:
		return codeOfDecision(d.decision.Status, false)
	}
	return codeOfOutcome(o)
}

func (d applied) fill(b *report.Binding) {
	b.Calls, b.Takes = d.plan.Calls, d.plan.Takes
	o := d.outcome
	b.Outcome = &report.Outcome{Status: string(o.Status), Sent: o.Sent, RequestID: o.RequestID, Code: o.Code, Message: o.Message,
		Before: o.Before, Restore: o.Restore}
}

// interrupted is 130 when the run was interrupted.
func interrupted(ctx context.Context) int {
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return exitClean
}
