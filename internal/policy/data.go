package policy

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// packageRoot is the name under `data` that belongs to the packages.
const packageRoot = "bindgate"

// datum is a value of a data file and its place: an object has fields, anything
// else a value.
type datum struct {
	file     string
	row, col int
	fields   map[string]*datum // of an object; nil while it was not asked for them
	value    ast.Value         // of anything else, and of an object without fields yet
	read     func() map[string]*datum
	items    []*datum // of a list; nil while it was not asked for them
	readList func() []*datum
}

// elements returns the elements of a list with their places.
func (d *datum) elements() []*datum {
	if d.items == nil && d.readList != nil {
		d.items = d.readList()
	}
	return d.items
}

func (d *datum) isObject() bool {
	_, is := d.value.(ast.Object)
	return d.value == nil || is
}

// members returns the fields of an object with their places. Most objects of a
// large file are never asked for them.
func (d *datum) members() map[string]*datum {
	if d.fields == nil && d.read != nil {
		d.fields, d.value = d.read(), nil
	}
	return d.fields
}

// policyData is the data of all files as one document, and which of its names
// must be read.
type policyData struct {
	*datum
	shipped   []string               // names that the shipped policies set, and read
	overrides *datum                 // what --data sets
	schemas   map[string]*dataSchema // by the name below data
	values    ast.Object             // of all, with what they leave out
}

// readPolicyData puts the data of all files into one document, and the
// overrides over it. Two files that set one value collide, and so does data
// where packages live.
func readPolicyData(shipped, own sources, overrides []source) (policyData, error) {
	d := policyData{datum: &datum{fields: map[string]*datum{}}, overrides: &datum{fields: map[string]*datum{}}, values: ast.NewObject()}
	var found strictyaml.Errors
	kept := reserved(shipped)
	d.schemas, found = readSchemas(shipped.schemas, own.schemas, kept)
	if found != nil {
		return d, asError(found)
	}
	found = d.mergeFiles(shipped.data, nil)
	d.shipped = append(slices.Collect(maps.Keys(d.fields)), shippedSettings)
	found = append(found, d.mergeFiles(own.data, kept)...)
	found = append(found, d.overrides.mergeFiles(overrides, nil)...)
	found = append(found, d.override(d.overrides, &dataSchema{fields: d.schemas}, "")...)
	for _, name := range slices.Sorted(maps.Keys(d.fields)) {
		value := d.fields[name].rego()
		s := d.schemas[name]
		switch {
		case s == nil:
		case s.fits(value):
			value = s.fill(value)
		default:
			wrong := s.check(d.fields[name], "data."+name)
			if wrong == nil {
				wrong = strictyaml.Errors{d.fields[name].fail("data.%s does not follow its schema", name)}
			}
			found = append(found, wrong...)
		}
		d.values.Insert(ast.InternedTerm(name), ast.NewTerm(value))
	}
	return d, asError(found)
}

// undeclared are the names below data that files set and no schema declares. One that
// --data alone sets and nothing reads is reported elsewhere.
func (d policyData) undeclared(read dataReads) strictyaml.Errors {
	var found strictyaml.Errors
	for name, v := range d.fields {
		if d.schemas[name] == nil && (read.roots[name] || d.overrides.fields[name] != v) {
			found = append(found, v.fail("data.%s is not declared: declare it in a file %s in the folder of the policy that reads it", name, schemaName))
		}
	}
	return found
}

// switches sets which packages are off: those whose settings are absent, or say so.
func (d policyData) switches(packages []regoPackage) strictyaml.Errors {
	var found strictyaml.Errors
	for i := range packages {
		p := &packages[i]
		if p.settings == "" {
			continue
		}
		s := (&dataSchema{fields: d.schemas}).at(p.settings)
		if s == nil || s.properties()["enabled"] == nil || s.properties()["enabled"].kinds != boolKind || !slices.Contains(s.required, "enabled") {
			found = append(found, at(p.declared, "data.%s holds the settings of package %s: declare it in a file %s as an object with the required property enabled, of type boolean", p.settings, p.name, schemaName))
			continue
		}
		set := d.at(p.settings)
		switch {
		case set == nil:
			p.off = fmt.Sprintf("data.%s is not set", p.settings)
		case set.members()["enabled"] != nil && set.members()["enabled"].value == ast.Boolean(false):
			p.off = fmt.Sprintf("data.%s.enabled is false", p.settings)
		}
	}
	return found
}

