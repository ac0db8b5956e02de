package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Limits of one package: different calls of functions, and expressions that are followed.
// An expression counts each time that the body around it is followed.
const (
	maxCalls = 5000
	maxSteps = 200_000
)

// flow follows the values of the input and the data through the rules of one
// package that is asked, and through everything that they use. OPA's own types end
// at a function's parameter and at a computed key; these do not.
type flow struct {
	compiler *ast.Compiler
	input    *typ
	data     *typ
	needs    []evidence.Need // the package is asked only if these were observed

	rules   map[*ast.TreeNode]*typ
	keys    map[*ast.Rule]*typ // of the elements that a rule adds to its set
	results map[string]*typ    // of functions, by path and arguments, and whether it was reported
	totals  map[*ast.Rule]bool // whether rules always have a value, by the first of them
	calls   int
	steps   int
	quiet   int       // above 0: nothing is reported
	missed  []ast.Var // that an expression asked for, and nothing was known of them
	found   strictyaml.Errors
}

// scope is what is known in one body.
type scope struct {
	parent *scope
	vars   map[ast.Var]*typ
	same   map[ast.Var]string // the path that a variable was taken from
	sure   map[string]bool    // paths that are not null here, and objects that are given
	keys   map[ast.Var]bool   // variables that iterate over names of fields
	always map[ast.Var]bool   // variables that have a value for every input
	claims []claim            // of the expressions of the body
	apart  bool               // it is below a not: what holds around it is not claimed in it
}

func (s *scope) child() *scope {
	return &scope{parent: s, vars: map[ast.Var]*typ{}, same: map[ast.Var]string{}, sure: map[string]bool{}, keys: map[ast.Var]bool{}, always: map[ast.Var]bool{}}
}

func (s *scope) typeOf(v ast.Var) *typ {
	for ; s != nil; s = s.parent {
		if t := s.vars[v]; t != nil {
			return t
		}
	}
	return nil
}

// path names what a variable holds: the path that it was taken from, or itself.
func (s *scope) path(v ast.Var) string {
	for ; s != nil; s = s.parent {
		if p := s.same[v]; p != "" {
			return p
		}
	}
	return string(v)
}

func (s *scope) isSure(path string) bool {
	for ; s != nil; s = s.parent {
		if s.sure[path] {
			return true
		}
	}
	return false
}

func (s *scope) isAlways(v ast.Var) bool {
	for ; s != nil; s = s.parent {
		if s.always[v] {
			return true
		}
	}
	return false
}

// vetFlow follows the rules of a package.
func vetFlow(c *ast.Compiler, p regoPackage, rules []*ast.Rule, input, data *typ) strictyaml.Errors {
	f := &flow{compiler: c, input: input, data: data, needs: p.needs, rules: map[*ast.TreeNode]*typ{}, keys: map[*ast.Rule]*typ{}, totals: map[*ast.Rule]bool{}, results: map[string]*typ{}}
	node := c.RuleTree
	for _, t := range p.path {
		node = node.Child(t.Value)
	}
	f.walk(node)
	for _, r := range rules {
		f.messages(p, r)
	}
	if f.steps > maxSteps {
		return strictyaml.Errors{at(p.loc, "package %s is too large to be followed, or its bodies stand too deep within each other: following it takes more than %d steps; give parts of it names as rules", p.name, maxSteps)}
	}
	return f.found
}

// walk follows all rules at a node and below. Functions are followed where they are
// called.
func (f *flow) walk(n *ast.TreeNode) {
	if n == nil {
		return
	}
	f.node(n)
	for _, key := range n.Sorted {
		f.walk(n.Child(key))
	}
}

func (f *flow) fail(loc *ast.Location, format string, args ...any) {
	if f.quiet == 0 {
		f.found = append(f.found, at(loc, format, args...))
	}
}

// node returns the type of the values of the rules at a node.
func (f *flow) node(n *ast.TreeNode) *typ {
	if t, done := f.rules[n]; done {
		return t
	}
	f.rules[n] = unknownType() // until it is known
	var out *typ
	quiet := f.quiet
	f.quiet = 0 // a rule is followed once
	for _, r := range n.Values {
		if len(r.Head.Args) == 0 {
			out = join(out, f.rule(r, nil))
		}
	}
	f.quiet = quiet
	if out == nil {
		out = unknownType()
	}
	f.rules[n] = out
	return out
}

