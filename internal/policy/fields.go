package policy

import (
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/spelling"
)

// ref returns the type of what a reference reads.
func (f *flow) ref(ref ast.Ref, loc *ast.Location, s *scope) *typ {
	var t *typ
	from := 1
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		t = f.input
	case ref[0].Equal(ast.DefaultRootDocument):
		t, from = f.document(ref, loc)
	default:
		switch v := ref[0].Value.(type) {
		case ast.Var:
			t = f.term(ast.NewTerm(v), s)
		default:
			t = f.term(ref[0], s)
		}
	}
	if t == nil {
		return nil
	}
	path, ends := pathAndEnds(ref, s)
	for i := from; i < len(ref) && !t.unknown; i++ {
		if t = f.step(t, ref, i, loc, s); t == nil {
			return nil
		}
		t = f.givenHere(t, path[:ends[i]], s)
	}
	if s.isSure(path) {
		t = t.notNull()
	}
	return t
}

// document returns the type of the rule or the data that a reference under data
// leads to, and the index of the first element behind it.
func (f *flow) document(ref ast.Ref, loc *ast.Location) (*typ, int) {
	if len(ref) > 1 && ref[1].Equal(ast.StringTerm(packageRoot)) {
		node := f.compiler.RuleTree.Child(ast.DefaultRootDocument.Value)
		for i := 1; i < len(ref) && node != nil; i++ {
			if _, ok := ref[i].Value.(ast.String); !ok {
				f.fail(loc, "%s names rules by a computed key, so that what it reads is not known: name the rule", ref)
				return unknownType(), len(ref)
			}
			if node = node.Child(ref[i].Value); node != nil && len(node.Values) > 0 {
				return f.node(node), i + 1
			}
		}
		if node != nil {
			f.fail(loc, "%s is read as a whole, so that which rules it reads is not known: name the rule", ref)
		}
		return unknownType(), len(ref)
	}
	return f.data, 1
}

// step returns the type of ref[:i+1], where t is that of ref[:i].
func (f *flow) step(t *typ, ref ast.Ref, i int, loc *ast.Location, s *scope) *typ {
	place := loc
	if ref[i].Location != nil {
		place = ref[i].Location
	}
	var out *typ
	key := ref[i]
	name := f.showRef(ref[:i], s)
	if t.kinds&(listKind|setKind|objectKind) == 0 {
		f.fail(place, "%s is %s, which has no fields and no elements", name, t.kinds)
		return unknownType()
	}
	if len(t.objects) > 0 && t.elem != nil {
		return unknownType() // a list, or an object
	}
	if t.kinds.has(listKind | setKind) {
		if k := f.key(key, scalar(numberKind), s, t.kinds.has(listKind)); t.kinds.has(listKind) && !t.kinds.has(setKind|objectKind) && k != nil && !k.unknown && !k.kinds.has(numberKind) {
			f.fail(place, "%s is a list, and %s is no number: take its elements with `some x in %s`", name, f.show(key, s), name)
		}
		if v, isVar := key.Value.(ast.Var); isVar && t.kinds.has(setKind) && s.typeOf(v) == nil && t.elem != nil {
			s.vars[v] = t.elem
		}
		out = orUnknown(t.elem)
		if n, isNumber := key.Value.(ast.Number); isNumber && t.tuple != nil {
			if at, ok := n.Int(); ok && at >= 0 && at < len(t.tuple) {
				out = t.tuple[at]
			} else {
				f.fail(place, "%s has %d elements, and none at %s", name, len(t.tuple), n)
			}
		}
	}
	if t.kinds.has(objectKind) && len(t.objects) == 0 {
		f.key(key, scalar(textKind), s, true)
		out = join(out, orUnknown(t.elem))
	}
	for _, o := range t.objects {
		out = join(out, f.fieldOf(o, key, name, place, s))
	}
	return out
}

// key returns the type of a key. A variable that nothing is known of iterates, and
// takes the type of the keys.
func (f *flow) key(key *ast.Term, of *typ, s *scope, takes bool) *typ {
	k := f.term(key, s)
	if v, isVar := key.Value.(ast.Var); isVar && k == nil && takes {
		s.vars[v] = of
		return of
	}
	return k
}

