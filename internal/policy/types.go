package policy

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/types"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
)

// kinds is a set of kinds of values.
type kinds uint8

const (
	nullKind kinds = 1 << iota
	boolKind
	numberKind
	textKind
	listKind
	setKind
	objectKind
	anyKind = nullKind | boolKind | numberKind | textKind | listKind | setKind | objectKind
)

func (k kinds) has(other kinds) bool { return k&other != 0 }

// String returns the kinds in words: "a text or null".
func (k kinds) String() string {
	var out []string
	for i, word := range []string{"null", "a boolean", "a number", "a text", "a list", "a set", "an object"} {
		if k.has(1 << i) {
			out = append(out, word)
		}
	}
	if len(out) > 1 && out[0] == "null" {
		out = append(out[1:], "null")
	}
	return strings.Join(out, " or ")
}

// typ is a set of values: those that an expression of a policy can have. Types do
// not change once they are made.
type typ struct {
	kinds   kinds
	unknown bool      // nothing is known: nothing is checked
	words   *words    // of a text; nil: any
	objects []*fields // of an object with fixed fields
	elem    *typ      // of a list, a set, and an object with any fields; nil: not known
	literal string    // a literal false or "", of which null is easily mistaken
	time    bool      // a text that is a time
	label   bool      // a label of a binding: null says that it is not stated
	form    *form     // of a text; nil: not known
	span    *span     // of a number; nil: not known
	unit    measure   // of a number
	tuple   []*typ    // elements of a list, one by one; nil: not known
}

// words are the texts that a type is limited to.
type words struct {
	list     []string
	declared bool // by a schema; else they are the literals of a policy
	open     bool // others may occur: only near misses are wrong
	names    bool // they are the names of fields
}

// fields are the fixed fields of an object.
type fields struct {
	where    string                 // for messages: "input.binding"
	all      func() map[string]*typ // made when they are first asked for
	rest     *typ                   // what iteration gives in addition to the fields; nil: nothing
	restHint string                 // how to get at what rest holds
	optional bool                   // it may be absent, and has the field given
	absent   bool                   // it is not known to be given: scalars may be null
	present  *fields                // of an optional one: the same, known to be given
	literal  bool                   // written in a policy

	whenAbsent *fields // made by ifAbsent
}

func unknownType() *typ           { return &typ{kinds: anyKind, unknown: true} }
func scalar(k kinds) *typ         { return &typ{kinds: k} }
func listOf(k kinds, t *typ) *typ { return &typ{kinds: k, elem: t} }

// texts is the type of literals.
func texts(list ...string) *typ { return &typ{kinds: textKind, words: &words{list: list}} }

func objectType(f *fields) *typ { return &typ{kinds: objectKind, objects: []*fields{f}} }

// join is the type of values of either type; nil is of no value.
func join(a, b *typ) *typ {
	switch {
	case a == nil || b == a:
		return b
	case b == nil:
		return a
	case a.unknown || b.unknown:
		return unknownType()
	}
	out := &typ{kinds: a.kinds | b.kinds, objects: slices.Clone(a.objects), elem: join(a.elem, b.elem), time: a.time || b.time}
	for _, f := range b.objects {
		if !slices.Contains(out.objects, f) {
			out.objects = append(out.objects, f)
		}
	}
	out.span = joinSpans(a, b)
	if a.unit == b.unit {
		out.unit = a.unit
	}
	out.label = a.label && b.label
	switch {
	case !a.kinds.has(textKind):
		out.words, out.form = b.words, b.form
	case !b.kinds.has(textKind):
		out.words, out.form = a.words, a.form
	case a.form != nil && b.form != nil && a.form.says == b.form.says:
		out.form = a.form
		fallthrough
	case a.words != nil && b.words != nil:
		if a.words == nil || b.words == nil {
			break
		}
		out.words = &words{list: append(slices.Clone(a.words.list), b.words.list...),
			declared: a.words.declared && b.words.declared, open: a.words.open || b.words.open}
	}
	return out
}

