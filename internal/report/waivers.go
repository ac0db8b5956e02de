package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
)

// ruleWaivers is the rule of waivers that need their owner's attention, in the formats
// that know only rules and places.
const ruleWaivers = "config/waivers"

// Waiver is one waiver of the owner's file, and what became of it in the run.
type Waiver struct {
	Check  string    `json:"check,omitempty"` // id of a check that only advises
	Rule   string    `json:"rule,omitempty"`  // bindgate.policy.<name>/<id>
	Domain string    `json:"domain"`
	Owner  string    `json:"owner"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"`
	Status string    `json:"status" jsonschema:"enum=used,enum=unused,enum=expired,enum=no-effect"`
	Soon   bool      `json:"soon,omitempty"` // it ends within 14 days
}

// waived is what a finding says of its waiver.
func waived(w *evidence.Waiver) string {
	return fmt.Sprintf(" (waived by %s until %s: %s)", w.Owner, w.Until.UTC().Format(time.RFC3339), w.Reason)
}

// attention returns what the owner does about a waiver; empty: nothing.
func (w Waiver) attention() string {
	what := fmt.Sprintf("the waiver of %s for %s until %s (%s)", orElse(w.Check, w.Rule), w.Domain, w.Until.UTC().Format(time.RFC3339), w.Owner)
	switch {
	case w.Status == "expired":
		return what + " has expired and has no effect: remove it, or renew it"
	case w.Status == "no-effect":
		return what + " has no effect: .bindgate.yaml raises the check, so that it blocks; fix what it reports, or remove the check from raise"
	case w.Status != "used":
		return what + " was not used in this run"
	case w.Soon:
		return what + " ends soon: fix what it waives, or renew it"
	}
	return ""
}

// attention lists what the owner does about waivers.
func (r Run) attention() []string {
	var out []string
	for _, w := range r.Waivers {
		if text := w.attention(); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// notes returns what is to be said of the run itself, for formats that know only rules
// and places.
func (r Run) notes() []note {
	out := r.Error.notes(r.Command)
	for _, text := range r.attention() {
		out = append(out, note{Rule: ruleWaivers, Severity: checks.Warning, domain: "bindgate " + orElse(r.Command, "lint"), Message: text})
	}
	return out
}

// waivers names the waivers of a run, for the html format.
func waivers(r Run) string {
	var out []string
	for _, w := range r.Waivers {
		out = append(out, orElse(w.attention(), fmt.Sprintf("%s for %s until %s (%s): used", orElse(w.Check, w.Rule), w.Domain, w.Until.UTC().Format(time.RFC3339), w.Owner)))
	}
	return strings.Join(out, "; ")
}