// at returns the value at a path of names; nil: there is none.
func (d *datum) at(path string) *datum {
	for name := range strings.SplitSeq(path, ".") {
		if d = d.members()[name]; d == nil {
			return nil
		}
	}
	return d
}

// types returns the type of the whole data. What is set and not declared is of the
// type that it has.
func (d policyData) types() *typ {
	all := map[string]*typ{}
	for name, v := range d.fields {
		if d.schemas[name] == nil {
			all[name] = v.typ("data." + name)
		}
	}
	for name, s := range d.schemas {
		all[name] = s.typ("data." + name)
	}
	return objectType(&fields{where: "data", all: func() map[string]*typ { return all }})
}

// store holds the data for evaluation.
func (d policyData) store() storage.Store { return inmem.NewFromASTObject(d.values) }

// reserved returns the names below data of the shipped policies, whose settings are the
// owner's alone: a policy that is fetched or shared must not loosen them. A working copy
// of the shipped policies, in place of them, may set them.
func reserved(shipped sources) []string {
	if len(shipped.modules) == 0 {
		return nil
	}
	out := []string{shippedSettings}
	for _, p := range shippedPolicies() {
		if p.always {
			out = append(out, p.name)
		}
	}
	return out
}

func belongsToBindgate(d *datum, name string) *strictyaml.Error {
	return d.fail("data.%s belongs to bindgate: set it in a file of --data or in data of the owner's file, and give other data another name", name)
}

// mergeFiles adds what the files hold; they may not set the names that are kept.
func (d *datum) mergeFiles(files []source, kept []string) strictyaml.Errors {
	var found strictyaml.Errors
	for _, f := range files {
		from, err := parseData(f)
		if err != nil {
			found = append(found, err...)
			continue
		}
		for _, folder := range slices.Backward(f.folders()) {
			from = &datum{file: from.file, row: from.row, col: from.col, fields: map[string]*datum{folder: from}}
		}
		if p, ok := from.members()[packageRoot]; ok {
			found = append(found, p.fail("data.%s belongs to the packages: give the data another name", packageRoot))
			continue
		}
		refused := false
		for _, name := range kept {
			if v, ok := from.members()[name]; ok {
				found, refused = append(found, belongsToBindgate(v, name)), true
			}
		}
		if refused {
			continue
		}
		found = append(found, d.merge(from, "")...)
	}
	return found
}

// merge adds what another file holds; no value may be set twice.
func (d *datum) merge(from *datum, path string) strictyaml.Errors {
	var found strictyaml.Errors
	for name, v := range from.members() {
		old, taken := d.members()[name]
		switch {
		case !taken:
			d.fields[name] = v
		case old.isObject() && v.isObject():
			found = append(found, old.merge(v, path+name+".")...)
		default:
			found = append(found, v.fail("data.%s%s is set already at %s:%d:%d: two files collide, and only --data overrides",
				path, name, old.file, old.row, old.col))
		}
	}
	return found
}

// override replaces values that are there. A new name is taken where the schema
// declares one, or any; and where there is no schema at the top, where a policy may
// leave all its data to --data, and in an empty object: elsewhere it would override
// nothing.
func (d *datum) override(from *datum, s *dataSchema, path string) strictyaml.Errors {
	var found strictyaml.Errors
	open := path == "" || s == nil && len(d.members()) == 0 || s != nil && s.values != nil
	for name, v := range from.members() {
		var below *dataSchema
		if s != nil {
			if below = s.properties()[name]; below == nil {
				below = s.values
			}
		}
		old, ok := d.members()[name]
		switch {
		case !ok && (open || below != nil):
			d.fields[name] = v
		case !ok && s != nil:
			found = append(found, v.fail("data.%s%s overrides nothing%s", path, name, hint(name, slices.Collect(maps.Keys(s.properties())))))
		case !ok:
			found = append(found, v.fail("data.%s%s overrides nothing%s; to let --data add a name, declare data.%s in a file %s as an object with additionalProperties",
				path, name, hint(name, slices.Collect(maps.Keys(d.fields))), strings.TrimSuffix(path, "."), schemaName))
		case below == nil && kindName(old) != kindName(v):
			found = append(found, v.fail("data.%s%s is %s, want %s as at %s:%d:%d",
				path, name, kindName(v), kindName(old), old.file, old.row, old.col))
		case old.isObject() && v.isObject():
			found = append(found, old.override(v, below, path+name+".")...)
		default:
			d.fields[name] = v
		}
	}
	return found
}

