package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/bindgate/bindgate/checks/spelling"
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
		one := at(e.Location, "%s", strings.TrimPrefix(e.Message, "rego_type_error: "))
		switch detail := e.Details.(type) {
		case *ast.RefErrInvalidDetail:
			if len(detail.OneOf) > 0 {
				one.Next = wantOneOf(detail)
			}
		case *ast.UnificationErrDetail:
			one.Message = fmt.Sprintf("these are never equal: have %s, want %s", plainType(detail.Left), plainType(detail.Right))
		case *ast.ArgErrDetail:
			one.Next = strings.Join(detail.Lines(), "; ")
		}
		if name, ok := strings.CutPrefix(e.Message, "undefined function "); ok {
			one.Message += leftOut(name)
		}
		out = append(out, one)
	}
	return asError(out)
}

// plainType returns a type of OPA in words.
func plainType(t types.Type) string {
	if t == nil {
		return "a value of unknown type"
	}
	if list, isList := t.(*types.Array); isList && list.Dynamic() == nil {
		return fmt.Sprintf("a list of %d elements", list.Len())
	}
	if plain := ofOPA(t); !plain.unknown {
		return plain.kinds.String()
	}
	return t.String()
}

// leftOut says why a built-in that OPA has is left out, or which one was meant.
func leftOut(name string) string {
	why := map[string]string{
		"http.send":              "it asks the network",
		"net.lookup_ip_addr":     "it asks the system's resolver; the DNS evidence is in input.evidence.dns",
		"opa.runtime":            "it reads the environment of the host",
		"rand.intn":              "it depends on chance",
		"uuid.rfc4122":           "it depends on chance",
		"io.jwt.decode_verify":   "it depends on the clock of the host; io.jwt.decode and io.jwt.verify_… are there",
		"io.jwt.encode_sign":     "it signs, which a verdict has no key for",
		"io.jwt.encode_sign_raw": "it signs, which a verdict has no key for",
		"json.match_schema":      "a schema may refer to the network; data.jsonschema declares the data, and the input has a schema of its own",
		"json.verify_schema":     "a schema may refer to the network; data.jsonschema declares the data, and the input has a schema of its own",
		"rego.parse_module":      "it takes a policy for a value",
		"trace":                  "print writes to standard error in `bindgate policy eval` and `policy test`",
		"providers.aws.sign_req": "it signs, which a verdict has no key for",
	}
	if _, known := ast.BuiltinMap[name]; known {
		reason := why[name]
		if reason == "" {
			reason = "it depends on more than these"
		}
		return fmt.Sprintf(": %s is left out, for a verdict depends on input and data alone: %s", name, reason)
	}
	names := slices.Collect(maps.Keys(ast.BuiltinMap))
	slices.Sort(names)
	if near := spelling.Nearest(name, names, 2); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// wantOneOf says which fields there are where a policy reads another.
func wantOneOf(d *ast.RefErrInvalidDetail) string {
	words := make([]string, len(d.OneOf))
	for i, v := range d.OneOf {
		words[i] = text(v)
	}
	if word := spelling.Nearest(text(d.Ref[d.Pos].Value), words, 2); word != "" {
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
