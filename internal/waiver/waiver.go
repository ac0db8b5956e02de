// Package waiver applies the waivers of the gate's owner. A waiver makes bindgate ignore, for
// some domains and until a date, the warnings of an advisory check or the messages of a policy
// rule that is marked as waivable. A waiver cannot change a core check, a blocking check or a
// force.
package waiver

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// Longest is the maximum time until a waiver ends.
const Longest = 90 * 24 * time.Hour

// Soon is the time before its end in which a waiver is reported as ending soon.
const Soon = 14 * 24 * time.Hour

// Waiver is one waiver of the owner's file. It names a check or a rule.
type Waiver struct {
	Check  string // id
	Rule   string // bindgate.policy.<name>/<id>
	Domain string // name, or a pattern in which each label * matches one label
	Owner  string
	Reason string
	Until  time.Time
	At     string // file:line:column
}

// What returns the check or the rule that the waiver names.
func (w Waiver) What() string {
	if w.Check != "" {
		return w.Check
	}
	return w.Rule
}

// Set holds the waivers of a run and counts what they waive. It is safe for concurrent
// use. A nil set waives nothing.
type Set struct {
	list   []Waiver
	raised map[string]bool // checks that only advise for the owner, and that the tree raises
	used   []atomic.Int64
}

// New returns a set. It fails if a waiver ends too late, or names an unknown check or a check
// that blocks. Raised are the checks whose severity the tree raises and the owner does not
// set: whoever edits the tree cannot make a waiver of the owner an error.
func New(list []Waiver, catalogue []checks.Check, severities checks.Severities, raised []string, now time.Time) (*Set, error) {
	byID := map[string]checks.Check{}
	for _, c := range catalogue {
		byID[c.ID] = c
	}
	s := &Set{list: list, raised: map[string]bool{}, used: make([]atomic.Int64, len(list))}
	for _, id := range raised {
		s.raised[id] = byID[id].Severity == checks.Warning
	}
	for _, w := range list {
		c, known := byID[w.Check]
		switch {
		case w.Until.Sub(now) > Longest:
			return nil, fmt.Errorf("%s: the waiver ends at %s, want at most 90 days ahead: %s", w.At, w.Until.Format(time.RFC3339), now.Add(Longest).Format(time.RFC3339))
		case w.Check != "" && !known:
			return nil, fmt.Errorf("%s: got a waiver for the check %q, want a check of the catalogue; see bindgate checks list", w.At, w.Check)
		case w.Check != "" && (c.Core || c.MustPass != nil):
			return nil, fmt.Errorf("%s: got a waiver for the core check %q, which cannot be waived; waive a check that only advises, or a policy rule with custom.waivable", w.At, w.Check)
		case w.Check != "" && severities.Of(c) != checks.Warning && !s.raised[w.Check]:
			return nil, fmt.Errorf("%s: got a waiver for the check %q, which blocks in this run, so that the waiver has no effect; remove it, or make the check advise: severities: {%s: warning}", w.At, w.Check, w.Check)
		}
	}
	return s, nil
}

// Rules fails if a waiver names a rule that no policy has, or that is not waivable.
func (s *Set) Rules(waivable map[string]bool) error {
	if s == nil {
		return nil
	}
	for _, w := range s.list {
		if may, known := waivable[w.Rule]; w.Rule != "" && !known {
			return fmt.Errorf("%s: got a waiver for the rule %q, which no policy contains; want bindgate.policy.<name>/<id>, with custom.id in the METADATA of the rule", w.At, w.Rule)
		} else if w.Rule != "" && !may {
			return fmt.Errorf("%s: got a waiver for the rule %q, which is not waivable; its METADATA says custom.waivable: true if it may be waived", w.At, w.Rule)
		}
	}
	return nil
}

// Results marks the warnings of checks that have severity warning in this run as waived.
func (s *Set) Results(severities checks.Severities, list []checks.Check, results []checks.Result, domain string, now time.Time) {
	if s == nil || len(s.list) == 0 {
		return
	}
	advice := map[string]bool{}
	for _, c := range list {
		advice[c.ID] = severities.Of(c) == checks.Warning
	}
	for i, r := range results {
		if !advice[r.ID] || len(r.Findings) == 0 {
			continue
		}
		w := s.find(func(w Waiver) bool { return w.Check == r.ID }, domain, now)
		for j := range r.Findings {
			if w != nil && r.Findings[j].Severity == checks.Warning {
				results[i].Findings[j].Waived = w
			}
		}
	}
}

// Policy marks the messages of waivable rules as waived. Rules under bindgate.force cannot be
// waived.
func (s *Set) Policy(p *evidence.Policy, domain string, now time.Time) {
	if s == nil || len(s.list) == 0 {
		return
	}
	for _, pkg := range p.PackagesUnder("bindgate.policy") {
		for _, list := range [][]evidence.PolicyMessage{pkg.Denials, pkg.Warnings} {
			for i, m := range list {
				if m.Rule != "" && m.Waivable {
					list[i].Waived = s.find(func(w Waiver) bool { return w.Rule == pkg.Name+"/"+m.Rule }, domain, now)
				}
			}
		}
	}
}

// find returns the first current waiver that match accepts and that covers the domain, and
// counts its use.
func (s *Set) find(match func(Waiver) bool, domain string, now time.Time) *evidence.Waiver {
	for i, w := range s.list {
		if match(w) && now.Before(w.Until) && Matches(w.Domain, domain) {
			s.used[i].Add(1)
			return &evidence.Waiver{Owner: w.Owner, Reason: w.Reason, Until: w.Until}
		}
	}
	return nil
}

// States of a waiver at the end of a run.
const (
	Used     = "used"
	Unused   = "unused"
	Expired  = "expired"
	NoEffect = "no-effect" // the tree raises the check, so that it blocks
)

// State is a waiver with its status at the end of a run.
type State struct {
	Waiver
	Status string // used, unused, expired or no-effect
	Soon   bool   // it ends within Soon
}

// States returns the waivers in the order of the file.
func (s *Set) States(now time.Time) []State {
	if s == nil {
		return nil
	}
	var out []State
	for i, w := range s.list {
		st := State{Waiver: w, Status: Unused, Soon: now.Before(w.Until) && w.Until.Sub(now) <= Soon}
		switch {
		case !now.Before(w.Until):
			st.Status = Expired
		case s.raised[w.Check]:
			st.Status = NoEffect
		case s.used[i].Load() > 0:
			st.Status = Used
		}
		out = append(out, st)
	}
	return out
}

// Matches reports whether a pattern matches a domain name. A label * matches exactly one
// label. No pattern matches a wildcard binding, because the binding covers more names than
// the pattern.
func Matches(pattern, domain string) bool {
	want, got := strings.Split(evidence.PlainName(pattern), "."), strings.Split(evidence.PlainName(domain), ".")
	if len(want) != len(got) {
		return false
	}
	for i, label := range want {
		if got[i] == "*" || label != "*" && label != got[i] {
			return false
		}
	}
	return true
}

// ValidDomain reports whether a pattern is valid: at least two labels, of which all but the
// last two may be *.
func ValidDomain(pattern string) bool {
	labels := strings.Split(evidence.PlainName(pattern), ".")
	if len(labels) < 2 {
		return false
	}
	for i, label := range labels {
		if label == "" || strings.ContainsAny(label, "?[]\\ ") || label != "*" && strings.Contains(label, "*") || label == "*" && i >= len(labels)-2 {
			return false
		}
	}
	return true
}
