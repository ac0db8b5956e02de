package sources

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// hidden reports whether a parameter surely is not shown, and whether it should not be.
func (b *rosBinding) hidden(parameter string) (surely, meant bool) {
	n := b.parameters[parameter]
	echo, kind := value(n, "NoEcho"), value(n, "Type")
	secret := literal(kind) && kind.Value == "ALIYUN::OOS::SecretParameter::Value"
	is := func(word string) bool {
		return echo != nil && echo.Kind == yaml.ScalarNode && !tagged(echo) && strings.EqualFold(echo.Value, word)
	}
	return secret || is("true"), secret || echo != nil && !is("false")
}

// typed reports whether a parameter has one of the types. The value of another type, such
// as ALIYUN::OOS::Parameter::Value, is the name of what is deployed.
func (b *rosBinding) typed(parameter string, types ...string) bool {
	kind := value(b.parameters[parameter], "Type")
	return literal(kind) && slices.Contains(types, kind.Value)
}

// text reads a property that is a string.
func (b *rosBinding) text(n *yaml.Node, name string) (any, bool) {
	f, of := function(n)
	switch {
	case f == "Ref" && literal(of):
		return b.parameter(n, name, of.Value, "String")
	case f == "Sub" && literal(of):
		return b.sub(n, name, of.Value)
	case f != "":
		b.stop(n, name, b.unresolved(f, of))
	case n.Kind == yaml.AliasNode || tagged(n):
		b.stop(n, name, "it is an alias or has a tag; write the value out")
	case n.Kind != yaml.ScalarNode || n.Tag != "!!str" && n.Tag != timestampTag:
		b.fail(n, fmt.Sprintf("%s: %s: got %s, want a string", address(b.id.Value), name, described(n)), quoteIt(n))
	case n.Tag == timestampTag || n.Style == 0 && otherInYAML11.MatchString(n.Value):
		b.fail(n, fmt.Sprintf("%s: %s: got a text that some readers of YAML take for another type, want a string", address(b.id.Value), name), "put it in quotes")
	default:
		return n.Value, true
	}
	return nil, false
}

// otherInYAML11 matches plain texts that YAML 1.1 may read as booleans and numbers, and
// YAML 1.2 as strings: readers of templates differ.
var otherInYAML11 = lazyregexp.New(`^(?i:y|n|yes|no|on|off|[-+]?0b[01_]+|[-+]?0x[0-9a-f_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.[0-9_]+(e[-+]?[0-9]+)?|=)$`)

func quoteIt(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return "put it in quotes"
	}
	return "write one value"
}

// boolean reads a property that is a boolean; ROS takes the word as a string, too.
func (b *rosBinding) boolean(n *yaml.Node, name string) (any, bool) {
	v, ok := any(nil), false
	if f, of := function(n); f == "Ref" && literal(of) {
		if v, ok = b.parameter(n, name, of.Value, "String", "Boolean"); !ok {
			return nil, false
		}
	} else if f != "" {
		b.stop(n, name, b.unresolved(f, of))
		return nil, false
	} else if n.Kind == yaml.AliasNode || tagged(n) {
		b.stop(n, name, "it is an alias or has a tag; write the value out")
		return nil, false
	} else if n.Kind == yaml.ScalarNode && (n.Tag == "!!bool" || n.Tag == "!!str") {
		v = n.Value
	}
	switch v {
	case "true", "True", "TRUE":
		return true, true
	case "false", "False", "FALSE":
		return false, true
	}
	b.fail(n, fmt.Sprintf("%s: %s: got %s, want true or false", address(b.id.Value), name, described(n)), "write true or false")
	return nil, false
}

// suites reads TlsCipherSuitesConfig.
func (b *rosBinding) suites(n *yaml.Node, name string) (any, bool) {
	return b.object(n, name, map[string]func(*yaml.Node, string) (string, any, bool){
		"ConfigType": func(n *yaml.Node, name string) (string, any, bool) {
			v, ok := b.text(n, name)
			return "configType", v, ok
		},
		"TlsCipherSuite": func(n *yaml.Node, name string) (string, any, bool) {
			if f, of := function(n); f != "" || n.Kind == yaml.AliasNode || tagged(n) {
				b.stop(n, name, b.unresolved(f, of))
				return "", nil, false
			}
			if n.Kind != yaml.SequenceNode {
				b.fail(n, fmt.Sprintf("%s: %s: got %s, want a list", address(b.id.Value), name, described(n)), "write a list of {Name: …}")
				return "", nil, false
			}
			all, whole := make([]any, 0, len(n.Content)), true
			for _, item := range n.Content {
				one, ok := b.object(item, name, map[string]func(*yaml.Node, string) (string, any, bool){
					"Name": func(n *yaml.Node, name string) (string, any, bool) { v, ok := b.text(n, name); return "name", v, ok }})
				all, whole = append(all, one), whole && ok
			}
			return "tlsCipherSuite", all, whole
		}})
}

