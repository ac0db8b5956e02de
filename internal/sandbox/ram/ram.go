// Package ram evaluates a policy document of RAM, Alibaba Cloud's access control, so
// that a sandbox can refuse the calls that an identity has no right to.
package ram

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Policy is a policy document, version 1. Only what Parse accepts is evaluated: a
// condition that was ignored would allow too much.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows or denies actions on resources.
type Statement struct {
	Effect   string // Allow or Deny
	Action   list
	Resource list
}

// list is a string, or several.
type list []string

// UnmarshalJSON reads one string or a list of them.
func (l *list) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// Parse reads a policy document. Conditions, NotAction and NotResource are errors.
func Parse(text []byte) (Policy, error) {
	var p Policy
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return p, fmt.Errorf("reading a RAM policy: %w; want Version and Statement with Effect, Action and Resource", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return p, fmt.Errorf("reading a RAM policy: got text after the document, want one document")
	}
	if p.Version != "1" {
		return p, fmt.Errorf("reading a RAM policy: got version %q, want 1", p.Version)
	}
	for i, s := range p.Statement {
		if s.Effect != "Allow" && s.Effect != "Deny" || len(s.Action) == 0 || len(s.Resource) == 0 {
			return p, fmt.Errorf("reading a RAM policy: statement %d: got effect %q, %d actions and %d resources, want Allow or Deny and at least one of each",
				i+1, s.Effect, len(s.Action), len(s.Resource))
		}
	}
	return p, nil
}

// Allows reports whether a statement allows the action on the resource and none
// denies it.
func (p Policy) Allows(action, resource string) bool {
	allowed := false
	for _, s := range p.Statement {
		fits := func(text string) func(string) bool {
			return func(pattern string) bool { return matches(pattern, text) }
		}
		if !slices.ContainsFunc(s.Action, fits(action)) || !slices.ContainsFunc(s.Resource, fits(resource)) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

// matches reports whether a text fits a pattern, in which * matches any text and
// ? for one character.
func matches(pattern, text string) bool {
	star, from := -1, 0
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
