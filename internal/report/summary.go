package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/gate"
)

// settled reports whether nothing blocks the requested run.
func settled(s Summary) bool {
	return s.Refused+s.Undetermined+s.Incomplete+s.Failed+s.Unknown+s.NotAttempted == 0
}

// failed draws a call that failed or is incomplete, and how to undo it.
func (t *text) failed(b Binding, o Outcome) {
	mark, s := markOf(b)
	t.line(0, 2, span{s, mark + " " + o.Status}, span{name, cell(b.DomainName)}, span{plain, toTarget(b)})
	for _, fact := range [][2]string{{"code", o.Code}, {"message", o.Message}, {"request id", o.RequestID}} {
		if fact[1] != "" {
			t.line(2, 4, span{aside, fact[0] + ":"}, span{plain, fact[1]})
		}
	}
	if d := o.Before; d != nil {
		t.line(2, 4, span{aside, "before:"}, span{plain, fmt.Sprintf("%s, stage %s, certificate %s",
			d.DomainBindingStatus, stageName(d.BindStageName), orElse(d.CertificateName, "none"))})
	}
	if len(o.Restore) > 0 {
		t.line(2, 4, span{aside, "to restore the previous state:"})
		for _, command := range o.Restore {
			t.verbatim(4, command)
		}
	}
}

// facts draws what holds for the whole run, once.
func (t *text) facts() {
	fact := func(label, text string) {
		if text != "" {
			t.line(0, 2, span{aside, label + ":"}, span{aside, text})
		}
	}
	if id := t.Run.Identity; id != nil && (t.isPlan() || t.Run.Command == "apply") {
		fact("as", identity(id))
	}
	fact("CI job", ciJob(t.Run.CI))
	fact("policies off", policiesOff(t.Run.PoliciesOff))
	fact("approved by", approvers(t.Run.Approvals))
	fact("facts given", externalFacts(t.Run.External))
	if left := t.Run.Classic.String(); left != "" {
		t.line(0, 2, span{doubt, left})
	}
	for _, text := range t.Run.attention() {
		t.line(0, 2, span{doubt, "waiver:"}, span{plain, text})
	}
	for _, g := range t.notRun.kept {
		t.line(0, 2, span{aside, "not run:"}, span{aside, g.reason},
			span{aside, fmt.Sprintf("(%s of %s)", count(len(g.ids), "check", "checks"), count(g.names.n, "binding", "bindings"))})
	}
	if rest := len(t.notRun.seen) - len(t.notRun.kept); rest > 0 {
		fact("not run", count(rest, "more reason", "more reasons"))
	}
}

// end counts, names the checks that fail most, and says the next step.
func (t *text) end() {
	s := t.summary
	if t.Run.Interrupted {
		t.line(0, 2, span{doubt, "interrupted:"}, span{plain, t.done()})
	}
	if head := t.Run.JournalHead; head != "" && !t.options.Quiet {
		t.line(0, 2, span{aside, "journal head:"}, span{aside, head})
	}
	if t.many() && s.Refused > 1 {
		t.line(0, 2, span{plain, "failing:"}, span{plain, list(byCount(t.failing))})
	}
	if t.isPlan() && !t.options.Quiet {
		t.numbers(s)
		t.next()
		t.planTotals()
		return
	}
	t.numbers(s)
	t.next()
}

// numbers draws the numbers of a run.
func (t *text) numbers(s Summary) {
	if t.nothingBound() {
		t.line(0, 2, span{name, t.counted()})
		return
	}
	var line []span
	if !t.isPlan() || t.options.Quiet {
		line = counts(count(s.Bindings, "binding:", "bindings:"), []counted{
			{good, s.Allowed, "allowed"}, {bad, s.Refused, "refused"}, {doubt, s.Undetermined, "undetermined"},
			{aside, s.Partial, "partial"}})
	}
	warnings := pluralOf(s.Warnings, "warning", "warnings")
	if t.countsWarnings && len(t.warned) > 0 {
		warnings += " of " + list(byCount(t.warned)) + " (" + t.verbosely() + ")"
	}
	also := counts("", []counted{{doubt, s.Waived, pluralOf(s.Waived, "finding waived by the owner", "findings waived by the owner")},
		{doubt, s.Warnings, warnings}})[1:]
	if len(line) > 1 && len(also) > 0 {
		line[len(line)-1].text += ";"
	}
	if line = append(line, also...); len(line) > 0 {
		t.line(0, 2, line...)
	}
	if line := counts("outcome:", []counted{{good, s.Bound, bound}, {good, s.Unchanged, unchanged},
		{bad, s.Incomplete, incomplete}, {bad, s.Failed, failed}, {doubt, s.Unknown, unknown},
		{aside, s.NotAttempted, "not attempted"}}); len(line) > 1 {
		t.line(0, 2, line...)
	}
	if t.Run.Command == "apply" && !t.Run.Interrupted && s.Bound+s.Incomplete+s.Failed+s.Unknown == 0 {
		t.line(0, 2, span{plain, "no call was made"})
	}
}

