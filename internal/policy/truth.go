package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// negation follows what stands below a not: its last expression, and before it those
// that give values names.
func (f *flow) negation(b ast.Body, s *scope) {
	last := b[len(b)-1]
	if len(b) > 1 {
		f.prepare(b, s)
		if f.quiet > 0 {
			return
		}
		for _, e := range b[:len(b)-1] {
			f.expr(e, s)
		}
	}
	switch last.Terms.(type) {
	case *ast.Term, []*ast.Term:
		f.holds(last, s, f.definiteBody(b[:len(b)-1], s))
	default:
		f.expr(last, s)
	}
}

// holds follows a value that is a condition by itself: it holds unless it is false or
// undefined, so that null holds, too. Negated reports whether a not is what is false
// where the value is always there.
func (f *flow) holds(e *ast.Expr, s *scope, negated bool) {
	var got *typ
	t, isTerm := e.Terms.(*ast.Term)
	if isTerm {
		got = f.term(t, s)
	} else {
		got = f.call(e, s)
	}
	if got == nil || f.quiet > 0 {
		return
	}
	name, loc := "", e.Location
	if isTerm {
		name, loc = f.show(t, s), t.Location
	} else {
		name = f.showCall(e, s)
	}
	switch {
	case got.unknown && len(f.found) > 0: // because of what was reported
	case got.unknown:
		f.fail(loc, "the type of %s is not known, and null counts as true: compare it with a value", name)
	case got.kinds.has(boolKind) && got.nullable():
		f.fail(loc, "%s may be null, which as a condition counts as true: write %s == true or %s != true", name, name, name)
	case got.kinds.has(boolKind) && !f.onlyTrue(e):
	case got.nullable() && !negated:
		f.fail(loc, "%s may be null, which counts as true: write %s != null", name, name)
	case got.nullable():
		f.fail(loc, "%s is null where it is absent, which as a condition counts as true: write %s != null or %s == null", name, name, name)
	case got.fixed() && got.objects[0].optional:
		f.fail(loc, "%s is always an object: whether it is there says %s.given", name, name)
	case isTerm && !negated && s.isSure(f.path(t, s)): // it says nothing, but does no harm
	case f.alwaysThere(e, s, negated || got.fixed()):
		f.fail(loc, "%s is always there, and counts as true, so that the condition says nothing: compare it with a value", name)
	}
}

// showCall returns a call as it was written, for a message.
func (f *flow) showCall(e *ast.Expr, s *scope) string {
	name := operator(e)
	if strings.HasPrefix(name, "data.") {
		name = name[strings.LastIndexByte(name, '.')+1:]
	}
	args := make([]string, len(e.Operands()))
	for i, x := range e.Operands() {
		args[i] = f.show(x, s)
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}

// rulesOfExpr returns the rules whose value an expression is.
func (f *flow) rulesOfExpr(e *ast.Expr) []*ast.Rule {
	switch terms := e.Terms.(type) {
	case *ast.Term:
		if ref, ok := terms.Value.(ast.Ref); ok && ref[0].Equal(ast.DefaultRootDocument) {
			return f.compiler.GetRulesExact(ref)
		}
	case []*ast.Term:
		return f.compiler.GetRulesExact(e.Operator())
	}
	return nil
}

// onlyTrue reports whether the rules that an expression reads can have no value but true.
// One constant is a switch, which may be meant.
func (f *flow) onlyTrue(e *ast.Expr) bool {
	rules := f.rulesOfExpr(e)
	if len(rules) == 1 && rules[0].Else == nil {
		return false
	}
	for _, r := range rules {
		for ; r != nil; r = r.Else {
			if r.Head.Value == nil || !r.Head.Value.Equal(ast.InternedTerm(true)) {
				return false
			}
		}
	}
	return len(rules) > 0
}

// alwaysThere reports whether a condition has a value for every input. A variable that
// iterates has one wherever its condition is asked.
func (f *flow) alwaysThere(e *ast.Expr, s *scope, iterates bool) bool {
	switch terms := e.Terms.(type) {
	case *ast.Term:
		if v, isVar := terms.Value.(ast.Var); isVar && iterates {
			return !strings.Contains(s.path(v), "[")
		}
		return f.definite(terms, s)
	case []*ast.Term:
		return f.definiteCall(operator(e), e.Operands(), s)
	}
	return false
}

// definite reports whether a term has a value for every input.
func (f *flow) definite(t *ast.Term, s *scope) bool {
	switch v := t.Value.(type) {
	case ast.Var:
		return s.isAlways(v)
	case ast.Ref:
		return f.definiteRef(v, s)
	case *ast.Array:
		return !v.Until(func(x *ast.Term) bool { return !f.definite(x, s) })
	case ast.Set:
		return !v.Until(func(x *ast.Term) bool { return !f.definite(x, s) })
	case ast.Object:
		return !v.Until(func(k, x *ast.Term) bool { return !f.definite(k, s) || !f.definite(x, s) })
	case ast.Call:
		return false
	}
	return true // a constant or a comprehension
}

func (f *flow) definiteRef(ref ast.Ref, s *scope) bool {
	f.quiet++
	defer func() { f.quiet-- }()
	var t *typ
	from := 1
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		t = f.input
	case ref[0].Equal(ast.DefaultRootDocument):
		if t, from = f.document(ref, ref[0].Location); from > 1 && !f.total(f.compiler.GetRulesExact(ref[:from])) {
			return false
		}
	default:
		if !f.definite(ref[0], s) {
			return false
		}
		t = f.term(ref[0], s)
	}
	for i := from; i < len(ref); i++ {
		if _, isText := ref[i].Value.(ast.String); !isText || t == nil || !t.fixed() || t.nullable() {
			return false
		}
		t = f.step(t, ref, i, ref[0].Location, s)
	}
	return true
}

