package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// written returns the expressions that the compiler made of the expression that failed:
// those that give its generated variables their values, and itself.
func (t *tracer) written(failed *ast.Expr, body ast.Body) []*ast.Expr {
	out := []*ast.Expr{failed}
	for i := 0; i < len(out); i++ {
		for v := range varsIn(out[i]) {
			if !t.generated(v) {
				continue
			}
			for _, e := range body {
				if e.Index < out[i].Index && varsIn(e)[v] && !slices.Contains(out, e) {
					out = append(out, e)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *ast.Expr) int { return a.Index - b.Index })
	return out
}

// nameOf returns the name of a variable as it was written.
func (t *tracer) nameOf(v ast.Var) ast.Var {
	for {
		before, ok := t.unit.compiler.RewrittenVars[v]
		if !ok || before == v {
			return v
		}
		v = before
	}
}

// generated reports whether the compiler made a variable.
func (t *tracer) generated(v ast.Var) bool {
	name := t.nameOf(v)
	return name.IsGenerated() || name.IsWildcard()
}

// hasNull reports whether an expression compares with null, so that an absent value is
// what it asks about.
func hasNull(e *ast.Expr) bool {
	found := false
	ast.WalkTerms(e, func(t *ast.Term) bool {
		_, is := t.Value.(ast.Null)
		found = found || is
		return found
	})
	return found
}

// showing collects the values of an expression's references.
type showing struct {
	*tracer
	event   topdown.Event
	stop    *Stop
	seen    map[string]bool
	negated bool // a value that is there is what stops it
	missing bool
}

// maxShown is the length of a list or object that is shown as it is, in bytes.
const maxShown = 80

// maxValues is how many values are shown of one expression.
const maxValues = 5

func (s *showing) expr(e *ast.Expr) {
	terms := []*ast.Term{}
	switch x := e.Terms.(type) {
	case *ast.Term:
		terms = append(terms, x)
	case []*ast.Term:
		terms = x[1:]
		if s.negated && e.IsCall() && s.unit.compiler.GetRulesExact(e.Operator()) != nil {
			s.say(showPath(e.Operator()), "holds")
		}
	case *ast.Every:
		terms = append(terms, x.Domain)
	case *ast.Not:
		for _, below := range x.Body {
			s.expr(below)
		}
	}
	for _, t := range terms {
		s.term(t)
	}
}

func (s *showing) term(t *ast.Term) {
	switch v := t.Value.(type) {
	case ast.Var:
		s.variable(t, v)
	case ast.Ref:
		s.ref(v)
	case *ast.Array:
		v.Foreach(s.term)
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { s.term(key); s.term(value) })
	case ast.Set:
		v.Foreach(s.term)
	}
}

func (s *showing) variable(t *ast.Term, v ast.Var) {
	if s.generated(v) {
		return
	}
	if value := s.event.Plug(t).Value; ast.IsConstant(value) {
		s.value(string(s.nameOf(v)), value)
	}
}

func (s *showing) ref(ref ast.Ref) {
	head, isVar := ref[0].Value.(ast.Var)
	var root ast.Value
	switch {
	case !isVar:
		return
	case ref[0].Equal(ast.InputRootDocument):
		root = s.input.Value
	case ref[0].Equal(ast.DefaultRootDocument):
		s.data(ref)
		return
	default:
		if root = s.event.Plug(ref[0]).Value; !ast.IsConstant(root) {
			return
		}
	}
	name := string(s.nameOf(head))
	for i, key := range ref[1:] {
		plugged := s.event.Plug(key)
		if _, isVar := plugged.Value.(ast.Var); isVar { // iteration
			s.iterated(name, root)
			return
		}
		next, err := root.Find(ast.Ref{plugged})
		if err != nil {
			s.missing = true
			s.say(name+step(plugged), "is missing")
			return
		}
		name, root = name+step(plugged), next
		if object, ok := root.(ast.Object); ok && i < len(ref)-2 {
			if given := object.Get(ast.InternedTerm(givenField)); given != nil && ast.Boolean(false).Equal(given.Value) {
				s.missing = true
				s.say(name, "is not given")
				return
			}
		}
	}
	s.value(name, root)
}

// iterated shows what an expression goes through.
func (s *showing) iterated(name string, v ast.Value) {
	if n, ok := v.(interface{ Len() int }); ok && n.Len() == 0 {
		s.missing = true
		s.say(name, "is empty")
		return
	}
	s.value(name, v)
}

// data shows a value under data: a rule's, or that of a data file.
func (s *showing) data(ref ast.Ref) {
	plugged := make(ast.Ref, len(ref))
	for i, t := range ref {
		plugged[i] = s.event.Plug(t)
	}
	ground := plugged.GroundPrefix()
	name := showPath(ground)
	if inRules(s.unit.compiler.RuleTree, constants(ground)) {
		if rules := s.unit.compiler.GetRules(ground); len(rules) > 0 && len(rules[0].Head.Args) > 0 {
			return
		}
		s.rule(ground, name)
		return
	}
	path, err := storage.NewPathForRef(ground)
	if err != nil {
		return
	}
	read, err := storage.ReadOne(s.ctx, s.unit.store, path)
	if err != nil {
		s.missing = true
		s.say(name, "is missing")
		return
	}
	if value, err := ast.InterfaceToValue(read); err == nil {
		s.show(name, value, len(ground) < len(ref))
	}
}

// rule shows the value of a rule, which it evaluates again.
func (s *showing) rule(ref ast.Ref, name string) {
	found := false
	err := ask(s.unit.compiler, s.unit.store, ref).WithTransaction(s.txn).WithInput(s.input).WithTime(s.now).WithCancel(s.cancel).
		Iter(s.ctx, func(r topdown.QueryResult) error {
			found = true
			s.value(name, r[answerVar].Value)
			return nil
		})
	if err == nil && !found {
		s.say(name, "does not hold")
	}
}

// show shows a value, or that there is nothing in it to go through.
func (s *showing) show(name string, v ast.Value, iterated bool) {
	if iterated {
		s.iterated(name, v)
		return
	}
	s.value(name, v)
}

func (s *showing) value(name string, v ast.Value) {
	switch v := v.(type) {
	case ast.Null:
		s.missing = true
		s.say(name, "is missing")
		return
	case ast.Boolean:
		if s.stop.Text == name { // the line says it
			return
		}
	case ast.Object:
		if given := v.Get(ast.InternedTerm(givenField)); given != nil && ast.Boolean(false).Equal(given.Value) {
			s.missing = true
			s.say(name, "is not given")
			return
		}
	}
	n, composite := v.(interface{ Len() int })
	text := v.String()
	switch {
	case composite && n.Len() == 0 && strings.HasPrefix(s.stop.Text, "some "):
		s.missing = true
		text = "empty"
	case composite && len(text) > maxShown:
		text = fmt.Sprintf("%s of %d", strings.TrimPrefix(describe(v), "of type "), n.Len())
	}
	s.say(name, "is "+shorten(text))
}

func (s *showing) say(name, what string) {
	if s.seen[name] || len(s.stop.Values) == maxValues {
		return
	}
	s.seen[name] = true
	s.stop.Values = append(s.stop.Values, name+" "+what)
}

// step is one element of a path as it is written.
func step(t *ast.Term) string {
	if s, ok := t.Value.(ast.String); ok {
		if ast.IsVarCompatibleString(string(s)) {
			return "." + string(s)
		}
	}
	return fmt.Sprintf("[%v]", t)
}

// showPath returns a path under data; that of a rule without bindgate's part.
func showPath(ref ast.Ref) string {
	path := ref.String()
	for _, group := range []string{"policy", "force", "lib"} {
		if rest, ok := strings.CutPrefix(path, "data."+packageRoot+"."+group+"."); ok {
			if _, name, ok := strings.Cut(rest, "."); ok {
				return name
			}
		}
	}
	return path
}

// WhyText returns explanations of a binding as lines. escape makes text safe to print.
func WhyText(list []Explanation, escape func(string) string) string {
	var b strings.Builder
	line := func(indent int, format string, args ...any) {
		b.WriteString(strings.Repeat("  ", indent) + escape(fmt.Sprintf(format, args...)) + "\n")
	}
	for _, x := range list {
		if x.Skipped != "" {
			line(1, "%s: %s", x.Package, x.Skipped)
			continue
		}
		line(1, "%s", x.Package)
		for _, m := range slices.Concat(x.Answer.Denials, x.Answer.Warnings) {
			if !m.Counts() {
				line(2, "%s waives until %s (%s): %s", m.Waived.Owner, m.Waived.Until.UTC().Format(time.RFC3339), m.Waived.Reason, m.Text)
			}
		}
		for _, r := range x.Rules {
			switch {
			case r.Holds && len(r.Says) > 0:
				line(2, "%s %s holds: %s", r.Rule, r.Place, strings.Join(r.Says, "; "))
			case r.Holds:
				line(2, "%s %s holds", r.Rule, r.Place)
			case r.Stop == nil:
				line(2, "%s %s is not evaluated: another rule decides", r.Rule, r.Place)
			default:
				line(2, "%s %s stops at %s", r.Rule, r.Place, r.Stop.words())
				indent := 3
				for s := r.Stop.Below; s != nil && indent < 8; s, indent = s.Below, indent+1 {
					line(indent, "which stops at %s", s.words())
				}
			}
		}
	}
	return b.String()
}

func (s *Stop) words() string {
	why := "which is false"
	if s.Missing {
		why = "for which a value is missing"
	}
	out := fmt.Sprintf("%s: %s, %s", s.Place, s.Text, why)
	if len(s.Values) > 0 {
		out += ": " + strings.Join(s.Values, ", ")
	}
	if s.Again > 0 {
		out += fmt.Sprintf("; %d more like it", s.Again)
	}
	return out
}
