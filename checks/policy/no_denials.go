// Package policy judges the verdicts of the loaded Rego policies, which are
// evidence.
package policy

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// judged is the prefix of packages that may deny. rebind/force-is-allowed
// judges those under bindgate.force.
const judged = "bindgate.policy"

// Checks returns the checks of the family.
func Checks() []checks.Check { return []checks.Check{noDenials()} }

// noDenials returns the check policy/no-denials.
func noDenials() checks.Check {
	return checks.Check{
		ID: "policy/no-denials", Severity: checks.Error, Core: true,
		AfterPolicy: true,
		Needs:       []evidence.Need{evidence.NeedPolicy},
		Judge:       judgeNoDenials,
		Doc: checks.Doc{
			Title: "No policy denies the binding",
			Why: "Policies contain an organisation's own rules, beyond those of the platform and good practice: names, " +
				"stages, certificates, hours. The owner of the gate loads them, and nothing in the manifest can " +
				"disable one. A policy that fails or returns nothing is not a permission: this check is then unknown.",
			Fix:        "Follow the message. Its prefix names the package, and so its owner.",
			References: []string{"https://www.openpolicyagent.org/docs/policy-language (Rego v1)"},
			Failing:    "evidence: {policy: {facts: {packages: [{name: bindgate.policy.names, denials: [{text: demo names are for demos, pointer: /domainName}]}]}}}",
			Passing:    "evidence: {policy: {facts: {packages: [{name: bindgate.policy.names}]}}}",
		},
	}
}

func judgeNoDenials(s checks.Subject) checks.Verdict {
	var findings []checks.Finding
	var skipped []string
	denied := false
	for _, p := range s.Evidence.Policy.Facts.PackagesUnder(judged) {
		if p.NotRun != "" {
			skipped = append(skipped, fmt.Sprintf("%s was not run: %s", p.Name, p.NotRun))
		}
		for _, m := range p.Denials {
			if !m.Counts() {
				findings = append(findings, found(p, m, checks.Warns(pointer(m), p.Name+": "+m.Text, "")))
				continue
			}
			denied = true
			findings = append(findings, found(p, m, checks.Fails(pointer(m), p.Name+": "+m.Text,
				"change the binding as the policy requires, or ask the owner of "+p.Name)))
		}
		for _, m := range p.Warnings {
			findings = append(findings, found(p, m, checks.Warns(pointer(m), p.Name+": "+m.Text, "")))
		}
	}
	if skipped != nil && !denied {
		return checks.NotRun(strings.Join(skipped, "; "))
	}
	return checks.Judge(findings...)
}

// found names the rule of a finding, and its waiver.
func found(p evidence.PolicyPackage, m evidence.PolicyMessage, f checks.Finding) checks.Finding {
	if m.Rule != "" {
		f.Rule, f.Waived = p.Name+"/"+m.Rule, m.Waived
	}
	return f
}

// pointer returns the message's JSON pointer if it refers to a field of a
// binding, else the whole binding: a mistake in a pointer must not lose the
// message.
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

// scalar reports whether a value of this type has no members.
func scalar(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.String || t.Kind() == reflect.Bool
}
