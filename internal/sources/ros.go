package sources

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/spelling"
	"github.com/bindgate/bindgate/internal/manifest"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Resource types of ROS that are bindings.
const (
	rosClassic = "ALIYUN::ApiGateway::CustomDomain"
	rosAPIG    = "ALIYUN::APIG::Domain"
)

// rosVersion is the only version of templates.
const rosVersion = "2015-09-01"

// Template is what is read from a template of ROS.
type Template struct {
	Entries []manifest.Entry
	Shown   []byte // the lines that a report may quote; the others are blank

	Running []string // logical ids of resources that run code, which may make any call
}

// rosTemplate is a template that is being read.
type rosTemplate struct {
	name       string
	given      Given
	resources  map[string]string // the type of each resource, by logical id; empty: it is not known
	gateways   []string          // logical ids of gateways
	parameters map[string]*yaml.Node
	keys       map[*yaml.Node]bool // texts of private keys
	rewritten  string              // why ROS deploys another template than this; empty: it does not

	out          []manifest.Entry
	errs         strictyaml.Errors
	places       []*yaml.Node // keys of the properties that are bindings'
	certificates int          // resources that name a certificate of the store
	running      []string     // resources that run code
}

// ROS reads a template of ROS, YAML or JSON. What a function, an alias or an unknown
// parameter stands for is not guessed: its binding is not run. An error holds everything
// wrong, and neither it nor an entry repeats the text of a key.
func ROS(name string, text []byte, given Given) (Template, error) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return Template{}, &strictyaml.Error{File: name, Message: "this is UTF-16, want UTF-8", Next: "save it as UTF-8"}
	}
	root, errs := strictyaml.Foreign(name, text)
	if errs != nil {
		return Template{}, errs
	}
	t := &rosTemplate{name: name, given: given, resources: map[string]string{}, parameters: map[string]*yaml.Node{}, keys: map[*yaml.Node]bool{}}
	if err := t.isTemplate(root); err != nil {
		return Template{}, err
	}
	t.sections(root)
	t.privateKeys(root, nil, text)
	if err := t.bindings(root); err != nil {
		return Template{}, err
	}
	if given.Certificate != "" && t.certificates != 1 {
		return Template{}, fmt.Errorf("--certificate belongs to one resource with CertIdentifier, got %d such resources; write the bindings in a manifest", t.certificates)
	}
	if len(t.errs) > 0 {
		slices.SortStableFunc(t.errs, func(a, b *strictyaml.Error) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return Template{}, t.errs
	}
	return Template{Entries: t.out, Shown: t.shown(root, text), Running: t.running}, nil
}

func (t *rosTemplate) fail(n *yaml.Node, message, next string) {
	if !t.full() {
		t.errs = append(t.errs, &strictyaml.Error{File: t.name, Line: n.Line, Column: n.Column, Message: message, Next: next})
	}
}

// full reports whether there are as many errors as are reported.
func (t *rosTemplate) full() bool { return len(t.errs) >= 20 }

// isTemplate refuses what is no template of ROS, by what people confuse with it.
func (t *rosTemplate) isTemplate(root *yaml.Node) error {
	wrong := func(at *yaml.Node, message, next string) error {
		return &strictyaml.Error{File: t.name, Line: at.Line, Column: at.Column, Message: message, Next: next}
	}
	const next = "name a template with ROSTemplateFormatVersion: '" + rosVersion + "'"
	if !plainMapping(root) {
		return wrong(root, "got no mapping, want a template of ROS", next)
	}
	for _, other := range kinds() {
		if at, _ := memberOf(root, other.key); at != nil && value(root, "ROSTemplateFormatVersion") == nil {
			return wrong(at, "this is "+other.what+", want a template of ROS", other.next)
		}
	}
	version := value(root, "ROSTemplateFormatVersion")
	if version == nil {
		for i := 0; i < len(root.Content); i += 2 {
			if near := spelling.Nearest(root.Content[i].Value, []string{"ROSTemplateFormatVersion"}, 2); near != "" {
				return wrong(root.Content[i], fmt.Sprintf("unknown key %.64q", root.Content[i].Value), "write "+near)
			}
		}
		return wrong(root, "the key ROSTemplateFormatVersion is missing, so this is no template of ROS", next)
	}
	if !literal(version) || version.Value != rosVersion {
		return wrong(version, "got another ROSTemplateFormatVersion, want "+rosVersion, "use a newer bindgate if there is a newer version")
	}
	return nil
}