// fieldOf returns the type of one field, or of all of them if the key iterates.
func (f *flow) fieldOf(o *fields, key *ast.Term, name string, loc *ast.Location, s *scope) *typ {
	k := f.term(key, s)
	if v, isVar := key.Value.(ast.Var); isVar && (k == nil || s.keys[v]) {
		names := o.names()
		s.keys[v] = true
		if s.vars[v] = (&typ{kinds: textKind, words: &words{list: names, declared: true, names: true}}); o.rest != nil {
			s.vars[v] = scalar(textKind)
		}
		out := o.rest
		for _, n := range names {
			t, _ := o.field(n)
			out = join(out, t)
		}
		return orUnknown(out)
	}
	if o.literal && (k == nil || k.words == nil || k.words.declared) { // a table of the policy
		if k != nil {
			f.words(f.show(key, s), k, texts(o.names()...), loc)
		}
		var out *typ
		for _, t := range o.all() {
			out = join(out, t)
		}
		return orUnknown(out)
	}
	if k == nil || k.words == nil {
		what := f.show(key, s)
		if k != nil && !k.kinds.has(textKind) {
			f.fail(loc, "%s has fixed fields, and %s is no name of one%s", name, what, oneOfHint(o))
		} else {
			f.fail(loc, "%s has fixed fields, and %s is computed, so that a misspelt name would be silent: write the name, or take the fields with `some name, value in %s`", name, what, name)
		}
		return unknownType()
	}
	var out *typ
	for _, word := range k.words.list {
		t, ok := o.field(word)
		if !ok {
			f.fail(loc, "%s has no field %q%s", name, word, f.fieldHint(o, word))
			t = unknownType()
		}
		out = join(out, t)
	}
	return orUnknown(out)
}

func (f *flow) fieldHint(o *fields, word string) string {
	if near := spelling.Nearest(word, o.names(), 2); near != "" {
		return "; did you mean " + strconv.Quote(near) + "?"
	}
	if o.restHint != "" {
		return "; " + strings.ReplaceAll(o.restHint, "NAME", word)
	}
	return oneOfHint(o)
}

func oneOfHint(o *fields) string {
	names := o.names()
	if len(names) == 0 {
		return "; it has none"
	}
	return "; want one of " + strings.Join(names, ", ")
}

// keys and values are the types of what iteration gives.
func (t *typ) keys() *typ {
	switch {
	case t.unknown:
		return t
	case t.fixed() && len(t.objects) == 1 && t.objects[0].rest == nil:
		return &typ{kinds: textKind, words: &words{list: t.objects[0].names(), declared: true, names: true}}
	case t.kinds.has(objectKind):
		return scalar(textKind)
	case t.kinds.has(setKind):
		return orUnknown(t.elem)
	}
	return scalar(numberKind)
}

func (t *typ) values() *typ {
	out := t.elem
	for _, o := range t.objects {
		out = join(out, o.rest)
		for _, name := range o.names() {
			below, _ := o.field(name)
			out = join(out, below)
		}
	}
	return orUnknown(out)
}

// bind gives the variables of a pattern their types.
func (f *flow) bind(pattern *ast.Term, t *typ, s *scope) {
	switch v := pattern.Value.(type) {
	case ast.Var:
		if s.typeOf(v) == nil && t != nil {
			s.vars[v] = t
		}
	case *ast.Array:
		if t != nil && t.tuple != nil && len(t.tuple) != v.Len() {
			f.fail(pattern.Location, "%s has %d elements, and the value has %d: they are never equal", pattern, v.Len(), len(t.tuple))
			return
		}
		for i := range v.Len() {
			below := unknownType()
			switch {
			case t == nil:
			case t.tuple != nil:
				below = t.tuple[i]
			case t.elem != nil:
				below = t.elem
			}
			f.bind(v.Elem(i), below, s)
		}
	case ast.Object:
		v.Foreach(func(k, x *ast.Term) {
			below := unknownType()
			if t != nil {
				for _, o := range t.objects {
					if name, ok := k.Value.(ast.String); ok {
						if got, ok := o.field(string(name)); ok {
							below = got
						}
					}
				}
			}
			f.bind(x, below, s)
		})
	default:
		if t != nil && pattern.IsGround() {
			f.compare(pattern, f.term(pattern, s), nil, t, pattern.Location, s)
		}
	}
}
