package bind_test

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
)

// ruleCase is one run of bindgate: bindings, what their checks say, and what
// goes wrong around them.
type ruleCase struct {
	bindings []*ruleBinding
	live     bool     // the evidence is fresh
	strict   bool     // warnings refuse
	cancel   string   // when the run is cancelled: never, or one of cancels
	faults   string   // of the gateway, once everything is judged
	journal  int      // which entry of the journal cannot be written; 0: none
	plan     bool     // a saved plan is applied
	lives    []string // of its approvals, of approvalLives
	bounds   []limit  // that a policy has for totals of the run
	identity string   // whose credentials there are once everything is judged: the same, or one of identities
}

// ruleBinding is one binding of a case.
type ruleBinding struct {
	requested binding.Binding
	shape     shape
	collector map[string]string  // what goes wrong in which collector, see collectors
	verdict   map[string]verdict // what a check says, by its id; it passes if it is not here
	results   map[string]string  // what is wrong with a result, by its id, see spoilers
	policy    string             // what the policies say: allow, waived, or one of denials
	wants     int                // how many approvals the policies want
	of        *ruleCase
	again     bool   // the oracle looks at the second judgement
	changed   bool   // what the calls would carry, or take away, changes before they are made
	later     string // what the policies say when it is judged again, at a later clock; empty: the same
}

// String describes a failing case.
func (c *ruleCase) String() string {
	out := fmt.Sprintf("plan %t, approvals %q, bounds %v, live %t, strict %t, cancelled %q, faults %q, journal fails at %d, identity %q", c.plan, c.lives, c.bounds, c.live, c.strict, c.cancel, c.faults, c.journal, c.identity)
	for i, b := range c.bindings {
		out += fmt.Sprintf("\nbinding %d: %s, policy %s, wants %d approvals, later %q, changed %t, collectors %v, verdicts %v, results %v",
			i, b.shape.name, b.policy, b.wants, b.later, b.changed, b.collector, b.verdict, b.results)
	}
	return out
}

// verdict is what a scripted check says.
type verdict string

const warns verdict = "warns" // and passes

var (
	verdicts   = []verdict{"fail", "unknown", "not-run", "not-applicable", "panic", "nothing", "no judgement"}
	collectors = []string{"dns", "certificate", "group", "account", "policy", "rest"}
	troubles   = []string{"error", "panic", "missing", "left out", "time-out"}
	spoilers   = []string{"missing", "doubled", "renamed", "empty status", "invented status", "bare fail", "error finding", "finding without severity"}
	denials    = []string{"deny", "not waivable", "no force", "not run", "silent"}
	identities = []string{"another account", "none", "a new session"}
	// approvalLives end never, before the second judgement, and before the calls.
	approvalLives = []string{"long", "short", "until the call"}
	cancels       = []string{"while collecting", "while judging", "before binding", "after the first intent"}
)

// gatewayFaults are rules in the sandbox's grammar, %s an action that writes.
var gatewayFaults = []string{
	"%s:throttle:1", "%s:throttle:3", "%s:code=DomainNotResolved:1", "%s:code=NoPermission:1", "%s:status=503:1", "%s:status=500:1",
	"%s:reset-before-commit:1", "%s:reset-before-commit", "%s:reset-after-commit:1", "%s:reset-after-commit",
	"%s:html:1", "%s:malformed:1", "%s:truncated:1", "%s:code-after-commit=InternalError:1",
	"%s:code-after-commit=ServiceUnavailable:1", "%s:code-after-commit=RepeatedCommit",
	"%s:pass:1,%s:reset-before-commit:2", "%s:pass:1,%s:reset-after-commit:1",
	"DescribeApiGroup:status=503", "DescribeApiGroup:pass:1,DescribeApiGroup:html:2", "DescribeApiGroup:reset-before-commit:3",
	"DescribeDomain:status=503:2", "DescribeApiGroups:html",
	"DescribeApiGroups:code=Forbidden.RAM", "DescribeApiGroups:pass:1,DescribeApiGroups:truncated", "GetCallerIdentity:status=503", "GetCallerIdentity:html:1",
}

// holds are faults that last as long as a client waits.
var holds = []string{"%s:hold-before-commit:1", "%s:hold-after-commit:1", "DescribeApiGroup:hold-before-commit:1"}

// repertoire is what may go wrong on a platform. Only where the clock runs by
// itself can anything last until a time-out.
type repertoire struct{ gateway, troubles []string }

func everything() repertoire {
	return repertoire{slices.Concat(gatewayFaults, holds), troubles}
}

func quick() repertoire { return repertoire{gatewayFaults, troubles[:len(troubles)-1]} }

// pick draws from 0 to n-1 evenly; rapid's own generators prefer small numbers.
func pick(t *rapid.T, label string, n int) int {
	return rapid.Custom(func(t *rapid.T) int {
		v := 0
		for bits := 1; bits < n*8; bits *= 2 {
			v *= 2
			if rapid.Bool().Draw(t, "") {
				v++
			}
		}
		return v % n
	}).Draw(t, label)
}

func one[T any](t *rapid.T, label string, from []T) T { return from[pick(t, label, len(from))] }

