package sources

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/manifest"
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
	reasons    []string // why it is not run
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
	b.reasons = append(b.reasons, b.reason(at.Line, at.Column, address(b.id.Value), name+": "+reason))
}

func (b *rosBinding) refuse(at *yaml.Node, name, reason string) {
	if !b.refused {
		b.reasons, b.line = nil, 0 // what refuses is what must be said
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
		case spelling.Nearest(key.Value, known, 2) != "":
			t.fail(key, fmt.Sprintf("%s: unknown key %s", address(id.Value), quoted(key.Value)), fmt.Sprintf("did you mean %q?", spelling.Nearest(key.Value, known, 2)))
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
	b.refuseKeys(body)
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
	e := manifest.Entry{Address: address(b.id.Value), Domain: domain, Platform: binding.Classic, Values: b.values, NotRun: b.reasons, Refused: b.refused, Called: true,
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

// refuseKeys refuses private keys in the resource, wherever they are.
func (b *rosBinding) refuseKeys(n *yaml.Node) {
	if b.keys[n] {
		b.refuse(n, "private key", inTemplate)
	}
	for _, item := range n.Content {
		b.refuseKeys(item)
	}
}

// read takes over every property, or says why it cannot.
func (b *rosBinding) read(properties *yaml.Node) {
	known := rosProperties(b.kind)
	names := slices.Sorted(maps.Keys(known))
	open := false // a function or a merge key may add properties
	for key, n := range pairs(properties) {
		p, ok := known[key.Value]
		near := spelling.Nearest(key.Value, names, 2)
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
