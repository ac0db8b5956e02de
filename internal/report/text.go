package report

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

// text is the report for people: facts of the run, warnings, what is unknown, errors, then
// one table of the bindings. A plan begins with one line for each binding, and the verbose
// report with all that is known of each; these are written as they come. The other
// sections are kept up to the limits below and written at the end.
type text struct {
	*state
	*printer

	errors, warnings              board
	unknown, notRun, notAttempted grouping
	table                         table
	moves                         moving
	plan                          planned
	outcomes                      []string       // of bindings whose calls failed, the first
	failures                      int            // all of them
	forces                        []string       // that a run of calls made or was to make, the first
	forced                        int            // all of them
	failing                       map[string]int // bindings that fail each check
	warned                        map[string]int // warnings of each check
	countsWarnings                bool           // the warnings are only counted, because much is refused
	chains                        []string       // CNAME chains that a check without a finding doubts, the first
	sent, missing                 names          // domains for which calls were made, and for which none was
	sources                       sources
}

// Limits of the text report. Beyond them it counts; no failing check goes unsaid.
const (
	mostBindings = 20 // rows of the table, and findings of one check; a run of more is counted by kind
	mostOfKind   = 3  // rows of one kind, in a run of more bindings
	mostChecks   = 5  // failing checks of such a run that are shown with an example
	mostFrames   = 3  // findings with a drawn source line; more are shown compactly
	mostGroups   = 10 // reasons of unknown or not-run checks
	mostWarnings = 8  // lines of warnings
	mostNames    = 5  // names in one list
)

func openText(s *state) (format, error) {
	seed := maphash.MakeSeed()
	newGrouping := func() grouping { return grouping{most: mostGroups, seed: seed, seen: map[uint64]*group{}} }
	return &text{state: s, printer: newPrinter(s.options), unknown: newGrouping(), notRun: newGrouping(), notAttempted: newGrouping(),
		errors: board{}, warnings: board{}, failing: map[string]int{}, warned: map[string]int{}, sources: sources{head: s.Head}}, nil
}

func (t *text) add(b Binding) error {
	for _, c := range b.Checks {
		if fails(c) {
			t.failing[c.ID]++
		}
	}
	dependents := dependentsOf(b)
	if t.isPlan() && !t.options.Quiet {
		t.planLine(b)
	} else if t.options.Verbose && !t.options.Quiet {
		t.heading(b)
	}
	if t.options.Verbose && !t.options.Quiet {
		t.everything(b)
	}
	t.collect(b, dependents)
	unjudged(&t.unknown, b, gate.Undetermined, checks.StatusUnknown, dependents)
	if !t.options.Quiet {
		unjudged(&t.notRun, b, gate.Partial, checks.StatusNotRun, nil)
	}
	if !t.options.Verbose && len(t.chains) < mostFrames && slices.ContainsFunc(b.Checks, func(c checks.Result) bool { return doubtsNames(c) && t.shows(b, c) }) {
		t.draw(2, b.Evidence.names())
		t.chains = append(t.chains, t.take())
	}
	if o := b.Outcome; o != nil {
		t.outcome(b, *o)
	}
	t.table.add(b, t.summary.Bindings)
	t.moves.add(b)
	if t.options.Verbose {
		if t.w.Len() > 0 {
			t.blank()
		}
		t.flush()
	}
	return nil
}

// isPlan reports whether the report shows what would be sent.
func (t *text) isPlan() bool { return t.Run.Command == "plan" }

// shows reports whether a check that warns or is unknown has a line of its own: a chain
// without that line would explain nothing.
func (t *text) shows(b Binding, c checks.Result) bool {
	return causeOf(b, c) == "" && (c.Status == checks.StatusUnknown || !t.options.Quiet)
}

