// Package apply makes the calls of a run: none unless every binding is allowed or
// already in effect, or one binding after another, or only what a saved plan
// holds. It judges through judge, asks the gate for permits and has bind redeem
// them; it knows no command line and no exit code.
package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/collect/group"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/plan"
	apigclient "github.com/bindgate/bindgate/internal/platform/apig/client"
	classicclient "github.com/bindgate/bindgate/internal/platform/classic/client"
)

// Options are what a run of calls needs.
type Options struct {
	Engine   *judge.Engine
	Journal  *journal.Journal
	Each     bool          // judge and bind one by one, going on after a refusal
	Planned  *plan.File    // a saved plan that the calls must not differ from; nil: none
	Inputs   plan.File     // what decides what is judged now; its bindings are not read
	ReadBack time.Duration // for the gateway to show a binding in effect
	CallTime time.Duration // for one call
	MaxAge   time.Duration // evidence that is older is collected again before a binding's first call
	Now      func() time.Time
	Parallel int         // groups that are read at a time
	Warn     func(error) // what is said in addition to the outcomes
}

// Item is one binding with its verdict and the outcome of its calls.
type Item struct {
	judge.Verdict
	Calls     []plan.Call           // what was to be sent; empty where nothing may be
	Displaces []evidence.BoundGroup // the groups that a force displaces
	Outcome   bind.Outcome
}

// ErrChanged marks an error that says how the world, or what decides what is
// judged, differs from the saved plan.
var ErrChanged = errors.New("comparing with the plan, so nothing was sent")

// Run judges and makes the calls. It hands each binding to yield in the
// manifest's order, once its outcome is known; what yield is given has happened,
// so yield cannot stop a run. With an error after a call the rest of the
// bindings come as not attempted; with an error before one, none may have come.
func Run(ctx context.Context, o Options, yield func(Item)) error {
	reader := states{classicclient.NewReader(o.Engine.Transport()), apigclient.NewReader(o.Engine.Transport(), o.Parallel)}
	r := run{Options: o, binder: bind.New(bind.Config{
		Transport: o.Engine.Transport(), Materials: o.Engine.Certificates(), Reader: reader,
		Displaced: group.New(reader.classic, o.Now, o.Parallel), Journal: o.Journal, Now: o.Now,
		Deadline: o.ReadBack, Interval: 500 * time.Millisecond, CallTime: o.CallTime,
	})}
	seen := func(item Item) {
		r.settle(item)
		yield(item)
	}
	if o.Each {
		return r.oneByOne(ctx, seen)
	}
	return r.together(ctx, seen)
}

// states reads the state of a binding on its platform.
type states struct {
	classic *classicclient.Reader
	apig    *apigclient.Reader
}

// State implements bind.Reader.
func (s states) State(ctx context.Context, b binding.Binding, certificate bool) (plan.State, error) {
	if b.Platform() == binding.APIG {
		return s.apig.State(ctx, b, certificate)
	}
	return s.classic.State(ctx, b, certificate)
}

// settle journals that calls of earlier runs whose outcome was unknown are over,
// where the gateway was seen to show their binding.
func (r *run) settle(item Item) {
	b := item.Binding
	for _, call := range r.Journal.Pending() {
		if !item.inEffect() || call.DomainName != b.DomainName || call.GroupID != b.GroupID || call.GatewayID != b.GatewayID || call.RegionID != b.RegionID {
			continue
		}
		err := r.Journal.Append(journal.Entry{Kind: journal.Outcome, Permit: call.Permit, Call: call.Call, Status: "settled",
			DomainName: call.DomainName, GroupID: call.GroupID, GatewayID: call.GatewayID, RegionID: call.RegionID,
			Message: fmt.Sprintf("of entry %d: the binding was seen to stand", call.Seq)})
		if err != nil {
			r.Warn(err)
		}
	}
}

type run struct {
	Options
	binder *bind.Binder
}

