package manifest

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// apiVersion is the only one there is.
const apiVersion = "bindgate/v1"

// listKey is the key of a document's bindings.
const listKey = "bindings"

// A region becomes part of a host name.
var region = lazyregexp.New(`^[a-z0-9-]+$`)

// decoder reads the documents of one manifest, or the binding that flags give.
type decoder struct {
	name     string
	folder   string
	files    *confine.Files // nil: paths are taken as they are
	allowEnv []string
	flags    bool // paths and variables are the user's own choice, and no key must be there
}

// file reads a file's documents and yields its bindings. It reports whether
// yield took all of them; what is wrong is in file.Errors.
func (d decoder) file(docs iter.Seq[strictyaml.Value], yield func(binding.Binding) bool) bool {
	for doc := range docs {
		if !d.document(doc, yield) {
			return false
		}
	}
	return true
}

func (d decoder) document(v strictyaml.Value, yield func(binding.Binding) bool) bool {
	if v.Has(mapKey) && !v.Has(listKey) {
		return d.cutover(v, yield)
	}
	o := v.Object("apiVersion", "defaults", listKey)
	o.Require("apiVersion").OneOf(apiVersion)
	template := d.defaults(o.Get("defaults"))
	return each(o.Require(listKey), "bindings", func(item strictyaml.Value) binding.Binding { return d.binding(item, template) }, yield)
}

// each yields the binding of each item of a list, which must have at least one.
func each(list strictyaml.Value, what string, read func(strictyaml.Value) binding.Binding, yield func(binding.Binding) bool) bool {
	items, ok := list.Items()
	if !ok {
		return true
	}
	n := 0
	for item := range items {
		n++
		if !yield(read(item)) {
			return false
		}
	}
	if n == 0 {
		list.Fail("got no "+what+", want at least one", "write one, or leave the file out")
	}
	return true
}

// defaults gives the binding that every binding of the document begins as.
func (d decoder) defaults(v strictyaml.Value) binding.Binding {
	b := builtIn()
	o := v.ObjectRefusing(neverDefault, slices.Concat([]string{"regionId", "domainProof", "labels"}, classicDefaults(), gatewayDefaults())...)
	d.shared(o, &b)
	d.classic(o, &b)
	d.gateway(o, &b)
	return b
}

// builtIn is what a binding is where neither it nor the defaults say otherwise.
func builtIn() binding.Binding {
	return binding.Binding{CustomDomainType: binding.Internet, DomainProof: binding.ProofCNAME}
}

// neverDefault says why a key of a binding cannot be a default.
func neverDefault(key string) (message, next string) {
	switch key {
	case "domainName", "groupId", "gatewayId", "movesFrom":
		message = "it identifies one binding"
	case "isForce", "forceFrom":
		message = "the permission to take a domain from another group is given for one binding at a time"
	case "certificate", "clientCertificate":
		message = "a certificate and its key belong to the domain that they were issued for"
	default:
		return "", ""
	}
	return fmt.Sprintf("%q cannot be a default: %s", key, message), "write it in each binding that needs it"
}

func (d decoder) binding(v strictyaml.Value, template binding.Binding) binding.Binding {
	b := template
	b.Source = binding.Position{File: d.name}
	b.Source.Line, b.Source.Column = v.Place()
	b.Positions = append(make(binding.Positions, 0, len(template.Positions)+usualPlaces), template.Positions...)
	b.Labels = maps.Clone(template.Labels)
	keys, refuse := d.platform(v, &b)
	o := v.ObjectRefusing(refuse, keys...)
	d.shared(o, &b)
	if !b.Positions.Has("/regionId") && !d.flags {
		o.Fail(`the key "regionId" is missing`, "add it here or under defaults")
	}
	b.DomainName, _ = d.require(o, &b, "", "domainName").Filled()
	b.GroupID, _ = d.get(o, &b, "", "groupId").Filled()
	b.GatewayID, _ = d.get(o, &b, "", "gatewayId").Filled()
	switch group, gateway := o.Get("groupId").Given(), o.Get("gatewayId").Given(); {
	case group && gateway:
		o.Get("gatewayId").Fail("got both groupId and gatewayId, want one: a binding is for the classic gateway or for the cloud-native one", "remove the other, or write two bindings")
	case !group && !gateway && !d.flags:
		o.Fail(`the key "groupId" is missing, or "gatewayId" for the cloud-native gateway`, "add one of them")
	case gateway:
		d.gateway(o, &b)
		d.movesFrom(d.get(o, &b, "", "movesFrom"), &b)
	default:
		d.classic(o, &b)
	}
	b.IsForce, _ = d.get(o, &b, "", "isForce").Bool()
	groups, _ := d.get(o, &b, "", "forceFrom").List()
	for i, item := range groups {
		group, _ := item.Filled()
		b.ForceFrom = append(b.ForceFrom, group)
		note(&b, "/forceFrom/"+strconv.Itoa(i), item)
	}
	if c := d.get(o, &b, "", "certificate"); c.Given() {
		b.Certificate = d.certificate(c, &b)
	}
	if c := d.get(o, &b, "", "clientCertificate"); c.Given() {
		b.ClientCertificate = d.clientCertificate(c, &b)
		if b.Certificate == nil {
			c.Fail("got no certificate, want one in addition to clientCertificate: one call sends both", "add certificate")
		}
	}
	if len(b.Positions) == 0 {
		b.Positions = nil
	}
	return b
}

// shared reads the keys that a binding and the defaults have in common.
func (d decoder) shared(o strictyaml.Object, b *binding.Binding) {
	v := d.get(o, b, "", "regionId")
	if id, ok := v.Text(); ok {
		b.RegionID = id
		if !region.MatchString(id) {
			v.Fail(fmt.Sprintf("got %.64q, want lower-case letters, digits and hyphens", id), "write a region id such as cn-hangzhou")
		}
	}
	if proof, ok := d.get(o, b, "", "domainProof").OneOf(binding.ProofCNAME, binding.ProofTXT); ok {
		b.DomainProof = proof
	}
	d.labels(o, b)
}

func (d decoder) labels(o strictyaml.Object, b *binding.Binding) {
	labels, _ := d.get(o, b, "", "labels").Entries()
	for _, label := range labels {
		if label.Key == "" {
			label.Name.Fail("got an empty label, want a name", "fill it in")
		}
		if b.Labels == nil {
			b.Labels = make(map[string]string, len(labels))
		}
		b.Labels[label.Key], _ = label.Value.Text()
		note(b, "/labels/"+escape(label.Key), label.Value)
	}
}

// usualPlaces is how many places most bindings have.
const usualPlaces = 10

// get returns the value of a key, and notes its position in b. prefix is the JSON
// pointer of the key's mapping.
func (d decoder) get(o strictyaml.Object, b *binding.Binding, prefix, key string) strictyaml.Value {
	v := o.Get(key)
	note(b, prefix+"/"+key, v)
	return v
}

// require is get for a key that must be there. Which flags belong together is
// for FromFlags to say.
func (d decoder) require(o strictyaml.Object, b *binding.Binding, prefix, key string) strictyaml.Value {
	if !d.flags {
		o.Require(key)
	}
	return d.get(o, b, prefix, key)
}

// note records where a value was written, if it was.
func note(b *binding.Binding, pointer string, v strictyaml.Value) {
	if line, column := v.Place(); line > 0 {
		b.Positions.Set(pointer, line, column)
	}
}

// escape makes a key a token of a JSON pointer (RFC 6901 §3).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
