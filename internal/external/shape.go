package external

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Shape is what a schema says of the kinds of values, for the types of policies.
type Shape struct {
	Null, Bool, Number, Text bool
	Words                    []string         // of a text; nil: any
	Items                    *Shape           // of a list; nil: no list
	Fields                   map[string]Shape // of an object with fixed fields; nil: none
	Rest                     *Shape           // of an object with any names; nil: none
}

// shapeOf reads the kinds of values of a schema. It wants every value's type said, and
// every field of an object always present: a field that is absent would keep a rule
// that reads it silent.
func shapeOf(node any, at string) (Shape, error) {
	schema, ok := node.(map[string]any)
	if !ok {
		return Shape{}, fmt.Errorf("%s is no schema with a type; write {\"type\": …}", at)
	}
	var out Shape
	types, _ := schema["type"].([]any)
	if one, ok := schema["type"].(string); ok {
		types = []any{one}
	}
	if len(types) == 0 {
		return Shape{}, fmt.Errorf("%s has no type, so that policies could not be checked against it; write \"type\": …", at)
	}
	for _, t := range types {
		var err error
		switch t {
		case "null":
			out.Null = true
		case "boolean":
			out.Bool = true
		case "number", "integer":
			out.Number = true
		case "string":
			out.Text = true
			out.Words = wordsOf(schema["enum"])
		case "array":
			out.Items, err = below(schema["items"], at+"/items")
		case "object":
			err = out.object(schema, at)
		default:
			err = fmt.Errorf("%s has the unknown type %.32q", at, fmt.Sprint(t))
		}
		if err != nil {
			return Shape{}, err
		}
	}
	if len(types) > 1 && (out.Items != nil || out.Fields != nil || out.Rest != nil) && !(len(types) == 2 && out.Null) {
		return Shape{}, fmt.Errorf("%s is a list or an object or something else; want one of them, or null", at)
	}
	return out, nil
}

func below(node any, at string) (*Shape, error) {
	s, err := shapeOf(node, at)
	return &s, err
}

// object reads an object: with fixed fields that are all required, or with any names.
func (s *Shape) object(schema map[string]any, at string) (err error) {
	properties, _ := schema["properties"].(map[string]any)
	if len(properties) == 0 {
		s.Rest, err = below(schema["additionalProperties"], at+"/additionalProperties")
		return err
	}
	if schema["additionalProperties"] != false {
		return fmt.Errorf("%s has fixed fields and may have others; write \"additionalProperties\": false", at)
	}
	required, _ := schema["required"].([]any)
	s.Fields = map[string]Shape{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if !slices.Contains(required, any(name)) {
			return fmt.Errorf("%s/properties/%s may be absent, and a rule that reads it would be silent; add it to required, with null among its types", at, name)
		}
		if s.Fields[name], err = shapeOf(properties[name], at+"/properties/"+name); err != nil {
			return err
		}
	}
	return nil
}

// wordsOf returns the texts of an enum; nil if there is none.
func wordsOf(enum any) []string {
	list, ok := enum.([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// errNoFields is of a schema whose facts are no object or list.
var errNoFields = errors.New("facts are an object or a list; want such a type at the top")
