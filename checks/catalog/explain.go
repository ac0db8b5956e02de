package catalog

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// width of an explanation, in columns.
const width = 80

// Explain returns the output of `bindgate checks explain`: plain text of at
// most 80 columns, except for longer addresses and examples.
func Explain(c checks.Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.ID)
	b.WriteString(wrap(fmt.Sprintf("%s. %s", c.Doc.Title, effect(c)), "", ""))
	section := func(title, body string) { fmt.Fprintf(&b, "\n%s\n%s", title, body) }
	section("Why", wrap(c.Doc.Why, "  ", "  "))
	section("How to fix", wrap(c.Doc.Fix, "  ", "  "))
	section("Evidence", wrap(reads(c), "  ", "  "))
	var references string
	for _, r := range c.Doc.References {
		references += wrap(r, "  - ", "    ")
	}
	section("References", references)
	section("An example that fails", indent(block(c.Doc.Failing)))
	section("An example that passes", indent(block(c.Doc.Passing)))
	b.WriteString("\n" + wrap(examples, "", ""))
	return b.String()
}

const examples = "Each example is a change to a valid binding and its evidence, checks/checktest/base.yaml or, with base: apig or cutover, apig.yaml or cutover.yaml; load names files in testdata/certificates."

// effect describes in a sentence what a failure means for a bind.
func effect(c checks.Check) string {
	switch {
	case c.Severity == checks.Warning:
		return "A warning: it does not block a bind."
	case c.Core:
		return "An error, and core: it blocks a bind and cannot be lowered."
	}
	return "An error: it blocks a bind."
}

// reads describes in a sentence the evidence that the check reads.
func reads(c checks.Check) string {
	switch {
	case c.NeedsFor != nil && len(c.Needs) > 0:
		return fmt.Sprintf("Needs: %s; for a gateway: %s.", joined(c.Needs), joined(c.NeedsFor(binding.Binding{GatewayID: "gw"})))
	case c.NeedsFor != nil:
		return "Needs evidence only if the binding alone does not decide."
	case len(c.Needs) == 0:
		return "Needs no evidence: the binding and the settings of the run decide."
	}
	return fmt.Sprintf("Needs: %s.", joined(c.Needs))
}

func joined(needs []evidence.Need) string {
	names := make([]string, len(needs))
	for i, need := range needs {
		names[i] = string(need)
	}
	return strings.Join(names, ", ")
}

// wrap breaks a text into lines of at most width columns.
func wrap(text, first, rest string) string {
	var b strings.Builder
	line, empty := first, true
	for _, word := range strings.Fields(text) {
		if !empty && len([]rune(line))+1+len([]rune(word)) > width {
			b.WriteString(line + "\n")
			line, empty = rest, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	return b.String() + line + "\n"
}

// block lays out a YAML example in block style, so that it fits on a page. Text
// that is not YAML is returned unchanged.
func block(example string) string {
	var doc yaml.Node
	if err := yaml.Load([]byte(example), &doc); err != nil {
		return strings.TrimSpace(example)
	}
	unflow(&doc)
	out, err := yaml.Dump(&doc, yaml.WithFlowSimpleCollections(), yaml.WithLineWidth(width-20)) // the dumper does not count indents
	if err != nil {
		return strings.TrimSpace(example)
	}
	return strings.TrimSpace(string(out))
}

// unflow removes the flow style from a node and its descendants.
func unflow(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	for _, child := range n.Content {
		unflow(child)
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