// together makes no call unless every binding is allowed or already in effect,
// and none that a saved plan does not hold.
func (r *run) together(ctx context.Context, yield func(Item)) error {
	if r.Planned != nil {
		if err := changed(r.Planned.InputChanges(r.Inputs)); err != nil {
			return err
		}
	}
	var items []Item
	if err := r.Engine.Judge(ctx, judge.Scope{Served: true}, func(v judge.Verdict) error {
		items = append(items, Item{Verdict: v})
		return nil
	}); err != nil {
		return err
	}
	blocked := prepare(items)
	if r.Planned != nil {
		if err := r.differs(items); err != nil {
			if allAllowed(items) {
				return err
			}
			r.Warn(err) // and the report shows the findings
			leave(items, err, yield)
			return nil
		}
	}
	if ctx.Err() != nil {
		blocked = "interrupted before any call"
	}
	next := r.binder.Sequence()
	stopped := "" // why the world is no longer the one that was judged
	for number, item := range items {
		switch {
		case blocked != "" && len(item.Calls) > 0 || item.Decision.Status != gate.Allowed && item.Outcome.Status != bind.Unchanged:
			item.Outcome.Status, item.Outcome.Message = bind.NotAttempted, blocked
		case len(item.Calls) > 0 && stopped != "":
			item.Outcome.Status, item.Outcome.Message, item.Outcome.Changed = bind.NotAttempted, stopped, true
		case len(item.Calls) > 0:
			permit, why, err := r.stillAllowed(ctx, number, &item)
			switch {
			case err != nil:
				why = err.Error()
				fallthrough
			case why != "":
				stopped = fmt.Sprintf("not attempted: %q was judged again just before its calls, and %s", item.Binding.DomainName, why)
				item.Outcome.Status, item.Outcome.Message, item.Outcome.Changed = bind.NotAttempted, stopped, true
			default:
				item.Outcome = next(ctx, permit)
			}
		}
		yield(item)
		items[number] = Item{} // nothing needs it any more
	}
	return nil
}

// stillAllowed judges a binding again just before its calls and returns the permit
// for them. A judgement has an age: why says how another decision, call or
// displaced set came out of it, and then there is no permit.
func (r *run) stillAllowed(ctx context.Context, number int, item *Item) (permit gate.Permit, why string, err error) {
	if ctx.Err() != nil { // an interrupt is reported as such, by the binder
		permit, err = item.Decision.Permit()
		return permit, "", err
	}
	v, err := r.Engine.Again(ctx, number, item.Verdict, r.MaxAge)
	switch {
	case err != nil:
		return gate.Permit{}, "", err
	case ctx.Err() != nil:
		permit, err = item.Decision.Permit()
		return permit, "", err
	}
	if permit, why, err = Renewed(item.Verdict, v); err == nil && why == "" && r.Planned != nil {
		if why = r.Planned.Late(r.Now()); why != "" {
			return gate.Permit{}, why, nil
		}
	}
	if err == nil && (why == "" || v.Decision.Status != gate.Allowed) {
		item.Verdict = v
	}
	return permit, why, err
}

// Renewed returns the permit of a verdict that was reached again just before the
// calls; why says how it differs from the one before, and then there is no permit.
func Renewed(was, now judge.Verdict) (permit gate.Permit, why string, err error) {
	switch {
	case now.Decision.Status != gate.Allowed:
		return gate.Permit{}, fmt.Sprintf("is now %s: %s", now.Decision.Status, strings.Join(now.Decision.Reasons, "; ")), nil
	case was.Decision.Status != gate.Allowed:
		return gate.Permit{}, fmt.Sprintf("was %s", was.Decision.Status), nil
	case now.Decision.PlanErr != nil:
		return gate.Permit{}, "", now.Decision.PlanErr
	}
	before, after := planOf(was), planOf(now)
	if changes := before.Changes(after); len(changes) > 0 {
		return gate.Permit{}, strings.Join(changes, "; "), nil
	}
	permit, err = now.Decision.Permit()
	return permit, "", err
}

// planOf is the plan of one verdict, to be compared.
func planOf(v judge.Verdict) plan.File {
	b := v.Binding
	return plan.File{Bindings: []plan.FileBinding{plan.NewFileBinding(b, v.Decision.Plan)}}
}

// prepare notes what each binding would be sent, and says why nothing may be, if so.
func prepare(items []Item) (blocked string) {
	for i := range items {
		item := &items[i]
		d := item.Decision
		if d.PlanErr == nil || gone(item.Evidence) {
			item.Outcome.Before = d.Plan.Before
		}
		switch {
		case d.PlanErr == nil && len(d.Plan.Calls) == 0:
			item.Outcome.Status = bind.Unchanged
		case d.Status == gate.Allowed && d.PlanErr == nil:
			item.Calls, item.Displaces = d.Plan.Calls, d.Plan.Displaces
		default:
			blocked = fmt.Sprintf("%q is %s, so nothing was sent", item.Binding.DomainName, d.Status)
		}
	}
	return blocked
}

// gone reports that the platform does not know the target: a change of the world,
// where a plan was made.
func gone(e evidence.Evidence) bool {
	return e.Group.State == evidence.StateObserved && !e.Group.Facts.Found || e.Gateway.State == evidence.StateObserved && !e.Gateway.Facts.Found
}

