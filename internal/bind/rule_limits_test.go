package bind_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/judge"
	"github.com/bindgate/bindgate/internal/policy"
)

// limit is the largest total of a run that a policy allows.
type limit struct {
	total string // of everyTotal
	most  int
}

// name is the package of the policy.
func (b limit) name() string {
	return fmt.Sprintf("bindgate.policy.limits.%s_%d", strings.ReplaceAll(b.total, ".", "_"), b.most)
}

// maxBound is what three bindings can come to: each has up to three calls.
const maxBound = 9

// everyTotal are the totals that policies read, by their name below input.plan.facts.
var everyTotal = []string{"forces", "displacedNames", "displacedGroups", "release", "calls.total"}

// limitPolicies returns, for each total, an engine with one package for each bound of it, as
// an owner would write them. They are loaded once. A binding is judged by those of the totals
// that its case has a bound for: to evaluate all of them took a seventh of the time.
var limitPolicies = sync.OnceValue(func() map[string]*policy.Engine {
	engines := map[string]*policy.Engine{}
	for _, total := range everyTotal {
		engines[total] = loadLimits(total)
	}
	return engines
})

func loadLimits(total string) *policy.Engine {
	dir, err := os.MkdirTemp("", "limits")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	value := "input.plan.facts." + total
	if strings.HasPrefix(total, "displaced") {
		value = "count(" + value + ")"
	}
	for most := range maxBound + 1 {
		b := limit{total, most}
		rule := fmt.Sprintf("# METADATA\n# custom:\n#   needs: [plan]\npackage %s\n\nimport rego.v2\n\ndeny contains \"too many\" if %s > %d\n", b.name(), value, most)
		if err := os.WriteFile(filepath.Join(dir, b.name()+".rego"), []byte(rule), 0o600); err != nil {
			panic(err)
		}
	}
	e, err := policy.Load(context.Background(), policy.Options{Dirs: []string{dir}})
	if err != nil {
		panic(err)
	}
	return e
}

// drawBounds gives a case bounds that its totals do not exceed.
func (c *ruleCase) drawBounds(t *rapid.T) {
	for range max(0, pick(t, "bounds", 4)-1) {
		of := one(t, "total", everyTotal)
		c.bounds = append(c.bounds, limit{of, min(maxBound, c.total(of)+pick(t, "room", 2))})
	}
}

// totalsOf counts the plan of a run as the engine does.
func totalsOf(subjects []checks.Subject) *judge.Totals {
	totals := judge.NewTotals(time.Now())
	for _, s := range subjects {
		totals.Add(s)
	}
	return totals.End()
}

// limited adds to what the policies of a binding say what those with a bound say.
func (c *ruleCase) limited(i int, s checks.Subject, totals *judge.Totals, o evidence.Observation[evidence.Policy]) evidence.Observation[evidence.Policy] {
	if len(c.bounds) == 0 || o.State != evidence.StateObserved {
		return o
	}
	judged := policy.Input{Binding: s.Binding, Evidence: s.Evidence, Run: s.Evidence.Run, Plan: totals.Of(i, s)}
	for _, b := range c.bounds {
		got := limitPolicies()[b.total].Evaluate(context.Background(), judged)
		at := slices.IndexFunc(got.Facts.Packages, func(p evidence.PolicyPackage) bool { return p.Name == b.name() })
		if at < 0 { // it could not be evaluated
			return evidence.Failed[evidence.Policy](got.Reason, "", time.Time{})
		}
		o.Facts.Packages = append(o.Facts.Packages, got.Facts.Packages[at])
	}
	return o
}

// limits reports whether a policy with a bound keeps the whole run from being written:
// a total exceeds its bound, or evidence is missing, without which no total is known.
func (c *ruleCase) limits() bool {
	if len(c.bounds) > 0 && slices.ContainsFunc(c.bindings, (*ruleBinding).uncounted) {
		return true
	}
	return slices.ContainsFunc(c.bounds, func(b limit) bool { return c.total(b.total) > b.most })
}

// uncounted reports whether the calls of a binding are not known.
func (b *ruleBinding) uncounted() bool {
	return b.lacks(evidence.NeedGroup) || b.requested.Certificate != nil && b.lacks(evidence.NeedCertificate) ||
		b.requested.IsForce && b.lacks(evidence.NeedAccount)
}

// total is what the bindings of a case would do, by their shapes.
func (c *ruleCase) total(of string) int {
	total := 0
	for _, b := range c.bindings {
		stage := ""
		switch {
		case b.requested.BindStageName != nil:
			stage = *b.requested.BindStageName
		case b.shape.before != nil:
			stage = b.shape.before.BindStageName
		}
		switch {
		case of == "calls.total":
			total += len(b.shape.calls)
		case len(b.shape.calls) == 0:
		case of == "release" && (stage == "" || stage == "RELEASE"), of != "release" && b.requested.IsForce:
			total++
		}
	}
	return total
}
