package policy

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a verdict does not depend on the zones that the host knows

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// schemaName is the name of a file that declares what data a policy reads. OPA's own
// tools load every .json file of a folder as data, but not this one.
const schemaName = "data.jsonschema"

// dataSchema is the part of JSON Schema (draft 2020-12) that data is declared in.
type dataSchema struct {
	kinds    kinds
	place    *datum
	folder   bool                          // it holds what files of one folder declare
	fields   map[string]*dataSchema        // of an object with fixed fields; see properties
	later    func() map[string]*dataSchema // in place of fields: reads them once; nil: fields are read
	required []string
	must     []*ast.Term // the required names
	values   *dataSchema // of an object with any fields, or the elements of a list
	words    []string    // enum
	whole    bool        // numbers are integers
	pattern  *regexp.Regexp
	format   string
	form     func(string) error // of the format
	least    *float64
	most     *float64
	standard ast.Value // default; nil: none
}

// formats are those that are checked when data is loaded.
func formats() map[string]func(string) error {
	return map[string]func(string) error{
		"date-time": func(s string) error {
			if _, err := time.Parse(time.RFC3339, s); err != nil {
				return fmt.Errorf("want a time of RFC 3339, such as 2026-11-27T00:00:00+08:00")
			}
			return nil
		},
		"date": func(s string) error {
			if _, err := time.Parse(time.DateOnly, s); err != nil {
				return fmt.Errorf("want a date, such as 2026-11-27")
			}
			return nil
		},
		"time-zone": func(s string) error {
			if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" {
				return fmt.Errorf("want a time zone of the IANA database, such as Asia/Shanghai")
			}
			return nil
		},
		"regex": func(s string) error {
			_, err := regexp.Compile(s)
			return err
		},
		"glob": func(s string) error {
			match := topdown.GetBuiltin(ast.GlobMatch.Name)
			operands := []*ast.Term{ast.StringTerm(s), ast.NullTerm(), ast.StringTerm("")}
			return match(topdown.BuiltinContext{}, operands, func(*ast.Term) error { return nil })
		},
	}
}

// readSchemas reads the files that declare data, each below the folder that it is in. The
// user's own may not declare the names that are kept. The settings of shipped policies
// are declared in trusted files, which are read when a run first asks for them.
func readSchemas(shipped, own []source, kept []string) (map[string]*dataSchema, strictyaml.Errors) {
	roots := map[string]*dataSchema{}
	ofSettings := func(f source) bool { return len(f.folders()) > 0 && f.folders()[0] == shippedSettings }
	found := readSchemasOf(slices.DeleteFunc(slices.Clone(shipped), ofSettings), nil, roots)
	if slices.ContainsFunc(shipped, ofSettings) {
		settings := &dataSchema{kinds: objectKind, place: &datum{file: "policies/" + shippedSettings}, folder: true}
		settings.later = sync.OnceValue(func() map[string]*dataSchema {
			all := map[string]*dataSchema{}
			// They cannot fail: the tests read them all.
			_ = readSchemasOf(slices.DeleteFunc(slices.Clone(shipped), func(f source) bool { return !ofSettings(f) }), nil, all)
			return all[shippedSettings].fields
		})
		roots[shippedSettings] = settings
	}
	return roots, append(found, readSchemasOf(own, kept, roots)...)
}

// readSchemasOf adds what the files declare to roots. They may not declare the names of kept.
func readSchemasOf(files []source, kept []string, roots map[string]*dataSchema) (found strictyaml.Errors) {
	for _, f := range files {
		d, err := parseJSON(f, true)
		if err != nil {
			found = append(found, err...)
			continue
		}
		s := &dataSchema{}
		found = append(found, s.read(d)...)
		for depth, folder := range slices.Backward(f.folders()) {
			s = &dataSchema{kinds: objectKind, place: d, fields: map[string]*dataSchema{folder: s}, folder: depth > 0}
		}
		if s.kinds != objectKind || s.fields == nil {
			found = append(found, d.fail("want a schema of type object with properties: the names below data"))
			continue
		}
		for _, name := range kept {
			if s.fields[name] != nil {
				found = append(found, belongsToBindgate(d, name))
				delete(s.fields, name)
			}
		}
		found = append(found, addSchemas(roots, s.fields, "data.", len(f.folders()))...)
	}
	return found
}

// properties returns the schemas of an object with fixed fields, by name; nil: it has any.
func (s *dataSchema) properties() map[string]*dataSchema {
	if s.later != nil {
		return s.later()
	}
	return s.fields
}

