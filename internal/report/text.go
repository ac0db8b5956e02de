package report

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"unique"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
	"github.com/bindgate/bindgate/internal/plan"
)

// text is the report for people: first what blocks bindings, then one line for
// each binding, then warnings, and a summary that fits one screen for any number
// of bindings. That order is not the order in which
// bindings arrive, so each section is drawn as they arrive and written at the end.
type text struct {
	*state
	*printer // of the section that is drawn or written now

	refusals                      refusals
	unknown, notRun, notAttempted grouping
	lines                         []unique.Handle[string] // of bindings; those that list the same checks share the list
	warnings, calls, outcomes     strings.Builder
	warned, failing               map[string]int // bindings' warnings, and failing bindings, by check
	sent, missing                 names          // domains for which calls were made, and for which none was
}

// Beyond these numbers the text report counts instead of listing, unless it is
// to be verbose. No check that fails goes unsaid.
const (
	mostBindings = 20 // lines of bindings; up to so many refused bindings are each shown in full
	mostAlike    = 3  // of more than that, those shown in full that fail the same checks
	mostGroups   = 10 // reasons of unknown or not-run checks
	mostWarnings = 3  // warnings of one check
	mostNames    = 5  // names in one list
)

func openText(s *state) (format, error) {
	most := mostGroups
	if s.options.Verbose {
		most = 0
	}
	seed := maphash.MakeSeed()
	newGrouping := func() grouping { return grouping{most: most, seed: seed, seen: map[uint64]*group{}} }
	return &text{state: s, printer: newPrinter(s.options), unknown: newGrouping(), notRun: newGrouping(), notAttempted: newGrouping(),
		refusals: refusals{alike: map[string]*alike{}}, warned: map[string]int{}, failing: map[string]int{}}, nil
}

func (t *text) add(b Binding) error {
	for _, c := range b.Checks {
		if fails(c) {
			t.failing[c.ID]++
		}
	}
	t.failure(b)
	unjudged(&t.unknown, b, gate.Undetermined, checks.StatusUnknown)
	if o := b.Outcome; o != nil {
		switch {
		case o.Sent:
			t.sent.add(b.DomainName)
		case o.Status == notAttempted:
			t.missing.add(b.DomainName)
		}
		if o.Status == notAttempted && o.Message != "" {
			t.notAttempted.add(o.Message, "", b.DomainName)
		}
		t.outcome(b, *o)
		t.outcomes.WriteString(t.take())
	}
	if t.options.Quiet {
		return nil
	}
	unjudged(&t.notRun, b, gate.Partial, checks.StatusNotRun)
	t.binding(b)
	t.warning(b)
	t.warnings.WriteString(t.take())
	t.call(b)
	t.calls.WriteString(t.take())
	return nil
}

func (t *text) close() error {
	if t.Run.Error != nil {
		for _, line := range t.Run.Error.lines() {
			t.put("bindgate: ", Escape(line), "\n")
		}
		t.put("The run ended before it was whole; nothing is reported of its bindings.\n")
		return nil
	}
	if t.options.Quiet && settled(t.summary) {
		return nil
	}
	t.failures()
	t.groups(t.unknown, span{doubt, "? cannot tell:"})
	if !t.options.Quiet {
		t.groups(t.notRun, span{aside, "~ not run:"})
		if t.summary.Bindings <= mostBindings || t.options.Verbose {
			for _, l := range t.lines {
				t.put(l.Value())
			}
			if len(t.lines) > 0 {
				t.blank()
			}
		}
		t.flush()
		t.put(t.warnings.String())
		t.moreWarnings()
		t.flush()
		t.put(t.calls.String())
	}
	t.put(t.outcomes.String())
	t.groups(t.notAttempted, span{doubt, "~ not attempted:"})
	t.end()
	t.flush()
	return nil
}

// flush writes what was drawn.
func (t *text) flush() { t.put(t.take()) }

// refusals are the bindings that fail checks, as they are shown.
type refusals struct {
	n     int
	told  []refusal
	alike map[string]*alike // by what they fail
	more  []*alike          // of which not all are shown, in order of appearance
}

// refusal is a binding that is shown in full.
type refusal struct {
	alike  *alike
	domain string
	nth    int // of those that fail the same, from 1
	text   string
}

// alike are bindings that have the same decision and fail the same checks.
type alike struct {
	decision, what string
	n              int
	more           names // those that are not shown
}

// failure draws a refused binding with its error findings. Of very many that
// fail the same checks the first are shown, and the others named.
func (t *text) failure(b Binding) {
	var failing []string // what it fails, without the words that differ from one to the next
	for _, c := range b.Checks {
		if fails(c) {
			failing = append(failing, c.ID)
		}
	}
	if len(failing) == 0 && b.Decision != gate.Refused {
		return
	}
	var reasons []string
	if b.Decision == gate.Refused {
		reasons = unexplained(b, fails)
	}
	what := strings.Join(append(failing, reasons...), ", ")
	all := &t.refusals
	all.n++
	key := string(b.Decision) + ": " + what
	same := all.alike[key]
	if same == nil {
		same = &alike{decision: string(b.Decision), what: what}
		all.alike[key] = same
	}
	same.n++
	fold := all.n > mostBindings && !t.options.Verbose
	if fold && all.n == mostBindings+1 {
		told := all.told
		all.told = nil
		for _, r := range told {
			all.tell(r, true)
		}
	}
	r := refusal{alike: same, domain: b.DomainName, nth: same.n}
	if !fold || same.n <= mostAlike {
		t.refusal(b, reasons)
		r.text = t.take()
	}
	all.tell(r, fold)
}

