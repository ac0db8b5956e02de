package policy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// vetModules looks for what is silent or says something else before it is compiled:
// entry rules of another form or in another place, and values replaced by `with`.
func vetModules(modules map[string]*ast.Module) strictyaml.Errors {
	var found strictyaml.Errors
	for _, m := range modules {
		name := nameOf(m.Package)
		parts := packageName.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		for _, r := range m.Rules {
			found = append(found, vetHead(r, name, parts[1])...)
		}
		ast.WalkWiths(m, func(w *ast.With) bool {
			found = append(found, at(w.Location, "`with` replaces %v, so that the rule is about another binding: it is for tests, in files named *_test.rego", w.Target))
			return false
		})
	}
	return found
}

// maxBodies is how deep comprehensions and bodies of every may stand within each other.
// OPA's compiler takes twice the time for each further level.
const maxBodies = 8

// vetDepth refuses a module, of tests too, that would take too long to compile.
func vetDepth(m *ast.Module) strictyaml.Errors {
	depth, deepest, loc := 0, 0, (*ast.Location)(nil)
	nested := func(x any) bool {
		switch x.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every:
			return true
		}
		return false
	}
	ast.NewBeforeAfterVisitor(func(x any) bool {
		if e, is := x.(*ast.Expr); is && depth >= deepest {
			deepest, loc = depth, e.Location
		}
		if nested(x) {
			depth++
		}
		return false
	}, func(x any) {
		if nested(x) {
			depth--
		}
	}).Walk(m)
	if deepest <= maxBodies {
		return nil
	}
	return strictyaml.Errors{at(loc, "this stands in %d comprehensions and bodies of `every`, one within the other; want at most %d: make a rule of an inner one", deepest, maxBodies)}
}

func vetHead(r *ast.Rule, pkg, group string) strictyaml.Errors {
	name := string(r.Head.Name)
	ref := r.Head.Ref()
	if v, ok := ref[0].Value.(ast.Var); ok {
		name = string(v)
	}
	switch {
	case group == "force" && name == "allow" && r.Default && r.Head.Value.Equal(ast.InternedTerm(true)):
		return strictyaml.Errors{at(r.Location, "allow is true by default, so that force is allowed where no rule applies: write `default allow := false`, or omit it")}
	case group == "force" && name == "allow" && endsInTrue(r):
		return strictyaml.Errors{at(r.Location, "allow is true behind its last else, so that force is allowed where no condition holds: write the condition of the else, or `allow if not …`")}
	case group == "lib" && (name == "deny" || name == "warn" || name == "allow"):
		return strictyaml.Errors{at(r.Location, "%s in package %s is never asked: want it in a package bindgate.policy.<name> or bindgate.force.<name>, or another name", name, pkg)}
	case !slices.Contains(entries(group), name) || len(ref) == 1:
	case r.Head.Key == nil && len(ref) == 2 && name != "allow": // deny["x"] if …
		return strictyaml.Errors{at(r.Location, "%v is not a set of messages: write `%s contains … if …`", ref, name)}
	default:
		return strictyaml.Errors{at(r.Location, "%v is not asked for: bindgate asks for %s alone; write `%s`", ref, name, wantedHead(name))}
	}
	return nil
}

// endsInTrue reports whether a rule is true by an else without a condition.
func endsInTrue(r *ast.Rule) bool {
	for r = r.Else; r != nil; r = r.Else {
		always := len(r.Body) == 1 && !r.Body[0].Negated
		if always {
			t, is := r.Body[0].Terms.(*ast.Term)
			always = is && t.Equal(ast.InternedTerm(true))
		}
		if always && r.Head.Value.Equal(ast.InternedTerm(true)) {
			return true
		}
	}
	return false
}

func wantedHead(name string) string {
	if name == "allow" {
		return "allow if …"
	}
	return name + " contains … if …"
}

// vetTests looks for rules that their file's name keeps from being enforced.
func vetTests(tests []source) strictyaml.Errors {
	if len(tests) == 0 { // as in most runs; making a parser's capabilities costs time
		return nil
	}
	modules, err := parseAll(tests)
	if err != nil {
		var list strictyaml.Errors
		if errors.As(err, &list) {
			return list
		}
		return strictyaml.Errors{{Message: err.Error()}}
	}
	var found strictyaml.Errors
	for _, m := range modules {
		for _, r := range m.Rules {
			name := string(r.Head.Name)
			if name == "deny" || name == "warn" || name == "allow" {
				found = append(found, at(r.Location, "%s is in a file named *_test.rego, which `bindgate policy test` alone reads; rename the file, or the rule", name))
			}
		}
	}
	return found
}