// many reports whether bindings are counted by kind.
func (t *text) many() bool { return t.summary.Bindings > mostBindings }

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
	if t.plan.widths != nil && !t.options.Verbose { // its lines are written
		t.put("\n")
	}
	t.plan.flush(t.printer)
	t.section()
	errors := t.errors.problems(t.many(), 1)
	if !t.options.Quiet {
		t.facts()
		t.section()
		t.showWarnings(len(errors))
		t.section()
	}
	t.shown(t.forces, t.forced, "force", "forces")
	t.groups(t.unknown, span{doubt, "unknown"})
	if !t.many() {
		for _, chain := range t.chains {
			t.w.WriteString(chain)
		}
	}
	t.groups(t.notAttempted, span{doubt, "not attempted:"})
	t.section()
	t.shown(t.outcomes, t.failures, "failed call", "failed calls")
	t.section()
	t.showErrors(errors)
	t.section()
	if !t.options.Quiet && !t.isPlan() {
		t.drawTable()
	}
	if !t.options.Quiet && len(t.moves) > 0 {
		t.section()
		t.drawMoves()
		t.section()
	}
	if t.Run.Since != nil {
		t.section()
		t.since()
		t.section()
	}
	t.end()
	t.flush()
	return nil
}

// shown writes the first of a list of drawn texts, and counts the others.
func (t *text) shown(all []string, n int, one, many string) {
	for _, s := range all {
		t.w.WriteString(s)
	}
	if rest := n - len(all); rest > 0 {
		t.line(0, 2, span{doubt, count(rest, "more "+one+":", "more "+many+":")}, span{plain, t.verbosely()})
	}
}

// verbosely is the command that shows everything.
func (t *text) verbosely() string { return "bindgate " + orElse(t.Run.Command, "lint") + " -v" }

// section writes what was drawn, and a blank line after it.
func (t *text) section() {
	if t.w.Len() > 0 {
		t.blank()
	}
	t.flush()
}

// flush writes what was drawn.
func (t *text) flush() { t.put(t.take()) }

// collect takes the findings of a binding: onto the boards, or in the verbose report
// drawn at once.
func (t *text) collect(b Binding, dependents map[string]int) {
	var found []problem
	for _, c := range b.Checks {
		for _, f := range c.Findings {
			p := problem{id: c.ID, domain: b.DomainName, finding: f}
			if f.Severity == checks.Error {
				p.dependents = dependents[c.ID]
				p.tree = treeOf(b, c)
			}
			found = append(found, p)
		}
	}
	if b.Decision == gate.Refused {
		for _, reason := range unexplained(b, func(c checks.Result) bool { return fails(c) || c.Status == checks.StatusUnknown }) {
			found = append(found, problem{id: ruleDecision, domain: b.DomainName, finding: checks.Finding{Severity: checks.Error, Message: reason, Source: b.Source}})
		}
	}
	slices.SortStableFunc(found, func(a, b problem) int { return strings.Compare(string(b.finding.Severity), string(a.finding.Severity)) })
	for _, p := range found {
		isError := p.finding.Severity == checks.Error
		switch {
		case !isError && t.options.Quiet:
		case t.options.Verbose:
			t.frame(p)
		case isError:
			t.errors.add(p)
		default:
			t.warnings.add(p)
			if p.finding.Waived == nil {
				t.warned[p.id]++
			}
		}
	}
}

// heading draws the first line of a binding in the verbose report.
func (t *text) heading(b Binding) {
	r := rowOf(b)
	t.line(0, 2, span{r.style, r.mark}, span{name, cell(b.DomainName)}, span{plain, toTarget(b)},
		span{plain, stage(b)}, span{r.style, strings.TrimSuffix(r.verdict+", "+r.outcome, ", ")})
}

// everything draws the checks, the evidence and the calls of a binding.
func (t *text) everything(b Binding) {
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
	t.draw(4, b.Evidence.names())
	t.draw(4, b.Evidence.path())
	for _, c := range b.Calls {
		t.sending(c)
	}
	t.displaced(b)
}

