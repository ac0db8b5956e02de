package fault

import (
	"slices"
	"strings"
	"sync"
)

// Plan is a set at work: it counts how often each rule has applied. It is safe
// for concurrent use; the zero Plan holds no rule.
type Plan struct {
	mu    sync.Mutex
	rules Set
	used  []int
}

// Replace starts another set, with fresh counts.
func (p *Plan) Replace(s Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules, p.used = slices.Clone(s), make([]int, len(s))
}

// Gateway is the rule that applies to a call of the action, whose DomainName
// and GroupId are the scopes; Pass if none does.
func (p *Plan) Gateway(action string, scopes ...string) Rule {
	return p.take(func(r Rule) bool {
		if r.Target != action && r.Target != "*" {
			return false
		}
		return r.Scope == "" || slices.ContainsFunc(scopes, func(s string) bool { return strings.EqualFold(s, r.Scope) })
	})
}

// DNS is the rule that applies to a query for the name; Pass if none does.
func (p *Plan) DNS(name string) Rule {
	name = strings.TrimSuffix(name, ".")
	return p.take(func(r Rule) bool {
		want, isDNS := strings.CutPrefix(r.Target, dnsPrefix)
		return isDNS && (want == "*" || strings.EqualFold(strings.TrimSuffix(want, "."), name))
	})
}

func (p *Plan) take(fits func(Rule) bool) Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, r := range p.rules {
		if (r.Count == 0 || p.used[i] < r.Count) && fits(r) {
			p.used[i]++
			return r
		}
	}
	return Rule{Kind: Pass}
}
