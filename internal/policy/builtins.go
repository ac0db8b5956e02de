package policy

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// builtin follows a call of a built-in.
func (f *flow) builtin(name string, x []*ast.Term, loc *ast.Location, s *scope) *typ {
	b := ast.BuiltinMap[name]
	if b == nil {
		return nil
	}
	declared := b.Decl.FuncArgs().Args
	args := make([]*typ, len(x))
	for i := range x {
		args[i] = f.term(x[i], s)
	}
	if name == ast.ObjectGet.Name && f.get(x, args, loc, s) {
		return f.result(name, x, len(declared), unknownType(), loc, s)
	}
	for i, want := range declared {
		if i < len(x) && args[i] != nil {
			f.argument(name, x[i], args[i], ofOPA(want), loc, s)
		}
	}
	if reported := len(f.found); f.quiet == 0 {
		f.constants(name, x, loc)
		f.matches(name, x, args, loc, s)
		f.globs(name, x, args, loc, s)
		f.parts(name, x, args, loc, s)
		f.timeArgument(name, x, loc, s)
		f.added(name, x, args, loc, s)
		if len(f.found) == reported {
			f.constantCall(b, x, len(declared), loc)
		}
	}
	if name == ast.Sprintf.Name {
		f.format(x, loc, s)
	}
	f.exchanged(name, x, args, loc, s)
	if b.Decl.Result() == nil { // print
		return nil
	}
	return f.result(name, x, len(declared), refined(name, x, resultOf(name, b, args), args), loc, s)
}

// refined is the type of what a built-in returns, with all that is known of its values.
func refined(name string, x []*ast.Term, t *typ, args []*typ) *typ {
	if numbers := numbersOf(name, args); numbers != nil {
		return numbers
	}
	form, list := formOfResult(name, x), wordsOfResult(name)
	if t.unknown || form == nil && list == nil {
		return t
	}
	out := *t
	if name == ast.Split.Name {
		out.elem = &typ{kinds: textKind, form: form}
		return &out
	}
	if out.form = form; list != nil {
		out.words = list
	}
	return &out
}

// argument finds arguments that a built-in fails on, and objects with fixed fields
// that it would take as a whole.
func (f *flow) argument(name string, x *ast.Term, got, want *typ, loc *ast.Location, s *scope) {
	shown := f.show(x, s)
	switch {
	case name == ast.Count.Name && got.declared() != nil:
		f.fail(loc, "%s has fixed fields, which are always there: count says nothing; compare them with null", shown)
	case got.carries() != nil && !takesAnything(name):
		o := got.carries()
		f.fail(loc, "%s reads %s as a whole, so that a misspelt field would be silent: name the fields of %s", name, shown, o.where)
	case got.unknown || want.unknown:
	case got.nullable() && (!want.kinds.has(nullKind) || name == ast.ToNumber.Name): // of null it makes 0
		f.fail(loc, "%s may be null, which %s does not take for what is meant: make sure with `%s != null`", shown, name, shown)
	case got.kinds&want.kinds == 0:
		f.fail(loc, "%s is %s, and %s wants %s", shown, got.kinds, name, want.kinds)
	case got.elem != nil && want.elem != nil && !want.elem.unknown && got.elem.nullable() && !want.elem.kinds.has(nullKind):
		f.fail(loc, "%s may hold null, and %s of null is an error: make sure that each is not null", shown, name)
	}
}

// carries returns fixed fields that a value of the type holds; nil: none.
func (t *typ) carries() *fields {
	if t == nil || t.unknown {
		return nil
	}
	if o := t.declared(); o != nil {
		return o
	}
	return t.elem.carries()
}

// takesAnything reports whether a built-in takes objects without reading their
// fields, or keeps their type.
func takesAnything(name string) bool {
	return keepsType(name) || slices.Contains([]string{ast.Sprintf.Name, ast.Print.Name, ast.InternalPrint.Name, "internal.template_string",
		ast.Count.Name, ast.TypeNameBuiltin.Name, ast.IsString.Name, ast.IsNumber.Name, ast.IsBoolean.Name,
		ast.IsObject.Name, ast.IsArray.Name, ast.IsSet.Name, ast.IsNull.Name, ast.Max.Name, ast.Min.Name}, name)
}

// keepsType reports whether a built-in returns a list or set of the elements of its
// arguments.
func keepsType(name string) bool {
	return slices.Contains([]string{ast.ArrayConcat.Name, ast.ArraySlice.Name, ast.ArrayReverse.Name, ast.Sort.Name,
		ast.Or.Name, ast.And.Name, ast.Minus.Name}, name)
}

// resultOf returns the type of what a built-in returns.
func resultOf(name string, b *ast.Builtin, args []*typ) *typ {
	first := unknownType()
	if len(args) > 0 && args[0] != nil {
		first = args[0]
	}
	switch {
	case keepsType(name):
		out := first
		if len(args) > 1 && args[1] != nil && !args[1].kinds.has(numberKind) {
			out = join(out, args[1])
		}
		if name == ast.Sort.Name && !out.unknown {
			return listOf(listKind, out.elem)
		}
		return out
	case (name == ast.Max.Name || name == ast.Min.Name) && first.elem != nil:
		return first.elem
	case (name == ast.Lower.Name || name == ast.Upper.Name) && first.words != nil:
		change := strings.ToLower
		if name == ast.Upper.Name {
			change = strings.ToUpper
		}
		changed := *first.words
		changed.list = nil
		for _, w := range first.words.list {
			changed.list = append(changed.list, change(w))
		}
		return &typ{kinds: textKind, words: &changed}
	case name == ast.ObjectGet.Name && len(args) > 2 && args[2] != nil && !first.unknown && args[1] != nil && !args[1].kinds.has(listKind):
		return join(first.values(), args[2])
	case b.Decl.Result() == nil:
		return unknownType()
	}
	return ofOPA(b.Decl.Result())
}

// get refuses object.get on fixed fields: each of them is always there, so that its
// default is never returned.
func (f *flow) get(x []*ast.Term, args []*typ, loc *ast.Location, s *scope) bool {
	t := args[0]
	if t == nil || len(x) < 2 || t.declared() == nil {
		return false
	}
	name := f.show(x[0], s)
	path := []*ast.Term{x[1]}
	if list, ok := x[1].Value.(*ast.Array); ok {
		path = nil
		list.Foreach(func(t *ast.Term) { path = append(path, t) })
	}
	full := name
	for _, key := range path {
		word, ok := key.Value.(ast.String)
		o := t.declared()
		if o == nil || !ok {
			break
		}
		below, ok := o.field(string(word))
		if !ok {
			f.fail(loc, "%s has no field %q%s", full, string(word), f.fieldHint(o, string(word)))
			return true
		}
		t, full = below, full+"."+string(word)
	}
	f.fail(loc, "object.get never returns its default here: every field of %s is always there, and null where it is absent; write %s, and compare it with null", name, full)
	return true
}
