package bind_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aliyun/credentials-go/credentials/providers"
	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/internal/bind"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/journal"
	"github.com/bindgate/bindgate/internal/platform/apitest"
)

var (
	inMemoryCases = flag.Int("rule.memory", 400, "cases of the rule in memory")
	socketCases   = flag.Int("rule.sockets", 20, "cases of the rule over sockets")
)

// The one rule: for all results and faults of checks, policies and collectors,
// every write that reaches the gateway belongs to the permit of one allowed
// decision and equals its request, and there is no other write. Conversely, so
// that sending nothing does not satisfy the test: an allowed binding without a
// fault is sent, exactly as planned, and bound.
func TestRuleInMemory(t *testing.T) {
	checkRule(t, *inMemoryCases, func(t *rapid.T, check func(platformFor)) {
		rapid.SyncTest(t, func(*rapid.T) { check(inMemory) })
	}, everything())
}

func TestRuleOverSockets(t *testing.T) {
	checkRule(t, *socketCases, func(_ *rapid.T, check func(platformFor)) { check(overSockets) }, quick())
}

type platformFor = func(providers.CredentialsProvider, *ruleCase) (*platform, error)

// checkRule runs cases, half of them in each of two goroutines.
func checkRule(t *testing.T, cases int, around func(*rapid.T, func(platformFor)), from repertoire) {
	if err := flag.Set("rapid.checks", fmt.Sprint((cases+1)/2)); err != nil {
		t.Fatal(err)
	}
	limitPolicies() // outside of the bubbles of the cases
	key := apitest.Credential(t)
	var halves [2]shares
	t.Run("cases", func(t *testing.T) {
		for i := range halves {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				rapid.Check(t, func(rt *rapid.T) {
					c := drawCase(rt, from)
					around(rt, func(at platformFor) { c.check(rt, key, at) })
					halves[i].count(c)
				})
			})
		}
	})
	if !t.Failed() {
		halves[0].add(halves[1]).check(t)
	}
}

