package policy

import (
	"maps"
	"slices"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// FactsSchema declares the external facts of one name, in the part of JSON Schema that
// also declares data. Every field of an object is always present.
type FactsSchema struct{ fields map[string]*dataSchema }

// ReadFactsSchema reads a schema of facts; name is its file for messages. It reads no
// other file: a schema has no references.
func ReadFactsSchema(name string, text []byte) (FactsSchema, error) {
	d, found := parseJSON(source{name: name, text: text}, true)
	if found != nil {
		return FactsSchema{}, asError(found)
	}
	facts := &dataSchema{}
	if found = facts.read(d); found == nil {
		found = facts.total("facts")
	}
	if found == nil && facts.kinds&(objectKind|listKind) == 0 {
		found = strictyaml.Errors{d.fail("facts are %s, want an object or a list", facts.kinds)}
	}
	if found != nil {
		return FactsSchema{}, asError(found)
	}
	asOf := &dataSchema{kinds: textKind, place: d, format: "date-time", form: formats()["date-time"]}
	return FactsSchema{map[string]*dataSchema{"asOf": asOf, "facts": facts}}, nil
}

// total finds what is not of one known type in all facts. A field that is absent would
// keep a rule that reads it silent.
func (s *dataSchema) total(path string) (found strictyaml.Errors) {
	if some := s.kinds &^ nullKind; some.has(objectKind|listKind) && some != objectKind && some != listKind {
		found = append(found, s.place.fail("%s is %s; want an object, or a list, alone or with null", path, s.kinds))
	}
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		if !slices.Contains(s.required, name) {
			found = append(found, s.fields[name].place.fail("%s.%s may be absent, and a rule that reads it would be silent; add it to required, with null among its types", path, name))
		}
		found = append(found, s.fields[name].total(path+"."+name)...)
	}
	if s.values != nil {
		found = append(found, s.values.total(path+"[_]")...)
	}
	return found
}

// Check returns where a document {"asOf": TIME, "facts": …} departs from the schema;
// name is its file.
func (s FactsSchema) Check(name string, text []byte) error {
	d, found := parseJSON(source{name: name, text: text}, false)
	if found != nil {
		return asError(found)
	}
	members := d.members()
	for _, field := range slices.Sorted(maps.Keys(members)) {
		below := s.fields[field]
		if below == nil {
			found = append(found, members[field].fail(`got the field %.64q, want {"asOf": TIME, "facts": …}`, field))
			continue
		}
		if value := members[field]; !below.fits(value.rego()) {
			wrong := below.check(value, field)
			if wrong == nil {
				wrong = strictyaml.Errors{value.fail("%s does not follow its schema", field)}
			}
			found = append(found, wrong...)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(s.fields)) {
		if members[field] == nil {
			found = append(found, d.fail(`%s is missing, want {"asOf": TIME, "facts": …}`, field))
		}
	}
	return asError(found)
}

// typ returns the type of the facts in the input.
func (s FactsSchema) typ(where string) *typ {
	known := map[string]*typ{"asOf": {kinds: textKind, time: true}, "until": {kinds: textKind, time: true}, "digest": {kinds: textKind, form: digestForm()}, "facts": s.fields["facts"].typ(where + ".facts")}
	return objectType(&fields{where: where, all: func() map[string]*typ { return known }})
}
