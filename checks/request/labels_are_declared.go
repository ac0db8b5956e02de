package request

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/spelling"
)

// labelsAreDeclared is request/labels-are-declared.
func labelsAreDeclared() checks.Check {
	return checks.Check{
		ID: "request/labels-are-declared", Severity: checks.Error,
		Applies: setsDomain,
		Judge:   judgeLabels,
		Doc: checks.Doc{
			Title: "The labels are those that the owner declares",
			Why: "Policies decide by labels: who owns a domain, and which change it belongs to. A misspelt label is one " +
				"that no policy reads. The gate's owner declares the names, which of them are required, and what they look like.",
			Fix:        "Write the labels as `labels` in the owner's file declares them, or ask the owner to declare another.",
			References: []string{"`bindgate schema config`: labels"},
			Failing:    "evidence: {run: {labels: {owner: {required: true}}}}",
			Passing:    "evidence: {run: {labels: {owner: {required: true}, changeTicket: {pattern: \"CHG-[0-9]+\"}}}}",
		},
	}
}

func judgeLabels(s checks.Subject) checks.Verdict {
	declared := s.Evidence.Run.Labels
	if len(declared) == 0 {
		return checks.NotApplicable("the owner declares no labels")
	}
	if s.Evidence.Run.Command == "audit" {
		return checks.NotApplicable("the gateway keeps no labels")
	}
	var undeclared, wrong []checks.Finding
	for name := range s.Binding.Labels {
		if _, ok := declared[name]; !ok {
			undeclared = append(undeclared, undeclaredLabel(name, slices.Sorted(maps.Keys(declared))))
		}
	}
	for name, want := range declared {
		wrong = append(wrong, judgeLabel(s, name, want)...)
	}
	for _, list := range [][]checks.Finding{undeclared, wrong} { // sorting the names of each binding costs more than judging them
		slices.SortFunc(list, func(a, b checks.Finding) int { return strings.Compare(a.Pointer, b.Pointer) })
	}
	return checks.Judge(append(undeclared, wrong...)...)
}

func undeclaredLabel(name string, declared []string) checks.Finding {
	const fix = "write a declared label, or ask the gate's owner to declare it"
	if near := spelling.Nearest(name, declared, 1); near != "" {
		return checks.Fails("/labels/"+token(name), fmt.Sprintf("the label %q is not declared; did you mean %q?", name, near), fix).Renaming(near)
	}
	return checks.Fails("/labels/"+token(name), fmt.Sprintf("the label %q is not declared; want %s", name, strings.Join(declared, ", ")), fix)
}

func judgeLabel(s checks.Subject, name string, want evidence.Label) []checks.Finding {
	value, given := s.Binding.Labels[name]
	switch {
	case want.Required && strings.TrimSpace(value) == "":
		return []checks.Finding{checks.Fails("/labels/"+token(name), fmt.Sprintf("the label %q is required, and is missing or blank", name), fmt.Sprintf("add labels: {%s: …}", name)).Writing("")}
	case !given || want.Pattern == "":
		return nil
	}
	pattern, err := regexp.Compile("^(?:" + want.Pattern + ")$")
	if err != nil || !pattern.MatchString(value) {
		return []checks.Finding{checks.Fails("/labels/"+token(name), fmt.Sprintf("the label %q is %q, want %s", name, value, want.Pattern), "write a value that matches the whole pattern")}
	}
	return nil
}

// token escapes a name for a JSON pointer (RFC 6901 §3).
func token(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