// orNull is the type with null; notNull is the type without it.
func (t *typ) orNull() *typ {
	if t.unknown || t.kinds.has(nullKind) {
		return t
	}
	out := *t
	out.kinds, out.literal = t.kinds|nullKind, ""
	return &out
}

func (t *typ) notNull() *typ {
	if t.unknown || !t.kinds.has(nullKind) {
		return t
	}
	out := *t
	out.kinds = t.kinds &^ nullKind
	return &out
}

func (t *typ) nullable() bool { return !t.unknown && t.kinds.has(nullKind) }

// fixed reports whether all objects of the type have fixed fields.
func (t *typ) fixed() bool { return !t.unknown && len(t.objects) > 0 && t.elem == nil }

// declared returns fields of the input or the data that are in the type.
func (t *typ) declared() *fields {
	for _, f := range t.objects {
		if !f.literal {
			return f
		}
	}
	return nil
}

// key is the same for types that are the same.
func (t *typ) key() string {
	if t == nil {
		return "-"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d%t%q", t.kinds, t.unknown, t.literal)
	if t.words != nil {
		fmt.Fprintf(&b, "%q%t", t.words.list, t.words.declared)
	}
	if t.form != nil {
		fmt.Fprintf(&b, "%q", t.form.says)
	}
	if t.span != nil {
		fmt.Fprintf(&b, "%v", *t.span)
	}
	fmt.Fprintf(&b, "%q%t", t.unit, t.label)
	for _, below := range t.tuple {
		b.WriteString(below.key())
	}
	for _, f := range t.objects {
		fmt.Fprintf(&b, "%p", f)
	}
	return b.String() + "(" + t.elemKey() + ")"
}

func (t *typ) elemKey() string {
	if t.elem == nil {
		return ""
	}
	return t.elem.key()
}

// field returns the type of a field, and whether there is one of the name.
func (f *fields) field(name string) (*typ, bool) {
	if f.optional && name == givenField {
		return scalar(boolKind), true
	}
	t, ok := f.all()[name]
	if ok && f.absent {
		t = t.ifAbsent()
	}
	return t, ok
}

func (f *fields) names() []string {
	var out []string
	for name := range f.all() {
		out = append(out, name)
	}
	if f.optional {
		out = append(out, givenField)
	}
	slices.Sort(out)
	return out
}

// ifAbsent is the type of a field of an object that may be absent.
func (t *typ) ifAbsent() *typ {
	if t.kinds.has(listKind|setKind) || t.kinds.has(objectKind) && len(t.objects) == 0 {
		return t
	}
	if len(t.objects) == 0 {
		return t.orNull()
	}
	out := *t
	out.objects = nil
	for _, f := range t.objects {
		if !f.absent && !f.optional {
			if f.whenAbsent == nil {
				below := *f
				below.absent = true
				f.whenAbsent = &below
			}
			f = f.whenAbsent
		}
		out.objects = append(out.objects, f)
	}
	return &out
}

// given is the type of an object that is known to be there.
func (t *typ) given() *typ {
	out := *t
	out.objects = nil
	for _, f := range t.objects {
		if f.optional && f.present != nil {
			f = f.present
		}
		out.objects = append(out.objects, f)
	}
	return &out
}

// inputTypeOf returns the type of the input, with the declared labels and the
// checks whose results there are; no ids: any.
func inputTypeOf(ids []string, labels map[string]evidence.Label, declared map[string]FactsSchema) *typ {
	return goTypes{ids, labels, declared, vocabularies()}.of(reflect.TypeFor[document](), "input", "")
}

// goTypes makes types of Go types.
type goTypes struct {
	ids      []string
	labels   map[string]evidence.Label
	external map[string]FactsSchema

	vocabulary
}

// of returns the type of the values of a Go type; owner names the field as
// vocabulary does.
func (g goTypes) of(t reflect.Type, where, owner string) *typ {
	if t.Kind() == reflect.Pointer {
		if !isObject(t.Elem()) {
			return g.of(t.Elem(), where, owner).orNull()
		}
		return objectType(optionalFields(g.structFields(t.Elem(), where)))
	}
	switch t.Kind() {
	case reflect.Bool:
		return scalar(boolKind)
	case reflect.String:
		out := &typ{kinds: textKind, words: g.words(owner), form: formOf(owner)}
		if owner == "Run.command" {
			out.words.open = false // a written document may hold any, a run does not
		}
		return out
	case reflect.Slice:
		return listOf(listKind, g.of(t.Elem(), where+"[_]", ""))
	case reflect.Map:
		return g.ofMap(t, where)
	case reflect.Struct:
		if isObject(t) {
			return objectType(g.structFields(t, where))
		}
		return &typ{kinds: textKind, time: true}
	}
	return scalar(numberKind)
}

func (g goTypes) ofMap(t reflect.Type, where string) *typ {
	below := g.of(t.Elem(), where+"[_]", "")
	known := map[string]*typ{}
	switch where {
	case "input.results":
		if len(g.ids) == 0 {
			return listOf(objectKind, below)
		}
		for _, id := range g.ids {
			known[id] = below
		}
		return objectType(&fields{where: where, all: func() map[string]*typ { return known }})
	case "input.external":
		for name, shape := range g.external {
			known[name] = shape.typ(where + "." + name)
		}
		return objectType(&fields{where: where, all: func() map[string]*typ { return known }})
	case "input.binding.labels":
		for name, label := range g.labels {
			t := &typ{kinds: textKind | nullKind, label: true}
			if p, err := regexp.Compile("^(?:" + label.Pattern + ")$"); err == nil && label.Pattern != "" {
				t.form = patternForm(p, label.Pattern)
			}
			known[name] = t
		}
		return objectType(&fields{where: where, all: func() map[string]*typ { return known }, rest: below,
			restHint: "declare it in the owner's file: `labels: {NAME: {}}`"})
	}
	return listOf(objectKind, below)
}

// structFields returns the fields of a struct.
func (g goTypes) structFields(t reflect.Type, where string) *fields {
	var made map[string]*typ
	return &fields{where: where, all: func() map[string]*typ {
		if made != nil {
			return made
		}
		made = map[string]*typ{}
		all, _ := jsonFields(t) // the encoder of the same type was made
		for _, f := range all {
			at := where + "." + f.name
			below := g.of(f.Type, at, ownerOf(t, f))
			switch {
			case f.optionalObject() && f.Type.Kind() != reflect.Pointer, f.name == "facts":
				below = objectType(optionalFields(below.objects[0]))
			case f.nullable():
				below = below.orNull()
			}
			made[f.name] = below
		}
		return made
	}}
}

// optionalFields returns the fields of an object that may be absent.
func optionalFields(present *fields) *fields {
	there, maybe := *present, *present
	there.optional = true
	maybe.optional, maybe.absent, maybe.present = true, true, &there
	return &maybe
}

// ownerOf names a field by its struct and its name in JSON: "Binding.domainProof".
func ownerOf(t reflect.Type, f jsonField) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	if len(f.Index) > 1 { // of an embedded struct
		name = t.FieldByIndex(f.Index[:len(f.Index)-1]).Name
	}
	return name + "." + f.name
}

