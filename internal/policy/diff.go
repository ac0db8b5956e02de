package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Ruling is what a set of policies says about one binding.
type Ruling struct {
	Status string   // allowed, undetermined or refused: by the policies alone
	Says   []string // each message with its package, sorted
}

// Statuses of a Ruling, from the weakest.
const (
	RulingAllowed      = "allowed"
	RulingUndetermined = "undetermined"
	RulingRefused      = "refused"
)

// RulingOf returns the ruling that an observation contains.
func RulingOf(b binding.Binding, o evidence.Observation[evidence.Policy]) Ruling {
	r := Ruling{Status: RulingAllowed}
	raise := func(status string) {
		if r.Status != RulingRefused {
			r.Status = status
		}
	}
	say := func(word string, p evidence.PolicyPackage, text string) {
		r.Says = append(r.Says, fmt.Sprintf("%s %s: %s", word, p.Name, text))
	}
	if o.State != evidence.StateObserved {
		raise(RulingUndetermined)
		r.Says = append(r.Says, "failed: "+o.Reason)
	}
	for _, p := range o.Facts.Packages {
		if p.Off != "" {
			say("off", p, p.Off)
		}
		if p.NotRun != "" {
			raise(RulingUndetermined)
			say("not run", p, p.NotRun)
		}
		for _, m := range p.Denials {
			if !m.Counts() {
				say("waived", p, m.Text)
				continue
			}
			raise(RulingRefused)
			say("deny", p, m.Text)
		}
		for _, m := range p.Warnings {
			say("warn", p, m.Text)
		}
		if !b.IsForce || !strings.HasPrefix(p.Name, packageRoot+".force.") || p.NotRun != "" || p.NotApplicable != "" || p.Allow {
			continue
		}
		raise(RulingRefused)
		for _, m := range p.Reasons {
			say("force", p, m.Text)
		}
		if len(p.Reasons) == 0 {
			say("force", p, "does not allow it, and gives no reason")
		}
	}
	slices.Sort(r.Says)
	return r
}

// weight orders statuses: a lower one lets more pass.
func (r Ruling) weight() int {
	return slices.Index([]string{RulingAllowed, RulingUndetermined, RulingRefused}, r.Status)
}

// Weaker reports whether this ruling lets a binding pass, or nearer to it, that another
// keeps back.
func (r Ruling) Weaker(than Ruling) bool { return r.weight() < than.weight() }

// Changes returns what another ruling says in addition ("+ …") and no longer ("- …");
// nil if both are the same.
func (r Ruling) Changes(to Ruling) []string {
	var out []string
	for _, s := range r.Says {
		if !slices.Contains(to.Says, s) {
			out = append(out, "- "+s)
		}
	}
	for _, s := range to.Says {
		if !slices.Contains(r.Says, s) {
			out = append(out, "+ "+s)
		}
	}
	return out
}
