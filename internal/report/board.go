package report

import (
	"fmt"
	"time"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/cutover"
)

// Classic says how long the classic gateway can be used.
type Classic struct {
	RenewalsEnd   time.Time `json:"renewalsEnd"`       // 2027-03-21, 00:00 UTC+8
	Ends          time.Time `json:"ends"`              // 2027-09-21, 00:00 UTC+8
	DaysToRenewal int       `json:"daysToRenewalsEnd"` // that are left
	DaysToEnd     int       `json:"daysToEnd"`
}

// ClassicAt returns what is left of the classic gateway at a time.
func ClassicAt(now time.Time) *Classic {
	return &Classic{RenewalsEnd: evidence.RenewalsEnd(), Ends: evidence.ClassicEnds(),
		DaysToRenewal: evidence.DaysUntil(evidence.RenewalsEnd(), now), DaysToEnd: evidence.DaysUntil(evidence.ClassicEnds(), now)}
}

// String is a sentence; empty for nil.
func (c *Classic) String() string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf("the classic gateway can be renewed for %s more (until 2027-03-21), and is switched off in %s (2027-09-21)",
		count(c.DaysToRenewal, "day", "days"), count(c.DaysToEnd, "day", "days"))
}

// moving holds the domains that move, by state, in the order of the states.
type moving []column

type column struct {
	State   cutover.State
	Name    string
	Domains []move
}

// move is a domain that moves.
type move struct {
	Domain string
	cutover.Progress
}

// add takes a binding of a map; another one changes nothing.
func (all *moving) add(b Binding) {
	if b.Cutover == nil {
		return
	}
	if *all == nil {
		for _, s := range cutover.States() {
			*all = append(*all, column{State: s, Name: s.String()})
		}
	}
	if s := int(b.Cutover.State); s >= 0 && s < len(*all) {
		(*all)[s].Domains = append((*all)[s].Domains, move{b.DomainName, *b.Cutover})
	}
}

// Class says how a state is painted.
func (c column) Class() string {
	switch c.State {
	case cutover.Unknown, cutover.Prepared, cutover.NotPrepared:
		return "doubt"
	case cutover.Done, cutover.MayUnbind, cutover.MayMove:
		return "good"
	}
	return "aside"
}

// Blocks returns what keeps a domain from the next state, or what shows its state.
func (m move) Blocks() []string {
	if len(m.Breaks) > 0 {
		return m.Breaks
	}
	return m.Because
}

// drawMoves draws the domains by state, with what is next for each.
func (t *text) drawMoves() {
	if len(t.moves) == 0 {
		return
	}
	for _, c := range t.moves {
		if len(c.Domains) == 0 {
			continue
		}
		s := map[string]style{"good": good, "doubt": doubt, "aside": plain}[c.Class()]
		t.line(0, 2, span{s, fmt.Sprintf("%d %s:", int(c.State), c.Name)}, span{aside, count(len(c.Domains), "domain", "domains")})
		for i, m := range c.Domains {
			if i == mostBindings && !t.options.Verbose {
				t.line(2, 4, span{aside, fmt.Sprintf("and %d more; --verbose or -f json shows them", len(c.Domains)-i)})
				break
			}
			t.line(2, 4, span{name, m.Domain}, span{plain, "from group " + short(m.From) + " to gateway " + m.To})
			for _, why := range m.Because {
				t.line(4, 6, span{plain, why})
			}
			for _, what := range m.Breaks {
				t.line(4, 6, span{bad, "breaks:"}, span{plain, what})
			}
			if !m.LastCacheEnds.IsZero() && m.State >= cutover.Moving {
				t.line(4, 6, span{aside, "the last cache ends " + m.LastCacheEnds.Format(time.RFC3339)})
			}
			for _, d := range m.Servers {
				if m.State == cutover.Moving {
					t.line(4, 6, span{aside, d.Server + ":"}, span{plain, string(d.Leads)}, span{plain, d.Target})
				}
			}
			for _, command := range m.Next {
				t.verbatim(4, command)
			}
		}
	}
}
