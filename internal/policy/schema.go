package policy

import (
	"bytes"
	_ "embed" // for the schema
	"encoding/json"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
)

// typesJSON is the schema for the compiler.
//
//go:embed input.types.json
var typesJSON []byte

// withoutFacts is an observation whose facts nobody reads.
const withoutFacts = `{"type": "object", "properties":
	{"state": {"type": "string"}, "reason": {"type": "string"}, "at": {"type": "string"}, "from": {"type": "string"}, "facts": {}}}`

// inputTypes is the input's schema for the compiler. It is on the way of every
// run with a policy, so it is decoded no deeper than what changes.
//
// With ids, the results of these checks are all that there is to read: a
// misspelt id would otherwise be undefined, and a rule that reads it silent.
// Facts that no package declares are left out: reading them is refused anyway.
// Where no module reads results, one of them stands for all: they are most of
// the work.
func inputTypes(ids []string, packages []regoPackage, modules map[string]*ast.Module) (any, error) {
	type object struct {
		Type       string                     `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
	}
	var schema struct {
		object
		Definitions map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(typesJSON, &schema); err != nil {
		return nil, fmt.Errorf("reading the input's schema: %w", err)
	}
	var observations object
	if err := json.Unmarshal(schema.Definitions["inputEvidence"], &observations); err != nil {
		return nil, fmt.Errorf("reading the evidence in the input's schema: %w", err)
	}
	for _, need := range readable() {
		if !declares(packages, need) {
			observations.Properties[string(need)] = json.RawMessage(withoutFacts)
		}
	}
	var err error
	if schema.Definitions["inputEvidence"], err = json.Marshal(observations); err != nil {
		return nil, fmt.Errorf("writing the evidence into the input's schema: %w", err)
	}
	if len(ids) > 0 {
		if !readResults(modules) {
			ids = ids[:1]
		}
		results := object{Type: "object", Properties: map[string]json.RawMessage{}}
		for _, id := range ids {
			results.Properties[id] = json.RawMessage(`{"$ref": "#/$defs/result"}`)
		}
		if schema.Properties["results"], err = json.Marshal(results); err != nil {
			return nil, fmt.Errorf("writing the checks into the input's schema: %w", err)
		}
	}
	used := map[string]json.RawMessage{}
	for _, property := range schema.Properties {
		addUsed(used, schema.Definitions, property)
	}
	schema.Definitions = used
	return schema, nil
}

// addUsed adds the definitions that a schema refers to, and those that they
// refer to in their turn. The compiler would parse all there are, most of them
// for evidence that nobody declared.
func addUsed(used, all map[string]json.RawMessage, schema json.RawMessage) {
	for _, rest := range bytes.Split(schema, []byte(`"#/$defs/`))[1:] {
		name, _, _ := bytes.Cut(rest, []byte(`"`))
		if _, known := used[string(name)]; !known {
			used[string(name)] = all[string(name)]
			addUsed(used, all, all[string(name)])
		}
	}
}

func declares(packages []regoPackage, need evidence.Need) bool {
	return slices.ContainsFunc(packages, func(p regoPackage) bool {
		return slices.Contains(p.needs, need) || slices.Contains(p.uses, need)
	})
}

// readResults reports whether a module reads results, or may: the input as a whole.
func readResults(modules map[string]*ast.Module) bool {
	found := false
	for _, m := range modules {
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			if ref[0].Equal(ast.InputRootDocument) {
				path := constants(ref)
				found = found || len(path) == 0 || path[0] == "results"
			}
			return found
		})
	}
	return found
}
