package demo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/sandbox"
	"github.com/bindgate/bindgate/internal/sandbox/account"
)

// exitRefused is how a command ends that refused a binding.
const exitRefused = 1

// observed is what the comparison rests on.
type observed struct {
	exits         []int              // exit codes of the commands
	report        report             // of the apply
	received      []sandbox.Received // every call of the demo
	before, after []account.Group    // the sandbox's state
	minted        map[string]pair    // certificates by the name of their files
}

// comparison is the table and whatever does not agree. A row agrees if there is
// no difference at its place.
type comparison struct {
	rows        []row
	differences []difference
}

// row is one binding in the table.
type row struct {
	expectation
	decided  string
	received int // calls that change the gateway
}

// difference is one thing that is not as it must be.
type difference struct {
	place
	text string
}

// compare holds what was decided and what the sandbox received against what the
// demo expects, binding by binding, and looks for anything beside.
func compare(all []expectation, o observed) comparison {
	var c comparison
	calls, at := writes(o.received)
	for _, e := range all {
		r := row{expectation: e}
		d := c.find(e.place, o.report)
		r.decided = d.became()
		want := e.wanted(o.minted)
		c.add(e.place, e.decidedOtherwise(d)...)
		c.add(e.place, differ("decided", d.calls(), want)...)
		var got []call
		for i, call := range calls {
			if at[i] == e.place {
				got = append(got, call)
			}
		}
		r.received = len(got)
		c.add(e.place, differ("received", got, want)...)
		c.rows = append(c.rows, r)
	}
	for _, code := range o.exits {
		if code != exitRefused {
			c.add(place{}, fmt.Sprintf("a command ended with %d, want %d because bindings were refused", code, exitRefused))
		}
	}
	c.strangers(all, o.report, calls, at)
	c.differences = append(c.differences, compareState(all, o)...)
	slices.SortStableFunc(c.differences, func(a, b difference) int {
		return cmp.Or(strings.Compare(a.domain, b.domain), strings.Compare(a.group, b.group))
	})
	return c
}

func (c *comparison) add(at place, texts ...string) {
	for _, text := range texts {
		c.differences = append(c.differences, difference{at, text})
	}
}

// agrees reports whether everything at a place is as it must be.
func (c comparison) agrees(at place) bool {
	return !slices.ContainsFunc(c.differences, func(d difference) bool { return d.place == at })
}

// find is the one binding of the report at a place.
func (c *comparison) find(at place, r report) decided {
	var found []decided
	for _, d := range r.Bindings {
		if d.place() == at {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		c.add(at, fmt.Sprintf("decided: the report holds it %d times, want once", len(found)))
		return decided{Decision: "nothing"}
	}
	return found[0]
}

func (e expectation) decidedOtherwise(d decided) []string {
	var out []string
	if got := d.became(); got != e.becomes {
		out = append(out, fmt.Sprintf("decided: got %q, want %q", got, e.becomes))
	}
	var want []string
	if e.fails != "" {
		want = []string{e.fails}
	}
	if got := d.failing(); !slices.Equal(got, want) {
		out = append(out, fmt.Sprintf("decided: failing checks are [%s], want [%s]", strings.Join(got, " "), strings.Join(want, " ")))
	}
	return out
}

// strangers looks for decisions and calls that nobody asked for.
func (c *comparison) strangers(all []expectation, r report, calls []call, at []place) {
	asked := map[place]bool{}
	for _, e := range all {
		asked[e.place] = true
	}
	for _, d := range r.Bindings {
		if !asked[d.place()] {
			c.add(d.place(), "decided: nobody asked for it")
		}
	}
	for i, call := range calls {
		if !asked[at[i]] {
			c.add(at[i], fmt.Sprintf("received: nobody asked for %s", call))
		}
	}
}
