package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// hostMessage is what a denial says whose own message is undefined.
func hostMessage(loc *ast.Location) string {
	return fmt.Sprintf("the rule at %s:%d applies, and its message is undefined", loc.File, loc.Row)
}

// keepMessages changes the rules of deny, warn and reasons so that one whose
// condition holds says something even if its message is undefined: the message M
// becomes object.get({0: ["…"]}, count(l), l)[_] with l := [m | m := M].
func keepMessages(modules map[string]*ast.Module) {
	global := map[string]map[ast.Var]bool{} // names of rules and imports, by package
	for _, m := range modules {
		names := global[nameOf(m.Package)]
		if names == nil {
			names = map[ast.Var]bool{}
			global[nameOf(m.Package)] = names
		}
		for _, r := range m.Rules {
			names[r.Head.Name] = true
		}
		for _, i := range m.Imports {
			names[i.Name()] = true
		}
	}
	for _, m := range modules {
		group := packageName.FindStringSubmatch(nameOf(m.Package))
		if group == nil {
			continue
		}
		for _, r := range m.Rules {
			if r.Head.Key != nil && len(r.Head.Reference) == 1 && slices.Contains(entries(group[1]), string(r.Head.Name)) {
				nameMessage(r)
				keepMessage(r, global[nameOf(m.Package)])
			}
		}
	}
}

func keepMessage(r *ast.Rule, global map[ast.Var]bool) {
	message := r.Head.Key
	if ast.IsConstant(message.Value) {
		return
	}
	moved, rest := messageParts(r)
	known := varsIn(rest)
	maps.Copy(known, varsIn(moved))
	for v := range openVars(message) {
		if !known[v] && !global[v] {
			return // the message itself iterates: none is no denial
		}
	}
	if len(moved) == 0 {
		if v, isVar := message.Value.(ast.Var); isVar && !global[v] {
			return // the body binds it
		}
	}
	loc := message.Location
	term := func(t *ast.Term) *ast.Term { return t.SetLocation(loc) }
	m, l := term(ast.VarTerm("bindgate_message")), term(ast.VarTerm("bindgate_messages"))
	take, list := ast.Assign.Expr(m, message), ast.Assign.Expr(l, nil)
	take.Location, list.Location = loc, loc
	closure := ast.NewBody(append(slices.Clone(moved), take)...)
	list.Terms.([]*ast.Term)[2] = term(ast.ArrayComprehensionTerm(m, closure)) //nolint:forcetypeassert // Expr made it
	r.Body = ast.NewBody(append(slices.Clone(rest), list)...)
	none := term(ast.ObjectTerm(ast.Item(ast.IntNumberTerm(0), ast.ArrayTerm(ast.StringTerm(hostMessage(r.Location))))))
	said := term(ast.ObjectGet.Call(none, term(ast.Count.Call(l)), l))
	r.Head.Key = term(ast.RefTerm(said, term(ast.VarTerm("bindgate_any"))))
}

// messageParts splits a body into the expressions that only make parts of the
// message, as in msg := sprintf(…), and the others.
func messageParts(r *ast.Rule) (moved, rest []*ast.Expr) {
	for i, e := range r.Body {
		v, made := madeBy(e)
		if made && varsIn(r.Head.Key)[v] && !slices.ContainsFunc(r.Body, func(o *ast.Expr) bool { return o != r.Body[i] && varsIn(o)[v] }) {
			moved = append(moved, e)
			continue
		}
		rest = append(rest, e)
	}
	return moved, rest
}

// madeBy returns the variable that an expression gives the value of a call, a text or
// an object without variables that iterate.
func madeBy(e *ast.Expr) (ast.Var, bool) {
	if !e.IsAssignment() || e.Negated || len(e.With) > 0 {
		return "", false
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	switch e.Operand(1).Value.(type) {
	case ast.Call, *ast.TemplateString, ast.Object, *ast.Array:
	default:
		return "", false
	}
	for name := range varsIn(e.Operand(1)) {
		if name.IsWildcard() {
			return "", false
		}
	}
	return v, isVar
}

// openVars returns the variables of a term that are not inside a comprehension.
func openVars(t *ast.Term) map[ast.Var]bool {
	copied, _ := ast.TransformComprehensions(t.Copy(), func(any) (ast.Value, error) { return ast.InternedNullValue, nil })
	return varsIn(copied)
}

// varsIn returns the variables of a part of a module, roots and operators excepted.
func varsIn(x any) map[ast.Var]bool {
	out := map[ast.Var]bool{}
	if list, ok := x.([]*ast.Expr); ok {
		for _, e := range list {
			addVars(out, e)
		}
		return out
	}
	addVars(out, x)
	return out
}

func addVars(out map[ast.Var]bool, x any) {
	var visitor *ast.GenericVisitor
	operands := func(terms []*ast.Term) bool {
		for _, t := range terms {
			visitor.Walk(t)
		}
		return true
	}
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Call:
			return operands(x[1:])
		case *ast.Expr:
			return x.IsCall() && operands(x.Operands())
		case ast.Var:
			if x != "input" && x != "data" {
				out[x] = true
			}
		}
		return false
	})
	visitor.Walk(x)
}

// messages looks at what a rule puts into deny, warn or reasons.
func (f *flow) messages(p regoPackage, r *ast.Rule) {
	name := string(r.Head.Name)
	if !slices.Contains(entries(p.group), name) || name == "allow" || r.Head.Key == nil {
		return
	}
	t := f.keys[r]
	if t == nil || t.unknown {
		return
	}
	if wrong := t.kinds &^ (textKind | objectKind); wrong != 0 {
		f.fail(r.Location, "a message of %s may be %s: want a text, or an object {msg, pointer}", name, wrong)
	}
	for _, o := range t.objects {
		for _, field := range o.names() {
			below, _ := o.field(field)
			id, _ := idOf(r)
			named := field == "rule" && id != "" // it is ours
			switch {
			case field != "msg" && field != "pointer" && !named:
				f.fail(r.Location, "a message of %s has the key %q%s", name, field, hint(field, []string{"msg", "pointer"}))
			case !below.unknown && below.kinds != textKind:
				f.fail(r.Location, "%s of a message of %s may be %s: want a text", field, name, below.kinds&^textKind)
			case field == "pointer" && below.words != nil && !below.words.declared:
				f.pointers(below.words.list, r.Location)
			}
		}
		if _, ok := o.field("msg"); !ok {
			f.fail(r.Location, "a message of %s has no msg: want {\"msg\": …, \"pointer\": …}", name)
		}
	}
}

// pointers reports JSON pointers that lead to nothing in a binding.
func (f *flow) pointers(list []string, loc *ast.Location) {
	for _, p := range list {
		if p == "" {
			continue
		}
		t, _ := f.input.objects[0].field("binding")
		if !strings.HasPrefix(p, "/") {
			f.fail(loc, "the pointer %q leads nowhere: want one such as /domainName", p)
			continue
		}
		for _, token := range strings.Split(p[1:], "/") {
			token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
			var below *typ
			names := []string{}
			for _, o := range t.objects {
				got, ok := o.field(token)
				if names = o.names(); ok && token != givenField {
					below = got
				} else if o.rest != nil {
					below = o.rest
				}
			}
			if _, err := strconv.Atoi(token); err == nil && t.kinds.has(listKind) {
				below = t.elem
			}
			if below == nil {
				f.fail(loc, "the pointer %q leads nowhere: the binding has no %q there%s", p, token, hint(token, names))
				break
			}
			t = below
		}
	}
}