// differs says how what was judged differs from the saved plan. What cannot be
// planned any more is skipped where a finding says why.
func (r *run) differs(items []Item) error {
	now := r.Inputs
	now.Bindings = nil
	for _, item := range items {
		if item.Decision.PlanErr == nil || gone(item.Evidence) {
			b := item.Binding
			now.Bindings = append(now.Bindings, plan.NewFileBinding(b, item.Decision.Plan))
		}
	}
	was := *r.Planned
	if !allAllowed(items) {
		was = was.Among(now)
	}
	return changed(was.Changes(now))
}

func allAllowed(items []Item) bool {
	for _, item := range items {
		if item.Decision.Status != gate.Allowed {
			return false
		}
	}
	return true
}

// leave yields every binding as it is, for the world has changed.
func leave(items []Item, why error, yield func(Item)) {
	for _, item := range items {
		if item.Outcome.Status != bind.Unchanged {
			item.Outcome = bind.Outcome{Status: bind.NotAttempted, Changed: true, Message: why.Error(), Before: item.Outcome.Before}
		}
		yield(item)
	}
}

func changed(changes []string) error {
	if len(changes) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s; make a new plan", ErrChanged, strings.Join(changes, "; "))
}

// oneByOne judges each binding just before its own calls. A refusal does not
// stop the others; an unknown outcome does.
func (r *run) oneByOne(ctx context.Context, yield func(Item)) error {
	number, sent, stopped := 0, false, ""
	for b := range r.Engine.Bindings().All() {
		item, err := r.one(ctx, number, b, stopped)
		if err != nil {
			if sent {
				r.unreached(number, yield)
			}
			return err
		}
		if item.Outcome.Status == bind.Unknown {
			stopped = fmt.Sprintf("not attempted: the outcome for %q is unknown", b.DomainName)
		}
		sent = sent || item.Outcome.Sent
		yield(item)
		number++
	}
	return nil
}

func (r *run) one(ctx context.Context, number int, b binding.Binding, stopped string) (Item, error) {
	v, err := r.Engine.One(ctx, number, b, judge.Scope{Served: true})
	if err != nil {
		return Item{}, err
	}
	items := []Item{{Verdict: v}}
	blocked := prepare(items)
	item := items[0]
	if ctx.Err() != nil {
		blocked = "interrupted before any call for this binding"
	}
	if blocked == "" {
		blocked = stopped
	}
	switch {
	case item.Outcome.Status == bind.Unchanged:
	case blocked != "":
		item.Outcome.Status, item.Outcome.Message, item.Outcome.Interrupted = bind.NotAttempted, blocked, ctx.Err() != nil
	default:
		permit, err := item.Decision.Permit()
		if err != nil {
			return Item{}, err
		}
		item.Outcome = r.binder.One(ctx, permit)
	}
	return item, nil
}

// unreached yields the bindings, from a number on, that an error kept from being judged.
func (r *run) unreached(from int, yield func(Item)) {
	const why = "not judged: the run ended with an error before this binding"
	number := 0
	for b := range r.Engine.Bindings().All() {
		if number >= from {
			yield(Item{
				Verdict: judge.Verdict{Binding: b, Results: []checks.Result{},
					Decision: gate.Decision{Status: gate.Undetermined, Reasons: []string{why}}},
				Outcome: bind.Outcome{Status: bind.NotAttempted, Message: why},
			})
		}
		number++
	}
}

// inEffect reports whether the gateway shows the binding.
func (i Item) inEffect() bool {
	return i.Outcome.Status == bind.Bound || i.Outcome.Status == bind.Unchanged
}

// Entry returns what each entry of the journal says of a run.
func Entry(engine *judge.Engine, actor, configDigest string) (journal.Entry, error) {
	facts, err := engine.Run()
	if err != nil {
		return journal.Entry{}, err
	}
	e := journal.Entry{Actor: actor, ManifestDigest: engine.Bindings().Digest, PolicyDigest: facts.PolicyDigest, ConfigDigest: configDigest}
	if id := facts.Identity; id != nil {
		e.Account, e.Identity = id.AccountID, cmp.Or(id.ARN, id.AccessKeyID)
	}
	if facts.Given != nil {
		e.PlanDigest = facts.Given.Plan
		for _, p := range facts.Given.Approvals {
			e.Approvals = append(e.Approvals, fmt.Sprintf("%s by %s of %s", p.By, p.Kind, p.Issuer))
		}
	}
	return e, nil
}
