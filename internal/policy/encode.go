package policy

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
)

// reads is the part of a document that modules can read, as a tree of field
// names. A nil tree is no part of it.
type reads struct {
	all    bool
	fields map[string]*reads
}

// readsOfInput collects what the compiled modules can read of the input. A
// reference with a computed key reads everything below that key. A rule or a
// variable that only names a part of the input (b := input.binding) reads what the
// references to it read.
func readsOfInput(c *ast.Compiler) *reads {
	r := &reads{}
	names := namesOfInput(c)
	for _, m := range c.Modules {
		for _, rule := range m.Rules {
			if _, isName := names[rule.Ref().GroundPrefix().String()]; isName {
				continue
			}
			r.addRule(rule, names)
		}
	}
	return r
}

// inputName is a rule that names a part of the input.
type inputName struct{ rule, input []string } // paths under data and input

// namesOfInput returns the rules that name a part of the input, by path. The
// compiler gives them the form name := x if { x = input.… }.
func namesOfInput(c *ast.Compiler) map[string]inputName {
	names := map[string]inputName{}
	for _, m := range c.Modules {
		for _, rule := range m.Rules {
			if rule.Default || rule.Else != nil || len(rule.Head.Args) > 0 || rule.Head.Key != nil || len(rule.Body) != 1 ||
				len(c.GetRulesExact(rule.Ref().GroundPrefix())) != 1 {
				continue
			}
			e := rule.Body[0]
			if !e.IsEquality() || e.Negated || len(e.With) > 0 || !e.Operand(0).Equal(rule.Head.Value) {
				continue
			}
			_, isVar := e.Operand(0).Value.(ast.Var)
			ref, isRef := e.Operand(1).Value.(ast.Ref)
			if !isVar || !isRef || !ref[0].Equal(ast.InputRootDocument) || len(constants(ref)) != len(ref)-1 {
				continue
			}
			path := rule.Ref().GroundPrefix()
			name := constants(path)
			asked := slices.Concat(entries("policy"), entries("force")) // bindgate reads these
			if len(name) == len(path)-1 && !slices.Contains(asked, name[len(name)-1]) {
				names[path.String()] = inputName{rule: name, input: constants(ref)}
			}
		}
	}
	return names
}

// addRule adds what a rule reads. A variable that names a part of the input reads
// what the references that begin with it read; where it is used by itself it reads
// the whole part.
func (r *reads) addRule(rule *ast.Rule, names map[string]inputName) {
	variables := r.variablesOfInput(rule)
	var visitor *ast.GenericVisitor
	visitor = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			_, path := namesInput(x)
			r.touch(path)
			return path != nil
		case ast.Var:
			if path := variables[x]; path != nil {
				r.add(path)
			}
		case ast.Ref:
			r.addRef(x, names)
			v, isVar := x[0].Value.(ast.Var)
			path := variables[v]
			if !isVar || path == nil {
				return false
			}
			r.add(slices.Concat(path, constants(x)))
			for _, t := range x[1:] {
				visitor.Walk(t)
			}
			return true
		}
		return false
	})
	visitor.Walk(rule)
	for next := rule; next != nil; next = next.Else { // the visitor skips references in heads
		visitor.Walk(next.Head.Reference)
	}
}

// variablesOfInput returns the variables of a rule that name a part of the input,
// and the path of that part. Of a variable that names two parts, both are read.
func (r *reads) variablesOfInput(rule *ast.Rule) map[ast.Var][]string {
	variables := map[ast.Var][]string{}
	ast.WalkExprs(rule, func(e *ast.Expr) bool {
		v, path := namesInput(e)
		if path == nil {
			return false
		}
		if other, twice := variables[v]; twice {
			r.add(other)
			r.add(path)
		}
		variables[v] = path
		return false
	})
	return variables
}

// namesInput reports what an expression of the form __local0__ = input.binding
// names. The compiler gives each declared variable a unique name in the rule.
func namesInput(e *ast.Expr) (name ast.Var, path []string) {
	if !e.IsEquality() || e.Negated || len(e.With) > 0 {
		return "", nil
	}
	v, isVar := e.Operand(0).Value.(ast.Var)
	ref, isRef := e.Operand(1).Value.(ast.Ref)
	if !isVar || !isRef || !v.IsGenerated() || !ref[0].Equal(ast.InputRootDocument) || len(ref) == 1 || len(constants(ref)) != len(ref)-1 {
		return "", nil
	}
	return v, constants(ref)
}

