package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/spelling"
)

// operator names what an expression calls.
func operator(e *ast.Expr) string {
	if !e.IsCall() {
		return ""
	}
	return e.Operator().String()
}

// call follows a call of a built-in, an operator or a function. It returns the type of
// its value where nothing takes the value, so that it is a condition; nil: it is true
// or false.
func (f *flow) call(e *ast.Expr, s *scope) *typ {
	name, x := operator(e), e.Operands()
	switch {
	case e.IsEquality():
		f.unify(x[0], x[1], e.Location, s)
	case name == ast.Equal.Name || name == ast.NotEqual.Name:
		f.compare(x[0], f.term(x[0], s), x[1], f.term(x[1], s), e.Location, s)
	case slices.Contains([]string{ast.LessThan.Name, ast.LessThanEq.Name, ast.GreaterThan.Name, ast.GreaterThanEq.Name}, name):
		f.order(name, x[0], x[1], e.Location, s)
	case name == ast.Member.Name:
		f.member(nil, x[0], x[1], e.Location, s)
	case name == ast.MemberWithKey.Name:
		f.member(x[0], x[1], x[2], e.Location, s)
	case strings.HasPrefix(name, "data."):
		path := e.Operator()
		rules := f.compiler.GetRulesExact(path)
		if len(rules) == 0 {
			return nil
		}
		n := len(rules[0].Head.Args)
		args := make([]*typ, min(n, len(x)))
		for i := range args {
			args[i] = orUnknown(f.term(x[i], s))
		}
		return f.result(name, x, n, f.function(path, args, e.Location), e.Location, s)
	default:
		return f.builtin(name, x, e.Location, s)
	}
	if b := ast.BuiltinMap[name]; b != nil && !e.IsEquality() && len(x) > len(b.Decl.FuncArgs().Args) { // ok := x == y
		f.result(name, x, len(x)-1, scalar(boolKind), e.Location, s)
	}
	return nil
}

// result gives the operand behind the arguments the type of the result. A call
// without one is a condition, and its type is returned.
func (f *flow) result(name string, x []*ast.Term, args int, t *typ, loc *ast.Location, s *scope) *typ {
	if len(x) <= args {
		return t
	}
	f.assign(x[args], t, loc, s)
	if v, isVar := x[args].Value.(ast.Var); isVar {
		s.always[v] = f.definiteCall(name, x[:args], s)
	}
	return nil
}

func (f *flow) assign(to *ast.Term, t *typ, loc *ast.Location, s *scope) {
	if _, isVar := to.Value.(ast.Var); isVar || !to.IsGround() {
		f.bind(to, t, s)
		return
	}
	f.compare(to, f.term(to, s), nil, t, loc, s)
}

// unify follows x = y, which := and == become, too.
func (f *flow) unify(x, y *ast.Term, loc *ast.Location, s *scope) {
	a, aIsList := x.Value.(*ast.Array)
	b, bIsList := y.Value.(*ast.Array)
	if aIsList && bIsList && a.Len() == b.Len() {
		for i := range a.Len() {
			f.unify(a.Elem(i), b.Elem(i), loc, s)
		}
		return
	}
	tx, ty := f.term(x, s), f.term(y, s)
	for _, side := range []struct {
		to, from *ast.Term
		t, of    *typ
	}{{x, y, tx, ty}, {y, x, ty, tx}} {
		v, isVar := side.to.Value.(ast.Var)
		if isVar && (v.IsWildcard() || f.compiler.RewrittenVars[v].IsWildcard()) && side.of != nil && side.of.nullable() {
			name := f.show(side.from, s)
			f.fail(loc, "%s is null where it is absent, so that it says nothing that there is a value: look at the value", name)
			return
		}
		if isVar && side.of != nil && (side.t == nil || s.same[v] != "" && s.same[v] == f.path(side.from, s)) {
			s.vars[v], s.always[v] = side.of, f.definite(side.from, s)
			if p := f.path(side.from, s); p != "" && s.same[v] == "" && p != string(v) {
				s.same[v] = p
			}
			return
		}
		if !isVar && !side.to.IsGround() && side.of != nil && !aRef(side.to) {
			f.bind(side.to, side.of, s)
		}
	}
	f.compare(x, tx, y, ty, loc, s)
}

