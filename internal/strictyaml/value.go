package strictyaml

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Value is one value of a file, or the zero Value for an absent key. Its
// accessors record an error in the file if the value has another type, and
// return ok only for a value of the requested type.
type Value struct {
	file *File
	node *yaml.Node
}

// Given reports whether there is a value, of any type.
func (v Value) Given() bool { return v.node != nil }

// Place returns the position of the value, from 1; zeros if it is absent.
func (v Value) Place() (line, column int) {
	if v.node == nil {
		return 0, 0
	}
	return v.node.Line, v.node.Column
}

// Fail records an error at the value: message says got and want, next the next
// step.
func (v Value) Fail(message, next string) {
	if v.node != nil {
		v.file.failAt(v.node, message, next)
	}
}

// wrong records a value of the wrong type, unless clean has refused it.
func (v Value) wrong(want, next string) { v.wrongly(want, next, "") }

// wrongly is wrong for a value that is right if it is written as the YAML text instead.
func (v Value) wrongly(want, next, instead string) {
	if v.node.Kind == yaml.AliasNode || tagged(v.node) {
		return
	}
	v.file.failWith(v.node, Error{Message: "got " + describe(v.node) + ", want " + want, Next: next, Instead: instead})
}

// Text returns a string. A number or a boolean is an error unless quoted.
func (v Value) Text() (text string, ok bool) {
	switch {
	case v.node == nil:
		return "", false
	case isText(v.node):
		return v.node.Value, !tagged(v.node)
	case v.node.Tag == nullTag:
		v.wrong("a string", `remove the key, or write "" if an empty value is meant`)
	case v.node.Kind == yaml.ScalarNode:
		v.wrongly("a string", "put it in quotes", Scalar(v.node.Value, '"'))
	default:
		v.wrong("a string", "write one string here")
	}
	return "", false
}

// Filled is Text for a string that is neither empty nor blank.
func (v Value) Filled() (text string, ok bool) {
	text, ok = v.Text()
	if ok && text == "" {
		v.Fail("got an empty string, want a value", "fill it in")
		return "", false
	}
	if ok && strings.TrimSpace(text) == "" {
		v.Fail(fmt.Sprintf("got the blank string %.16q, want a value", text), "fill it in")
		return "", false
	}
	return text, ok
}

// OneOf is Text for a string out of words.
func (v Value) OneOf(words ...string) (text string, ok bool) {
	text, ok = v.Text()
	if !ok {
		return "", false
	}
	for _, word := range words {
		if text == word {
			return text, true
		}
	}
	v.file.failWith(v.node, instead(v.node, fmt.Sprintf("got %q, want %s", shorten(text), list(words)), words))
	return "", false
}

// Bool returns true or false. The words yes, no, on and off of YAML 1.1 are
// strings.
func (v Value) Bool() (value, ok bool) {
	switch {
	case v.node == nil:
		return false, false
	case v.node.Kind == yaml.ScalarNode && v.node.Tag == boolTag && !tagged(v.node):
		return strings.EqualFold(v.node.Value, "true"), true
	}
	v.wrongly("true or false", "write true or false, without quotes", v.truth())
	return false, false
}

// truth returns the boolean that a string means, as in YAML 1.1; empty: none.
func (v Value) truth() string {
	switch text, _ := v.Scalar(); strings.ToLower(text) {
	case "true", "yes", "on":
		return "true"
	case "false", "no", "off":
		return "false"
	}
	return ""
}

// Int returns a decimal number from low to high.
func (v Value) Int(low, high int) (value int, ok bool) {
	if v.node == nil {
		return 0, false
	}
	want := fmt.Sprintf("a whole number from %d to %d", low, high)
	if v.node.Kind != yaml.ScalarNode || v.node.Tag != intTag || tagged(v.node) {
		v.wrong(want, "write it without quotes")
		return 0, false
	}
	n, err := strconv.Atoi(v.node.Value)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), err == nil && v.node.Value != strconv.Itoa(n): // 010 is 8 for YAML 1.1, 0x1F is 31
		v.Fail(fmt.Sprintf("got the number %.20q, want %s", v.node.Value, want), "write it in decimal digits, without a sign or a leading zero")
		return 0, false
	case err != nil || n < low || n > high:
		v.Fail(fmt.Sprintf("got the number %.20s, which is out of range, want %s", v.node.Value, want), "choose another")
		return 0, false
	}
	return n, true
}

// List returns the items of a list.
func (v Value) List() (items []Value, ok bool) {
	if v.node == nil {
		return nil, false
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrong("a list", "write one item per line, each after a dash")
		return nil, false
	}
	items = make([]Value, len(v.node.Content))
	for i, n := range v.node.Content {
		items[i] = Value{file: v.file, node: n}
	}
	return items, true
}

// IsObject reports whether the value is a mapping; it records nothing.
func (v Value) IsObject() bool { return v.node != nil && v.node.Kind == yaml.MappingNode }

// IsList reports whether the value is a list; it records nothing.
func (v Value) IsList() bool { return v.node != nil && v.node.Kind == yaml.SequenceNode }

// Scalar returns the text of a value that is neither a mapping nor a list, and
// the tag that YAML resolves it to, such as "!!int"; it records nothing.
func (v Value) Scalar() (text, tag string) {
	if v.node == nil || v.node.Kind != yaml.ScalarNode {
		return "", ""
	}
	return v.node.Value, v.node.Tag
}