// addRef adds what a reference reads. One that may reach a name, but does not
// go beyond it, reads everything that the name refers to.
func (r *reads) addRef(ref ast.Ref, names map[string]inputName) {
	path := constants(ref)
	switch {
	case ref[0].Equal(ast.InputRootDocument):
		r.add(path)
	case ref[0].Equal(ast.DefaultRootDocument):
		for _, name := range names {
			n := min(len(path), len(name.rule))
			if slices.Equal(path[:n], name.rule[:n]) {
				r.add(slices.Concat(name.input, path[n:]))
			}
		}
	}
}

// add adds the whole value at a path.
func (r *reads) add(path []string) { r.touch(path).all = true }

// touch adds that the value at a path exists, and none of its fields.
func (r *reads) touch(path []string) *reads {
	for _, name := range path {
		below := r.fields[name]
		if below == nil {
			below = &reads{}
			if r.fields == nil {
				r.fields = map[string]*reads{}
			}
			r.fields[name] = below
		}
		r = below
	}
	return r
}

// at returns what is read of the value at a path; nil: nothing.
func (r *reads) at(path ...string) *reads {
	for _, name := range path {
		if r == nil || r.all {
			return r
		}
		r = r.fields[name]
	}
	return r
}

// encoder turns a Go value into the term that Rego would have for its JSON.
// Only the parts that it was made for are in the term.
type encoder func(reflect.Value) (*ast.Term, error)

// encoderOf returns the encoder of a type. It reads the same struct tags as
// encoding/json. A type with its own JSON form is an error, except for
// time.Time.
func encoderOf(t reflect.Type, r *reads) (encoder, error) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return encodeTime, nil
	case reflect.TypeFor[json.RawMessage]():
		return encodeRaw, nil
	}
	if t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return nil, fmt.Errorf("a policy input cannot hold the type %v: it has its own JSON form", t)
	}
	switch t.Kind() {
	case reflect.Bool:
		return func(v reflect.Value) (*ast.Term, error) { return ast.InternedTerm(v.Bool()), nil }, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (*ast.Term, error) { return encodeInt(v.Int()), nil }, nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return func(v reflect.Value) (*ast.Term, error) { return encodeInt(int64(v.Uint())), nil }, nil
	case reflect.String:
		return func(v reflect.Value) (*ast.Term, error) { return ast.InternedTerm(validUTF8(v.String())), nil }, nil
	case reflect.Pointer:
		return encoderOfPointer(t, r)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // JSON writes bytes as base64
			return encoderOfList(t)
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return encoderOfMap(t, r)
		}
	case reflect.Struct:
		return encoderOfStruct(t, r, false)
	}
	return nil, fmt.Errorf("a policy input cannot hold the type %v", t)
}

func encoderOfPointer(t reflect.Type, r *reads) (encoder, error) {
	var below encoder
	var err error
	if isObject(t.Elem()) {
		below, err = encoderOfStruct(t.Elem(), r, true)
	} else {
		below, err = encoderOf(t.Elem(), r)
	}
	if err != nil {
		return nil, err
	}
	absent, err := absentOf(t, r)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (*ast.Term, error) {
		if v.IsNil() {
			return absent, nil
		}
		return below(v.Elem())
	}, nil
}

// isObject reports whether values of a type are objects with fixed fields.
func isObject(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]()
}

// absentOf returns the term that stands for an absent value of a type: null for a
// scalar, an empty list or map, and for an object its fields as if each were absent.
// An absent object that may be given says so. One term serves every binding.
func absentOf(t reflect.Type, r *reads) (*ast.Term, error) {
	optional := t.Kind() == reflect.Pointer
	if optional {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice:
		return ast.InternedEmptyArray, nil
	case t.Kind() == reflect.Map:
		return ast.InternedEmptyObject, nil
	case !isObject(t):
		return ast.InternedNullTerm, nil
	}
	return absentObject(t, r, optional)
}

