package policy

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// vet looks for what compiles and yet would be silent: a package without its
// entry rule, a rule that is not asked, evidence that is read without being
// declared, and data that does not exist.
func vet(c *ast.Compiler, packages []regoPackage, document *datum) (dataReads, error) {
	var found strictyaml.Errors
	for _, p := range packages {
		if entries(p.group) == nil {
			continue
		}
		rules := rulesOf(c, p)
		found = append(found, vetEntries(c, p)...)
		found = append(found, vetUnasked(c, p, rules)...)
		found = append(found, vetEvidence(c, p, rules)...)
	}
	reads, missing := readsOfData(c, document)
	return reads, asError(append(found, missing...))
}

// rulesOf are the rules that the package's modules hold.
func rulesOf(c *ast.Compiler, p regoPackage) []*ast.Rule {
	var rules []*ast.Rule
	for _, file := range slices.Sorted(maps.Keys(c.Modules)) {
		if m := c.Modules[file]; m.Package.Path.Equal(p.path) {
			rules = append(rules, m.Rules...)
		}
	}
	return rules
}

// vetEntries wants the first entry rule to exist, and every entry rule to be a
// value and not a function.
func vetEntries(c *ast.Compiler, p regoPackage) strictyaml.Errors {
	var found strictyaml.Errors
	for i, name := range entries(p.group) {
		rules := c.GetRulesExact(p.path.Append(ast.StringTerm(name)))
		if len(rules) == 0 && i == 0 {
			found = append(found, at(p.loc, "package %s defines no %s: it would never say anything", p.name, name))
		}
		for _, r := range rules {
			if len(r.Head.Args) > 0 {
				found = append(found, at(r.Location, "%s is a function that is not called: want a rule without arguments", name))
			}
		}
	}
	return found
}

// vetUnasked refuses a rule that is no entry and that no other rule refers to:
// it is a misspelt entry, or a habit of another tool (deny_x, violation).
func vetUnasked(c *ast.Compiler, p regoPackage, rules []*ast.Rule) strictyaml.Errors {
	var found strictyaml.Errors
	for _, r := range rules {
		name := text(r.Head.Ref()[0].Value)
		if v, ok := r.Head.Ref()[0].Value.(ast.Var); ok {
			name = string(v)
		}
		if slices.Contains(entries(p.group), name) || len(c.Graph.Dependents(r)) > 0 {
			continue
		}
		if word, ok := closest(name, entries(p.group)); ok {
			found = append(found, at(r.Location, "nothing asks for the rule %s; did you mean %q?", name, word))
			continue
		}
		found = append(found, at(r.Location, "nothing asks for the rule %s: bindgate asks for %v, and they for the others", name, entries(p.group)))
	}
	return found
}

// vetEvidence wants the package to declare the evidence whose facts its rules
// read, in any package: what is undeclared would be
// undefined where the mode left it out, and the rule silent.
func vetEvidence(c *ast.Compiler, p regoPackage, rules []*ast.Rule) strictyaml.Errors {
	var found strictyaml.Errors
	for _, r := range reachable(c, rules) {
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			need, whole := evidenceIn(ref)
			switch {
			case whole:
				found = append(found, at(ref[0].Location, "%v is read as a whole, so that what it needs is not known: read input.evidence.<name>.facts.<field>", ref))
			case need != "" && !slices.Contains(p.needs, need) && !slices.Contains(p.uses, need):
				found = append(found, at(ref[0].Location, "%v is read, and package %s does not say so: add %s to custom.needs in its METADATA", ref, p.name, need))
			}
			return false
		})
	}
	return found
}

// reachable are the rules and all that they depend on.
func reachable(c *ast.Compiler, rules []*ast.Rule) []*ast.Rule {
	seen := map[util.T]bool{}
	var out []*ast.Rule
	var visit func(*ast.Rule)
	visit = func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		out = append(out, r)
		for next := range c.Graph.Dependencies(r) {
			visit(next.(*ast.Rule)) // a graph of rules
		}
	}
	for _, r := range rules {
		visit(r)
	}
	return out
}

// evidenceIn is the evidence whose facts a reference reads, if any. Whole is
// true where it is not known: input, input.evidence or input.evidence[x].
func evidenceIn(ref ast.Ref) (need evidence.Need, whole bool) {
	if !ref[0].Equal(ast.InputRootDocument) {
		return "", false
	}
	path := constants(ref)
	switch {
	case len(path) == 0:
		return "", true
	case path[0] != "evidence":
		return "", false
	case len(path) == 1:
		return "", true
	case len(path) > 2 && path[2] != "facts":
		return "", false // its state, reason, time or origin: always present
	}
	return evidence.Need(path[1]), false
}

// constants are the strings of a reference after its head, up to the first
// element that is not a constant string.
func constants(ref ast.Ref) []string {
	var out []string
	for _, t := range ref[1:] {
		s, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		out = append(out, string(s))
	}
	return out
}

// dataReads are the names under `data` that modules read.
type dataReads struct {
	roots map[string]bool
	all   bool // data itself, or data[x]: not known
}

// readsOfData collects what the rules read under `data`, and refuses what
// neither a rule nor a file defines: it would be undefined for ever, and the
// rule that reads it silent.
func readsOfData(c *ast.Compiler, document *datum) (dataReads, strictyaml.Errors) {
	reads := dataReads{roots: map[string]bool{}}
	var found strictyaml.Errors
	for _, file := range slices.Sorted(maps.Keys(c.Modules)) {
		for _, r := range c.Modules[file].Rules {
			ast.WalkRefs(r, func(ref ast.Ref) bool {
				if !ref[0].Equal(ast.DefaultRootDocument) {
					return false
				}
				path := constants(ref)
				if len(path) == 0 {
					reads.all = true
					return false
				}
				reads.roots[path[0]] = true
				if !inRules(c.RuleTree, path) && !document.has(path) {
					found = append(found, at(ref[0].Location, "%v is read, and no policy and no data file defines it", ref))
				}
				return false
			})
		}
	}
	return reads, found
}

// inRules reports whether a path leads to a package, to a rule, or into the
// value of a rule.
func inRules(tree *ast.TreeNode, path []string) bool {
	node := tree.Child(ast.DefaultRootDocument.Value)
	for _, name := range path {
		if node == nil {
			return false
		}
		if len(node.Values) > 0 {
			return true
		}
		node = node.Child(ast.String(name))
	}
	return node != nil
}

// has reports whether a path leads to a value, or into a list.
func (d *datum) has(path []string) bool {
	for i, name := range path {
		if d.fields == nil {
			return holds(d.value, path[i:])
		}
		next, ok := d.fields[name]
		if !ok {
			return false
		}
		d = next
	}
	return true
}

// holds is has of a value without places.
func holds(v ast.Value, path []string) bool {
	for _, name := range path {
		object, ok := v.(ast.Object)
		if !ok {
			_, list := v.(*ast.Array)
			return list
		}
		field := object.Get(ast.StringTerm(name))
		if field == nil {
			return false
		}
		v = field.Value
	}
	return true
}

// vetOverrides refuses an override of data that no policy reads: a misspelt name
// would leave the setting that was meant as it was.
func vetOverrides(d policyData, own *unit) error {
	read := slices.Clone(d.shipped)
	if own != nil {
		if own.data.all {
			return nil
		}
		read = slices.AppendSeq(read, maps.Keys(own.data.roots))
	}
	var found strictyaml.Errors
	for name, v := range d.overrides.fields {
		if !slices.Contains(read, name) {
			found = append(found, v.fail("no policy reads data.%s%s", name, hint(name, read)))
		}
	}
	return asError(found)
}
