package iterate

import (
	"context"
	"fmt"

	"github.com/miekg/dns"

	"github.com/bindgate/bindgate/internal/resolve"
)

// Walk is a chain of aliases as the authorities give it.
type Walk struct {
	resolve.Chain
	Steps []Step // one for each name of the chain that was asked
}

// Step is what the authorities of one name of the chain said.
type Step struct {
	Aliases Matrix   // to the question for its CNAME
	Others  []Matrix // to the questions for the types that were wanted, where there is no alias
}

// Walk follows the aliases of name to its records of the given types, asking
// every authority of every name on the way, and goes on with what most of them
// say. That some say otherwise is in the steps. With an error the walk holds
// what was seen until then.
func (w *Walker) Walk(ctx context.Context, name string, types ...uint16) (Walk, error) {
	owner, err := resolve.NameToAsk(name)
	if err != nil {
		return Walk{}, err
	}
	t := newTrail()
	walk := Walk{Chain: resolve.Chain{Name: owner}}
	for {
		step, here, err := w.sharedStep(ctx, t, walk.Name, types)
		if step.Aliases.Zone != nil {
			walk.Steps = append(walk.Steps, step)
		}
		if err != nil {
			return walk, err
		}
		if walk.Extend(here) {
			return walk, nil
		}
	}
}

// found is a step and what it comes to.
type found struct {
	step Step
	here resolve.Answer
	err  error
}

// stepKey names a step; no two sets of types that are asked for share the first.
type stepKey struct {
	name  string
	qtype uint16
}

// sharedStep returns the step of a name that was asked for recently, for many
// names lead to the same.
func (w *Walker) sharedStep(ctx context.Context, t trail, name string, types []uint16) (Step, resolve.Answer, error) {
	f, err := w.steps.Get(ctx, stepKey{name, types[0]}, func(ctx context.Context, _ stepKey) (f found, err error) {
		f.step, f.here, f.err = w.step(ctx, t, name, types)
		if ctx.Err() != nil || spent(f.err) {
			return f, f.err // not kept
		}
		return f, nil
	})
	if err == nil {
		err = f.err
	}
	return f.step, f.here, err
}

// step finds what one name has: its alias, or else the records that are wanted.
func (w *Walker) step(ctx context.Context, t trail, name string, types []uint16) (Step, resolve.Answer, error) {
	var s Step
	var err error
	if s.Aliases, err = w.ask(ctx, t, name, dns.TypeCNAME); err != nil {
		return s, resolve.Answer{}, err
	}
	first, err := decided(s.Aliases)
	if err != nil || len(first.CNAMEs) > 0 {
		return s, first, err
	}
	answers := []resolve.Answer{first}
	for _, qtype := range types {
		m, err := w.ask(ctx, t, name, qtype)
		if err != nil {
			return s, resolve.Answer{}, err
		}
		s.Others = append(s.Others, m)
		a, err := decided(m)
		if err != nil {
			return s, resolve.Answer{}, err
		}
		answers = append(answers, a)
	}
	return s, resolve.Union(answers...), nil
}

// decided is what most authorities said, or why there is no answer.
func decided(m Matrix) (resolve.Answer, error) {
	said, ok := m.Agreed()
	if ok {
		return said, nil
	}
	problem := "it has none"
	for _, r := range m.Replies {
		if r.Problem != "" {
			problem = r.Server.Host + ": " + r.Problem
		}
	}
	return said, fmt.Errorf("asking the servers of %s for %s %s: none of %d addresses answered with authority; %s",
		m.Zone.Name, m.Name, dns.Type(m.Type), len(m.Replies), problem)
}
