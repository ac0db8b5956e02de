package manifest

import (
	"bytes"
	_ "embed" // the schema is a file, so that editors can check it too
	"fmt"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// mapKey is the key of the domains of a map: a document that says which domain of the
// classic gateway becomes which domain of the cloud-native one.
const mapKey = "domains"

//go:embed map.schema.json
var mapSchema string

// MapSchema is the published JSON Schema (draft 2020-12) of a map's document.
func MapSchema() []byte { return []byte(mapSchema) }

// listOf returns the key of the list that may be long: that of a map if a line begins with it.
// A wrong guess costs only memory: a document whose list is not cut is parsed whole.
func listOf(text []byte) string {
	quote := func(b []byte) bool { return len(b) > 0 && (b[0] == '"' || b[0] == '\'') }
	for at := 0; ; at += len(mapKey) {
		next := bytes.Index(text[at:], []byte(mapKey))
		if next < 0 {
			return listKey
		}
		at += next
		start, after := at, text[at+len(mapKey):]
		if start > 0 && quote(text[start-1:]) {
			start--
		}
		if quote(after) {
			after = after[1:]
		}
		if (start == 0 || text[start-1] == '\n') && bytes.HasPrefix(bytes.TrimLeft(after, "\t\n\f\r "), []byte(":")) {
			return mapKey
		}
	}
}

// Moves reports whether every binding is of a map of a cut-over.
func (s *Set) Moves() bool { return s.bindings > 0 && s.moves == s.bindings }

// cutover reads a map: each of its domains becomes the binding of the successor.
func (d decoder) cutover(v strictyaml.Value, yield func(binding.Binding) bool) bool {
	o := v.Object("apiVersion", mapKey)
	o.Require("apiVersion").OneOf(apiVersion)
	return each(o.Require(mapKey), mapKey, d.move, yield)
}

func (d decoder) move(v strictyaml.Value) binding.Binding {
	b := builtIn()
	b.CutOver = true
	b.Source = binding.Position{File: d.name}
	b.Source.Line, b.Source.Column = v.Place()
	o := v.Object("domainName", "from", "to", "certificate", "accept", "labels")
	b.DomainName, _ = d.require(o, &b, "", "domainName").Filled()
	d.successor(o.Require("to"), &b)
	b.MovesFrom = d.from(o.Require("from"), &b)
	b.MovesFrom.Accept = d.accept(o.Get("accept"), &b)
	d.labels(o, &b)
	if c := d.get(o, &b, "", "certificate"); c.Given() {
		b.Certificate = d.certificate(c, &b)
	}
	if b.ClientCertificate != nil && b.Certificate == nil {
		o.Get("to").Fail("got no certificate, want one in addition to clientCertificate: one call sends both", "add certificate")
	}
	return b
}

// successor reads the domain on the cloud-native gateway.
func (d decoder) successor(v strictyaml.Value, b *binding.Binding) {
	o := v.ObjectRefusing(func(key string) (message, next string) {
		if slices.Contains(classicDefaults(), key) {
			return fmt.Sprintf("%q is a key of the classic gateway", key), "remove it" + instead(key)
		}
		return "", ""
	}, "gatewayId", "regionId", "protocol", "forceHttps", "tlsMin", "tlsMax", "http2Option", "tlsCipherSuitesConfig", "clientCertificate")
	if !v.Given() {
		return
	}
	b.GatewayID, _ = d.require(o, b, "", "gatewayId").Filled()
	b.RegionID = regionOf(d.require(o, b, "", "regionId"))
	d.gateway(o, b)
	if c := d.get(o, b, "", "clientCertificate"); c.Given() {
		b.ClientCertificate = d.clientCertificate(c, b)
	}
}

// from reads the API group that the domain moves from.
func (d decoder) from(v strictyaml.Value, b *binding.Binding) *binding.MovesFrom {
	from := &binding.MovesFrom{}
	note(b, "/movesFrom", v)
	o := v.Object("groupId", "regionId")
	if !v.Given() {
		return from
	}
	group, region := o.Require("groupId"), o.Require("regionId")
	note(b, "/movesFrom/groupId", group)
	note(b, "/movesFrom/regionId", region)
	from.GroupID, _ = group.Filled()
	from.RegionID = regionOf(region)
	return from
}

func regionOf(v strictyaml.Value) string {
	id, ok := v.Filled()
	if ok && !region.MatchString(id) {
		v.Fail(fmt.Sprintf("got %.64q, want lower-case letters, digits and hyphens", id), "write a region id such as cn-hangzhou")
	}
	return id
}

// accept reads the names of what is lost on purpose.
func (d decoder) accept(v strictyaml.Value, b *binding.Binding) (names []string) {
	note(b, "/movesFrom/accept", v)
	items, _ := v.List()
	for i, item := range items {
		name, ok := item.OneOf(binding.Losses()...)
		if ok && slices.Contains(names, name) {
			item.Fail(fmt.Sprintf("got %q twice, want it once", name), "remove one")
		}
		note(b, "/movesFrom/accept/"+strconv.Itoa(i), item)
		names = append(names, name)
	}
	return names
}

// WriteMap writes successors as a map.
func WriteMap(w io.Writer, bindings []binding.Binding) error {
	type certificate struct {
		Name       string `yaml:"name"`
		Body       string `yaml:"body"`
		PrivateKey string `yaml:"privateKey"`
	}
	type from struct {
		GroupID  string `yaml:"groupId"`
		RegionID string `yaml:"regionId"`
	}
	type to struct {
		GatewayID   string `yaml:"gatewayId"`
		RegionID    string `yaml:"regionId"`
		Protocol    string `yaml:"protocol"`
		ForceHTTPS  *bool  `yaml:"forceHttps,omitempty"`
		TLSMin      string `yaml:"tlsMin,omitempty"`
		TLSMax      string `yaml:"tlsMax,omitempty"`
		HTTP2Option string `yaml:"http2Option,omitempty"`
	}
	type domain struct {
		DomainName  string       `yaml:"domainName"`
		From        from         `yaml:"from"`
		To          to           `yaml:"to"`
		Certificate *certificate `yaml:"certificate,omitempty"`
	}
	file := struct {
		APIVersion string   `yaml:"apiVersion"`
		Domains    []domain `yaml:"domains"`
	}{APIVersion: apiVersion}
	for _, b := range bindings {
		d := domain{DomainName: b.DomainName, From: from{b.MovesFrom.GroupID, b.MovesFrom.RegionID},
			To: to{b.GatewayID, b.RegionID, b.Protocol, b.ForceHTTPS, b.TLSMin, b.TLSMax, b.HTTP2Option}}
		if c := b.Certificate; c != nil {
			d.Certificate = &certificate{c.Name, c.Body, c.PrivateKey.File}
		}
		file.Domains = append(file.Domains, d)
	}
	text, err := yaml.Dump(file, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false))
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}
