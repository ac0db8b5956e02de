package catalog

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks"
)

// width of an explanation, in columns.
const width = 80

// Explain is what `bindgate checks explain` prints: plain text of at most 80
// columns, but for addresses and examples that are longer in themselves.
func Explain(c checks.Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", c.ID)
	b.WriteString(wrap(fmt.Sprintf("%s. %s", c.Doc.Title, standing(c)), "", ""))
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

const examples = "The examples say what is changed on a sound binding and its evidence, testdata/checks/base.yaml; load names files of testdata/certificates."

// standing is what the check means for a bind, in a sentence.
func standing(c checks.Check) string {
	switch {
	case c.Severity == checks.Warning:
		return "A warning: it advises."
	case c.Core:
		return "An error, and core: it blocks a bind, and nobody can lower it."
	}
	return "An error: it blocks a bind."
}

// reads is what the check looks at besides the binding, in a sentence.
func reads(c checks.Check) string {
	if c.NeedsFor != nil {
		return "Needs evidence only where the binding alone does not decide."
	}
	if len(c.Needs) == 0 {
		return "Needs no evidence: the binding and the settings of the run decide."
	}
	names := make([]string, len(c.Needs))
	for i, need := range c.Needs {
		names[i] = string(need)
	}
	return fmt.Sprintf("Needs: %s.", strings.Join(names, ", "))
}

// wrap fills a text into lines of at most width columns where its words allow.
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

// block is a YAML example with a line for each value that holds others, so that
// it fits into a page however it was written. What is no YAML stays as it is.
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

// unflow takes the flow style from a node and all below it.
func unflow(n *yaml.Node) {
	n.Style &^= yaml.FlowStyle
	for _, child := range n.Content {
		unflow(child)
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}