func aRef(t *ast.Term) bool { _, is := t.Value.(ast.Ref); return is }

// compare finds values that are never equal, though the policy asks whether they are.
func (f *flow) compare(x *ast.Term, a *typ, y *ast.Term, b *typ, loc *ast.Location, s *scope) {
	if a == nil || b == nil || a.unknown || b.unknown || f.quiet > 0 {
		return
	}
	left, right := f.show(x, s), "the value"
	if y != nil {
		right = f.show(y, s)
	}
	for range 2 {
		switch {
		case b.kinds == nullKind && a.fixed() && a.objects[0].optional && !a.nullable():
			f.fail(loc, "%s is never null: whether it is there says %s.given", left, left)
			return
		case b.kinds == nullKind && !a.nullable() && a.kinds&(listKind|setKind|objectKind) == a.kinds:
			f.fail(loc, "%s is never null: an absent one is empty; write count(%s) == 0", left, left)
			return
		case b.kinds == nullKind:
			return
		case b.literal == "false" && a.nullable() && a.kinds.has(boolKind):
			f.fail(loc, "%s may be null, which is neither true nor false: compare it with true, or make sure with `%s != null`", left, left)
			return
		case b.literal == `""` && a.nullable() && a.kinds.has(textKind):
			f.fail(loc, "%s is null where it is absent, not \"\": write `%s in {null, \"\"}`, or make sure with `%s != null`", left, left, left)
			return
		}
		if f.words(left, a, b, loc) || f.formed(left, a, b, loc) || f.shapes(left, a, b, loc) {
			return
		}
		a, b, left, right = b, a, right, left
	}
	if a.kinds&b.kinds == 0 {
		f.fail(loc, "%s is %s, and %s is %s: they are never equal", left, a.kinds, right, b.kinds)
		return
	}
	if f.numbers(x, y, a, b, loc, s) || f.absent(x, y, a, b, loc, s) || f.oneOf(x, y, a, b, loc) {
		return
	}
	if a.elem != nil && b.elem != nil && a.kinds == b.kinds {
		_ = f.words("an element of "+left, a.elem, b.elem, loc) || f.words("an element of "+right, b.elem, a.elem, loc)
	}
}

// words reports literals that are none of the words that a declared text can be.
func (f *flow) words(name string, a, b *typ, loc *ast.Location) bool {
	if a.words != nil && a.words.names && b.words == nil && b.kinds.has(textKind) {
		f.fail(loc, "%s is the name of a field, and is compared with a computed one, so that a misspelt name would be silent: write the name", name)
		return true
	}
	if a.words == nil || b.words == nil || !a.words.declared || b.words.declared {
		return false
	}
	wrong := false
	for _, word := range b.words.list {
		if slices.Contains(a.words.list, word) {
			continue
		}
		near, isNear := slipOf(word, a.words.list)
		switch {
		case isNear:
			f.fail(loc, "%s is never %q; did you mean %q?", name, word, near)
		case a.words.open:
			continue
		default:
			quoted := make([]string, len(a.words.list))
			for i, w := range a.words.list {
				quoted[i] = strconv.Quote(w)
			}
			f.fail(loc, "%s is never %q; want one of %s", name, word, strings.Join(quoted, ", "))
		}
		wrong = true
	}
	return wrong
}

// slipOf is the word that another was meant to be: of another case, with two
// neighbours exchanged, or misspelt. A word with a further digit is one of its own.
func slipOf(word string, list []string) (string, bool) {
	for _, w := range list {
		if strings.EqualFold(w, word) || spelling.Swapped(word, w) {
			return w, true
		}
	}
	if strings.ContainsAny(word, "0123456789") {
		return "", false
	}
	near := spelling.Nearest(word, list, 2)
	return near, near != ""
}