func absentObject(t reflect.Type, r *reads, optional bool) (*ast.Term, error) {
	all, err := jsonFields(t)
	if err != nil {
		return nil, err
	}
	var items [][2]*ast.Term
	if optional && r.at(givenField) != nil {
		items = append(items, ast.Item(ast.InternedTerm(givenField), ast.InternedTerm(false)))
	}
	for _, f := range all {
		below := r.at(f.name)
		if below == nil {
			continue
		}
		var absent *ast.Term
		if f.optionalObject() && f.Type.Kind() != reflect.Pointer {
			absent, err = absentObject(f.Type, below, true)
		} else {
			absent, err = absentOf(f.Type, below)
		}
		if err != nil {
			return nil, err
		}
		items = append(items, ast.Item(ast.InternedTerm(f.name), absent))
	}
	return ast.ObjectTerm(items...), nil
}

// encodeInt keeps 64 bits where an int has fewer.
func encodeInt(i int64) *ast.Term {
	if int64(int(i)) == i {
		return ast.InternedTerm(int(i))
	}
	return ast.NewTerm(ast.Number(strconv.FormatInt(i, 10)))
}

// validUTF8 replaces each byte that is not UTF-8, as encoding/json does.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func encodeTime(v reflect.Value) (*ast.Term, error) {
	text, err := v.Interface().(time.Time).MarshalText()
	if err != nil {
		return nil, err
	}
	return ast.StringTerm(string(text)), nil
}

func encoderOfList(t reflect.Type) (encoder, error) {
	below, err := encoderOf(t.Elem(), &reads{all: true})
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (*ast.Term, error) {
		if v.Len() == 0 {
			return ast.InternedEmptyArray, nil
		}
		items := make([]*ast.Term, v.Len())
		for i := range items {
			item, err := below(v.Index(i)) // err is this call's own: bindings are encoded at the same time
			if err != nil {
				return nil, err
			}
			items[i] = item
		}
		return ast.ArrayTerm(items...), nil
	}, nil
}

// encoderOfMap returns the encoder of all names, or of the names that are read.
func encoderOfMap(t reflect.Type, r *reads) (encoder, error) {
	if !r.all {
		return encoderOfNames(t, r)
	}
	below, err := encoderOf(t.Elem(), r)
	if err != nil {
		return nil, err
	}
	return func(v reflect.Value) (*ast.Term, error) {
		object := ast.NewObject()
		for _, key := range sortedKeys(v) {
			term, err := below(v.MapIndex(key))
			if err != nil {
				return nil, err
			}
			object.Insert(ast.InternedTerm(validUTF8(key.String())), term)
		}
		return ast.NewTerm(object), nil
	}, nil
}

func encoderOfNames(t reflect.Type, r *reads) (encoder, error) {
	type name struct {
		text   string
		lookup reflect.Value
		odd    bool // keys that are not UTF-8 have this name too
		key    *ast.Term
		encode encoder
	}
	var names []name
	for text, of := range r.fields {
		encode, err := encoderOf(t.Elem(), of)
		if err != nil {
			return nil, err
		}
		names = append(names, name{text, reflect.ValueOf(text).Convert(t.Key()), strings.ContainsRune(text, utf8.RuneError), ast.StringTerm(text), encode})
	}
	return func(v reflect.Value) (*ast.Term, error) {
		var few [8][2]*ast.Term // on the stack
		items := few[:0]
		for _, n := range names {
			value := v.MapIndex(n.lookup)
			if n.odd {
				for _, key := range sortedKeys(v) {
					if validUTF8(key.String()) == n.text {
						value = v.MapIndex(key)
					}
				}
			}
			if !value.IsValid() {
				continue
			}
			term, err := n.encode(value)
			if err != nil {
				return nil, err
			}
			items = append(items, ast.Item(n.key, term))
		}
		return ast.ObjectTerm(items...), nil
	}, nil
}

// sortedKeys makes the last of several keys with one name win, as in JSON.
func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// field is one field of a struct that is read.
type field struct {
	index  []int
	key    *ast.Term
	skip   func(object, value reflect.Value) bool // the value is absent
	absent *ast.Term                              // stands for an absent value
	encode encoder
}

