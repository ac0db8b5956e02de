package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
)

// What one rule may say: enough for any reader, and no report drowns in it.
const (
	maxMessages    = 100
	maxMessageText = 2000 // characters
)

// answerOf reads what a package said. Rules holds, under each rule's name, an
// array of its value, empty where it is undefined.
func answerOf(p askable, rules ast.Object) (evidence.PolicyPackage, error) {
	out := evidence.PolicyPackage{Name: p.name}
	var err error
	if p.group == "force" {
		if out.Allow, err = allowed(rules); err != nil {
			return out, err
		}
		out.Reasons, _, err = said(rules, "reasons")
		if err == nil && out.Allow && len(out.Reasons) > 0 {
			err = fmt.Errorf("it allows, and gives reasons against: %s", out.Reasons[0].Text)
		}
		return out, err
	}
	var defined bool
	if out.Denials, defined, err = said(rules, "deny"); err != nil {
		return out, err
	}
	if !defined {
		return out, errors.New("deny is undefined: want a set, empty when nothing is denied; write `deny contains … if …`")
	}
	out.Warnings, _, err = said(rules, "warn")
	return out, err
}

// allowed: true allows, false and undefined do not, anything else is an error.
func allowed(rules ast.Object) (bool, error) {
	v, defined := valueOf(rules, "allow")
	if !defined {
		return false, nil
	}
	b, ok := v.(ast.Boolean)
	if !ok {
		return false, fmt.Errorf("allow is %s, want true or false", describe(v))
	}
	return bool(b), nil
}

// said are the messages of a rule, sorted.
func said(rules ast.Object, rule string) (messages []evidence.PolicyMessage, defined bool, err error) {
	v, defined := valueOf(rules, rule)
	if !defined {
		return nil, false, nil
	}
	set, ok := v.(ast.Set)
	if !ok {
		return nil, true, fmt.Errorf("%s is %s, want a set: write `%s contains … if …`", rule, describe(v), rule)
	}
	err = set.Iter(func(t *ast.Term) error {
		m, err := messageOf(t.Value)
		if err != nil {
			return fmt.Errorf("%s holds %w", rule, err)
		}
		messages = append(messages, m)
		return nil
	})
	if err != nil {
		return nil, true, err
	}
	slices.SortFunc(messages, func(a, b evidence.PolicyMessage) int {
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Pointer, b.Pointer))
	})
	if more := len(messages) - maxMessages; more > 0 {
		messages = append(messages[:maxMessages:maxMessages], evidence.PolicyMessage{Text: fmt.Sprintf("and %d more", more)})
	}
	return messages, true, nil
}

// messageOf takes a string, or an object {msg, pointer} of strings.
func messageOf(v ast.Value) (evidence.PolicyMessage, error) {
	var m evidence.PolicyMessage
	switch v := v.(type) {
	case ast.String:
		m.Text = string(v)
	case ast.Object:
		err := v.Iter(func(key, value *ast.Term) error {
			s, ok := value.Value.(ast.String)
			name := text(key.Value)
			switch {
			case name == "msg" && ok:
				m.Text = string(s)
			case name == "pointer" && ok:
				m.Pointer = string(s)
			case name == "msg" || name == "pointer":
				return fmt.Errorf("an object whose %s is %s, want a string", name, describe(value.Value))
			default:
				return fmt.Errorf("an object with the key %q, want msg and pointer only", name)
			}
			return nil
		})
		if err != nil {
			return m, err
		}
	default:
		return m, fmt.Errorf("%s, want a string or an object {msg, pointer}", describe(v))
	}
	if m.Text == "" {
		return m, errors.New("a message without text")
	}
	if runes := []rune(m.Text); len(runes) > maxMessageText {
		m.Text = string(runes[:maxMessageText]) + "…"
	}
	return m, nil
}

// valueOf is the value of a rule, unless it is undefined or not there at all.
func valueOf(rules ast.Object, rule string) (ast.Value, bool) {
	t := rules.Get(ast.InternedTerm(rule))
	if t == nil {
		return nil, false
	}
	list, ok := t.Value.(*ast.Array)
	if !ok || list.Len() == 0 {
		return nil, false
	}
	return list.Elem(0).Value, true
}

// describe names the type of a value; its text may be anything.
func describe(v ast.Value) string { return "of type " + ast.ValueName(v) }