// shapes reports an object of the policy that has not the fields of one of the input.
func (f *flow) shapes(name string, a, b *typ, loc *ast.Location) bool {
	if !a.fixed() || !b.fixed() || a.declared() == nil || b.declared() != nil {
		return false
	}
	want := a.declared().names()
	for _, o := range b.objects {
		got := o.names()
		lacks := slices.ContainsFunc(want, func(name string) bool { return !slices.Contains(got, name) })
		if lacks || a.declared().rest == nil && len(got) != len(want) {
			f.fail(loc, "%s is never equal to %s: it has %s; compare the fields", name, withFields(got), strings.Join(want, ", "))
			return true
		}
	}
	return false
}

// order finds an order that says nothing: of null, or of values of two kinds.
func (f *flow) order(op string, x, y *ast.Term, loc *ast.Location, s *scope) {
	a, b := f.term(x, s), f.term(y, s)
	if a == nil || b == nil {
		return
	}
	left, right := f.show(x, s), f.show(y, s)
	for _, side := range []struct {
		name string
		t    *typ
	}{{left, a}, {right, b}} {
		if side.t.nullable() {
			f.fail(loc, "%s may be null, and null comes before every other value: make sure with `%s != null`", side.name, side.name)
			return
		}
	}
	common := a.kinds & b.kinds
	switch {
	case f.quiet > 0 || a.unknown || b.unknown:
	case common == numberKind && f.units(x, y, a, b, loc, s):
		return
	case common == numberKind && f.bounds(op, x, y, a, b, loc, s):
		return
	case common == textKind && f.textOrder(x, y, loc, s):
		return
	}
	switch {
	case common == textKind && (a.time || b.time):
		of := left
		if !a.time {
			of = right
		}
		f.fail(loc, "%s is a time, and texts of times are not in the order of time: compare time.parse_rfc3339_ns(%s)", of, of)
	case a.unknown || b.unknown || common.has(numberKind|textKind|listKind):
	case a.kinds == numberKind && b.kinds == textKind || a.kinds == textKind && b.kinds == numberKind:
		of, constant := left, ast.IsConstant(x.Value)
		if b.kinds == textKind {
			of, constant = right, ast.IsConstant(y.Value)
		}
		want := "want two of one kind"
		if !constant {
			want += ", such as time.parse_rfc3339_ns(" + of + ")"
		}
		f.fail(loc, "%s is %s, and %s is %s: a number comes before every text; %s", left, a.kinds, right, b.kinds, want)
	default:
		f.fail(loc, "%s is %s, and %s is %s: their order says nothing", left, a.kinds, right, b.kinds)
	}
}

func withFields(names []string) string {
	if len(names) == 0 {
		return "an object without fields"
	}
	return "an object with the fields " + strings.Join(names, ", ")
}

// member follows x in collection.
func (f *flow) member(key, x, collection *ast.Term, loc *ast.Location, s *scope) {
	c := f.term(collection, s)
	if c == nil {
		return
	}
	if !c.unknown && !c.kinds.has(listKind|setKind|objectKind) {
		name := f.show(collection, s)
		f.fail(loc, "%s is %s, and `in` looks into a list, a set or an object; want contains(%s, …) or ==", name, c.kinds, name)
		return
	}
	if emptyLiteral(collection) {
		f.fail(loc, "nothing is in an empty list or set, so that the condition says nothing: write its elements")
		return
	}
	if key == nil && c.declared() != nil && f.term(x, s) != nil {
		f.fail(loc, "%s has fixed fields, and `in` looks for a value among them, not for a name: compare the field that is meant", f.show(collection, s))
		return
	}
	if key != nil {
		f.assignOrCompare(key, c.keys(), loc, s)
	}
	f.assignOrCompare(x, c.values(), loc, s)
}

func emptyLiteral(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case *ast.Array:
		return v.Len() == 0
	case ast.Set:
		return v.Len() == 0
	}
	return false
}

func (f *flow) assignOrCompare(x *ast.Term, t *typ, loc *ast.Location, s *scope) {
	if got := f.term(x, s); got != nil {
		f.compare(x, got, nil, t, loc, s)
		return
	}
	f.bind(x, t, s)
}