// tell keeps a refusal to be shown in full, or only its name.
func (all *refusals) tell(r refusal, fold bool) {
	if !fold || r.nth <= mostAlike {
		all.told = append(all.told, r)
		return
	}
	if r.alike.more.n == 0 {
		all.more = append(all.more, r.alike)
	}
	r.alike.more.add(r.domain)
}

// failures writes the refused bindings.
func (t *text) failures() {
	for _, r := range t.refusals.told {
		t.put(r.text)
	}
	for _, a := range t.refusals.more {
		t.line(0, 2, span{bad, "✗ " + a.decision + ":"}, span{name, a.more.String()})
		t.line(4, 4, span{plain, count(a.n-mostAlike, "more binding fails", "more bindings fail")},
			span{plain, "the same checks as those above; --verbose or -f json shows every finding"})
		t.line(4, 6, span{bad, a.what})
	}
	if len(t.refusals.more) > 0 {
		t.blank()
	}
	t.flush()
}

func (t *text) refusal(b Binding, reasons []string) {
	t.line(0, 2, span{bad, "✗ " + string(b.Decision)}, span{name, b.DomainName}, span{plain, toGroup(b.Target())})
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			if f.Severity == checks.Error {
				t.finding(c.ID, f, bad)
			}
		}
	}
	for _, reason := range reasons {
		t.line(2, 4, span{plain, reason})
	}
	if !t.options.Verbose { // it draws them with every check
		if slices.ContainsFunc(b.Checks, doubtsNames) {
			t.draw(b.Evidence.names())
		}
		if slices.ContainsFunc(b.Checks, func(c checks.Result) bool { return c.ID == "certificate/chain-is-trusted" && fails(c) }) {
			t.draw(b.Evidence.path())
		}
	}
	t.blank()
}

// fails reports whether a check has a finding that refuses.
func fails(c checks.Result) bool {
	return slices.ContainsFunc(c.Findings, func(f checks.Finding) bool { return f.Severity == checks.Error })
}

// doubtsNames reports that a check of DNS did not pass, so that the aliases are
// worth seeing.
func doubtsNames(c checks.Result) bool {
	return strings.HasPrefix(c.ID, "dns/") && (c.Status == checks.StatusFail || c.Status == checks.StatusUnknown)
}

// finding writes where, which check, what, and how to fix it.
func (t *text) finding(id string, f checks.Finding, s style) {
	t.line(2, 4, span{name, place(f.Source)}, span{s, id})
	t.line(4, 4, span{plain, f.Message})
	if f.Fix != "" {
		t.line(4, 9, span{good, "fix:"}, span{plain, f.Fix})
	}
}

// draw shows evidence as a tree.
func (t *text) draw(lines []branch) {
	for _, l := range lines {
		indent := 4 + 2*min(l.depth, 10)
		mark := "└"
		if l.depth == 0 {
			mark = ""
		}
		t.line(indent, indent+2, span{aside, mark}, span{plain, l.text})
	}
}

// binding draws one line, and when verbose its checks. When there are many
// bindings, the summary counts them instead.
func (t *text) binding(b Binding) {
	if t.summary.Bindings > mostBindings && !t.options.Verbose {
		t.lines = nil
		return
	}
	verdict := string(b.Decision)
	switch {
	case b.Outcome != nil:
		verdict += ", " + b.Outcome.Status
	case t.Run.Command == "plan" && b.Decision == gate.Allowed && len(b.Calls) == 0:
		verdict += ", already in effect: nothing to send"
	}
	mark, s := markOf(b)
	t.line(0, 2, span{s, mark}, span{name, b.DomainName}, span{plain, toGroup(short(b.Target()))},
		span{plain, stage(b)}, span{s, verdict})
	t.lines = append(t.lines, unique.Make(t.take()))
	if !t.options.Verbose {
		return
	}
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
	t.lines = append(t.lines, unique.Make(t.take()))
	t.draw(b.Evidence.names())
	t.draw(b.Evidence.path())
	t.lines = append(t.lines, unique.Make(t.take()))
}

// warning draws the warnings of a binding, the first few of each check.
func (t *text) warning(b Binding) {
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			if f.Severity != checks.Warning {
				continue
			}
			if t.warned[c.ID]++; t.warned[c.ID] <= mostWarnings || t.options.Verbose {
				t.line(0, 2, span{doubt, "! warning:"}, span{name, b.DomainName})
				t.finding(c.ID, f, doubt)
			}
		}
	}
}

func (t *text) moreWarnings() {
	for _, n := range ranked(t.warned) {
		if rest := n.count - mostWarnings; rest > 0 && !t.options.Verbose {
			t.line(0, 2, span{doubt, "! warning:"}, span{plain, fmt.Sprintf("%d more of %s; --verbose shows them", rest, n.id)})
		}
	}
	if len(t.warned) > 0 {
		t.blank()
	}
}

// call draws, for a plan or when verbose, what is sent, and always what a
// force takes away.
func (t *text) call(b Binding) {
	shown := t.Run.Command == "plan" || t.options.Verbose
	if !shown && len(b.Displaces) == 0 || len(b.Calls) == 0 {
		return
	}
	when := "calls:"
	switch {
	case !shown:
		when = "force:"
	case b.Decision != gate.Allowed:
		when = "calls, once it is allowed:"
	}
	t.line(0, 2, span{plain, when}, span{name, b.DomainName}, span{plain, toGroup(b.Target())})
	if shown {
		for _, c := range b.Calls {
			t.sending(c)
		}
	}
	for _, h := range b.Displaces {
		t.line(2, 4, span{doubt, "takes " + h.Domain.DomainName + " away from group " + h.GroupID},
			span{plain, fmt.Sprintf("(%s, stage %s)", orElse(h.GroupName, "no name"), stageName(h.Domain.BindStageName))})
	}
	t.blank()
}

func (t *text) sending(c plan.Call) {
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