// kind of a case: three of eight are sound, three have one result off.
func drawCase(t *rapid.T, from repertoire) *ruleCase {
	c := &ruleCase{live: true}
	for i := range 1 + pick(t, "bindings", 3) {
		c.bindings = append(c.bindings, drawBinding(t, i))
	}
	c.drawPlan(t)
	c.drawBounds(t)
	switch kind := pick(t, "kind", 8); {
	case kind < 3:
	case kind < 6:
		one(t, "off binding", c.bindings).drawOneOff(t)
	default:
		c.drawTrouble(t, from.troubles)
	}
	// What goes wrong after judging goes wrong in every kind of case.
	for range max(0, pick(t, "gateway faults", 4)-1) {
		c.faults = strings.TrimPrefix(c.faults+","+one(t, "fault", from.gateway), ",")
	}
	if c.faults != "" {
		c.faults = strings.ReplaceAll(c.faults, "%s", one(t, "write", []string{"SetDomain", "SetDomainCertificate"}))
	}
	if pick(t, "journal fails", 8) == 0 {
		c.journal = 1 + pick(t, "journal", 8)
	}
	if pick(t, "cancelled", 8) == 0 {
		c.cancel = cancels[3]
	}
	c.strict = pick(t, "strict", 4) == 0
	if pick(t, "identity changes", 8) == 0 {
		c.identity = one(t, "identity", identities)
	}
	if pick(t, "later", 8) == 0 {
		one(t, "later binding", c.bindings).later = one(t, "says", denials)
	}
	if pick(t, "changes", 4) == 0 {
		one(t, "changed", c.bindings).changed = true
	}
	return c
}

// drawPlan gives a case a saved plan, with approvals that suffice for what the
// policies want when it is judged first.
func (c *ruleCase) drawPlan(t *rapid.T) {
	for _, b := range c.bindings {
		b.of = c
	}
	if c.plan = pick(t, "plan", 2) == 0; !c.plan {
		return
	}
	for range pick(t, "approvals", 3) {
		life := approvalLives[0]
		if pick(t, "ends", 4) == 0 {
			life = one(t, "life", approvalLives)
		}
		c.lives = append(c.lives, life)
	}
	for _, b := range c.bindings {
		b.wants = pick(t, "wants", len(c.lives)+1)
	}
}

func drawBinding(t *rapid.T, i int) *ruleBinding {
	b := &ruleBinding{shape: one(t, "shape", shapes), policy: "allow",
		collector: map[string]string{}, verdict: map[string]verdict{}, results: map[string]string{}}
	b.requested = binding.Binding{DomainName: fmt.Sprintf("d%d.demo.com", i), GroupID: groupID(i, 0), RegionID: region,
		CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME}
	b.shape.requested(&b.requested)
	if b.requested.IsForce {
		b.requested.ForceFrom = []string{groupID(i, 1)}
	}
	return b
}

// groupID names the groups around binding i: 0 its own, 1 the one that a force
// takes the domain from, 2 a bystander on the same instance.
func groupID(i, which int) string { return fmt.Sprintf("%030x%d%d", 0xabc, i, which) }

// drawOneOff makes exactly one result of the binding other than a pass.
func (b *ruleBinding) drawOneOff(t *rapid.T) {
	list := everyCheck()
	switch pick(t, "off", 8) {
	case 0:
		switch pick(t, "denied by", 3) {
		case 0:
			b.wants = len(b.of.lives) + 1
		case 1:
			reached := slices.DeleteFunc(slices.Clone(everyTotal), func(of string) bool { return b.of.total(of) == 0 })
			if len(reached) > 0 {
				of := one(t, "exceeded total", reached)
				b.of.bounds = append(b.of.bounds, limit{of, b.of.total(of) - 1})
				return
			}
			fallthrough
		default:
			b.policy = "deny"
		}
	case 1:
		b.results["group/invented"] = "foreign"
	case 2, 3:
		b.results[one(t, "id", list).ID] = one(t, "spoiler", spoilers)
	default:
		applying := []checks.Check{}
		for _, c := range list {
			if applies(c, b.requested) && !real(c.ID) {
				applying = append(applying, c)
			}
		}
		c := one(t, "id", applying)
		v := one(t, "verdict", verdicts)
		if v == "not-applicable" && !b.mustPass(c.ID) {
			v = "unknown" // it may say that it does not apply: that is not off
		}
		b.verdict[c.ID] = v
	}
}

// drawTrouble makes much of a case go wrong, or nothing that matters.
func (c *ruleCase) drawTrouble(t *rapid.T, troubles []string) {
	list := everyCheck()
	for _, b := range c.bindings {
		for range pick(t, "troubles", 3) {
			b.collector[one(t, "collector", collectors)] = one(t, "trouble", troubles)
		}
		for range pick(t, "verdicts", 4) {
			b.verdict[one(t, "id", list).ID] = one(t, "verdict", slices.Concat(verdicts, []verdict{warns, warns}))
		}
		for range pick(t, "spoilers", 2) {
			b.results[one(t, "id", list).ID] = one(t, "spoiler", spoilers)
		}
		if pick(t, "denied", 4) == 0 {
			b.policy = one(t, "policy", slices.Concat(denials, []string{"waived", "waived"}))
		}
		if pick(t, "more approvals", 4) == 0 {
			b.wants = pick(t, "wanted", 4)
		}
	}
	if pick(t, "any bound", 3) == 0 {
		c.bounds = append(c.bounds, limit{one(t, "total", everyTotal), pick(t, "bound", maxBound+1)})
	}
	c.live = pick(t, "replayed", 8) != 0
	if pick(t, "cancelled", 3) == 0 {
		c.cancel = one(t, "cancel", cancels)
	}
}
