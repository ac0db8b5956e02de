package policy

import (
	"fmt"
	"reflect"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// schema is a JSON Schema, or a part of one.
type schema map[string]any

// inputTypes returns the input's schema for the compiler. It is on the way of
// every run with a policy, so it has the types only of what the modules read,
// and of the rest the names.
//
// With ids, the results of these checks are all that there is to read: a
// misspelt id would otherwise be undefined, and a rule that reads it silent.
func inputTypes(ids []string, modules map[string]*ast.Module) (any, error) {
	r := &reads{}
	for _, m := range modules {
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			r.addRef(ref, nil)
			return false
		})
	}
	types, err := schemaOf(reflect.TypeFor[document](), r)
	if properties, ok := types["properties"].(schema); ok && len(ids) > 0 && r.at("results") != nil {
		results := schema{}
		for _, id := range ids {
			if results[id], err = schemaOf(reflect.TypeFor[result](), &reads{all: true}); err != nil {
				return nil, err
			}
		}
		properties["results"] = schema{"type": "object", "properties": results}
	}
	return types, err
}

// schemaOf returns the schema of a type. What is not read is of any type.
func schemaOf(t reflect.Type, r *reads) (schema, error) {
	if r == nil {
		return schema{}, nil
	}
	if t == reflect.TypeFor[time.Time]() {
		return schema{"type": "string"}, nil
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return schema{"type": "integer"}, nil
	case reflect.String:
		return schema{"type": "string"}, nil
	case reflect.Pointer:
		return schemaOf(t.Elem(), r)
	case reflect.Slice:
		items, err := schemaOf(t.Elem(), &reads{all: true})
		return schema{"type": "array", "items": items}, err
	case reflect.Map:
		values, err := schemaOf(t.Elem(), &reads{all: true})
		return schema{"type": "object", "additionalProperties": values}, err
	case reflect.Struct:
		return schemaOfStruct(t, r)
	}
	return nil, fmt.Errorf("a policy input cannot hold the type %v", t)
}

func schemaOfStruct(t reflect.Type, r *reads) (schema, error) {
	fields, err := jsonFields(t)
	if err != nil {
		return nil, err
	}
	properties := schema{}
	for _, f := range fields {
		if properties[f.name], err = schemaOf(f.Type, r.at(f.name)); err != nil {
			return nil, err
		}
	}
	return schema{"type": "object", "properties": properties, "additionalProperties": false}, nil
}
