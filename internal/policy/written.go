package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Document returns the input of a binding as a document of bindgate.policy-input/v1,
// with every field that a policy can read.
func (e *Engine) Document(in Input) ([]byte, error) {
	d, err := newDocument(in, allParts(), e.labels)
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	encode, err := encoderOf(reflect.TypeFor[document](), &reads{all: true})
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	term, err := encode(reflect.ValueOf(&d).Elem())
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	value, err := ast.JSON(term.Value)
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return nil, fmt.Errorf("writing the policy input: %w", err)
	}
	return append(text, '\n'), nil
}

// allParts are all parts of a document.
func allParts() parts {
	return parts{certificate: true, results: true, labels: true, registrable: true, caa: true}
}

// readDocument reads a document of bindgate.policy-input/v1.
func (e *Engine) readDocument(text []byte) (d document, err error) {
	if text, err = withoutAbsent(text); err != nil {
		return d, err
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &head); err == nil && head.Schema != inputSchema {
		if head.Schema == evidenceSchema {
			return d, fmt.Errorf("this is an evidence file, of schema %q; want %s: write one with `bindgate policy input --evidence FILE MANIFEST`", head.Schema, inputSchema)
		}
		return d, fmt.Errorf("got schema %q, want %q", head.Schema, inputSchema)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, err
	}
	e.complete(&d)
	return d, nil
}

// evidenceSchema names files of saved evidence, which are easily taken for an input.
const evidenceSchema = "bindgate.evidence/v1"