// vetRoots refuses a package that two --policy paths hold: the rules of one would add
// to those of the other.
func vetRoots(own sources, modules map[string]*ast.Module) strictyaml.Errors {
	root := map[string]string{} // of each package
	var found strictyaml.Errors
	for _, s := range own.modules {
		name := nameOf(modules[s.name].Package)
		if first, ok := root[name]; !ok {
			root[name] = s.root
		} else if first != s.root {
			found = append(found, at(modules[s.name].Package.Location, "package %s is in %q as well as in %q, so that one adds to the rules of the other: give it another name", name, s.root, first))
		}
	}
	return found
}

// vetUse refuses a path that neither holds a package that is asked nor a rule that
// such a package uses: whoever named it believes that something is enforced.
func vetUse(own sources, u *unit) strictyaml.Errors {
	used := map[string]bool{} // files
	for _, p := range u.packages {
		for _, r := range reachable(u.compiler, rulesOf(u.compiler, p.regoPackage)) {
			used[r.Location.File] = true
		}
	}
	unused := map[string]bool{} // roots
	for _, s := range own.modules {
		if _, ok := unused[s.root]; !ok {
			unused[s.root] = true
		}
		if used[s.name] {
			unused[s.root] = false
		}
	}
	var found strictyaml.Errors
	for root, is := range unused {
		if is {
			found = append(found, &strictyaml.Error{Message: fmt.Sprintf("%q denies nothing: it holds no package bindgate.policy.<name> or bindgate.force.<name>, and none uses its rules", root)})
		}
	}
	return append(found, vetLibraries(u)...)
}

// vetLibraries refuses rules of a library that nothing uses and that look like others
// that are used, or add to a set.
func vetLibraries(u *unit) strictyaml.Errors {
	used, names := map[*ast.Rule]bool{}, map[string][]string{}
	for _, p := range u.packages {
		for _, r := range reachable(u.compiler, rulesOf(u.compiler, p.regoPackage)) {
			used[r] = true
			pkg := nameOf(r.Module.Package)
			names[pkg] = append(names[pkg], string(r.Head.Name))
		}
	}
	var found strictyaml.Errors
	for _, m := range u.compiler.Modules {
		pkg := nameOf(m.Package)
		for _, r := range m.Rules {
			name := string(r.Head.Name)
			if used[r] || !strings.HasPrefix(pkg, "bindgate.lib.") || slices.Contains(names[pkg], name) {
				continue
			}
			if word := spelling.Nearest(name, names[pkg], 2); word != "" {
				found = append(found, at(r.Location, "nothing uses the rule %s; did you mean %q?", name, word))
			} else if r.Head.RuleKind() == ast.MultiValue {
				found = append(found, at(r.Location, "nothing uses the rule %s: what it adds is not enforced; use it in a policy, or remove it", name))
			}
		}
	}
	return found
}

// vet looks for what compiles and yet would be silent: a package without its
// entry rule, a rule that is not asked, evidence that is read without being
// declared, data that does not exist, and values that are never what a rule compares
// them with.
func vet(c *ast.Compiler, packages []regoPackage, document policyData, o Options) (dataReads, error) {
	var found strictyaml.Errors
	input, data := inputTypeOf(o.Results, o.Labels, o.External), document.types()
	for _, p := range packages {
		if entries(p.group) == nil {
			continue
		}
		rules := rulesOf(c, p)
		found = append(found, vetEntries(c, p)...)
		found = append(found, vetUnasked(c, p, rules)...)
		found = append(found, vetEvidence(c, p, rules)...)
		found = append(found, vetFlow(c, p, rules, input, data)...)
	}
	reads, missing := readsOfData(c, document, packages)
	return reads, asError(slices.Concat(found, missing, document.undeclared(reads)))
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
		if word := spelling.Nearest(name, entries(p.group), 2); word != "" {
			found = append(found, at(r.Location, "nothing asks for the rule %s; did you mean %q?", name, word))
			continue
		}
		found = append(found, at(r.Location, "nothing asks for the rule %s: bindgate asks for %s, and they for the others", name, strings.Join(entries(p.group), " and ")))
	}
	return found
}