// sections reads what the template declares.
func (t *rosTemplate) sections(root *yaml.Node) {
	known := strings.Fields("ROSTemplateFormatVersion Description Metadata Parameters Mappings Conditions Resources Outputs Rules")
	for key, n := range pairs(root) {
		switch {
		case slices.Contains(known, key.Value) && !tagged(key):
		case key.Value == "Workspace", key.Value == "Transform" && strings.HasPrefix(n.Value, "Aliyun::Terraform"):
			t.rewritten = key.Value + ": the template holds Terraform; judge its plan with --terraform"
		case key.Value == "Transform":
			t.rewritten = "Transform: ROS makes another template of this one before it deploys it"
		case spelling.Nearest(key.Value, known, 2) != "":
			t.fail(key, fmt.Sprintf("unknown section %s", quoted(key.Value)), fmt.Sprintf("did you mean %q?", spelling.Nearest(key.Value, known, 2)))
		case t.rewritten == "":
			t.rewritten = fmt.Sprintf("%s: bindgate does not know the section, which may change what is deployed; update bindgate", quoted(key.Value))
		}
	}
	if parameters := value(root, "Parameters"); plainMapping(parameters) {
		for key, n := range pairs(parameters) {
			t.parameters[key.Value] = n
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.given.Parameters)) {
		if t.parameters[name] == nil {
			next := "omit it"
			if near := spelling.Nearest(name, slices.Collect(maps.Keys(t.parameters)), 2); near != "" {
				next = fmt.Sprintf("did you mean %q?", near)
			}
			t.fail(root, fmt.Sprintf("got --ros-parameter %s, which the template does not declare", quoted(name)), next)
		}
	}
	for key, n := range pairs(value(root, "Resources")) {
		t.resources[key.Value] = ""
		if kind := value(n, "Type"); literal(kind) {
			t.resources[key.Value] = kind.Value
			if kind.Value == "ALIYUN::APIG::Gateway" {
				t.gateways = append(t.gateways, key.Value)
			}
		}
	}
}

// bindings reads the resources, and reports what the template declares and this program
// cannot see.
func (t *rosTemplate) bindings(root *yaml.Node) error {
	key, resources := memberOf(root, "Resources")
	switch {
	case resources == nil && t.rewritten != "":
		t.notRun(root, "template", t.rewritten)
		return nil
	case resources == nil:
		t.fail(root, "the key Resources is missing", "add it, with the resources of the stack")
		return nil
	case resources.Kind == yaml.MappingNode && plainMapping(resources):
	case resources.Kind == yaml.AliasNode || tagged(resources):
		t.notRun(key, "Resources", "it is an alias or has a tag; write the resources out")
		return nil
	default:
		t.fail(resources, "got no mapping, want the resources by their logical ids", "write Resources: {ID: {Type: …}}")
		return nil
	}
	for id, body := range pairs(resources) {
		if err := t.resource(id, body); err != nil {
			return err
		}
	}
	if t.rewritten != "" && len(t.out) == 0 {
		t.notRun(root, "template", t.rewritten)
	}
	return nil
}

// nested are resource types that deploy other templates. Whether ROS takes them in other
// letters is not documented.
func nested(kind string) bool {
	kind = strings.ToUpper(strings.TrimSpace(kind))
	return strings.HasPrefix(kind, "MODULE::") || slices.Contains([]string{"ALIYUN::ROS::STACK", "ALIYUN::ROS::STACKGROUP", "ALIYUN::ROS::STACKINSTANCES", "ALIYUN::SERVICECATALOG::PROVISIONEDPRODUCT", "ALIYUN::COMPUTENEST::SERVICEINSTANCE"}, kind)
}

// resource reads one resource.
func (t *rosTemplate) resource(id, body *yaml.Node) error {
	if id.Tag == mergeTag || tagged(id) || strings.HasPrefix(id.Value, "Fn::") || id.Value == "Ref" {
		t.notRun(id, address(id.Value), "it is a function, a merge key or a tag, and what it adds is not known; write the resources out")
		return nil
	}
	if !plainMapping(body) {
		if body.Kind == yaml.AliasNode || tagged(body) {
			t.notRun(id, address(id.Value), "it is an alias or has a tag; write the resource out")
			return nil
		}
		t.fail(body, address(id.Value)+": got no mapping, want a resource", "write Type and Properties")
		return nil
	}
	at, kind := memberOf(body, "Type")
	types := []string{rosClassic, rosAPIG}
	switch {
	case kind == nil:
		if merged(body) {
			t.notRun(id, address(id.Value), "it has a merge key, which may hold its type; write the resource out")
			return nil
		}
		t.fail(id, address(id.Value)+": the key Type is missing", "add it")
		return nil
	case !literal(kind) || tagged(at):
		t.notRun(kind, address(id.Value), "Type: it is no plain text, so it is not known which resource it is")
		return nil
	case slices.Contains(types, kind.Value):
		return t.binding(id, body, kind.Value)
	case spelling.Nearest(kind.Value, types, 2) != "":
		t.fail(kind, fmt.Sprintf("%s: unknown type %s", address(id.Value), quoted(kind.Value)), fmt.Sprintf("did you mean %q?", spelling.Nearest(kind.Value, types, 2)))
	case nested(kind.Value):
		t.notRun(id, address(id.Value), fmt.Sprintf("%s deploys another template, whose bindings are not in this one; judge that template with --ros, too", quoted(kind.Value)))
	case runs(kind.Value):
		t.running = append(t.running, address(id.Value))
	}
	return nil
}

