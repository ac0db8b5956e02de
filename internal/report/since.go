package report

import (
	"fmt"
	"strings"
	"time"
)

// Since is what a run found that differs from an earlier report. Every list is sorted.
type Since struct {
	Now        *time.Time   `json:"now,omitempty"`        // clock of the earlier run; absent: there was none, and all is new
	Incomplete bool         `json:"incomplete,omitempty"` // the earlier run did not end: what it had not judged is new
	New        []Difference `json:"new,omitempty"`        // checks that passed, were not run or were not there
	Fixed      []Difference `json:"fixed,omitempty"`      // checks that pass now
	Changed    []Difference `json:"changed,omitempty"`    // checks that failed, warned or were unknown, and do otherwise now
	Bound      []Bound      `json:"bound,omitempty"`      // bindings that the earlier report does not have
	Gone       []Bound      `json:"gone,omitempty"`       // bindings that are bound no more
}

// Bound names a binding.
type Bound struct {
	DomainName string `json:"domainName"`
	GroupID    string `json:"groupId,omitempty"`
	GatewayID  string `json:"gatewayId,omitempty"`
}

func (b Bound) String() string { return b.DomainName + " on " + orElse(b.GatewayID, b.GroupID) }

// Difference is a check of a binding with its state before and now.
type Difference struct {
	Bound
	Check  string `json:"check"`
	Before string `json:"before" jsonschema:"enum=pass,enum=warning,enum=fail,enum=unknown,enum=not-run,enum=absent"`
	After  string `json:"after" jsonschema:"enum=pass,enum=warning,enum=fail,enum=unknown,enum=not-run,enum=absent"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s: %s: %s → %s", d.Bound, d.Check, d.Before, d.After)
}

// Empty reports whether nothing differs.
func (s *Since) Empty() bool {
	return len(s.New)+len(s.Fixed)+len(s.Changed)+len(s.Bound)+len(s.Gone) == 0
}

// mostSince bounds the lines of one kind; the json format has all.
const mostSince = 20

// heading returns what the section says first.
func (s *Since) heading() string {
	if s.Now == nil {
		return "no earlier report: everything is new"
	}
	text := "since " + s.Now.UTC().Format("2006-01-02 15:04 UTC")
	if s.Incomplete {
		text += ", a run that did not end"
	}
	if s.Empty() {
		return text + ": nothing changed"
	}
	return text + ": " + s.counts()
}

// compared is the section in one line, for the html format.
func compared(s *Since) string {
	if s == nil {
		return ""
	}
	return s.heading()
}

// counts returns the numbers of the section.
func (s *Since) counts() string {
	var out []string
	for _, l := range s.lists() {
		if n := len(l.lines); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, l.word))
		}
	}
	return strings.Join(out, ", ")
}

type sinceList struct {
	word  string
	lines []string
}

// lists returns the lines of each kind. Without an earlier report there are none: the
// rest of the report says it.
func (s *Since) lists() []sinceList {
	if s.Now == nil {
		return nil
	}
	return []sinceList{{"new", texts(s.New)}, {"changed", texts(s.Changed)}, {"fixed", texts(s.Fixed)},
		{"bound", texts(s.Bound)}, {"gone", texts(s.Gone)}}
}

func texts[T fmt.Stringer](all []T) []string {
	var out []string
	for _, one := range all {
		out = append(out, one.String())
	}
	return out
}

// lines returns the section, bounded unless all is asked for.
func (s *Since) lines(all bool) []sinceList {
	lists := s.lists()
	for i, l := range lists {
		if rest := len(l.lines) - mostSince; rest > 0 && !all {
			lists[i].lines = append(l.lines[:mostSince:mostSince], fmt.Sprintf("and %d more; the json format has all", rest))
		}
	}
	return lists
}

// since draws the section of the text report.
func (t *text) since() {
	s := t.Run.Since
	if s == nil || t.options.Quiet && s.Empty() {
		return
	}
	t.line(0, 2, span{aside, s.heading()})
	for _, l := range s.lines(t.options.Verbose) {
		paint := map[string]style{"new": bad, "changed": doubt, "fixed": good}[l.word]
		for _, line := range l.lines {
			t.line(2, 4, span{paint, l.word + ":"}, span{plain, line})
		}
	}
}

// since writes the section of the comment, as far as there is room.
func (m *markdown) since(p *comment) {
	s := m.Run.Since
	if s == nil || !p.fits(mdText(s.heading())+"\n\n") {
		return
	}
	for _, l := range s.lines(false) {
		for _, line := range l.lines {
			if !p.fits("- **" + l.word + "** " + mdText(line) + "\n") {
				p.WriteString("- …\n")
				return
			}
		}
	}
	p.WriteString("\n")
}