// object reads a mapping whose keys have readers.
func (b *rosBinding) object(n *yaml.Node, name string, readers map[string]func(*yaml.Node, string) (string, any, bool)) (any, bool) {
	if f, of := function(n); f != "" || n.Kind == yaml.AliasNode || tagged(n) {
		b.stop(n, name, b.unresolved(f, of))
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		b.fail(n, fmt.Sprintf("%s: %s: got %s, want a mapping", address(b.id.Value), name, described(n)), "write key: value pairs")
		return nil, false
	}
	out, whole := map[string]any{}, true
	for key, item := range pairs(n) {
		read := readers[key.Value]
		if read == nil || key.Tag == mergeTag || tagged(key) {
			whole = false
			if near := spelling.Nearest(key.Value, slices.Collect(maps.Keys(readers)), 2); near != "" {
				b.fail(key, fmt.Sprintf("%s: %s: unknown key %s", address(b.id.Value), name, quoted(key.Value)), fmt.Sprintf("did you mean %q?", near))
			} else {
				b.stop(key, name, fmt.Sprintf("bindgate does not know the key %s; update bindgate", quoted(key.Value)))
			}
			continue
		}
		to, v, ok := read(item, name+"."+key.Value)
		if whole = whole && ok; ok {
			out[to] = v
		}
	}
	return out, whole
}

// parameter returns the given value of a parameter.
func (b *rosBinding) parameter(n *yaml.Node, name, parameter string, types ...string) (any, bool) {
	given, ok := b.given.Parameters[parameter]
	declared := b.parameters[parameter] != nil
	_, meant := b.hidden(parameter)
	switch {
	case strings.HasPrefix(parameter, "ALIYUN::"):
		b.stop(n, name, fmt.Sprintf("it is the pseudo parameter %s, which is known only when the stack is made", quoted(parameter)))
	case b.isResource(parameter):
		b.stop(n, name, b.ofResource(parameter))
	case !declared && !b.full(): // searching all names costs the square of their number
		next := "declare it under Parameters"
		if near := spelling.Nearest(parameter, slices.Concat(slices.Collect(maps.Keys(b.parameters)), slices.Collect(maps.Keys(b.resources))), 2); near != "" {
			next = fmt.Sprintf("did you mean %q?", near)
		}
		b.fail(n, fmt.Sprintf("%s: %s: refers to %s, which the template does not declare", address(b.id.Value), name, quoted(parameter)), next)
	case !declared:
	case meant:
		b.stop(n, name, fmt.Sprintf("the parameter %s has NoEcho, so it is not read: reports would show it", quoted(parameter)))
	case !ok:
		b.stop(n, name, fmt.Sprintf("it is the parameter %s, and its default need not be what is deployed; add --ros-parameter %s=VALUE", quoted(parameter), parameter))
	case !b.typed(parameter, types...):
		b.stop(n, name, fmt.Sprintf("the parameter %s is not of the type %s, so its value is not what is deployed", quoted(parameter), strings.Join(types, " or ")))
	case strings.HasPrefix(given, "@"):
		b.fail(n, fmt.Sprintf("%s: %s: --ros-parameter %s names a file, which only %s and %s take", address(b.id.Value), name, quoted(parameter), rosBody, rosKey), "write the value")
	default:
		return given, true
	}
	return nil, false
}

// sub returns the text of Fn::Sub if each of its variables is a parameter that is given.
func (b *rosBinding) sub(n *yaml.Node, name, text string) (any, bool) {
	var out strings.Builder
	whole := true
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "${")
		out.WriteString(before)
		parameter, next, closed := strings.Cut(after, "}")
		if strings.Contains(before, "$") || found && (!closed || strings.ContainsAny(parameter, "${!")) {
			b.stop(n, name, "bindgate reads Fn::Sub only with ${NAME} of parameters; write the value out")
			return nil, false
		}
		if !found {
			return out.String(), whole
		}
		rest = next
		if resource, _, isAttribute := strings.Cut(parameter, "."); isAttribute {
			b.stop(n, name, b.ofResource(resource))
			whole = false
			continue
		}
		given, ok := b.parameter(n, name, parameter, "String")
		whole = whole && ok
		s, _ := given.(string)
		out.WriteString(s)
	}
}

func (t *rosTemplate) isResource(name string) bool { _, is := t.resources[name]; return is }

func (t *rosTemplate) ofResource(name string) string {
	if kind := t.resources[name]; kind != "" {
		name += " (" + kind + ")"
	}
	return fmt.Sprintf("it is of the resource %s, which is known only after deployment", address(name))
}

// unresolved says why a function is not resolved.
func (b *rosBinding) unresolved(f string, of *yaml.Node) string {
	switch f {
	case "":
		return "it is an alias or has a tag; write the value out"
	case "Ref", "Sub":
		return "Fn::" + f + " of more than a text is not read; write the value out"
	}
	resource := ""
	if f == "GetAtt" && of.Kind == yaml.SequenceNode && len(of.Content) > 0 {
		resource = of.Content[0].Value
	} else if f == "GetAtt" {
		resource, _, _ = strings.Cut(of.Value, ".")
	}
	if b.isResource(resource) {
		return b.ofResource(resource)
	}
	return fmt.Sprintf("it is the function %s, which bindgate does not resolve; write the value out", quoted(f))
}