// draw shows evidence as a tree.
func (t *text) draw(at int, lines []branch) {
	for _, l := range lines {
		indent := at + 2*min(l.depth, 10)
		mark := "└"
		if l.depth == 0 {
			mark = "•"
		}
		t.line(indent, indent+2, span{aside, mark}, span{plain, l.text})
	}
}

// outcome takes the outcome of a binding.
func (t *text) outcome(b Binding, o Outcome) {
	switch {
	case o.Sent:
		t.sent.add(b.DomainName)
	case o.Status == notAttempted:
		t.missing.add(b.DomainName)
	}
	if o.Status == notAttempted && o.Message != "" {
		t.notAttempted.add(o.Message, "", b.DomainName)
	}
	under := t.take() // of the verbose report, which is being drawn
	defer func() { t.w.WriteString(under) }()
	if len(b.Displaces) > 0 && !t.options.Quiet && !t.options.Verbose {
		if t.forced++; len(t.forces) < mostBindings {
			t.line(0, 2, span{doubt, "force:"}, span{name, cell(b.DomainName)}, span{plain, toTarget(b)})
			t.displaced(b)
			t.forces = append(t.forces, t.take())
		}
	}
	if o.Status != bound && o.Status != unchanged && o.Status != notAttempted {
		if t.failures++; len(t.outcomes) < mostBindings {
			t.failed(b, o)
			t.outcomes = append(t.outcomes, t.take())
		}
	}
}

// displaced draws the groups that a force takes the domain from.
func (t *text) displaced(b Binding) {
	for _, h := range b.Displaces {
		t.line(2, 4, span{doubt, "takes " + h.Domain.DomainName + " away from group " + h.GroupID},
			span{plain, "(" + orElse(h.GroupName, "no name") + ", stage " + stageName(h.Domain.BindStageName) + ")"})
	}
}

// showWarnings writes the warnings: drawn where they are few, whole but without their
// source lines if there are errors too, else one line each. Many errors have the room of
// many warnings.
func (t *text) showWarnings(errors int) {
	all := t.warnings.problems(t.many(), mostOfKind)
	switch few := len(all) <= mostFrames; {
	case few && errors == 0 && !t.many():
		t.frames(all)
		return
	case few:
		for _, p := range all {
			t.title(p)
			t.also(p, 2, 4)
		}
		return
	case errors > mostFrames || errors > 0 && t.many():
		t.countsWarnings = true
		return
	}
	for _, p := range all[:min(len(all), mostWarnings)] {
		t.short(p)
	}
	rest := 0
	for _, p := range all[min(len(all), mostWarnings):] {
		rest += p.domains.n + p.more.n
	}
	if rest > 0 {
		t.line(0, 2, span{doubt, count(rest, "more warning:", "more warnings:")}, span{plain, t.verbosely()})
	}
}

// frames draws findings with a blank line between them.
func (t *text) frames(all []problem) {
	for i, p := range all {
		if i > 0 {
			t.blank()
		}
		t.frame(p)
	}
}

// showErrors writes the errors: those of a small run all, of a large one an example of
// each of the checks that fail most.
func (t *text) showErrors(all []problem) {
	switch {
	case !t.many() && len(all) <= mostFrames:
		t.frames(all)
		return
	case !t.many():
		for _, p := range all {
			t.compact(p)
		}
		return
	}
	slices.SortStableFunc(all, func(a, b problem) int { return cmp.Compare(t.failing[b.id], t.failing[a.id]) })
	for _, p := range all[:min(len(all), mostChecks)] {
		t.compact(p)
	}
	var others []string
	for _, p := range all[min(len(all), mostChecks):] {
		others = append(others, p.id)
	}
	if len(others) > 0 {
		t.line(0, 2, span{bad, count(len(others), "more check fails:", "more checks fail:")}, span{plain, list(others)}, span{plain, "(" + t.verbosely() + ")"})
	}
}