// addSchemas adds what a file declares; shared is the depth of the names that are
// folders, which files share.
func addSchemas(to, from map[string]*dataSchema, path string, shared int) (found strictyaml.Errors) {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		other, taken := to[name]
		switch {
		case !taken:
			to[name] = from[name]
		case shared > 1 && other.folder:
			found = append(found, addSchemas(other.properties(), from[name].fields, path+name+".", shared-1)...)
		default:
			found = append(found, from[name].place.fail("%s%s is declared already at %s:%d:%d", path, name, other.place.file, other.place.row, other.place.col))
		}
	}
	return found
}

// at returns the schema at a path of names; nil: there is none.
func (s *dataSchema) at(path string) *dataSchema {
	for name := range strings.SplitSeq(path, ".") {
		if s = s.properties()[name]; s == nil {
			return nil
		}
	}
	return s
}

// read reads one schema. A keyword that would not be checked is an error.
func (s *dataSchema) read(d *datum) (found strictyaml.Errors) {
	s.place = d
	fail := func(d *datum, format string, args ...any) { found = append(found, d.fail(format, args...)) }
	if !d.isObject() {
		return strictyaml.Errors{d.fail("got %s, want a schema: an object with a type", kindName(d))}
	}
	members := d.members()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		v := members[name]
		word, _ := v.value.(ast.String)
		switch name {
		case "$schema", "$id", "title", "description", "examples", "$comment":
		case "type":
			s.kinds, s.whole = typesIn(v)
			if s.kinds == 0 {
				fail(v, "got %s, want one of object, array, string, number, integer, boolean, with null in a list", v.rego())
			}
		case "properties":
			s.fields = map[string]*dataSchema{}
			for _, field := range slices.Sorted(maps.Keys(v.members())) {
				below := &dataSchema{}
				found = append(found, below.read(v.members()[field])...)
				s.fields[field] = below
			}
		case "required":
			s.required = textsIn(v)
			for _, field := range s.required {
				s.must = append(s.must, ast.StringTerm(field))
			}
		case "additionalProperties":
			if no, is := v.value.(ast.Boolean); is && !bool(no) {
				continue // what is not declared is an error in any case
			}
			s.values = &dataSchema{}
			found = append(found, s.values.read(v)...)
		case "items":
			s.values = &dataSchema{}
			found = append(found, s.values.read(v)...)
		case "enum":
			if s.words = wordsIn(v); len(s.words) == 0 {
				fail(v, "got %s, want a list of texts, with null where that is among the types", v.rego())
			}
		case "pattern":
			var err error
			if s.pattern, err = regexp.Compile(string(word)); err != nil {
				fail(v, "got a pattern that is none: %v", err)
			}
		case "format":
			s.format = string(word)
			if s.form = formats()[s.format]; s.form == nil {
				fail(v, "got the format %q%s", s.format, hint(s.format, slices.Collect(maps.Keys(formats()))))
			}
		case "minimum", "maximum":
			n, ok := v.value.(ast.Number)
			value, exact := n.Float64()
			if !ok || !exact {
				fail(v, "got %s, want a number", v.rego())
			} else if name == "minimum" {
				s.least = &value
			} else {
				s.most = &value
			}
		case "default":
			s.standard = v.rego()
		default:
			fail(v, "the keyword %q would not be checked%s", name, hint(name, strings.Fields("type properties required additionalProperties items enum pattern format minimum maximum default title description")))
		}
	}
	for _, name := range s.required {
		if s.fields[name] == nil {
			fail(members["required"], "%q is required, and not in properties", name)
		}
	}
	switch {
	case found != nil:
	case s.kinds&^nullKind == 0:
		fail(d, "the schema has no type: every value is of one")
	case s.words != nil && s.kinds&^nullKind != textKind:
		fail(members["enum"], "enum is for texts, and the type is %s", s.kinds)
	case s.words != nil && s.kinds.has(nullKind) && !slices.ContainsFunc(members["enum"].elements(), func(d *datum) bool { return d.value == ast.NullValue }):
		fail(members["enum"], "null is among the types and not in enum: add it to enum, or take it from the types")
	case s.kinds.has(objectKind) && (s.fields == nil) == (s.values == nil):
		fail(d, "an object has either properties, its fields, or additionalProperties, the schema of any field")
	case s.kinds.has(listKind) && s.values == nil:
		fail(d, "a list has items, the schema of its elements")
	case s.standard != nil:
		at := *d.members()["default"]
		found = append(found, s.check(&at, "the default")...)
	}
	return found
}

// typesIn returns the kinds that a type names, and whether its numbers are integers.
func typesIn(d *datum) (out kinds, whole bool) {
	names := map[string]kinds{"null": nullKind, "boolean": boolKind, "number": numberKind, "integer": numberKind,
		"string": textKind, "array": listKind, "object": objectKind}
	list := textsIn(d)
	if word, ok := d.value.(ast.String); ok && word != "null" {
		list = []string{string(word)}
	}
	for _, word := range list {
		if names[word] == 0 {
			return 0, false
		}
		out |= names[word]
	}
	return out, slices.Contains(list, "integer") && !slices.Contains(list, "number")
}

