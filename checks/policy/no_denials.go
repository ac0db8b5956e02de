// Package policy judges what the loaded Rego policies said about a binding.
// Evaluating them is not its work: their verdict is evidence.
package policy

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// judged is where the packages live that may deny. Those under bindgate.force
// are judged by rebind/force-is-allowed.
const judged = "bindgate.policy"

// Checks returns the checks of the family.
func Checks() []checks.Check { return []checks.Check{noDenials()} }

// noDenials is policy/no-denials.
func noDenials() checks.Check {
	return checks.Check{
		ID: "policy/no-denials", Severity: checks.Error, Core: true,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedPolicy},
		Judge:       judgeNoDenials,
		Doc: checks.Doc{
			Title: "No policy denies the binding",
			Why: "Policies hold what an organisation forbids beyond the rules of the platform and of good practice: names, " +
				"stages, certificates, hours. They are loaded by the owner of the gate, and nothing in the manifest can " +
				"switch one off. A policy that fails, or that says nothing, is no leave: then this check is unknown.",
			Fix:        "Do what the message says. The prefix names the package, and so who to ask about it.",
			References: []string{"https://www.openpolicyagent.org/docs/policy-language (Rego v1)"},
			Failing:    "evidence: {policy: {facts: {packages: [{name: bindgate.policy.names, denials: [{text: demo names are for demos, pointer: /domainName}]}]}}}",
			Passing:    "evidence: {policy: {facts: {packages: [{name: bindgate.policy.names}]}}}",
		},
	}
}

func judgeNoDenials(s checks.Subject) checks.Verdict {
	var findings []checks.Finding
	var left []string
	denied := false
	for _, p := range s.Evidence.Policy.Facts.PackagesUnder(judged) {
		if p.NotRun != "" {
			left = append(left, fmt.Sprintf("%s was not run: %s", p.Name, p.NotRun))
		}
		for _, m := range p.Denials {
			denied = true
			findings = append(findings, checks.Fails(pointer(m), p.Name+": "+m.Text,
				"change the binding as the policy asks, or talk to whoever keeps "+p.Name))
		}
		for _, m := range p.Warnings {
			findings = append(findings, checks.Warns(pointer(m), p.Name+": "+m.Text, ""))
		}
	}
	if left != nil && !denied {
		return checks.NotRun(strings.Join(left, "; "))
	}
	return checks.Judge(findings...)
}

// pointer is the message's JSON pointer if it leads into a binding, else the
// binding as a whole: a slip in a pointer must not lose the message.
func pointer(m evidence.PolicyMessage) string {
	token, deeper, _ := strings.Cut(strings.TrimPrefix(m.Pointer, "/"), "/")
	if !strings.HasPrefix(m.Pointer, "/") || strings.HasSuffix(m.Pointer, "/") {
		return ""
	}
	for f := range reflect.TypeFor[binding.Binding]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == token && name != "-" && (deeper == "" || !scalar(f.Type)) {
			return m.Pointer
		}
	}
	return ""
}

// scalar reports whether nothing lies below a value of this type.
func scalar(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String || t.Kind() == reflect.Bool
}
