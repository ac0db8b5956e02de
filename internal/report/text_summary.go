package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
)

// warnings lists the warnings by check, the first few of each.
func (t text) warnings() {
	seen := map[string]int{}
	for _, b := range t.r.Bindings {
		for _, c := range b.Checks {
			for _, f := range findings(c, checks.Warning) {
				if seen[c.ID]++; seen[c.ID] <= mostWarnings || t.o.Verbose {
					t.line(0, 2, span{doubt, "! warning:"}, span{name, b.DomainName})
					t.finding(c.ID, f, doubt)
				}
			}
		}
	}
	for _, n := range ranked(seen) {
		if rest := n.count - mostWarnings; rest > 0 && !t.o.Verbose {
			t.line(0, 2, span{doubt, "! warning:"}, span{plain, fmt.Sprintf("%d more of %s; --verbose shows them", rest, n.id)})
		}
	}
	if len(seen) > 0 {
		t.blank()
	}
}

// outcomes tells of the calls that did not end as wished, and how to go back.
func (t text) outcomes() {
	for _, b := range t.r.Bindings {
		o := b.Outcome
		if o == nil || o.Status == bound || o.Status == unchanged || o.Status == notAttempted {
			continue
		}
		mark, s := markOf(b)
		t.line(0, 2, span{s, mark + " " + o.Status}, span{name, b.DomainName}, span{plain, toGroup(b.GroupID)})
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
			t.line(2, 4, span{aside, "to bring the state before back:"})
			for _, command := range o.Restore {
				t.verbatim(4, command)
			}
		}
		t.blank()
	}
}

// summary counts, names the checks that fail most, and says the next step.
func (t text) summary() {
	s := t.r.Summary
	t.line(0, 2, counts(count(s.Bindings, "binding:", "bindings:"), []counted{
		{good, s.Allowed, "allowed"}, {bad, s.Refused, "refused"}, {doubt, s.Undetermined, "undetermined"},
		{aside, s.Partial, "partial"}})...)
	if line := counts("outcome:", []counted{{good, s.Bound, bound}, {good, s.Unchanged, unchanged},
		{bad, s.Incomplete, incomplete}, {bad, s.Failed, failed}, {doubt, s.Unknown, unknown},
		{aside, s.NotAttempted, "not attempted"}}); len(line) > 1 {
		t.line(0, 2, line...)
	}
	if s.Warnings > 0 {
		t.line(0, 2, span{doubt, count(s.Warnings, "warning", "warnings")})
	}
	if s.Refused > 1 {
		t.line(0, 2, span{plain, "failing:"}, span{plain, list(t.failing())})
	}
	switch {
	case t.r.Run.Interrupted:
		t.line(0, 2, span{doubt, "interrupted:"}, span{plain, t.r.done()})
	case t.r.Run.Command == "apply" && s.Bound+s.Incomplete+s.Failed+s.Unknown == 0:
		t.line(0, 2, span{plain, "no call was made"})
	}
	if head := t.r.Run.JournalHead; head != "" {
		t.line(0, 2, span{aside, "journal head:"}, span{aside, head})
	}
	for _, step := range t.r.nextSteps() {
		t.line(0, 6, span{name, "next:"}, span{plain, step})
	}
}

// failing names the checks that fail, with how many bindings fail them.
func (t text) failing() []string {
	n := map[string]int{}
	for _, b := range t.r.Bindings {
		for _, c := range b.Checks {
			if len(findings(c, checks.Error)) > 0 {
				n[c.ID]++
			}
		}
	}
	var names []string
	for _, r := range ranked(n) {
		names = append(names, fmt.Sprintf("%s (%d)", r.id, r.count))
	}
	return names
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