// wordsIn returns the texts of an enum; nil: it has another value than texts and null.
func wordsIn(d *datum) []string {
	list, ok := d.value.(*ast.Array)
	if !ok {
		return nil
	}
	var texts []*ast.Term
	list.Foreach(func(t *ast.Term) {
		if t.Value != ast.NullValue {
			texts = append(texts, t)
		}
	})
	return textsIn(&datum{value: ast.NewArray(texts...)})
}

func textsIn(d *datum) []string {
	list, ok := d.value.(*ast.Array)
	if !ok {
		return nil
	}
	var out []string
	list.Foreach(func(t *ast.Term) {
		if word, ok := t.Value.(ast.String); ok {
			out = append(out, string(word))
		}
	})
	if len(out) != list.Len() {
		return nil
	}
	return out
}

// fits reports whether a value follows the schema, without saying what is wrong: check
// does, at the cost of finding the places.
func (s *dataSchema) fits(v ast.Value) bool {
	if !s.kinds.has(kindsOf(v)) {
		return false
	}
	switch v := v.(type) {
	case ast.String:
		return s.checkText(&datum{}, string(v), "") == nil
	case ast.Number:
		if s.least == nil && s.most == nil && !s.whole {
			return true
		}
		n, _ := v.Float64()
		return (!s.whole || n == math.Trunc(n)) && (s.least == nil || n >= *s.least) && (s.most == nil || n <= *s.most)
	case *ast.Array:
		return !v.Until(func(t *ast.Term) bool { return !s.values.fits(t.Value) })
	case ast.Object:
		wrong := v.Until(func(k, t *ast.Term) bool {
			below := s.values
			if name, ok := k.Value.(ast.String); ok && s.properties() != nil {
				below = s.properties()[string(name)]
			}
			return below == nil || !below.fits(t.Value)
		})
		return !wrong && !slices.ContainsFunc(s.must, func(name *ast.Term) bool { return v.Get(name) == nil })
	}
	return true
}

// check compares a value with the schema; path is its name for messages. It stops at more
// errors than are shown: data may have millions.
func (s *dataSchema) check(d *datum, path string) strictyaml.Errors {
	var found strictyaml.Errors
	s.collect(d, path, &found)
	return found
}

func (s *dataSchema) collect(d *datum, path string, found *strictyaml.Errors) {
	add := func(e *strictyaml.Error) { *found = append(*found, e) }
	kind := kindsOf(d.value)
	if !s.kinds.has(kind) {
		add(d.fail("%s is %s, want %s", path, kind, s.kinds))
		return
	}
	switch v := d.value.(type) {
	case ast.String:
		*found = append(*found, s.checkText(d, string(v), path)...)
		return
	case ast.Number:
		n, _ := v.Float64()
		if s.whole && n != math.Trunc(n) {
			add(d.fail("%s is %s, want an integer", path, v))
		} else if s.least != nil && n < *s.least || s.most != nil && n > *s.most {
			add(d.fail("%s is %s, which is out of range%s", path, v, s.bounds()))
		}
		return
	}
	if kind == listKind {
		for i, item := range d.elements() {
			if len(*found) > maxErrors {
				return
			}
			s.values.collect(item, shortPath(path, "["+strconv.Itoa(i)+"]"), found)
		}
		return
	}
	if kind != objectKind {
		return
	}
	members := d.members()
	for _, name := range slices.Sorted(maps.Keys(members)) {
		below := s.values
		if s.properties() != nil {
			below = s.properties()[name]
		}
		switch {
		case len(*found) > maxErrors:
			return
		case below == nil:
			add(members[name].fail("%s is not declared at %s:%d:%d%s", shortPath(path, "."+name), s.place.file, s.place.row, s.place.col, s.whereDeclared(name)))
		default:
			below.collect(members[name], shortPath(path, "."+name), found)
		}
	}
	for _, name := range s.required {
		if members[name] == nil {
			add(d.fail("%s.%s is missing, and is required", path, name))
		}
	}
}

// shortPath adds a step to a path for messages, of which hostile data makes no long ones.
func shortPath(path, step string) string {
	const longest = 200
	if len(step) > longest/2 {
		step = strings.ToValidUTF8(step[:longest/2], "") + "…"
	}
	if len(path)+len(step) > longest {
		path = "…"
	}
	return path + step
}

// whereDeclared says what to write for a name that is none of the fields.
func (s *dataSchema) whereDeclared(name string) string {
	fields := slices.Sorted(maps.Keys(s.properties()))
	below := slices.DeleteFunc(slices.Clone(fields), func(field string) bool { return s.properties()[field].properties()[name] == nil })
	if len(below) > 0 {
		return "; set it in " + strings.Join(below, " or ")
	}
	return hint(name, fields)
}