func (c *ruleCase) check(t *rapid.T, key providers.CredentialsProvider, at platformFor) {
	t.Logf("%v", c)
	p, err := at(key, c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	r, err := c.run(p)
	if err != nil {
		t.Fatal(err)
	}
	c.checkDecisions(t, r)
	c.checkWrites(t, r)
	c.checkOutcomes(t, r)
	c.checkSoundCase(t, r)
}

// checkDecisions compares the gate with the oracle, and permits with both.
func (c *ruleCase) checkDecisions(t *rapid.T, r *ran) {
	for i, b := range c.bindings {
		d := r.decisions[i]
		if got, want := d.Status == gate.Allowed, c.allowed(b); got != want {
			t.Fatalf("binding %d is %s, allowed should be %t; reasons %q", i, d.Status, want, d.Reasons)
		}
		if r.permits[i].ID() != "" && !(c.allowed(b) && c.stays(b) && c.live) {
			t.Fatalf("binding %d has a permit", i)
		}
	}
}

// checkWrites is the rule.
func (c *ruleCase) checkWrites(t *rapid.T, r *ran) {
	if c.limits() && len(r.writes) > 0 {
		t.Fatalf("%d writes of a run whose totals are not known, or exceed a bound of %v", len(r.writes), c.bounds)
	}
	at := make([]int, len(c.bindings)) // which of its calls a binding has come to
	for n, w := range r.writes {
		i := slices.IndexFunc(c.bindings, func(b *ruleBinding) bool { return b.requested.GroupID == w.params["GroupId"] })
		if i < 0 || !c.writable(c.bindings[i]) {
			t.Fatalf("write %d is of no binding that may be written: %v", n, w)
		}
		intent := r.before(n)
		if intent.Kind != journal.Intent || intent.Permit == "" || intent.Permit != r.permits[i].ID() || !carries(intent, w.request) {
			t.Fatalf("write %d, %v, has no intent with its permit; the last entry is %+v", n, w, intent.Entry)
		}
		calls := c.bindings[i].expected()
		if at[i] < len(calls)-1 && !w.equal(calls[at[i]]) && c.committed(r, i, n) > at[i] {
			at[i]++
		}
		if at[i] >= len(calls) || !w.equal(calls[at[i]]) {
			t.Fatalf("write %d is %v, of %v call %d is due", n, w, calls, at[i])
		}
	}
}

// before is the last entry of the journal when write n arrived. A call that was given up
// may arrive just after its outcome, which is unknown then and leaves the intent pending.
func (r *ran) before(n int) marked {
	var last marked
	for _, e := range r.entries {
		late := e.Kind == journal.Outcome && e.Status == "unknown" && e.writes == n
		if e.writes <= n && !late {
			last = e
		}
	}
	return last
}

// carries reports whether an entry is of this very request.
func carries(e marked, q request) bool {
	if e.Call == nil {
		return false
	}
	named := request{action: e.Call.Action, params: e.Call.Params}
	if m := e.Call.Material; m != nil {
		named.chain, named.key = m.ChainDigest, m.PublicKeyDigest
	}
	return named.equal(q)
}

func (q request) equal(other request) bool {
	return q.action == other.action && maps.Equal(q.params, other.params) && q.chain == other.chain && q.key == other.key
}

// committed is how many of binding i's calls took effect before write n; a call
// that was repeated counts once.
func (c *ruleCase) committed(r *ran, i, n int) int {
	calls, done := c.bindings[i].expected(), 0
	for _, w := range r.writes[:n] {
		if done < len(calls) && w.committed && w.equal(calls[done]) {
			done++
		}
	}
	return done
}

// checkOutcomes holds what is reported against what the platform did. The first
// call that fails is the last one of a run.
func (c *ruleCase) checkOutcomes(t *rapid.T, r *ran) {
	stopped := false
	for i, b := range c.bindings {
		o, done := r.outcomes[i], c.committed(r, i, len(r.writes))
		wrote := slices.ContainsFunc(r.writes, func(w received) bool { return w.params["GroupId"] == b.requested.GroupID })
		honest := map[bind.Status]bool{
			bind.Bound:        done == len(b.expected()) && done > 0,
			bind.Unchanged:    len(b.expected()) == 0 && r.permits[i].ID() != "",
			bind.Incomplete:   done > 0 && o.Restore != nil,
			bind.Failed:       done == 0,
			bind.Unknown:      wrote && o.Restore != nil,
			bind.NotAttempted: !wrote,
		}[o.Status]
		if stopped && wrote {
			t.Fatalf("binding %d was written after one that failed", i)
		}
		if r.permits[i].ID() != "" {
			stopped = stopped || o.Status == bind.Failed || o.Status == bind.Unknown || o.Changed || o.Stopped
		}
		if !honest || wrote != o.Sent {
			t.Fatalf("binding %d is reported as %+v; written: %t, took effect: %d of %d calls", i, o, wrote, done, len(b.expected()))
		}
	}
}

// checkSoundCase wants everything that may be sent to be sent, where nothing
// goes wrong after judging.
func (c *ruleCase) checkSoundCase(t *rapid.T, r *ran) {
	if c.faults != "" || c.journal != 0 {
		return
	}
	stopped, want := false, 0
	for i, b := range c.bindings {
		if r.permits[i].ID() == "" {
			if c.allowed(b) && c.stays(b) && c.live && !b.unread() {
				t.Fatalf("binding %d is allowed and has no permit", i)
			}
			continue
		}
		if len(b.expected()) == 0 || stopped || !c.writable(b) {
			stopped = stopped || b.changes() || len(b.expected()) > 0 && !c.writable(b) // the identity, which is of the run
			continue
		}
		want += len(b.expected())
		if o := r.outcomes[i]; o.Status != bind.Bound {
			t.Fatalf("binding %d is %+v, want it bound", i, o)
		}
		stopped = c.cancel == cancels[3]
	}
	if len(r.writes) != want {
		t.Fatalf("%d writes, want %d", len(r.writes), want)
	}
}

// shares counts what the cases were like.
type shares struct{ cases, sound, oneOff, written, within, limited int }

func (s *shares) count(c *ruleCase) {
	off := 0
	early := !c.live || c.cancel != "" && c.cancel != cancels[3]
	for _, b := range c.bindings {
		all, _ := b.offs()
		off += all
	}
	s.cases++
	switch {
	case early:
	case off == 0:
		s.sound++
	case off == 1:
		s.oneOff++
	}
	if slices.ContainsFunc(c.bindings, c.writable) {
		s.written++
	}
	switch {
	case c.limits():
		s.limited++
	case len(c.bounds) > 0 && slices.ContainsFunc(c.bindings, c.writable):
		s.within++
	}
}

func (s shares) add(o shares) shares {
	return shares{s.cases + o.cases, s.sound + o.sound, s.oneOff + o.oneOff, s.written + o.written, s.within + o.within, s.limited + o.limited}
}

// check wants at least 30 of 100 cases sound, and as many with one result off.
// The few cases over sockets may differ by chance.
func (s shares) check(t *testing.T) {
	t.Logf("%d cases: %d sound, %d with one result off; %d may be written, %d of them within bounds of totals; %d beyond",
		s.cases, s.sound, s.oneOff, s.written, s.within, s.limited)
	if s.cases >= 1000 && (s.sound*100 < s.cases*30 || s.oneOff*100 < s.cases*30) {
		t.Errorf("of %d cases %d are sound and %d have one result off, want 30 %% each", s.cases, s.sound, s.oneOff)
	}
	if s.cases >= 1000 && (s.within*100 < s.cases || s.limited*100 < s.cases) {
		t.Errorf("of %d cases %d may be written within the bounds of policies and %d are beyond them, want 1 %% each", s.cases, s.within, s.limited)
	}
}
