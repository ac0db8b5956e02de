package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// Docs describes the policies of o.Dirs, or the shipped ones when there is none, in
// Markdown: from the METADATA of packages and rules, their messages, and the schemas of
// their data.
func Docs(ctx context.Context, o Options) (string, error) {
	s, _, err := testable(ctx, o) // only policies that load are described
	if err != nil {
		return "", err
	}
	modules, err := parseAll(s.modules)
	if err != nil {
		return "", err
	}
	packages, err := packagesOf(modules)
	if err != nil {
		return "", err
	}
	schemas, found := readSchemas(nil, s.schemas, nil)
	if err := asError(found); err != nil {
		return "", fmt.Errorf("reading the schemas of the data: %w", err)
	}
	var b strings.Builder
	for _, p := range packages {
		if entries(p.group) != nil {
			describePackage(&b, p, modules)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		fmt.Fprintf(&b, "## Settings data.%s\n\n", name)
		if text := schemas[name].described(); text != "" {
			fmt.Fprintf(&b, "%s\n\n", text)
		}
		b.WriteString("| name | type | meaning |\n|---|---|---|\n")
		schemas[name].describe(&b, "")
		b.WriteString("\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}

// describePackage writes the section of a package.
func describePackage(b *strings.Builder, p regoPackage, modules map[string]*ast.Module) {
	fmt.Fprintf(b, "## %s\n\n", p.name)
	var rows []string
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		if nameOf(m.Package) != p.name {
			continue
		}
		for _, a := range m.Annotations {
			if a.Scope == "package" {
				for _, text := range []string{a.Title, a.Description} {
					if text = strings.TrimSpace(text); text != "" {
						fmt.Fprintf(b, "%s\n\n", text)
					}
				}
			}
		}
		for _, r := range m.Rules {
			if name := string(r.Head.Name); slices.Contains(entries(p.group), name) && name != "allow" && !r.Default {
				rows = append(rows, fmt.Sprintf("| `%s` | %s |\n", name, cell(ruleText(r))))
			}
		}
	}
	for _, list := range []struct {
		word  string
		needs []evidence.Need
	}{{"Needs", p.needs}, {"Uses, where it is there,", p.uses}} {
		if len(list.needs) > 0 {
			fmt.Fprintf(b, "%s the evidence %s.\n\n", list.word, named(list.needs))
		}
	}
	fmt.Fprintf(b, "| rule | message |\n|---|---|\n%s\n", strings.Join(rows, ""))
}

// named lists evidence.
func named(needs []evidence.Need) string {
	var out []string
	for _, n := range needs {
		out = append(out, "`"+string(n)+"`")
	}
	return strings.Join(out, ", ")
}

var verb = lazyregexp.New(`%[-+# 0-9.]*[a-zA-Z]`)

// ruleText returns the title of a rule, or its message with … for what it fills in.
func ruleText(r *ast.Rule) string {
	for _, a := range r.Annotations {
		if a.Title != "" {
			return a.Title
		}
	}
	if r.Head.Key == nil { // another form does not load
		return ""
	}
	message := r.Head.Key
	if object, ok := message.Value.(ast.Object); ok {
		message = object.Get(ast.StringTerm("msg"))
	}
	if message != nil {
		if call, ok := message.Value.(ast.Call); ok && call[0].Equal(ast.NewTerm(ast.Sprintf.Ref())) && len(call) > 1 {
			message = call[1]
		}
		if text, ok := message.Value.(ast.String); ok {
			return verb.ReplaceAllString(string(text), "…")
		}
	}
	return "(made by the rule)"
}

// cell makes text fit for a table of Markdown.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(strings.TrimSpace(text))
}

// described returns the description of a schema.
func (s *dataSchema) described() string {
	if d, ok := s.place.members()["description"]; ok {
		if text, ok := d.value.(ast.String); ok {
			return string(text)
		}
	}
	return ""
}

// describe writes a row for each field of an object, and of those below it.
func (s *dataSchema) describe(b *strings.Builder, above string) {
	for _, name := range slices.Sorted(maps.Keys(s.properties())) {
		f := s.properties()[name]
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", above, name, cell(f.typeText()), cell(f.meaning(slices.Contains(s.required, name))))
		below, path := f, above+name
		for below.values != nil {
			below, path = below.values, path+"[_]"
		}
		below.describe(b, path+".")
	}
}

// typeText returns the type of a schema in words.
func (s *dataSchema) typeText() string {
	out := s.kinds.String()
	if s.values != nil && s.kinds == listKind {
		out = "a list, each " + s.values.typeText()
	}
	if s.format != "" {
		out += " (" + s.format + ")"
	}
	if len(s.words) > 0 {
		out = "one of `" + strings.Join(s.words, "`, `") + "`"
	}
	return out
}

// meaning returns what is said of a setting, and how it is limited.
func (s *dataSchema) meaning(required bool) string {
	var out []string
	if text := s.described(); text != "" {
		out = append(out, text)
	}
	if s.least != nil {
		out = append(out, fmt.Sprintf("At least %v.", *s.least))
	}
	if s.most != nil {
		out = append(out, fmt.Sprintf("At most %v.", *s.most))
	}
	if s.standard != nil {
		out = append(out, fmt.Sprintf("Default: `%v`.", s.standard))
	} else if !required {
		out = append(out, "Optional.")
	}
	return strings.Join(out, " ")
}
