package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
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
		f.order(x[0], x[1], e.Location, s)
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
		if f.words(left, a, b, loc) || f.shapes(left, a, b, loc) {
			return
		}
		a, b, left, right = b, a, right, left
	}
	if a.kinds&b.kinds == 0 {
		f.fail(loc, "%s is %s, and %s is %s: they are never equal", left, a.kinds, right, b.kinds)
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
		if strings.EqualFold(w, word) || exchanged(strings.ToUpper(word), strings.ToUpper(w)) {
			return w, true
		}
	}
	if strings.ContainsAny(word, "0123456789") {
		return "", false
	}
	return closest(word, list)
}

// exchanged reports whether exchanging two neighbouring bytes of a gives b.
func exchanged(a, b string) bool {
	for i := 0; i+1 < len(a) && len(a) == len(b); i++ {
		if a[:i]+a[i+1:i+2]+a[i:i+1]+a[i+2:] == b {
			return true
		}
	}
	return false
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
func (f *flow) order(x, y *ast.Term, loc *ast.Location, s *scope) {
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
	if key == nil && c.declared() != nil && f.term(x, s) != nil {
		f.fail(loc, "%s has fixed fields, and `in` looks for a value among them, not for a name: compare the field that is meant", f.show(collection, s))
		return
	}
	if key != nil {
		f.assignOrCompare(key, c.keys(), loc, s)
	}
	f.assignOrCompare(x, c.values(), loc, s)
}

func (f *flow) assignOrCompare(x *ast.Term, t *typ, loc *ast.Location, s *scope) {
	if got := f.term(x, s); got != nil {
		f.compare(x, got, nil, t, loc, s)
		return
	}
	f.bind(x, t, s)
}

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
	f.constants(name, x, loc)
	if name == ast.Sprintf.Name {
		f.format(x, loc, s)
	}
	f.exchanged(name, x, args, loc, s)
	if b.Decl.Result() == nil { // print
		return nil
	}
	return f.result(name, x, len(declared), resultOf(name, b, args), loc, s)
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

// constants reads the patterns, times and zones that a policy writes down.
func (f *flow) constants(name string, x []*ast.Term, loc *ast.Location) {
	if f.quiet > 0 {
		return
	}
	constant := func(i int) (string, bool) {
		if i >= len(x) {
			return "", false
		}
		s, ok := x[i].Value.(ast.String)
		return string(s), ok
	}
	pattern := map[string]int{ast.RegexMatch.Name: 0, ast.RegexSplit.Name: 0, ast.RegexFind.Name: 0,
		ast.RegexFindAllStringSubmatch.Name: 0, ast.RegexReplace.Name: 1}
	if i, ok := pattern[name]; ok {
		if p, ok := constant(i); ok {
			if _, err := regexp.Compile(p); err != nil {
				f.fail(loc, "%q is no pattern: %v", p, err)
			}
		}
	}
	if p, ok := constant(0); ok && name == ast.ParseRFC3339Nanos.Name {
		if _, err := time.Parse(time.RFC3339, p); err != nil {
			f.fail(loc, "%q is no time: want RFC 3339, such as 2026-11-27T00:00:00Z", p)
		}
	}
	if list, ok := x[0].Value.(*ast.Array); ok && list.Len() > 1 && slices.Contains([]string{ast.Date.Name, ast.Clock.Name, ast.Weekday.Name}, name) {
		if zone, ok := list.Elem(1).Value.(ast.String); ok {
			if _, err := time.LoadLocation(string(zone)); err != nil {
				f.fail(loc, "%q is no time zone: want a name of the IANA database, such as Asia/Shanghai", string(zone))
			}
		}
	}
}

// format compares the verbs of a format with its arguments. What does not fit is printed
// as %!d(MISSING) or %!d(string=…), in a message that somebody has to understand.
func (f *flow) format(x []*ast.Term, loc *ast.Location, s *scope) {
	text, isText := x[0].Value.(ast.String)
	list, isList := x[1].Value.(*ast.Array)
	if f.quiet > 0 || !isText || !isList {
		return
	}
	args := make([]any, list.Len())
	for i := range args {
		args[i] = placeholder(i)
	}
	const mark = "\x00"
	out := fmt.Sprintf(strings.NewReplacer("%%", "", mark, "").Replace(string(text)), args...)
	switch {
	case strings.Contains(out, "(MISSING)"), strings.Contains(out, "(BADINDEX)"):
		f.fail(loc, "the format %q has more verbs than the %d arguments of sprintf: give each verb an argument", string(text), len(args))
		return
	case strings.Contains(out, "%!(EXTRA"):
		f.fail(loc, "the format %q has fewer verbs than the %d arguments of sprintf: give each argument a verb, such as %%v", string(text), len(args))
		return
	case strings.Contains(out, "%!"):
		f.fail(loc, "the format %q has a percent sign without a verb: write %%%% for the sign itself", string(text))
		return
	}
	parts := strings.Split(out, mark)
	for i := 1; i+1 < len(parts); i += 2 {
		index, err := strconv.Atoi(parts[i])
		if err != nil || index >= list.Len() {
			continue
		}
		verb, arg := []rune(parts[i+1])[0], list.Elem(index)
		t := orUnknown(f.term(arg, s))
		switch {
		case !strings.ContainsRune("vsqxXdbcoOUeEfFgG", verb):
			f.fail(loc, "the format %q has the verb %%%c, which sprintf does not print: write %%v", string(text), verb)
		case t.unknown || t.kinds == 0:
		case strings.ContainsRune("dbcoOUeEfFgG", verb) && (!t.kinds.has(numberKind) || t.nullable()):
			f.fail(loc, "the format %q prints %s with %%%c, which is for numbers, and it is %s: write %%v", string(text), f.show(arg, s), verb, t.kinds)
		case strings.ContainsRune("sq", verb) && t.kinds.has(numberKind):
			f.fail(loc, "the format %q prints %s with %%%c, which is for texts, and it is %s: write %%v", string(text), f.show(arg, s), verb, t.kinds)
		}
	}
}

// placeholder is the argument of a format at an index. It prints the index and the verb.
type placeholder int

// Format implements fmt.Formatter.
func (a placeholder) Format(to fmt.State, verb rune) {
	_, _ = fmt.Fprintf(to, "\x00%d\x00%c", int(a), verb)
}

// exchanged finds arguments in each other's place.
func (f *flow) exchanged(name string, x []*ast.Term, args []*typ, loc *ast.Location, s *scope) {
	if f.quiet > 0 || len(x) < 2 || args[0] == nil || args[1] == nil {
		return
	}
	first, second := ast.IsConstant(x[0].Value), ast.IsConstant(x[1].Value)
	switch name {
	case ast.RegexMatch.Name:
		if second && !first && strings.HasPrefix(f.path(x[0], s), "input.") {
			f.fail(loc, "regex.match takes the pattern first: want regex.match(%s, %s)", f.show(x[1], s), f.show(x[0], s))
		}
	case ast.StartsWith.Name, ast.EndsWith.Name:
		if first && !second && strings.HasPrefix(f.path(x[1], s), "input.") {
			f.fail(loc, "%s takes the text first, and then what it begins or ends with: want %s(%s, %s)", name, name, f.show(x[1], s), f.show(x[0], s))
		}
	}
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