// definiteCall reports whether a call with these arguments has a value for every input.
// A built-in that fails stops the evaluation.
func (f *flow) definiteCall(name string, args []*ast.Term, s *scope) bool {
	for _, x := range args {
		if !f.definite(x, s) {
			return false
		}
	}
	if b := ast.BuiltinMap[name]; b != nil {
		return !b.Relation && name != ast.Max.Name && name != ast.Min.Name
	}
	path, err := ast.ParseRef(name)
	return err == nil && f.total(f.compiler.GetRulesExact(path))
}

// total reports whether rules of one name have a value for every input.
func (f *flow) total(rules []*ast.Rule) bool {
	if len(rules) == 0 {
		return false
	}
	if is, done := f.totals[rules[0]]; done {
		return is
	}
	is := slices.ContainsFunc(rules, func(r *ast.Rule) bool {
		if r.Default || r.Head.RuleKind() == ast.MultiValue || len(r.Ref().DynamicSuffix()) > 0 {
			return true
		}
		args := (*scope)(nil).child()
		for _, arg := range r.Head.Args {
			v, isVar := arg.Value.(ast.Var)
			if !isVar || args.always[v] {
				return false
			}
			args.vars[v], args.always[v] = unknownType(), true
		}
		for ; r != nil; r = r.Else {
			if !f.namesOnly(r.Body) {
				continue
			}
			s := args.child()
			f.quiet++
			f.body(r.Body, s)
			f.quiet--
			if f.definiteBody(r.Body, s) && f.definite(r.Head.Value, s) {
				return true
			}
		}
		return false
	})
	f.totals[rules[0]] = is
	return is
}

// named returns the variable that an expression gives a value; false: it is a condition.
func (f *flow) named(e *ast.Expr) (ast.Var, bool) {
	if !e.IsCall() || e.Negated {
		return "", false
	}
	x := e.Operands()
	if e.IsEquality() {
		if v, isVar := x[0].Value.(ast.Var); isVar {
			return v, true
		}
	} else if len(x) <= f.arity(e) {
		return "", false
	}
	v, isVar := x[len(x)-1].Value.(ast.Var)
	return v, isVar
}

// arity returns how many arguments a called function takes.
func (f *flow) arity(e *ast.Expr) int {
	if b := ast.BuiltinMap[operator(e)]; b != nil {
		return len(b.Decl.FuncArgs().Args)
	}
	if rules := f.compiler.GetRulesExact(e.Operator()); len(rules) > 0 {
		return len(rules[0].Head.Args)
	}
	return len(e.Operands())
}

// namesOnly reports whether no expression of a body is plainly a condition.
func (f *flow) namesOnly(b ast.Body) bool {
	var seen []ast.Var
	for _, e := range b {
		if t, isTerm := e.Terms.(*ast.Term); isTerm && t.Equal(ast.InternedTerm(true)) {
			continue
		}
		v, ok := f.named(e)
		if !ok || slices.Contains(seen, v) { // the second value of a variable is compared with the first
			return false
		}
		seen = append(seen, v)
	}
	return true
}

// definiteBody reports whether a body that was followed holds for every input: it gives
// names to values that are always there.
func (f *flow) definiteBody(b ast.Body, s *scope) bool {
	if !f.namesOnly(b) {
		return false
	}
	for _, e := range b {
		if v, ok := f.named(e); ok && !s.always[v] {
			return false
		}
	}
	return true
}

// variable is the type of an argument in a function, without what a constant would make
// of it: a body that is not for this argument is for another.
func (t *typ) variable() *typ {
	if t == nil || t.span == nil || t.unknown {
		return t
	}
	out := *t
	out.span = nil
	return &out
}

// absent reports two values that may both be null, which is equal to null: neither says
// that the two are the same.
func (f *flow) absent(x, y *ast.Term, a, b *typ, loc *ast.Location, s *scope) bool {
	if y == nil || !a.nullable() || !b.nullable() || a.kinds == nullKind || b.kinds == nullKind {
		return false
	}
	left, right := f.path(x, s), f.path(y, s)
	name := func(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }
	ofInput := strings.HasPrefix(left, "input.") && strings.HasPrefix(right, "input.") && name(left) != name(right) // else it is a before and an after
	if !ofInput && !(a.label && b.label) {
		return false
	}
	f.fail(loc, "%s and %s may both be null, and null is equal to null: make sure with `%s != null`", f.show(x, s), f.show(y, s), f.show(x, s))
	return true
}

// oneOf reports a literal that is none of those that rules of the policy have as values. A
// rule with one value is a switch, which may be meant.
func (f *flow) oneOf(x, y *ast.Term, a, b *typ, loc *ast.Location) bool {
	if y == nil {
		return false
	}
	for range 2 {
		ref, isRef := x.Value.(ast.Ref)
		literal, isText := y.Value.(ast.String)
		if isRef && isText && ref[0].Equal(ast.DefaultRootDocument) && a.kinds == textKind && a.words != nil && !a.words.declared && len(a.words.list) > 1 && len(f.compiler.GetRulesExact(ref)) > 0 && !slices.Contains(a.words.list, string(literal)) {
			f.fail(loc, "%s is never %q: its rules say %s", text(ref[len(ref)-1].Value), string(literal), quotedList(a.words.list))
			return true
		}
		x, y, a, b = y, x, b, a
	}
	return false
}