// vocabulary holds the words of the fields of the input that can hold these only, by
// ownerOf. The gateway may know more words than these for what is open, as it may have
// stages of its own.
type vocabulary struct{ open, closed map[string][]string }

// words returns the words that a field can hold; nil: any text.
func (v vocabulary) words(owner string) *words {
	if list, ok := v.closed[owner]; ok {
		return &words{list: list, declared: true}
	}
	if list, ok := v.open[owner]; ok {
		return &words{list: list, declared: true, open: true}
	}
	return nil
}

func vocabularies() vocabulary {
	open := map[string][]string{
		"Binding.bindStageName":           {"", "TEST", "PRE", "RELEASE"},
		"Domain.bindStageName":            {"", "TEST", "PRE", "RELEASE"},
		"Domain.customDomainType":         {binding.Internet, binding.Intranet},
		"Domain.domainBindingStatus":      {"BINDING", "BOUND"},
		"Domain.domainCNAMEStatus":        {"RESOLVED", "UNRESOLVED"},
		"Domain.domainLegalStatus":        {"NORMAL", "ABNORMAL"},
		"Group.status":                    {"NORMAL", "DELETE"},
		"Group.billingStatus":             {"NORMAL", "LOCKED"},
		"Group.illegalStatus":             {"NORMAL", "LOCKED"},
		"DomainState.bindStageName":       {"", "TEST", "PRE", "RELEASE"},
		"DomainState.customDomainType":    {binding.Internet, binding.Intranet},
		"DomainState.domainBindingStatus": {"BINDING", "BOUND"},
		"Run.command":                     {"lint", "plan", "apply", "audit", "cutover"},
		"Stage.stageName":                 {"TEST", "PRE", "RELEASE"},
		"cert.keyAlgorithm":               {"RSA", "ECDSA", "Ed25519", "DSA"},
		"keyFacts.algorithm":              {"RSA", "ECDSA", "Ed25519"},
	}
	events := []string{string(evidence.EventAddress), string(evidence.EventNoData), string(evidence.EventNameError),
		string(evidence.EventLoop), string(evidence.EventMultipleCNAMEs), string(evidence.EventTooLong)}
	closed := map[string][]string{
		"document.schema":          {inputSchema},
		"Binding.customDomainType": {binding.Internet, binding.Intranet},
		"Binding.domainProof":      {binding.ProofCNAME, binding.ProofTXT},
		"Metadata.state":           {string(evidence.StateMissing), string(evidence.StateObserved), string(evidence.StateFailed), string(evidence.StateNotCollected)},
		"Run.contract":             {evidence.Contract2017, evidence.Contract2026},
		"Run.dnsMode":              {evidence.DNSResolver, evidence.DNSAuthoritative, evidence.DNSNone},
		"DNS.mode":                 {evidence.DNSResolver, evidence.DNSAuthoritative},
		"End.event":                events,
		"Proof.event":              events,
		"Lookup.event":             events,
		"ServerAnswer.status": {string(evidence.ServerAuthoritative), string(evidence.ServerLame),
			string(evidence.ServerUnreachable), string(evidence.ServerNotTested)},
		"ServerAnswer.origin": {evidence.OriginGlue, evidence.OriginZone},
		"NameSecurity.status": {evidence.DNSSECSecure, evidence.DNSSECInsecure, evidence.DNSSECBogus, evidence.DNSSECIndeterminate},
		"result.status": {string(checks.StatusPass), string(checks.StatusFail), string(checks.StatusUnknown),
			string(checks.StatusNotRun), string(checks.StatusNotApplicable)},
		"Finding.severity":           {string(checks.Error), string(checks.Warning)},
		"Sibling.customDomainType":   {binding.Internet, binding.Intranet},
		"certificateFacts.container": {"pem", "pkcs12"},
	}
	return vocabulary{open, closed}
}

// ofOPA converts a type of OPA's declarations of built-ins.
func ofOPA(t types.Type) *typ {
	switch t := t.(type) {
	case types.Null:
		return scalar(nullKind)
	case types.Boolean:
		return scalar(boolKind)
	case types.Number:
		return scalar(numberKind)
	case types.String:
		return scalar(textKind)
	case *types.Array:
		elem := (*typ)(nil)
		for i := range t.Len() {
			elem = join(elem, ofOPA(t.Select(i)))
		}
		if t.Dynamic() != nil {
			elem = join(elem, ofOPA(t.Dynamic()))
		}
		return listOf(listKind, elem)
	case *types.Set:
		return listOf(setKind, ofOPA(t.Of()))
	case *types.Object:
		return &typ{kinds: objectKind}
	case *types.NamedType:
		return ofOPA(t.Type)
	case types.Any:
		var out *typ
		for _, one := range t {
			out = join(out, ofOPA(one))
		}
		if out != nil {
			return out
		}
	}
	return unknownType()
}