// vetEvidence wants the package to declare the evidence whose facts its rules
// read, in any package, and no other: what is undeclared would be absent where the
// mode left it out, and what is not read would keep the package from being asked.
func vetEvidence(c *ast.Compiler, p regoPackage, rules []*ast.Rule) strictyaml.Errors {
	var found strictyaml.Errors
	read := map[evidence.Need]bool{}
	for _, r := range reachable(c, rules) {
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			need, whole := evidenceIn(ref)
			if path := constants(ref); ref[0].Equal(ast.InputRootDocument) && len(path) > 1 && path[0] == "evidence" {
				read[evidence.Need(path[1])] = true
			} else if ref[0].Equal(ast.InputRootDocument) && len(path) > 0 && path[0] == string(needPlan) {
				read[needPlan] = true
			}
			read[need] = true
			switch {
			case whole:
				found = append(found, at(ref[0].Location, "%v is read as a whole, so that what it needs is not known: read input.evidence.<name>.facts.<field>", ref))
			case need != "" && !slices.Contains(p.needs, need) && !slices.Contains(p.uses, need):
				found = append(found, at(ref[0].Location, "%v is read, and package %s does not say so: add %s to custom.needs in its METADATA", ref, p.name, need))
			}
			return false
		})
	}
	for _, need := range slices.Concat(p.needs, p.uses) {
		if !read[need] && found == nil {
			found = append(found, at(p.declared, "package %s needs %s evidence and reads none of it, so that it would be silent without: remove %s from its METADATA", p.name, need, need))
		}
	}
	if found != nil {
		return found
	}
	for _, need := range p.needs {
		if slices.Contains(excludable(), need) {
			found = append(found, vetExcluded(c, p, rules, need)...)
		}
	}
	return found
}

// vetExcluded refuses a rule that says something without evidence that a binding can
// exclude: with the package it would be silent about such a binding.
func vetExcluded(c *ast.Compiler, p regoPackage, rules []*ast.Rule, need evidence.Need) strictyaml.Errors {
	var found strictyaml.Errors
	for _, r := range rules {
		if !slices.Contains(entries(p.group), string(r.Head.Name)) || r.Default {
			continue
		}
		reads := false
		for _, below := range reachable(c, []*ast.Rule{r}) {
			ast.WalkRefs(below, func(ref ast.Ref) bool {
				got, _ := evidenceIn(ref)
				reads = reads || got == need
				return reads
			})
		}
		if !reads {
			found = append(found, at(r.Location, "package %s needs %s evidence, and this rule reads none of it: it would be silent about a binding %s; move it to another package, or declare %s in custom.uses",
				p.name, need, excludedBy(need), need))
		}
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
	case path[0] == string(needPlan) && (len(path) == 1 || path[1] == "facts"):
		return needPlan, false
	case path[0] != "evidence" && path[0] != "external":
		return givenIn(path), false
	case len(path) == 1:
		return "", true
	case path[0] == "external":
		return givenIn(path), false
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
func readsOfData(c *ast.Compiler, document policyData, packages []regoPackage) (dataReads, strictyaml.Errors) {
	reads := dataReads{roots: map[string]bool{}}
	off := map[string]bool{} // names of settings that may be absent
	for _, p := range packages {
		root, _, _ := strings.Cut(p.settings, ".")
		off[root] = true
	}
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
				if path[0] == packageRoot && len(path) < len(ref)-1 && !ref[len(path)+1].IsGround() && inRules(c.RuleTree, path) {
					return false // what it reads is followed elsewhere
				}
				set, declared := document.fields[path[0]] != nil, document.schemas[path[0]] != nil
				switch {
				case inRules(c.RuleTree, path), set && declared, off[path[0]]:
				case declared:
					found = append(found, at(ref[0].Location, "data.%s is read, and no data file sets data.%s", strings.Join(path, "."), path[0]))
				case !document.has(path):
					found = append(found, at(ref[0].Location, "data.%s is read, and no policy and no data file defines it", strings.Join(path, ".")))
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
