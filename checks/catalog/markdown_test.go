package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/checks"
)

const generated = "<!-- Generated from checks/catalog: go test ./checks/catalog -run Docs -update -->\n\n"

// pages returns the files of docs/checks by name: an index and a page per
// family.
func pages(list []checks.Check) map[string]string {
	out := map[string]string{"README.md": index(list)}
	for _, c := range list {
		name := c.Family() + ".md"
		if out[name] == "" {
			out[name] = fmt.Sprintf("%s# The checks of %s/\n\n%s\n", generated, c.Family(), examples)
		}
		out[name] += section(c)
	}
	return out
}

func index(list []checks.Check) string {
	var b strings.Builder
	b.WriteString(generated)
	b.WriteString("# The catalogue of checks\n\n" +
		"An id is a statement that is true when the check passes. An *error* blocks a bind, a *warning* does not.\n" +
		"*Core* checks can be neither lowered nor disabled.\n\n" +
		"| id | severity | statement |\n|---|---|---|\n")
	for _, c := range list {
		severity := string(c.Severity)
		if c.Core {
			severity += ", core"
		}
		fmt.Fprintf(&b, "| [%s](%s.md#%s) | %s | %s |\n", c.ID, c.Family(), statement(c), severity, c.Doc.Title)
	}
	return b.String()
}

func section(c checks.Check) string {
	var references strings.Builder
	for _, r := range c.Doc.References {
		fmt.Fprintf(&references, "- %s\n", r)
	}
	return strings.Join(slices.Concat(
		[]string{"", "## " + statement(c), ""},
		[]string{fmt.Sprintf("**%s.** %s %s", c.Doc.Title, effect(c), reads(c)), ""},
		[]string{"Why: " + c.Doc.Why, "", "Fix: " + c.Doc.Fix, ""},
		[]string{strings.TrimSuffix(references.String(), "\n"), ""},
		[]string{"Fails:", "```yaml", block(c.Doc.Failing), "```", ""},
		[]string{"Passes:", "```yaml", block(c.Doc.Passing), "```", ""},
	), "\n")
}

// statement returns the part of the id after the slash.
func statement(c checks.Check) string { return strings.TrimPrefix(c.ID, c.Family()+"/") }
