package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// FileSchema is the version of a saved plan.
const FileSchema = "bindgate.plan/v1"

// MaxFileSize bounds a saved plan, in bytes.
const MaxFileSize = 64 << 20

// File is a saved plan: what was judged and what apply would send. It gives no
// leave to send anything; apply judges afresh and compares.
type File struct {
	Schema         string        `json:"schema"`
	Manifests      []string      `json:"manifests"` // as they were named, to be read again
	ManifestDigest string        `json:"manifestDigest"`
	PolicyDigest   string        `json:"policyDigest"`
	ConfigDigest   string        `json:"configDigest,omitempty"`
	Contract       string        `json:"contract"`
	Endpoint       string        `json:"endpoint,omitempty"`
	Bindings       []FileBinding `json:"bindings"`
}

// FileBinding is the plan of one binding.
type FileBinding struct {
	DomainName string   `json:"domainName"`
	GroupID    string   `json:"groupId"`
	RegionID   string   `json:"regionId"`
	Calls      []Call   `json:"calls"`
	Takes      []string `json:"takes,omitempty"` // ids of the groups that the force would unbind
}

// NewFileBinding puts a plan into the form in which it is saved and compared.
func NewFileBinding(domain, group, region string, p Plan) FileBinding {
	b := FileBinding{DomainName: domain, GroupID: group, RegionID: region, Calls: []Call{}}
	for _, c := range p.Calls {
		b.Calls = append(b.Calls, c.Clone())
	}
	for _, h := range p.Takes {
		b.Takes = append(b.Takes, h.GroupID)
	}
	slices.Sort(b.Takes)
	return b
}

// ReadFile reads a saved plan strictly.
func ReadFile(data []byte) (File, error) {
	var f File
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w; make it again with `bindgate plan -o`", err)
	}
	if f.Schema != FileSchema {
		return File{}, fmt.Errorf("reading the plan: schema %q, want %q; make it again with `bindgate plan -o`", f.Schema, FileSchema)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("reading the plan: more than one document; make it again with `bindgate plan -o`")
	}
	if len(f.Manifests) == 0 || len(f.Bindings) == 0 {
		return File{}, errors.New("reading the plan: it names no manifest or no binding; make it again with `bindgate plan -o`")
	}
	return f, nil
}

// IsFile reports whether data looks like a saved plan rather than a manifest.
func IsFile(data []byte) bool {
	var head struct {
		Schema string `json:"schema"`
	}
	return json.Unmarshal(data, &head) == nil && head.Schema == FileSchema
}

// Changes tells, in words, how what was judged now differs from the plan. Empty:
// it is the same.
func (f File) Changes(now File) []string {
	var out []string
	differ := func(what, got, want string) {
		if got != want {
			out = append(out, fmt.Sprintf("%s is now %q, the plan has %q", what, got, want))
		}
	}
	differ("the manifest's digest", now.ManifestDigest, f.ManifestDigest)
	differ("the policy's digest", now.PolicyDigest, f.PolicyDigest)
	differ("the configuration's digest", now.ConfigDigest, f.ConfigDigest)
	differ("the contract", now.Contract, f.Contract)
	differ("the endpoint", now.Endpoint, f.Endpoint)
	if len(f.Bindings) != len(now.Bindings) {
		return append(out, fmt.Sprintf("there are now %d bindings, the plan has %d", len(now.Bindings), len(f.Bindings)))
	}
	for i, planned := range f.Bindings {
		out = append(out, planned.changes(now.Bindings[i])...)
	}
	return out
}

func (b FileBinding) changes(now FileBinding) []string {
	if b.DomainName != now.DomainName || b.GroupID != now.GroupID || b.RegionID != now.RegionID {
		return []string{fmt.Sprintf("a binding is now %q on group %q, the plan has %q on group %q", now.DomainName, now.GroupID, b.DomainName, b.GroupID)}
	}
	if !slices.EqualFunc(b.Calls, now.Calls, Call.equal) {
		return []string{fmt.Sprintf("%q would now be sent %d calls that are not the planned %d", b.DomainName, len(now.Calls), len(b.Calls))}
	}
	if !slices.Equal(b.Takes, now.Takes) {
		return []string{fmt.Sprintf("%q would now be taken from groups %q, the plan has %q", b.DomainName, now.Takes, b.Takes)}
	}
	return nil
}

// equal compares what would be sent, certificates by digest.
func (c Call) equal(d Call) bool {
	if c.Action != d.Action || c.RegionID != d.RegionID || !maps.Equal(c.Params, d.Params) || (c.Material == nil) != (d.Material == nil) {
		return false
	}
	if c.Material == nil {
		return true
	}
	a, b := *c.Material, *d.Material
	return a.FileDigest == b.FileDigest && a.ChainDigest == b.ChainDigest && a.PublicKeyDigest == b.PublicKeyDigest &&
		a.BodyParam == b.BodyParam && a.KeyParam == b.KeyParam
}