// rule returns the type of a rule's value for arguments.
func (f *flow) rule(r *ast.Rule, args []*typ) (out *typ) {
	missed := f.missed
	defer func() { f.missed = missed }() // its variables are its own
	for ; r != nil; r = r.Else {
		s := (*scope)(nil).child()
		for i, arg := range r.Head.Args {
			if i < len(args) {
				f.bind(arg, args[i].variable(), s)
			}
			if v, isVar := arg.Value.(ast.Var); isVar {
				s.always[v] = true
			}
		}
		f.body(r.Body, s)
		var t *typ
		if r.Head.RuleKind() == ast.MultiValue {
			key := f.term(r.Head.Key, s)
			f.keys[r] = join(f.keys[r], key)
			t = listOf(setKind, key)
		} else {
			t = f.term(r.Head.Value, s)
		}
		for range r.Ref().DynamicSuffix() {
			t = listOf(objectKind, t)
		}
		out = join(out, t)
	}
	return out
}

// body follows the expressions of a body.
func (f *flow) body(b ast.Body, s *scope) {
	f.prepare(b, s)
	if f.quiet > 0 {
		return
	}
	f.contradictions(b, s)
	for _, e := range b {
		f.expr(e, s)
	}
}

// prepare follows the expressions of a body without a word, until the types of all
// variables and what is guarded are known.
func (f *flow) prepare(b ast.Body, s *scope) {
	before := maps.Clone(s.vars)
	f.infer(b, s)
	for _, e := range b {
		f.guard(e, s)
	}
	if len(s.sure) > 0 {
		s.vars = before
		f.infer(b, s)
	}
}

// infer follows the expressions of a body until none of them asked for a variable that
// became known behind it. An expression such as [a, b] = [b, x] can make a variable known
// behind itself.
func (f *flow) infer(b ast.Body, s *scope) {
	f.quiet++
	defer func() { f.quiet-- }()
	around := f.missed
	for range len(b) + 1 {
		missed, again := map[ast.Var]bool{}, false
		for _, e := range b {
			f.missed = nil
			known := len(s.vars)
			f.expr(e, s)
			for _, v := range f.missed {
				if s.typeOf(v) == nil {
					missed[v] = true
					again = again || len(s.vars) > known
				}
			}
		}
		f.missed = around
		for v := range missed {
			if s.typeOf(v) != nil {
				again = true
			} else {
				f.missed = append(f.missed, v)
			}
		}
		if !again {
			return
		}
	}
}

// guard records what an expression makes sure of.
func (f *flow) guard(e *ast.Expr, s *scope) {
	if f.steps++; f.steps > maxSteps {
		return
	}
	switch terms := e.Terms.(type) {
	case *ast.Term: // x.given; any other value holds as null, too
		if p := f.path(terms, s); strings.HasSuffix(p, "."+givenField) && !e.Negated {
			s.sure[p] = true
		}
	case *ast.Not: // not x == null
		if last := terms.Body[len(terms.Body)-1]; isAlias(terms.Body[:len(terms.Body)-1]) && isComparison(last) {
			f.aliases(terms.Body, s)
			f.guardComparison(last, true, s)
		}
	case *ast.LogicalAnd:
		for _, e := range slices.Concat(terms.Lhs, terms.Rhs) {
			f.guard(e, s)
		}
	case []*ast.Term:
		name := operator(e)
		switch {
		case e.IsEquality() || name == ast.Equal.Name:
			f.guardComparison(e, false, s)
		case name == ast.NotEqual.Name:
			f.guardComparison(e, true, s)
		case name == ast.IsString.Name || name == ast.IsNumber.Name || name == ast.IsBoolean.Name || name == ast.IsObject.Name:
			s.sure[f.path(e.Operand(0), s)] = true
		case name == ast.Member.Name:
			if t := f.quietly(e.Operand(1), s); t != nil && t.elem != nil && !t.elem.nullable() && !t.unknown && !t.elem.unknown {
				s.sure[f.path(e.Operand(0), s)] = true
			}
		}
	}
}

// isComparison reports whether an expression is x == y.
func isComparison(e *ast.Expr) bool { return e.IsEquality() || operator(e) == ast.Equal.Name }

// isAlias reports whether expressions only name values.
func isAlias(b ast.Body) bool {
	for _, e := range b {
		if !e.IsEquality() {
			return false
		}
		if _, isVar := e.Operand(0).Value.(ast.Var); !isVar {
			return false
		}
	}
	return true
}

