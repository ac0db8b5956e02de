package policy

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// show returns a term as it was written, for a message; empty where none is reported.
func (f *flow) show(t *ast.Term, s *scope) string {
	if f.quiet > 0 {
		return "" // nothing is reported
	}
	switch v := t.Value.(type) {
	case ast.Var:
		if v.IsWildcard() {
			return "_"
		}
		if name, ok := f.compiler.RewrittenVars[v]; ok && !name.IsGenerated() {
			return string(name)
		}
		if p := s.path(v); p != string(v) {
			return f.showPath(p)
		}
		if v.IsGenerated() {
			return "the value"
		}
	case ast.Ref:
		return f.showRef(v, s)
	case *ast.Array:
		var elements []string
		v.Foreach(func(x *ast.Term) { elements = append(elements, f.show(x, s)) })
		return "[" + strings.Join(elements, ", ") + "]"
	}
	return t.String()
}

func (f *flow) showRef(ref ast.Ref, s *scope) string {
	if f.quiet > 0 {
		return ""
	}
	if len(ref) == 1 {
		return f.show(ref[0], s)
	}
	out := ref.Copy()
	for i, t := range out {
		if v, ok := t.Value.(ast.Var); ok {
			out[i] = ast.VarTerm(f.show(ast.NewTerm(v), s))
		}
	}
	return out.String()
}

var generatedName = lazyregexp.New(`__local[0-9]+__|\$[0-9]+`)

// showPath replaces the names that the compiler gave to variables.
func (f *flow) showPath(p string) string {
	return generatedName.ReplaceAllStringFunc(p, func(generated string) string {
		if name, ok := f.compiler.RewrittenVars[ast.Var(generated)]; ok && !name.IsGenerated() && !name.IsWildcard() {
			return string(name)
		}
		return "_"
	})
}
