// Package external reads facts that the gate's owner lets a run be given: a JSON
// document with the time of which the facts are, held to the owner's JSON Schema and
// to a maximal age.
package external

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/checks/evidence"
)

// Size limits in bytes.
const (
	MaxSize       = 8 << 20 // of a file of facts
	MaxSchemaSize = 1 << 20
)

const (
	maxDepth = 64
	// skew is how far the clock of whoever wrote the facts may be ahead.
	skew = time.Minute
)

// Schema is a JSON Schema of the owner.
type Schema struct {
	Shape    Shape
	compiled *jsonschema.Schema
}

// ReadSchema compiles a JSON Schema. It fetches nothing: a reference may point into
// the schema only.
func ReadSchema(text []byte) (Schema, error) {
	if err := unambiguous(text); err != nil {
		return Schema{}, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return Schema{}, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(nowhere{})
	const name = "mem:///schema.json"
	if err := compiler.AddResource(name, document); err != nil {
		return Schema{}, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		return Schema{}, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	shape, err := shapeOf(document, "#")
	if err == nil && shape.Fields == nil && shape.Rest == nil && shape.Items == nil {
		err = errNoFields
	}
	if err != nil {
		return Schema{}, fmt.Errorf("reading a JSON Schema: %w", err)
	}
	return Schema{shape, compiled}, nil
}

// nowhere loads no other schema.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %.128q; only references within the file are taken", url)
}

// Read reads a file of facts, {"asOf": TIME, "facts": …}, at a time.
func Read(text []byte, schema Schema, maxAge time.Duration, now time.Time) (evidence.External, error) {
	if err := unambiguous(text); err != nil {
		return evidence.External{}, err
	}
	var document struct {
		AsOf  string          `json:"asOf"`
		Facts json.RawMessage `json:"facts"`
	}
	keys := map[string]json.RawMessage{}
	err := json.Unmarshal(text, &keys)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if key != "asOf" && key != "facts" { // a struct takes its keys in any letter case
			return evidence.External{}, fmt.Errorf(`it has the unknown key %.64q; want {"asOf": TIME, "facts": …}`, key)
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	if err != nil {
		return evidence.External{}, fmt.Errorf(`%w; want {"asOf": TIME, "facts": …}`, err)
	}
	if document.Facts == nil {
		return evidence.External{}, errors.New(`it has no facts; want {"asOf": TIME, "facts": …}`)
	}
	asOf, err := time.Parse(time.RFC3339, document.AsOf)
	if err != nil {
		return evidence.External{}, fmt.Errorf("asOf is %.40q, want a time like 2026-11-21T12:00:00Z", document.AsOf)
	}
	sum := sha256.Sum256(text)
	out := evidence.External{AsOf: asOf.UTC(), Until: asOf.Add(maxAge).UTC(), Digest: "sha256:" + hex.EncodeToString(sum[:])}
	switch {
	case asOf.After(now.Add(skew)):
		return evidence.External{}, fmt.Errorf("its asOf is %s, which is in the future", document.AsOf)
	case !now.Before(out.Until):
		return evidence.External{}, fmt.Errorf("its facts are of %s and may be used until %s, by the owner's maxAge of %s; get them again", document.AsOf, out.Until.Format(time.RFC3339), maxAge)
	}
	facts, err := jsonschema.UnmarshalJSON(bytes.NewReader(document.Facts))
	if err != nil {
		return evidence.External{}, err
	}
	if err := schema.compiled.Validate(facts); err != nil {
		return evidence.External{}, fmt.Errorf("its facts are not as the owner's schema has them: %w", err)
	}
	compact := bytes.Buffer{}
	if err := json.Compact(&compact, document.Facts); err != nil {
		return evidence.External{}, err
	}
	out.Facts = compact.Bytes()
	return out, nil
}

// unambiguous refuses text that two readers could read differently: a key that is
// there twice, and anything after the document.
func unambiguous(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := unique(dec, 0); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document")
	}
	return nil
}

func unique(dec *json.Decoder, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("it nests deeper than %d levels", maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return fmt.Errorf("it is no JSON: %w", err)
	}
	open, isOpen := token.(json.Delim)
	seen := map[string]bool{}
	for isOpen && dec.More() {
		if open == '{' {
			token, err := dec.Token()
			if err != nil {
				return fmt.Errorf("it is no JSON: %w", err)
			}
			name, _ := token.(string)
			if seen[name] {
				return fmt.Errorf("the key %.64q is there twice", name)
			}
			seen[name] = true
		}
		if err := unique(dec, depth+1); err != nil {
			return err
		}
	}
	if isOpen {
		if _, err := dec.Token(); err != nil {
			return fmt.Errorf("it is no JSON: %w", err)
		}
	}
	return nil
}