func (f *flow) aliases(b ast.Body, s *scope) {
	f.quiet++
	defer func() { f.quiet-- }()
	for _, e := range b {
		f.expr(e, s)
	}
}

// guardComparison records what x == y, or with unequal x != y, makes sure of.
func (f *flow) guardComparison(e *ast.Expr, unequal bool, s *scope) {
	for i := range 2 {
		x, y := e.Operand(i), e.Operand(1-i)
		p := f.path(x, s)
		if p == "" {
			continue
		}
		t := f.outside(y, s)
		switch {
		case t == nil || t.unknown:
		case unequal && t.kinds == nullKind:
			s.sure[p] = true
		case unequal && y.Equal(ast.InternedBooleanFalse) && strings.HasSuffix(p, "."+givenField):
			s.sure[p] = true
		case !unequal && !t.nullable() && t.literal == "":
			if _, fresh := x.Value.(ast.Var); fresh && s.path(x.Value.(ast.Var)) == string(x.Value.(ast.Var)) && s.typeOf(x.Value.(ast.Var)) == nil {
				continue
			}
			if got := f.quietly(x, s); got == nil || got.unknown || got.nullable() || strings.HasSuffix(p, "."+givenField) {
				s.sure[p] = true
			}
			if parent, is := strings.CutSuffix(p, ".state"); is && y.Equal(ast.StringTerm(string(evidence.StateObserved))) {
				s.sure[parent+".facts."+givenField] = true
			}
		}
	}
}

// outside is the type of a term without what is in it, if that is a comprehension: it need
// not be followed to see that it is not null.
func (f *flow) outside(t *ast.Term, s *scope) *typ {
	switch t.Value.(type) {
	case *ast.ArrayComprehension:
		return listOf(listKind, unknownType())
	case *ast.SetComprehension:
		return listOf(setKind, unknownType())
	case *ast.ObjectComprehension:
		return listOf(objectKind, unknownType())
	}
	return f.quietly(t, s)
}

func (f *flow) quietly(t *ast.Term, s *scope) *typ {
	f.quiet++
	defer func() { f.quiet-- }()
	return f.term(t, s)
}

// path names the place that a term reads; empty: it reads none.
func (f *flow) path(t *ast.Term, s *scope) string {
	switch v := t.Value.(type) {
	case ast.Var:
		return s.path(v)
	case ast.Ref:
		return pathOf(v, s)
	}
	return ""
}

func pathOf(ref ast.Ref, s *scope) string {
	path, _ := pathAndEnds(ref, s)
	return path
}

// pathAndEnds returns the path of a reference, and where the path of ref[:i+1] ends in it.
func pathAndEnds(ref ast.Ref, s *scope) (path string, ends []int) {
	b, ends := make([]byte, 0, 64), make([]int, len(ref))
	for i, t := range ref {
		switch v := t.Value.(type) {
		case ast.Var:
			if i > 0 {
				b = append(append(append(b, '['), s.path(v)...), ']')
			} else {
				b = append(b, s.path(v)...)
			}
		case ast.String:
			b = append(append(b, '.'), v...)
		default:
			b = append(append(append(b, '['), v.String()...), ']')
		}
		ends[i] = len(b)
	}
	return string(b), ends
}

// expr follows one expression.
func (f *flow) expr(e *ast.Expr, s *scope) {
	if f.steps++; f.steps > maxSteps {
		return
	}
	switch terms := e.Terms.(type) {
	case *ast.Term:
		f.holds(e, s, e.Negated)
	case *ast.Not:
		below := s.child()
		below.apart = true
		f.negation(terms.Body, below)
	case *ast.LogicalAnd:
		left, right := s.child(), s.child()
		f.body(terms.Lhs, left)
		right.claims = left.claims
		for _, e := range terms.Lhs {
			f.guard(e, right)
		}
		f.body(terms.Rhs, right)
	case *ast.LogicalOr:
		f.eitherHolds(terms, e.Location, s)
		f.body(terms.Lhs, s.child())
		right := s.child()
		if n := len(terms.Lhs); n > 0 && isAlias(terms.Lhs[:n-1]) && isComparison(terms.Lhs[n-1]) { // x == null or …
			f.aliases(terms.Lhs, right)
			f.guardComparison(terms.Lhs[n-1], true, right)
		}
		f.body(terms.Rhs, right)
	case *ast.Every:
		domain, below := f.term(terms.Domain, s), s.child()
		if domain != nil {
			if terms.Key != nil {
				f.bind(terms.Key, domain.keys(), below)
			}
			f.bind(terms.Value, domain.values(), below)
		}
		f.body(terms.Body, below)
	case []*ast.Term:
		f.holds(e, s, e.Negated)
	}
}

