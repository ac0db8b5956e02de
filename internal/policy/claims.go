package policy

import (
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// claim is what one expression of a body says of the value at a path.
type claim struct {
	expr   *ast.Expr
	path   string
	values []*ast.Term // it is one of these, or with no none of them; nil: it says no values
	no     bool
	low    bound // of a number
	high   bound
	holds  func(text string) bool // of a text, such as what startswith says; nil: nothing
	prefix string                 // that holds wants
	suffix string
}

// bound is one end of an interval; the zero bound is none.
type bound struct {
	given, open bool
	at          float64
}

// contradictions reports expressions of a body that cannot hold together, or at all.
// Bodies around this one hold, too.
func (f *flow) contradictions(b ast.Body, s *scope) {
	for _, e := range b {
		if t, isTerm := e.Terms.(*ast.Term); isTerm && t.Equal(ast.InternedTerm(false)) && !e.Negated {
			f.fail(t.Location, "false never holds, so that the rule says nothing: remove the rule, or write its condition")
		}
		if n, isNot := e.Terms.(*ast.Not); isNot && len(n.Body) == 1 {
			if t, isTerm := n.Body[0].Terms.(*ast.Term); isTerm && t.Equal(ast.InternedTerm(true)) {
				f.fail(e.Location, "not true never holds, so that the rule says nothing: remove the rule, or write its condition")
			}
		}
		c, ok := f.claimOf(e, s)
		if !ok {
			continue
		}
		if first, is := s.against(c); is {
			f.fail(e.Location, "this never holds: line %d says something else of %s in the same body; want two rules, or `in {…}`", first.expr.Location.Row, f.shownPath(c, s))
			continue
		}
		s.claims = append(s.claims, c)
	}
}

func (f *flow) shownPath(c claim, s *scope) string {
	for _, x := range c.expr.Operands() {
		if f.path(x, s) == c.path {
			return f.show(x, s)
		}
	}
	return f.showPath(c.path)
}

// against returns the claim of this body, or of one around it, that a claim contradicts.
func (s *scope) against(c claim) (claim, bool) {
	var of []claim
	for ; s != nil; s = s.parent {
		for _, other := range s.claims {
			if other.path == c.path {
				of = append(of, other)
			}
		}
		if s.apart {
			break
		}
	}
	for _, other := range of {
		if contradict(c, other) || contradict(other, c) {
			return other, true
		}
	}
	if c.no || c.values == nil { // of several that leave something each, all may leave nothing
		for _, other := range of {
			if !other.no && other.values != nil && !slices.ContainsFunc(other.values, func(v *ast.Term) bool {
				return c.takes(v) && !slices.ContainsFunc(of, func(o claim) bool { return !o.takes(v) })
			}) {
				return other, true
			}
		}
	}
	return claim{}, false
}

// takes reports whether a value may have what is claimed.
func (c claim) takes(v *ast.Term) bool {
	if c.values != nil {
		return slices.ContainsFunc(c.values, v.Equal) != c.no
	}
	if text, ok := v.Value.(ast.String); ok && c.holds != nil {
		return c.holds(string(text))
	}
	if n, ok := v.Value.(ast.Number); ok && (c.low.given || c.high.given) {
		x, _ := n.Float64()
		return !(c.low.given && (x < c.low.at || c.low.open && x == c.low.at)) && !(c.high.given && (x > c.high.at || c.high.open && x == c.high.at))
	}
	return true
}

// contradict reports whether no value has both.
func contradict(a, b claim) bool {
	switch {
	case a.values != nil && !a.no:
		return !slices.ContainsFunc(a.values, b.takes)
	case a.low.given && b.high.given:
		return a.low.at > b.high.at || a.low.at == b.high.at && (a.low.open || b.high.open)
	case a.prefix != "" && b.prefix != "":
		return !strings.HasPrefix(a.prefix, b.prefix) && !strings.HasPrefix(b.prefix, a.prefix)
	case a.suffix != "" && b.suffix != "":
		return !strings.HasSuffix(a.suffix, b.suffix) && !strings.HasSuffix(b.suffix, a.suffix)
	}
	return false
}

// claimOf returns what an expression claims, if it is of one value and constants.
func (f *flow) claimOf(e *ast.Expr, s *scope) (claim, bool) {
	no := e.Negated
	of := e
	if n, isNot := e.Terms.(*ast.Not); isNot {
		if !isAlias(n.Body[:len(n.Body)-1]) {
			return claim{}, false
		}
		s = s.child()
		f.aliases(n.Body, s)
		of, no = n.Body[len(n.Body)-1], !no
	}
	c, ok := f.positive(of, s)
	if !ok || c.path == "" {
		return claim{}, false
	}
	if no {
		if c.values == nil {
			return claim{}, false
		}
		c.no = !c.no
	}
	c.expr = e
	return c, true
}

func (f *flow) positive(e *ast.Expr, s *scope) (claim, bool) {
	if t, isTerm := e.Terms.(*ast.Term); isTerm {
		if got := f.quietly(t, s); got == nil || got.kinds != boolKind {
			return claim{}, false
		}
		return claim{path: f.path(t, s), values: []*ast.Term{ast.InternedTerm(true)}}, true
	}
	name, x := operator(e), e.Operands()
	if len(x) != 2 {
		return claim{}, false
	}
	switch {
	case e.IsEquality() || name == ast.Equal.Name || name == ast.NotEqual.Name:
		for i := range 2 {
			if ast.IsScalar(x[1-i].Value) && !ast.IsScalar(x[i].Value) {
				return claim{path: f.valued(x[i], s), values: []*ast.Term{x[1-i]}, no: name == ast.NotEqual.Name}, true
			}
		}
	case name == ast.Member.Name:
		return claim{path: f.valued(x[0], s), values: scalarsOf(x[1])}, scalarsOf(x[1]) != nil
	case reversed(name) != "":
		for i := range 2 {
			op := []string{name, reversed(name)}[i]
			if n, isNumber := x[1-i].Value.(ast.Number); isNumber {
				at, _ := n.Float64()
				end := bound{given: true, at: at, open: op == ast.LessThan.Name || op == ast.GreaterThan.Name}
				c := claim{path: f.valued(x[i], s)}
				if c.high = end; op == ast.GreaterThan.Name || op == ast.GreaterThanEq.Name {
					c.low, c.high = end, bound{}
				}
				return c, !math.IsNaN(at)
			}
		}
	}
	return ofText(name, x, f.valued(x[0], s), f.path(x[1], s))
}

// ofText returns what a function of texts claims.
func ofText(name string, x []*ast.Term, first, second string) (claim, bool) {
	text, isText := x[1].Value.(ast.String)
	part := string(text)
	switch {
	case name == ast.StartsWith.Name && isText:
		return claim{path: first, prefix: part, holds: func(s string) bool { return strings.HasPrefix(s, part) }}, true
	case name == ast.EndsWith.Name && isText:
		return claim{path: first, suffix: part, holds: func(s string) bool { return strings.HasSuffix(s, part) }}, true
	case name == ast.Contains.Name && isText:
		return claim{path: first, holds: func(s string) bool { return strings.Contains(s, part) }}, true
	case name == ast.RegexMatch.Name:
		if pattern, is := x[0].Value.(ast.String); is {
			if p, err := regexp.Compile(string(pattern)); err == nil {
				return claim{path: second, holds: p.MatchString}, true
			}
		}
	}
	return claim{}, false
}

// valued returns the path of a term that has had a value before the expression; a variable
// that the expression gives its value claims nothing.
func (f *flow) valued(t *ast.Term, s *scope) string {
	if _, isVar := t.Value.(ast.Var); isVar && f.quietly(t, s) == nil {
		return ""
	}
	return f.path(t, s)
}

// scalarsOf returns the elements of a literal list or set of scalars; nil: it is none.
func scalarsOf(t *ast.Term) []*ast.Term {
	out := []*ast.Term{}
	add := func(x *ast.Term) {
		if out != nil && ast.IsScalar(x.Value) {
			out = append(out, x)
		} else {
			out = nil
		}
	}
	switch v := t.Value.(type) {
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	default:
		return nil
	}
	return out
}

// claimOfBody returns the claim of a body that says one thing, after names for values.
func (f *flow) claimOfBody(b ast.Body, s *scope) (claim, bool) {
	names, last := b[:len(b)-1], b[len(b)-1]
	if !isAlias(names) {
		return claim{}, false
	}
	below := s.child()
	f.aliases(names, below)
	return f.claimOf(last, below)
}

// eitherHolds reports x != a or x != b, which holds for every x.
func (f *flow) eitherHolds(or *ast.LogicalOr, loc *ast.Location, s *scope) {
	if f.quiet > 0 {
		return
	}
	left := or.Lhs
	if below, nested := left[len(left)-1].Terms.(*ast.LogicalOr); nested {
		left = below.Rhs
	}
	a, isA := f.claimOfBody(left, s)
	b, isB := f.claimOfBody(or.Rhs, s)
	if isA && isB && a.path == b.path && a.no && b.no && !slices.ContainsFunc(a.values, func(v *ast.Term) bool { return slices.ContainsFunc(b.values, v.Equal) }) {
		f.fail(loc, "one of the two always holds, because %s is not both: want `and`, or `not … in {…}`", f.shownPath(a, s))
	}
}