func hint(name string, words []string) string {
	slices.Sort(words)
	if word := spelling.Nearest(name, words, 2); word != "" {
		return fmt.Sprintf("; did you mean %q?", word)
	}
	return "; want one of " + strings.Join(words, ", ")
}

func (d *datum) fail(format string, args ...any) *strictyaml.Error {
	return &strictyaml.Error{File: d.file, Line: d.row, Column: d.col, Message: fmt.Sprintf(format, args...)}
}

func kindName(d *datum) string {
	switch d.value.(type) {
	case nil, ast.Object:
		return "an object"
	case ast.Null:
		return "null"
	case ast.Boolean:
		return "a boolean"
	case ast.String:
		return "a string"
	case ast.Number:
		return "a number"
	}
	return "a list"
}

// rego returns the value without places.
func (d *datum) rego() ast.Value {
	if d.value != nil {
		return d.value
	}
	items := make([][2]*ast.Term, 0, len(d.fields))
	for name, v := range d.fields {
		items = append(items, ast.Item(ast.InternedTerm(name), ast.NewTerm(v.rego())))
	}
	return ast.NewObject(items...)
}

// parseData reads one YAML or JSON file, strictly: one document, which is a
// mapping. A name that ends in .json is JSON's.
func parseData(f source) (*datum, strictyaml.Errors) {
	if strings.EqualFold(path.Ext(f.name), ".json") {
		return parseJSON(f, false)
	}
	file := strictyaml.Parse(f.name, f.text)
	if found := file.Errors(); found != nil {
		return nil, found
	}
	docs := file.Documents()
	if len(docs) != 1 || !docs[0].IsObject() {
		return nil, notOneMapping(f.name)
	}
	d := fromYAML(f.name, docs[0])
	if found := file.Errors(); found != nil {
		return nil, found
	}
	return d, nil
}

func notOneMapping(file string) strictyaml.Errors {
	return strictyaml.Errors{{File: file, Message: "want one document, a mapping of names to values"}}
}

// fromYAML converts a value; what has no form in JSON is recorded in the file.
func fromYAML(file string, v strictyaml.Value) *datum {
	d := &datum{file: file}
	d.row, d.col = v.Place()
	if v.IsList() {
		list, _ := v.List()
		items := make([]*ast.Term, len(list))
		d.items = make([]*datum, len(list))
		for i, item := range list {
			d.items[i] = fromYAML(file, item)
			items[i] = ast.NewTerm(d.items[i].rego())
		}
		d.value = ast.NewArray(items...)
		return d
	}
	if !v.IsObject() {
		d.value = scalarOf(v)
		return d
	}
	entries, _ := v.Entries()
	d.fields = make(map[string]*datum, len(entries))
	for _, e := range entries {
		d.fields[e.Key] = fromYAML(file, e.Value)
	}
	return d
}

// scalarOf takes a timestamp for the text that was written.
func scalarOf(v strictyaml.Value) ast.Value {
	text, tag := v.Scalar()
	switch tag {
	case "!!null":
		return ast.NullValue
	case "!!bool":
		return ast.Boolean(strings.EqualFold(text, "true"))
	case "!!int":
		if n, ok := numberOf(text, 0, false); ok && number.MatchString(text) {
			return n
		}
		v.Fail(fmt.Sprintf("got the number %q, want one of 64 bits that all readers of YAML take for the same", text), "write it in decimals, without a leading zero")
	case "!!float":
		if n, ok := numberOf(text, 0, true); ok && number.MatchString(text) { // 08 is none
			return n
		}
		v.Fail(fmt.Sprintf("got the number %q, want one that JSON can write", text), "")
	}
	return ast.String(text)
}

// number is what YAML 1.2.2 §10.3.2 takes for one, but for decimals with a
// leading zero: those are octal to readers of YAML 1.1, and to this parser.
var number = lazyregexp.New(`^([-+]?(0|[1-9][0-9]*|)(\.[0-9]*)?([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$`)

// numberOf returns a number of 64 bits in its shortest form. Base is that of
// strconv.ParseInt.
func numberOf(text string, base int, float bool) (ast.Number, bool) {
	if float {
		v, err := strconv.ParseFloat(text, 64)
		return ast.Number(strconv.FormatFloat(v, 'g', -1, 64)), err == nil && v-v == 0 // neither infinite nor no number
	}
	i, err := strconv.ParseInt(text, base, 64)
	return ast.Number(strconv.FormatInt(i, 10)), err == nil
}