// term returns the type of a term; nil: a variable that nothing is known of yet.
func (f *flow) term(t *ast.Term, s *scope) *typ {
	switch v := t.Value.(type) {
	case ast.Null:
		return scalar(nullKind)
	case ast.Boolean:
		out := scalar(boolKind)
		if !v {
			out.literal = "false"
		}
		return out
	case ast.Number:
		return literalNumber(v)
	case ast.String:
		out := texts(string(v))
		if v == "" {
			out.literal = `""`
		}
		return out
	case ast.Var:
		out := s.typeOf(v)
		if out == nil && f.quiet > 0 {
			f.missed = append(f.missed, v)
		}
		if out != nil && s.isSure(s.path(v)) {
			out = out.notNull()
		}
		return f.givenHere(out, s.path(v), s)
	case ast.Ref:
		return f.ref(v, t.Location, s)
	case *ast.Array:
		var elem *typ
		v.Foreach(func(t *ast.Term) { elem = join(elem, orUnknown(f.term(t, s))) })
		return listOf(listKind, elem)
	case ast.Set:
		var elem *typ
		v.Foreach(func(t *ast.Term) { elem = join(elem, orUnknown(f.term(t, s))) })
		return listOf(setKind, elem)
	case ast.Object:
		return f.object(v, s)
	case *ast.ArrayComprehension:
		return listOf(listKind, f.closure(v.Body, v.Term, s))
	case *ast.SetComprehension:
		return listOf(setKind, f.closure(v.Body, v.Term, s))
	case *ast.ObjectComprehension:
		return listOf(objectKind, f.closure(v.Body, v.Value, s))
	}
	return unknownType()
}

func orUnknown(t *typ) *typ {
	if t == nil {
		return unknownType()
	}
	return t
}

func (f *flow) closure(b ast.Body, t *ast.Term, s *scope) *typ {
	below := s.child()
	f.body(b, below)
	return f.term(t, below)
}

func (f *flow) object(o ast.Object, s *scope) *typ {
	all, plain := map[string]*typ{}, true
	var values *typ
	o.Foreach(func(k, v *ast.Term) {
		below := orUnknown(f.term(v, s))
		values = join(values, below)
		if name, ok := k.Value.(ast.String); ok {
			all[string(name)] = below
			return
		}
		plain = false
	})
	if !plain {
		return listOf(objectKind, values)
	}
	return objectType(&fields{where: "an object of the policy", literal: true, all: func() map[string]*typ { return all }})
}

// givenHere is the type where the object at a path is known to be given.
func (f *flow) givenHere(t *typ, path string, s *scope) *typ {
	if t == nil || len(t.objects) == 0 {
		return t
	}
	need, isFacts := strings.CutSuffix(strings.TrimPrefix(strings.TrimPrefix(path, "input."), "evidence."), ".facts")
	isFacts = isFacts || path == "input."+string(needCI)
	if s.isSure(path+"."+givenField) || isFacts && slices.Contains(f.needs, evidence.Need(need)) {
		return t.given()
	}
	return t
}

// argsKey names a call.
func argsKey(path ast.Ref, args []*typ) string {
	var b strings.Builder
	b.WriteString(path.String())
	for _, t := range args {
		b.WriteString("," + t.key())
	}
	return b.String()
}

// function follows a function for the types of its arguments, and returns the type
// of its value.
func (f *flow) function(path ast.Ref, args []*typ, loc *ast.Location) *typ {
	key := argsKey(path, args)
	if f.quiet > 0 {
		key = "quiet " + key // what is guarded may not be known yet
	}
	if t, done := f.results[key]; done {
		return t
	}
	if f.calls++; f.calls > maxCalls {
		f.fail(loc, "more than %d different calls of functions: what they read cannot be followed; use fewer functions that call each other", maxCalls)
		return unknownType()
	}
	var out *typ
	for _, r := range f.compiler.GetRulesExact(path) {
		out = join(out, f.rule(r, args))
	}
	f.results[key] = orUnknown(out)
	return f.results[key]
}