func pluralOf(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// next draws the next steps.
func (t *text) next() {
	for _, step := range t.nextSteps() {
		t.line(0, 6, span{name, "next:"}, span{plain, step})
	}
}

// byCount names checks with their numbers, the largest first.
func byCount(n map[string]int) []string {
	var names []string
	for _, r := range ranked(n) {
		names = append(names, fmt.Sprintf("%s (%d)", r.id, r.count))
	}
	return names
}

// nothingBound reports whether an audit listed everything and found no binding.
func (s *state) nothingBound() bool {
	return s.Run.Audited != nil && s.summary.Bindings == 0 && !s.Run.Interrupted
}

// counted is the summary in one line.
func (s *state) counted() string {
	if s.Run.Error != nil {
		return s.Run.Error.sentence()
	}
	if s.nothingBound() {
		return s.Run.Audited.nothing()
	}
	warnings := "warnings"
	if s.summary.Warnings == 1 {
		warnings = "warning"
	}
	return s.numbered([]counted{{n: s.summary.Allowed, word: "allowed"},
		{n: s.summary.Refused, word: "refused"}, {n: s.summary.Undetermined, word: "undetermined"}, {n: s.summary.Partial, word: "partial"},
		{n: s.summary.Bound, word: bound}, {n: s.summary.Unchanged, word: unchanged}, {n: s.summary.Incomplete, word: incomplete},
		{n: s.summary.Failed, word: failed}, {n: s.summary.Unknown, word: "of unknown outcome"},
		{n: s.summary.NotAttempted, word: "not attempted"}, {n: s.summary.Warnings, word: warnings}, {n: s.summary.Waived, word: "waived"}})
}

// blocked is counted without what is well; the whole of it if all is.
func (s *state) blocked() string {
	all := []counted{{n: s.summary.Refused, word: "refused"}, {n: s.summary.Undetermined, word: "undetermined"}, {n: s.summary.Partial, word: "partial"},
		{n: s.summary.Incomplete, word: incomplete}, {n: s.summary.Failed, word: failed}, {n: s.summary.Unknown, word: "of unknown outcome"},
		{n: s.summary.NotAttempted, word: "not attempted"}}
	if !slices.ContainsFunc(all, func(c counted) bool { return c.n > 0 }) {
		return s.counted()
	}
	return s.numbered(all)
}

// numbered is the numbers of bindings that are not zero, as text.
func (s *state) numbered(all []counted) string {
	var words []string
	for _, c := range counts(count(s.summary.Bindings, "binding:", "bindings:"), all) {
		words = append(words, c.text)
	}
	if s.Run.Interrupted {
		words = append(words, "(interrupted)")
	}
	return strings.Join(words, " ")
}

type counted struct {
	style style
	n     int
	word  string
}

// counts is a line of the numbers that are not zero.
func counts(head string, all []counted) []span {
	line := []span{{name, head}}
	var parts []counted
	for _, c := range all {
		if c.n > 0 {
			parts = append(parts, c)
		}
	}
	for i, c := range parts {
		comma := ","
		if i == len(parts)-1 {
			comma = ""
		}
		line = append(line, span{c.style, fmt.Sprintf("%d %s%s", c.n, c.word, comma)})
	}
	return line
}

type idCount struct {
	id    string
	count int
}

// ranked gives the ids by how often they occur, most first.
func ranked(n map[string]int) []idCount {
	var out []idCount
	for id, count := range n {
		out = append(out, idCount{id, count})
	}
	slices.SortFunc(out, func(a, b idCount) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.id, b.id))
	})
	return out
}

// nextSteps says what a person does next; nothing when all is well.
func (t *text) nextSteps() []string {
	var steps []string
	add := func(n int, guide, step string) {
		if n > 0 {
			steps = append(steps, step+"; see "+guide)
		}
	}
	s, again := t.summary, "run `bindgate "+orElse(t.Run.Command, "lint")+"` again"
	if t.Run.Interrupted {
		s.Undetermined = 0 // the run was interrupted before it had all evidence
		add(1, GuideInterrupted, again+t.goingOn())
	}
	add(s.Unknown, GuideUnknown, "find out with `bindgate plan` whether the call took effect; `bindgate apply` reads the state first and sends nothing that is already in effect")
	add(s.Failed, GuideFailed, "fix the problem that the gateway's error code names, then "+again+"; it sends nothing that is already in effect")
	add(s.Incomplete, GuideIncomplete, "the domain is bound, but not yet as asked: "+again+" to complete it, or use the commands above to go back")
	add(s.Refused, GuideRefused, "fix the errors and "+again)
	add(s.Undetermined, GuideUndetermined, "remove the cause of each \"unknown\" above, then "+again+"; until then nothing is bound")
	switch {
	case t.Run.Offline:
		add(s.Partial, GuideNotRun, again+" without --offline to judge the skipped sources too")
	case t.Run.Command == "plan":
		add(s.Partial, GuideNotRun, "give what each \"not run\" above asks for: approvals to `bindgate apply --plan FILE`, anything else to `bindgate plan`")
	default:
		add(s.Partial, GuideNotRun, "give what each \"not run\" above asks for, such as a saved plan and its approvals, and omit --without; then "+again)
	}
	return steps
}

// done says what an interrupted run did, and what not.
func (t *text) done() string {
	switch {
	case t.Run.Command != "apply":
		return "some bindings may not be judged yet; nothing was changed"
	case t.sent.n == 0:
		return "no call was made"
	case t.missing.n == 0:
		return "calls were made for " + t.sent.String()
	}
	return "calls were made for " + t.sent.String() + "; none for " + t.missing.String()
}

// goingOn says what the next run does with what an interrupted one left.
func (t *text) goingOn() string {
	switch {
	case t.Run.Command != "apply":
		return " to judge the rest"
	case t.sent.n == 0:
		return "; it judges afresh"
	}
	return " on the manifest, because a plan saved before the interruption is no longer valid; it judges again and sends nothing that is already in effect"
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
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

// place returns the position of a value in the form that editors can open.
func place(p binding.Position) string {
	if p.File == "" && p.Line == 0 {
		return "command line:"
	}
	at := fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	switch {
	case p.Address != "" && p.Line == 0:
		return p.File + ": " + Escape(p.Address)
	case p.Address != "":
		return at + " (" + Escape(p.Address) + ")"
	}
	return at
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