func (s *dataSchema) bounds() string {
	out := ""
	if s.least != nil {
		out += ": at least " + strconv.FormatFloat(*s.least, 'g', -1, 64)
	}
	if s.most != nil {
		out += ": at most " + strconv.FormatFloat(*s.most, 'g', -1, 64)
	}
	return out
}

func (s *dataSchema) checkText(d *datum, v, path string) strictyaml.Errors {
	switch {
	case s.words != nil && !slices.Contains(s.words, v):
		return strictyaml.Errors{d.fail("%s is %.200q%s", path, v, hint(v, slices.Clone(s.words)))}
	case s.pattern != nil && !s.pattern.MatchString(v):
		return strictyaml.Errors{d.fail("%s is %.200q, want a text that matches %s", path, v, s.pattern)}
	}
	if s.form != nil {
		if err := s.form(v); err != nil {
			return strictyaml.Errors{d.fail("%s is %.200q: %v", path, v, err)}
		}
	}
	return nil
}

// fill returns the value with what it may leave out: the default, null, an empty list
// or map, or an object of those.
func (s *dataSchema) fill(v ast.Value) ast.Value {
	switch v := v.(type) {
	case *ast.Array:
		if s.values == nil || !s.values.fills() {
			return v
		}
		items := make([]*ast.Term, 0, v.Len())
		v.Foreach(func(t *ast.Term) { items = append(items, ast.NewTerm(s.values.fill(t.Value))) })
		return ast.NewArray(items...)
	case ast.Object:
		if !s.fills() {
			return v
		}
		out := ast.NewObject()
		v.Foreach(func(k, t *ast.Term) {
			below := s.values
			if name, ok := k.Value.(ast.String); ok && s.properties() != nil {
				below = s.properties()[string(name)]
			}
			if below != nil {
				t = ast.NewTerm(below.fill(t.Value))
			}
			out.Insert(k, t)
		})
		for name, below := range s.properties() {
			if key := ast.InternedTerm(name); out.Get(key) == nil {
				out.Insert(key, ast.NewTerm(below.absent()))
			}
		}
		return out
	}
	return v
}

// fills reports whether values of the schema can leave something out.
func (s *dataSchema) fills() bool {
	if s.values != nil {
		return s.values.fills()
	}
	for name, below := range s.properties() {
		if !slices.Contains(s.required, name) || below.fills() {
			return true
		}
	}
	return false
}

func (s *dataSchema) absent() ast.Value {
	switch {
	case s.standard != nil:
		return s.fill(s.standard)
	case s.kinds.has(nullKind):
		return ast.NullValue
	case s.kinds == listKind:
		return ast.InternedEmptyArrayValue
	case s.kinds == objectKind:
		return s.fill(ast.NewObject())
	}
	return ast.NullValue
}

// typ returns the type of what a policy reads.
func (s *dataSchema) typ(where string) *typ {
	out := &typ{kinds: s.kinds, time: s.format == "date-time"}
	if s.pattern != nil {
		out.form = patternForm(s.pattern, s.pattern.String())
	}
	if s.kinds.has(numberKind) && (s.least != nil || s.most != nil) {
		out.span = &span{math.Inf(-1), math.Inf(1)}
		if s.least != nil {
			out.span.low = *s.least
		}
		if s.most != nil {
			out.span.high = *s.most
		}
	}
	if s.words != nil {
		out.words = &words{list: s.words, declared: true}
	}
	switch {
	case s.kinds.has(listKind):
		out.elem = s.values.typ(where + "[_]")
	case s.values != nil:
		out.elem = s.values.typ(where + "[_]")
	case s.fields != nil || s.later != nil:
		out.objects = []*fields{{where: where, all: sync.OnceValue(func() map[string]*typ { return s.typesOfFields(where) })}}
	}
	return out
}

// typesOfFields returns the types of the properties of an object that lies at where.
func (s *dataSchema) typesOfFields(where string) map[string]*typ {
	all := map[string]*typ{}
	for name, below := range s.properties() {
		t := below.typ(where + "." + name)
		if !slices.Contains(s.required, name) && below.absent() == ast.NullValue {
			t = t.orNull()
		}
		all[name] = t
	}
	return all
}

// typ returns the type of a value that no schema declares.
func (d *datum) typ(where string) *typ {
	kind := kindsOf(d.value)
	out := &typ{kinds: kind}
	switch kind {
	case listKind:
		for _, item := range d.elements() {
			out.elem = join(out.elem, item.typ(where+"[_]"))
		}
	case objectKind:
		all := map[string]*typ{}
		for name, below := range d.members() {
			all[name] = below.typ(where + "." + name)
		}
		out.objects = []*fields{{where: where, all: func() map[string]*typ { return all }}}
	}
	return out
}