// runs reports whether a resource of a type runs code that the template does not hold, or
// holds in another language.
func runs(kind string) bool {
	kind = strings.ToUpper(strings.TrimSpace(kind))
	return strings.HasPrefix(kind, "CUSTOM::") || slices.Contains([]string{"ALIYUN::ROS::CUSTOMRESOURCE", "ALIYUN::OOS::EXECUTION", "ALIYUN::FC::FUNCTIONINVOKER", "ALIYUN::FC3::FUNCTIONINVOKER", "ALIYUN::ECS::RUNCOMMAND", "ALIYUN::ECS::INVOCATION"}, kind)
}

func (t *rosTemplate) notRun(at *yaml.Node, address, reason string) {
	t.out = append(t.out, manifest.Entry{Address: address, NotRun: []string{t.reason(at.Line, at.Column, address, reason)}, Line: at.Line, Column: at.Column})
}

// reason is a reason with its place in the form that editors can open.
func (t *rosTemplate) reason(line, column int, address, text string) string {
	return fmt.Sprintf("%s (%s:%d:%d %s)", text, t.name, line, column, address)
}

// privateKeys finds the texts of private keys. Those that are not in a binding refuse
// the template by an entry of their own.
func (t *rosTemplate) privateKeys(root *yaml.Node, path []string, text []byte) {
	t.keysIn(root, path)
	if len(t.keys) > 0 {
		return
	}
	line := 0
	for one := range bytes.SplitSeq(text, []byte("\n")) {
		if line++; strictyaml.IsPrivateKeyText(string(one)) { // in a comment, or in the text of a key
			t.refuse(line, 1, "template", inTemplate)
			return
		}
	}
}

const inTemplate = "the template holds a private key as text; make it a parameter with NoEcho: true, and replace the key: whoever can read the file has it"

func (t *rosTemplate) keysIn(n *yaml.Node, path []string) {
	if n.Kind == yaml.ScalarNode && strictyaml.IsPrivateKeyText(n.Value) {
		t.keys[n] = true
		kind := ""
		if len(path) > 1 && path[0] == "Resources" {
			kind = t.resources[path[1]]
		}
		if kind != rosClassic && kind != rosAPIG {
			t.refuse(n.Line, n.Column, address(strings.Join(path, ".")), inTemplate)
		}
	}
	for i, item := range n.Content {
		step := strconv.Itoa(i)
		if n.Kind == yaml.MappingNode {
			step = n.Content[i/2*2].Value
		}
		if n.Kind == yaml.DocumentNode || item.Kind == yaml.AliasNode {
			continue
		}
		t.keysIn(item, append(path, step))
	}
}

func (t *rosTemplate) refuse(line, column int, address, reason string) {
	t.out = append(t.out, manifest.Entry{Address: address, NotRun: []string{t.reason(line, column, address, reason)}, Refused: true, Line: line, Column: column})
}

// shown returns the text with blanks in the place of each line but those that hold one
// property of a binding and nothing else: another line may hold a secret.
func (t *rosTemplate) shown(root *yaml.Node, text []byte) []byte {
	keys := map[int]int{}
	countKeys(root, keys)
	allowed := map[int]bool{}
	for _, key := range t.places {
		allowed[key.Line] = keys[key.Line] == 1
	}
	lines := bytes.Split(text, []byte("\n"))
	for i, line := range lines {
		if !allowed[i+1] {
			lines[i] = bytes.Repeat([]byte(" "), len([]rune(string(line))))
		}
	}
	return bytes.Join(lines, []byte("\n"))
}

func countKeys(n *yaml.Node, keys map[int]int) {
	for i, item := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			keys[item.Line]++
		}
		countKeys(item, keys)
	}
}

// address is a path in the template as messages name it.
func address(path string) string {
	if strictyaml.IsKeyText(path) || path == "" {
		return "a resource"
	}
	if runes := []rune(path); len(runes) > 128 {
		path = string(runes[:128]) + "…"
	}
	if _, bad := strictyaml.Hidden(path); bad {
		return strconv.QuoteToASCII(path)
	}
	return path
}

// quoted is a text of the template as messages repeat it.
func quoted(text string) string {
	if strictyaml.IsKeyText(text) {
		return "the text of a key or certificate"
	}
	return fmt.Sprintf("%.64q", text)
}
