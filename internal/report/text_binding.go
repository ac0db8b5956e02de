package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

// bindings writes one line a binding, or, when there are many, counts them:
// the summary does that.
func (t text) bindings() {
	if len(t.r.Bindings) > mostBindings && !t.o.Verbose {
		return
	}
	for _, b := range t.r.Bindings {
		verdict := string(b.Decision)
		switch {
		case b.Outcome != nil:
			verdict += ", " + b.Outcome.Status
		case t.r.Run.Command == "plan" && b.Decision == gate.Allowed && len(b.Calls) == 0:
			verdict += ", stands already: nothing to send"
		}
		mark, s := markOf(b)
		t.line(0, 2, span{s, mark}, span{name, b.DomainName}, span{plain, toGroup(short(b.GroupID))},
			span{plain, stage(b)}, span{s, verdict})
		if t.o.Verbose {
			t.checks(b)
		}
	}
	if len(t.r.Bindings) > 0 {
		t.blank()
	}
}

// checks lists every check of a binding that is not told elsewhere.
func (t text) checks(b Binding) {
	for _, c := range b.Checks {
		s := plain
		switch c.Status {
		case checks.StatusPass:
			s = good
		case checks.StatusFail:
			s = bad
		case checks.StatusUnknown:
			s = doubt
		}
		t.line(4, 8, span{s, string(c.Status)}, span{plain, c.ID}, span{aside, c.Reason})
	}
	t.draw(b.Evidence.names())
	t.draw(b.Evidence.path())
}

// calls shows, for a plan or when verbose, what is sent, and always what a
// force takes away.
func (t text) calls() {
	shown := t.r.Run.Command == "plan" || t.o.Verbose
	for _, b := range t.r.Bindings {
		if !shown && len(b.Takes) == 0 || len(b.Calls) == 0 {
			continue
		}
		when := "calls:"
		switch {
		case !shown:
			when = "force:"
		case b.Decision != gate.Allowed:
			when = "calls, once it is allowed:"
		}
		t.line(0, 2, span{plain, when}, span{name, b.DomainName}, span{plain, toGroup(b.GroupID)})
		if shown {
			for _, c := range b.Calls {
				t.call(c)
			}
		}
		for _, h := range b.Takes {
			t.line(2, 4, span{doubt, "takes " + h.Domain.DomainName + " away from group " + h.GroupID},
				span{plain, fmt.Sprintf("(%s, stage %s)", orElse(h.GroupName, "no name"), stageName(h.Domain.BindStageName))})
		}
		t.blank()
	}
}

func (t text) call(c plan.Call) {
	words := []span{{good, c.Action}, {plain, "in " + orElse(c.RegionID, "the default region")}}
	for _, key := range slices.Sorted(maps.Keys(c.Params)) {
		words = append(words, span{plain, fmt.Sprintf("%s=%q", key, c.Params[key])})
	}
	t.line(2, 4, words...)
	if m := c.Material; m != nil {
		t.line(4, 6, span{aside, m.BodyParam}, span{plain, m.ChainDigest})
		t.line(4, 6, span{aside, m.KeyParam + " (public half)"}, span{plain, m.PublicKeyDigest})
	}
}

// markOf is the sign and the style of a binding's line; an outcome, which is
// later, weighs more than the decision.
func markOf(b Binding) (string, style) {
	if b.Outcome != nil {
		switch b.Outcome.Status {
		case bound, unchanged:
			return "✓", good
		case failed, incomplete:
			return "✗", bad
		case unknown:
			return "?", doubt
		case notAttempted:
			return "~", aside
		}
	}
	switch b.Decision {
	case gate.Allowed:
		return "✓", good
	case gate.Refused:
		return "✗", bad
	case gate.Partial:
		return "~", aside
	}
	return "?", doubt
}

// place is where a value stands, in the form that editors jump to.
func place(p binding.Position) string {
	if p.File == "" && p.Line == 0 {
		return "command line:"
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func stage(b Binding) string {
	if b.BindStageName == nil {
		return ""
	}
	return "(" + stageName(*b.BindStageName) + ")"
}

func stageName(s string) string { return orElse(s, "all environments") }

// short keeps enough of a group's id to know it again.
func short(id string) string {
	const enough = 8
	if len(id) <= enough || strings.ToValidUTF8(id[:enough], "") != id[:enough] {
		return id
	}
	return id[:enough] + "…"
}

// toGroup names the group that a binding is for; a certificate that is judged
// alone has none.
func toGroup(id string) string {
	if id == "" {
		return ""
	}
	return "→ group " + id
}
