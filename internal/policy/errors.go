package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// maxErrors bounds how many errors are reported at once.
const maxErrors = 20

// asError returns the errors in the order of the files, each once, or nil when
// there is none.
func asError(found strictyaml.Errors) error {
	if len(found) == 0 {
		return nil
	}
	slices.SortFunc(found, func(a, b *strictyaml.Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	found = slices.CompactFunc(found, func(a, b *strictyaml.Error) bool { return *a == *b })
	if len(found) > maxErrors {
		found = append(found[:maxErrors:maxErrors], &strictyaml.Error{Message: "more errors are not shown", Next: "fix these first"})
	}
	return found
}

// at returns an error at a place in a module.
func at(loc *ast.Location, format string, args ...any) *strictyaml.Error {
	e := &strictyaml.Error{Message: fmt.Sprintf(format, args...)}
	if loc != nil {
		e.File, e.Line, e.Column = loc.File, loc.Row, loc.Col
	}
	return e
}

// fromOPA puts errors of OPA's parser and compiler into the same form.
func fromOPA(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	var out strictyaml.Errors
	for _, e := range list {
		one := at(e.Location, "%s", e.Message)
		if detail, ok := e.Details.(*ast.RefErrInvalidDetail); ok && len(detail.OneOf) > 0 {
			one.Next = wantOneOf(detail)
		}
		out = append(out, one)
	}
	return asError(out)
}

// wantOneOf says which fields there are where a policy reads another.
func wantOneOf(d *ast.RefErrInvalidDetail) string {
	words := make([]string, len(d.OneOf))
	for i, v := range d.OneOf {
		words[i] = text(v)
	}
	if word, ok := closest(text(d.Ref[d.Pos].Value), words); ok {
		return fmt.Sprintf("did you mean %q?", word)
	}
	slices.Sort(words)
	return "want one of " + strings.Join(words, ", ")
}

// text is a string's text, and any other value as Rego writes it.
func text(v ast.Value) string {
	if s, ok := v.(ast.String); ok {
		return string(s)
	}
	return v.String()
}

// closest is the word that a typo of at most two edits was meant to be.
func closest(got string, words []string) (string, bool) {
	best, distance := "", 3
	for _, word := range words {
		if d := levenshtein.ComputeDistance(got, word); d < distance && 2*d < len(word) {
			best, distance = word, d
		}
	}
	return best, best != ""
}