// encoderOfStruct returns the encoder of an object; an optional one has the field
// given.
func encoderOfStruct(t reflect.Type, r *reads, optional bool) (encoder, error) {
	fields, err := fieldsOf(t, r)
	if err != nil {
		return nil, err
	}
	given := optional && r.at(givenField) != nil
	return func(v reflect.Value) (*ast.Term, error) {
		var few [8][2]*ast.Term // on the stack
		items := few[:0]
		if given {
			items = append(items, ast.Item(ast.InternedTerm(givenField), ast.InternedTerm(true)))
		}
		for _, f := range fields {
			value := v.FieldByIndex(f.index)
			if f.skip(v, value) {
				items = append(items, ast.Item(f.key, f.absent))
				continue
			}
			term, err := f.encode(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.key.Value, err)
			}
			items = append(items, ast.Item(f.key, term))
		}
		return ast.ObjectTerm(items...), nil
	}, nil
}

// fieldsOf returns the fields of a struct that are read.
func fieldsOf(t reflect.Type, r *reads) ([]field, error) {
	all, err := jsonFields(t)
	if err != nil {
		return nil, err
	}
	var out []field
	for _, f := range all {
		below := r.at(f.name)
		if below == nil {
			continue
		}
		one := field{index: f.Index, key: ast.StringTerm(f.name), skip: f.absence(t)}
		if f.optionalObject() && f.Type.Kind() != reflect.Pointer {
			if one.encode, err = encoderOfStruct(f.Type, below, true); err == nil {
				one.absent, err = absentObject(f.Type, below, true)
			}
		} else if one.encode, err = encoderOf(f.Type, below); err == nil {
			one.absent, err = absentOf(f.Type, below)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// givenField is the field of an object that may be absent: whether it is there.
const givenField = "given"

// jsonField is a field with its name and options in JSON.
type jsonField struct {
	reflect.StructField
	name, options string
}

// jsonFields returns the fields that encoding/json writes, those of embedded
// structs included.
func jsonFields(t reflect.Type) ([]jsonField, error) {
	visible := reflect.VisibleFields(t)
	out := make([]jsonField, 0, len(visible))
	taken := make(map[string]bool, len(visible))
	for _, f := range visible {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && name == "", !f.IsExported(), name == "-":
			continue
		case f.Anonymous || name == "" || taken[name] || name == givenField:
			return nil, fmt.Errorf("a policy input cannot hold the field %s of %v: it has no JSON name of its own", f.Name, t)
		}
		taken[name] = true
		out = append(out, jsonField{f, name, options})
	}
	return out, nil
}

func (f jsonField) has(option string) bool { return strings.Contains(f.options, option) }

// optionalObject reports whether the field is an object that may be absent, which
// has the field given.
func (f jsonField) optionalObject() bool {
	if f.Type.Kind() == reflect.Pointer {
		return isObject(f.Type.Elem())
	}
	return isObject(f.Type) && f.has("omitzero")
}

// nullable reports whether the field is a scalar that may be absent, which is null.
// A truth value that is not written is false, and a TTL of 0 seconds is one.
func (f jsonField) nullable() bool {
	switch f.Type.Kind() {
	case reflect.Pointer:
		return !isObject(f.Type.Elem())
	case reflect.Bool, reflect.Slice, reflect.Map:
		return false
	case reflect.Struct:
		return !isObject(f.Type) && f.has("omitzero")
	case reflect.String:
		return f.has("omitempty") || f.has("omitzero")
	}
	return (f.has("omitempty") || f.has("omitzero")) && f.name != "ttl" && f.name != "negativeTtl"
}

// absence returns the function that reports whether a value of the field is absent.
// The facts of an observation are there if it was made, whatever they are.
func (f jsonField) absence(object reflect.Type) func(object, value reflect.Value) bool {
	if f.name == "facts" {
		metadata, isObservation := object.FieldByName("Metadata")
		if isObservation && metadata.Type == reflect.TypeFor[evidence.Metadata]() {
			return func(object, _ reflect.Value) bool {
				return object.FieldByIndex(metadata.Index).Field(0).String() != string(evidence.StateObserved)
			}
		}
	}
	if f.Type.Kind() != reflect.Pointer && (f.optionalObject() || f.nullable()) {
		return func(_, value reflect.Value) bool { return value.IsZero() }
	}
	return func(_, _ reflect.Value) bool { return false } // pointers have an encoder of their own
}
