package policy

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// dataReads are the names under `data` that modules read.
type dataReads struct {
	roots map[string]bool
	all   bool // data itself, or data[x]: nobody can tell
}

// readsOfData collects what the rules read under `data`, and refuses what
// neither a rule nor a file defines: it would be undefined for ever, and the
// rule that reads it silent.
func readsOfData(c *ast.Compiler, document *datum) (dataReads, problems) {
	reads := dataReads{roots: map[string]bool{}}
	var found problems
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
	for _, name := range path {
		if d.fields == nil {
			_, list := d.value.([]any)
			return list
		}
		next, ok := d.fields[name]
		if !ok {
			return false
		}
		d = next
	}
	return true
}

// unreadData refuses an override of data that no policy reads: a misspelt name
// would leave the setting that was meant as it was.
func unreadData(overrides []source, shipped sources, own *unit) error {
	if len(overrides) == 0 {
		return nil
	}
	over, _ := mergeFiles(overrides) // its problems have been told
	read, _ := mergeFiles(shipped.data)
	if own != nil {
		if own.data.all {
			return nil
		}
		for name := range own.data.roots {
			read.fields[name] = over // any value: the names matter
		}
	}
	var found problems
	for name, v := range over.fields {
		if read.fields[name] == nil {
			found = append(found, v.problem("no policy reads data.%s%s", name, hint(name, read.fields)))
		}
	}
	return found.orNil()
}
