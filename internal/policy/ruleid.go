package policy

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// ruleID is what custom.id of a rule may be.
var ruleID = lazyregexp.New(`^[a-z0-9]+([_-][a-z0-9]+)*$`)

// idOf returns custom.id of a rule's METADATA, and whether the rule is waivable.
func idOf(r *ast.Rule) (id string, waivable bool) {
	for _, a := range r.Annotations {
		if a.Scope == "rule" {
			id, _ = a.Custom["id"].(string)
			waivable, _ = a.Custom["waivable"].(bool)
		}
	}
	return id, waivable
}

// idsOf adds the ids of a module's rules of deny and warn to those of its package.
func (p *regoPackage) idsOf(m *ast.Module) (found strictyaml.Errors) {
	for _, a := range m.Annotations {
		id, hasID := a.Custom["id"]
		mark, marked := a.Custom["waivable"]
		text, _ := id.(string)
		_, isBool := mark.(bool)
		switch {
		case !hasID && !marked:
		case a.Scope != "rule" || p.group != "policy":
			found = append(found, at(a.Location, "custom.id and custom.waivable are in the METADATA of a %s of package %s: want them at a rule of deny or warn in a package bindgate.policy.<name>", a.Scope, p.name))
		case !ruleID.MatchString(text):
			found = append(found, at(a.Location, "custom.id in METADATA is %v: want a text such as forces or two-persons", id))
		case marked && !isBool:
			found = append(found, at(a.Location, "custom.waivable in METADATA is %v: want true or false", mark))
		}
	}
	for _, r := range m.Rules {
		id, waivable := idOf(r)
		_, twice := p.rules[id]
		switch {
		case id == "":
		case r.Head.Key == nil || !slices.Contains(entries(p.group), string(r.Head.Name)):
			found = append(found, at(r.Location, "custom.id names the rule %v: only rules of deny and warn have one", r.Head.Ref()))
		case twice:
			found = append(found, at(r.Location, "custom.id %q is the id of two rules of package %s: give one another", id, p.name))
		default:
			if p.rules == nil {
				p.rules = map[string]bool{}
			}
			p.rules[id] = waivable
		}
	}
	return found
}

// nameMessage makes a rule with an id say it with its message: the message M becomes
// {"msg": M, "rule": id}, and an object gains the rule.
func nameMessage(r *ast.Rule) {
	id, _ := idOf(r)
	if id == "" {
		return
	}
	message, loc := r.Head.Key, r.Head.Key.Location
	name := ast.Item(ast.StringTerm("rule").SetLocation(loc), ast.StringTerm(id).SetLocation(loc))
	if o, ok := message.Value.(ast.Object); ok {
		items := [][2]*ast.Term{name}
		o.Foreach(func(k, v *ast.Term) { items = append(items, ast.Item(k, v)) })
		r.Head.Key = ast.ObjectTerm(items...).SetLocation(loc)
		return
	}
	r.Head.Key = ast.ObjectTerm(ast.Item(ast.StringTerm("msg").SetLocation(loc), message), name).SetLocation(loc)
}

// Rules returns which rules have an id, as bindgate.policy.<name>/<id>, and whether each is waivable.
func (e *Engine) Rules() map[string]bool {
	out := map[string]bool{}
	if e.own == nil {
		return out
	}
	for _, p := range e.own.packages {
		for id, waivable := range p.rules {
			out[p.name+"/"+id] = waivable
		}
	}
	return out
}
