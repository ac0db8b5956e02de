package policy

import (
	"strings"
	"testing"
)

func TestReadFactsSchemaRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"x":                 "f.json:1:1: not JSON",
		`{"type": "thing"}`: "f.json:1:10: got \"thing\", want one of object, array",
		`{"$ref": "https://evil.demo.com/s.json"}`:                 `the keyword "$ref" would not be checked`,
		`{"type": "object", "properties": {}, "minProperties": 1}`: `the keyword "minProperties" would not be checked`,
		`{"type": "object", "type": "array"}`:                      `duplicate key "type"`,
		`{"type": "string"}`:                                       "facts are a text, want an object or a list",
		`{}`:                                                       "the schema has no type",
		`true`:                                                     "want one document",
		`{"type": "object"}`:                                       "an object has either properties, its fields, or additionalProperties",
		`{"type": "object", "properties": {"a": {"type": "string"}}}`:                                            "f.json:1:40: facts.a may be absent",
		`{"type": "object", "required": ["a"], "properties": {"a": {"anyOf": [{"type": "string"}]}}}`:            `the keyword "anyOf" would not be checked`,
		`{"type": "array", "items": {"type": ["object", "string"], "additionalProperties": {"type": "string"}}}`: "facts[_] is ",
		`{"type": "array", "items": {"type": ["object", "array"], "items": {"type": "string"}}}`:                 "want an object, or a list, alone or with null",
		`{"type": "array", "items": {"type": ["string", "null"], "enum": ["a"]}}`:                                "null is among the types and not in enum",
		`{"type": "array", "items": {"type": ["string", "number"], "enum": ["a"]}}`:                              "enum is for texts, and the type is",
	} {
		if _, err := ReadFactsSchema("f.json", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
}
