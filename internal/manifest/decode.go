package manifest

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// apiVersion is the only one there is.
const apiVersion = "bindgate/v1"

// A region becomes part of a host name.
var region = regexp.MustCompile(`^[a-z0-9-]+$`)

// decoder reads the documents of one manifest.
type decoder struct {
	name     string
	folder   string
	files    *confine.Files
	allowEnv []string
}

func decode(src source, allowEnv []string) ([]binding.Binding, Errors) {
	d := decoder{name: src.name, folder: src.folder, files: src.files, allowEnv: allowEnv}
	file := strictyaml.Parse(src.name, src.bytes)
	var out []binding.Binding
	for _, doc := range file.Documents() {
		out = append(out, d.document(doc)...)
	}
	return out, file.Errors()
}

func (d decoder) document(v strictyaml.Value) []binding.Binding {
	o := v.Object("apiVersion", "defaults", "bindings")
	o.Require("apiVersion").OneOf(apiVersion)
	template := d.defaults(o.Get("defaults"))
	list := o.Require("bindings")
	items, ok := list.List()
	switch {
	case !ok:
		return nil
	case len(items) == 0:
		list.Fail("got no bindings, want at least one", "write one, or leave the file out")
		return nil
	case len(items) > maxBindings:
		list.Fail(fmt.Sprintf("got %d bindings, want at most %d in one run", len(items), maxBindings), "split the run")
		return nil
	}
	out := make([]binding.Binding, len(items))
	for i, item := range items {
		out[i] = d.binding(item, template)
	}
	return out
}

// defaults gives the binding that every binding of the document begins as.
func (d decoder) defaults(v strictyaml.Value) binding.Binding {
	b := binding.Binding{
		CustomDomainType: binding.Internet,
		DomainProof:      binding.ProofCNAME,
		Labels:           map[string]string{},
		Positions:        binding.Positions{},
	}
	d.shared(v.ObjectRefusing(neverDefault,
		"regionId", "bindStageName", "customDomainType", "isHttpRedirectToHttps", "domainProof", "labels"), &b)
	return b
}

// neverDefault says why a key of a binding cannot be a default.
func neverDefault(key string) (message, next string) {
	switch key {
	case "domainName", "groupId":
		message = "it is what makes each binding its own"
	case "isForce", "forceFrom":
		message = "leave to take a domain from another group is given for one binding at a time"
	case "certificate":
		message = "a certificate and its key belong to the domain that they were issued for"
	default:
		return "", ""
	}
	return fmt.Sprintf("%q cannot be a default: %s", key, message), "write it in each binding that means it"
}

func (d decoder) binding(v strictyaml.Value, template binding.Binding) binding.Binding {
	b := template
	b.Source = d.at(v)
	b.Positions = maps.Clone(template.Positions)
	b.Labels = maps.Clone(template.Labels)
	o := v.Object("domainName", "groupId", "regionId", "bindStageName", "customDomainType", "isForce", "forceFrom",
		"isHttpRedirectToHttps", "domainProof", "certificate", "labels")
	d.shared(o, &b)
	if _, written := b.Positions["/regionId"]; !written {
		o.Fail(`the key "regionId" is missing`, "add it here or under defaults")
	}
	o.Require("domainName")
	o.Require("groupId")
	b.DomainName, _ = d.get(o, &b, "domainName").Filled()
	b.GroupID, _ = d.get(o, &b, "groupId").Filled()
	b.IsForce, _ = d.get(o, &b, "isForce").Bool()
	groups, _ := d.get(o, &b, "forceFrom").List()
	for i, item := range groups {
		group, _ := item.Filled()
		b.ForceFrom = append(b.ForceFrom, group)
		b.Positions["/forceFrom/"+strconv.Itoa(i)] = d.at(item)
	}
	if c := d.get(o, &b, "certificate"); c.Given() {
		b.Certificate = d.certificate(c, &b)
	}
	if len(b.Labels) == 0 {
		b.Labels = nil
	}
	return b
}

// shared reads the keys that a binding and the defaults have in common.
func (d decoder) shared(o strictyaml.Object, b *binding.Binding) {
	v := d.get(o, b, "regionId")
	if id, ok := v.Text(); ok {
		b.RegionID = id
		if !region.MatchString(id) {
			v.Fail(fmt.Sprintf("got %.64q, want lower-case letters, digits and hyphens", id), "write a region id such as cn-hangzhou")
		}
	}
	if stage, ok := d.get(o, b, "bindStageName").Text(); ok {
		b.BindStageName = &stage
	}
	if network, ok := d.get(o, b, "customDomainType").Text(); ok {
		b.CustomDomainType, b.CustomDomainTypeGiven = network, true
	}
	if redirect, ok := d.get(o, b, "isHttpRedirectToHttps").Bool(); ok {
		b.IsHTTPRedirectToHTTPS = &redirect
	}
	if proof, ok := d.get(o, b, "domainProof").OneOf(binding.ProofCNAME, binding.ProofTXT); ok {
		b.DomainProof = proof
	}
	labels, _ := d.get(o, b, "labels").Entries()
	for _, label := range labels {
		if label.Key == "" {
			label.Name.Fail("got an empty label, want a name", "fill it in")
		}
		b.Labels[label.Key], _ = label.Value.Text()
		b.Positions["/labels/"+escape(label.Key)] = d.at(label.Value)
	}
}

// get is a key's value, and notes in b where it stands.
func (d decoder) get(o strictyaml.Object, b *binding.Binding, key string) strictyaml.Value {
	v := o.Get(key)
	if v.Given() {
		b.Positions["/"+key] = d.at(v)
	}
	return v
}

func (d decoder) at(v strictyaml.Value) binding.Position {
	line, column := v.Place()
	return binding.Position{File: d.name, Line: line, Column: column}
}

// escape makes a key a token of a JSON pointer (RFC 6901 §3).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}
