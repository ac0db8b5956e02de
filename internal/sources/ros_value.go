package sources

import (
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// rosProperty is one property of a resource type.
type rosProperty struct {
	key      string // of the manifest
	required bool
	boolean  bool
}

// rosProperties returns the properties of a resource type, as the reference of resource
// types lists them (ApiGateway 2026-06-27, APIG 2026-06; GatewayType: the CDK's
// definition). CertificateBody and CertificatePrivateKey are files; see certificate.
func rosProperties(kind string) map[string]rosProperty {
	if kind == rosClassic {
		return map[string]rosProperty{
			"DomainName": {key: "domainName", required: true}, "GroupId": {key: "groupId", required: true},
			rosBody: {}, rosName: {}, rosKey: {},
		}
	}
	return map[string]rosProperty{
		"DomainName": {key: "domainName", required: true}, "Protocol": {key: "protocol", required: true},
		"CertIdentifier": {key: "certificate"}, "ForceHttps": {key: "forceHttps", boolean: true}, "GatewayType": {key: "gatewayType"},
		"Http2Option": {key: "http2Option"}, "ResourceGroupId": {key: "resourceGroupId"}, "TlsMin": {key: "tlsMin"}, "TlsMax": {key: "tlsMax"},
		rosSuites: {key: "tlsCipherSuitesConfig"},
	}
}

const (
	rosBody, rosName, rosKey = "CertificateBody", "CertificateName", "CertificatePrivateKey"
	rosSuites                = "TlsCipherSuitesConfig"
)

// rosBinding is one resource that is a binding.
type rosBinding struct {
	*rosTemplate
	kind       string
	id         *yaml.Node
	values     map[string]any
	properties map[string]manifest.Property
	notRun     []string
	refused    bool
	line       int // of the first reason; 0: none
	column     int
}

// stop records why the binding is not run.
func (b *rosBinding) stop(at *yaml.Node, name, reason string) {
	if at == nil {
		at = b.id
	} else if b.line == 0 {
		b.line, b.column = at.Line, at.Column
	}
	b.notRun = append(b.notRun, b.reason(at.Line, at.Column, address(b.id.Value), name+": "+reason))
}

func (b *rosBinding) refuse(at *yaml.Node, name, reason string) {
	if !b.refused {
		b.notRun, b.line = nil, 0 // what refuses is what must be said
	}
	b.refused = true
	b.stop(at, name, reason)
}

// binding reads a resource that is a binding. A condition is taken as true: if the
// resource is not made, nothing is bound.
func (t *rosTemplate) binding(id, body *yaml.Node, kind string) error {
	b := &rosBinding{rosTemplate: t, kind: kind, id: id, values: map[string]any{}, properties: map[string]manifest.Property{}}
	if t.rewritten != "" {
		b.stop(nil, "template", t.rewritten)
	}
	known := strings.Fields("Type Properties DependsOn Condition Count DeletionPolicy Metadata")
	for key, n := range pairs(body) {
		switch {
		case key.Tag == mergeTag:
			b.stop(key, "<<", "it is a merge key; write the resource out")
		case key.Value == "Count" && !(literalOf(n, "!!int") && n.Value == "1"):
			b.stop(n, "Count", "it makes several resources of one, or none; write them out")
		case slices.Contains(known, key.Value) && !tagged(key):
		case strictyaml.Nearest(key.Value, known) != "":
			t.fail(key, fmt.Sprintf("%s: unknown key %s", address(id.Value), quoted(key.Value)), fmt.Sprintf("did you mean %q?", strictyaml.Nearest(key.Value, known)))
		default:
			b.stop(key, quoted(key.Value), "bindgate does not know the key; update bindgate, or write the binding in a manifest")
		}
	}
	at, properties := memberOf(body, "Properties")
	switch {
	case properties == nil:
		t.fail(id, address(id.Value)+": the key Properties is missing", "add it")
		return nil
	case plainMapping(properties):
		b.read(properties)
	case properties.Kind == yaml.AliasNode || tagged(properties):
		b.stop(at, "Properties", "it is an alias or a function; write the properties out")
	default:
		t.fail(properties, address(id.Value)+": got no mapping, want the properties", "write Properties: {DomainName: …}")
		return nil
	}
	return b.finish(body)
}

// finish adds what the properties do not say.
func (b *rosBinding) finish(body *yaml.Node) error {
	b.keys(body)
	missing := func(name, reason string) { b.stop(nil, name, reason) }
	if id, ok := b.values["certificate"].(string); ok {
		b.certificates++
		b.given.certificate(b.values, id, "CertIdentifier", missing)
	}
	if b.kind == rosClassic {
		b.values["bindStageName"] = everyEnvironment
	} else if len(b.gateways) > 0 && b.given.Gateway == "" {
		missing("gateway", fmt.Sprintf("the template makes the gateway %s, whose id is known only after deployment", quoted(b.gateways[0])))
	}
	if err := b.given.complete(b.values, b.kind == rosAPIG, "a template states no region", missing); err != nil {
		return err
	}
	domain, _ := b.values["domainName"].(string)
	e := manifest.Entry{Address: address(b.id.Value), Domain: domain, Platform: binding.Classic, Values: b.values, NotRun: b.notRun, Refused: b.refused, Called: true,
		Line: b.id.Line, Column: b.id.Column, Properties: b.properties}
	if b.kind == rosAPIG {
		e.Platform = binding.APIG
	}
	if b.line > 0 {
		e.Line, e.Column = b.line, b.column
	}
	b.out = append(b.out, e)
	return nil
}

// keys refuses private keys in the resource, wherever they are.
func (b *rosBinding) keys(n *yaml.Node) {
	if b.rosTemplate.keys[n] {
		b.refuse(n, "private key", inTemplate)
	}
	for _, item := range n.Content {
		b.keys(item)
	}
}

// read takes over every property, or says why it cannot.
func (b *rosBinding) read(properties *yaml.Node) {
	known := rosProperties(b.kind)
	names := slices.Sorted(maps.Keys(known))
	open := false // a function or a merge key may add properties
	for key, n := range pairs(properties) {
		p, ok := known[key.Value]
		near := strictyaml.Nearest(key.Value, names)
		switch {
		case key.Tag == mergeTag || tagged(key) || strings.HasPrefix(key.Value, "Fn::") || key.Value == "Ref":
			open = true
			b.stop(key, "Properties", "a function, a merge key or a tag may add properties; write them out")
		case !ok && near != "":
			b.fail(key, fmt.Sprintf("%s: unknown property %s", address(b.id.Value), quoted(key.Value)), fmt.Sprintf("did you mean %q?", near))
		case !ok:
			b.stop(key, quoted(key.Value), "bindgate does not know the property; update bindgate, or write the binding in a manifest")
		default:
			b.property(key, n, p)
		}
	}
	for _, name := range names {
		if known[name].required && value(properties, name) == nil && !open {
			b.fail(b.id, fmt.Sprintf("%s: the property %s is missing", address(b.id.Value), name), "add it under Properties")
		}
	}
	if b.kind == rosClassic {
		b.certificate(properties)
	}
}

func (b *rosBinding) property(key, n *yaml.Node, p rosProperty) {
	if p.key == "" {
		return // the certificate is read as a whole
	}
	b.places = append(b.places, key)
	b.properties[p.key] = manifest.Property{Name: key.Value, Line: n.Line, Column: n.Column}
	read := b.text
	switch {
	case key.Value == rosSuites:
		read = b.suites
	case p.boolean:
		read = b.boolean
	}
	if v, ok := read(n, key.Value); ok {
		b.values[p.key] = v
	}
}

// certificate reads the certificate of the classic gateway. Body and key are files that
// parameters stand for.
func (b *rosBinding) certificate(properties *yaml.Node) {
	body, name, key := value(properties, rosBody), value(properties, rosName), value(properties, rosKey)
	if body == nil && name == nil && key == nil {
		return
	}
	for _, one := range []struct {
		n    *yaml.Node
		name string
	}{{body, rosBody}, {name, rosName}, {key, rosKey}} {
		if one.n == nil {
			b.stop(nil, one.name, "it is missing, and a certificate needs name, body and key")
			return
		}
	}
	file, okBody := b.file(body, rosBody)
	keyFile, okKey := b.file(key, rosKey)
	text, okName := b.text(name, rosName)
	if okBody && okKey && okName {
		b.values["certificate"] = map[string]any{"name": text, "body": file, "privateKey": map[string]any{"file": keyFile}}
		b.properties["certificate"] = manifest.Property{Name: rosBody, Line: body.Line, Column: body.Column}
	}
}

// file reads a property whose value is a parameter that --ros-parameter NAME=@FILE gives.
func (b *rosBinding) file(n *yaml.Node, name string) (path any, ok bool) {
	f, of := function(n)
	whole := f == "" || f == "Sub" && of.Kind == yaml.ScalarNode && !strings.Contains(of.Value, "${")
	switch {
	case whole && n.Kind == yaml.ScalarNode && name == rosKey && strings.TrimSpace(n.Value) != "":
		b.refuse(n, name, inTemplate)
		return nil, false
	case f != "Ref" || !literal(of) || b.parameters[of.Value] == nil || b.isResource(of.Value):
		b.stop(n, name, "it is no parameter, so bindgate cannot read it; make it a parameter, and name its file with --ros-parameter NAME=@FILE")
		return nil, false
	}
	if surely, _ := b.hidden(of.Value); name == rosKey && !surely {
		b.refuse(n, name, fmt.Sprintf("the parameter %s is shown in the console and by the API; add NoEcho: true to it", quoted(of.Value)))
		return nil, false
	}
	given, ok := b.given.Parameters[of.Value]
	switch {
	case !ok:
		b.stop(n, name, fmt.Sprintf("it is the parameter %s; name its file with --ros-parameter %s=@FILE", quoted(of.Value), of.Value))
	case !strings.HasPrefix(given, "@"):
		b.fail(n, fmt.Sprintf("%s: %s: --ros-parameter %s is no file", address(b.id.Value), name, quoted(of.Value)), "write --ros-parameter NAME=@FILE")
	case !b.typed(of.Value, "String"):
		b.stop(n, name, fmt.Sprintf("the parameter %s is not of the type String, so its value is not what is deployed", quoted(of.Value)))
	default:
		return given[1:], true
	}
	return nil, false
}

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
var otherInYAML11 = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|[-+]?0b[01_]+|[-+]?0x[0-9a-f_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?[0-9][0-9_]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|[-+]?\.[0-9_]+(e[-+]?[0-9]+)?|=)$`)

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
			if near := strictyaml.Nearest(key.Value, slices.Collect(maps.Keys(readers))); near != "" {
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
		if near := strictyaml.Nearest(parameter, slices.Concat(slices.Collect(maps.Keys(b.parameters)), slices.Collect(maps.Keys(b.resources)))); near != "" {
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

var variable = regexp.MustCompile(`\$\{([^{}]*)\}`)

// sub returns the text of Fn::Sub if each of its variables is a parameter that is given.
func (b *rosBinding) sub(n *yaml.Node, name, text string) (any, bool) {
	if strings.Count(text, "$") != len(variable.FindAllString(text, -1)) || strings.Contains(text, "${!") {
		b.stop(n, name, "bindgate reads Fn::Sub only with ${NAME} of parameters; write the value out")
		return nil, false
	}
	whole := true
	out := variable.ReplaceAllStringFunc(text, func(v string) string {
		parameter := v[2 : len(v)-1]
		if resource, _, isAttribute := strings.Cut(parameter, "."); isAttribute {
			b.stop(n, name, b.ofResource(resource))
			whole = false
			return ""
		}
		given, ok := b.parameter(n, name, parameter, "String")
		whole = whole && ok
		s, _ := given.(string)
		return s
	})
	return out, whole
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

// function returns the function that a value calls, without "Fn::", and its argument;
// empty if it calls none.
func function(n *yaml.Node) (name string, of *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		return "", nil
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && len(n.Tag) > 1:
		plain := *n
		plain.Tag, plain.Style = "!!str", n.Style&^yaml.TaggedStyle
		return n.Tag[1:], &plain
	case plainMapping(n) && len(n.Content) == 2:
		key := n.Content[0]
		if rest, ok := strings.CutPrefix(key.Value, "Fn::"); ok && !tagged(key) {
			return rest, n.Content[1]
		}
		if key.Value == "Ref" && !tagged(key) {
			return "Ref", n.Content[1]
		}
	}
	return "", nil
}

const mergeTag, timestampTag = "!!merge", "!!timestamp"

// tagged reports whether a node has a tag of its own.
func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" }

// literal reports whether a node is a text as it stands.
func literal(n *yaml.Node) bool { return literalOf(n, "!!str") || literalOf(n, timestampTag) }

func literalOf(n *yaml.Node, tag string) bool {
	return n != nil && n.Kind == yaml.ScalarNode && !tagged(n) && n.Tag == tag
}

func plainMapping(n *yaml.Node) bool { return n != nil && n.Kind == yaml.MappingNode && !tagged(n) }

func merged(n *yaml.Node) bool {
	for key := range pairs(n) {
		if key.Tag == mergeTag {
			return true
		}
	}
	return false
}

// pairs yields the keys and values of a mapping; none if the node is no mapping.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// memberOf returns the key and the value of a name in a mapping; nil if it has none.
func memberOf(n *yaml.Node, name string) (key, value *yaml.Node) {
	for key, value := range pairs(n) {
		if key.Value == name && !tagged(key) {
			return key, value
		}
	}
	return nil, nil
}

func value(n *yaml.Node, name string) *yaml.Node {
	_, v := memberOf(n, name)
	return v
}

func described(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!bool":
		return "a boolean"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "a number"
	}
	return "a string"
}
