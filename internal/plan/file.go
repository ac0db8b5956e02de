package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/bindgate/bindgate/checks/evidence"
)

// FileSchema is the version of a saved plan.
const FileSchema = "bindgate.plan/v1"

// MaxFileSize bounds a saved plan, in bytes.
const MaxFileSize = 64 << 20

// File is a saved plan: what was judged and what apply would send. It gives no
// permission to send anything; apply judges again and compares.
type File struct {
	Schema         string        `json:"schema"`
	Manifests      []string      `json:"manifests"` // as they were named, to be read again
	ManifestDigest string        `json:"manifestDigest"`
	PolicyDigest   string        `json:"policyDigest"`
	ConfigDigest   string        `json:"configDigest,omitempty"`
	Contract       string        `json:"contract"`
	Endpoint       string        `json:"endpoint,omitempty"`
	Account        string        `json:"account,omitempty"` // that the credentials belonged to; absent: the installation has no STS
	Bindings       []FileBinding `json:"bindings"`
}

// FileBinding is the plan of one binding.
type FileBinding struct {
	DomainName string   `json:"domainName"`
	GroupID    string   `json:"groupId"`
	RegionID   string   `json:"regionId"`
	Calls      []Call   `json:"calls"`
	Displaces  []string `json:"displaces,omitempty"` // ids of the groups that the force would unbind

	Before *evidence.Domain `json:"before,omitempty"` // what the calls change; absent: not bound there
}

// NewFileBinding puts a plan into the form in which it is saved and compared.
func NewFileBinding(domain, group, region string, p Plan) FileBinding {
	b := FileBinding{DomainName: domain, GroupID: group, RegionID: region, Calls: []Call{}, Before: p.Before}
	for _, c := range p.Calls {
		b.Calls = append(b.Calls, c.Clone())
	}
	for _, h := range p.Displaces {
		b.Displaces = append(b.Displaces, h.GroupID)
	}
	slices.Sort(b.Displaces)
	return b
}

// ReadFile reads a saved plan strictly.
func ReadFile(data []byte) (File, error) {
	if err := oneSpelling(data); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w; make it again with `bindgate plan -o`", err)
	}
	var f File
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return File{}, fmt.Errorf("reading the plan: %w; make it again with `bindgate plan -o`", err)
	}
	if f.Schema != FileSchema {
		return File{}, fmt.Errorf("reading the plan: got schema %q, want %q; make it again with `bindgate plan -o`", f.Schema, FileSchema)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return File{}, errors.New("reading the plan: got more than one document, want one; make it again with `bindgate plan -o`")
	}
	if len(f.Manifests) == 0 || len(f.Bindings) == 0 {
		return File{}, errors.New("reading the plan: it names no manifest or no binding; make it again with `bindgate plan -o`")
	}
	return f, nil
}

// oneSpelling refuses an object with two keys that differ in letter case at most,
// and a key of the plan in another letter case than its own: encoding/json takes
// either for the field, so that what a reviewer reads need not be what is sent.
func oneSpelling(data []byte) error {
	own := map[string]string{}
	for _, t := range []reflect.Type{reflect.TypeFor[File](), reflect.TypeFor[FileBinding](), reflect.TypeFor[Call](),
		reflect.TypeFor[Material](), reflect.TypeFor[evidence.Domain]()} {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			own[strings.ToLower(name)] = name
		}
	}
	return spelled(json.NewDecoder(bytes.NewReader(data)), own, "")
}

// spelled reads one value. under is the key that it has; the keys of params are
// the API's.
func spelled(dec *json.Decoder, own map[string]string, under string) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	open, _ := token.(json.Delim)
	seen := map[string]bool{}
	for open != 0 && dec.More() {
		key := under
		if open == '{' {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			key, _ = token.(string)
			folded := strings.ToLower(key)
			if !isASCII(key) || seen[folded] {
				return fmt.Errorf("the key %.64q is there twice, or in another spelling", key)
			}
			seen[folded] = true
			if name, known := own[folded]; known && name != key && under != "params" {
				return fmt.Errorf("got the key %.64q, want %q", key, name)
			}
		}
		if err := spelled(dec, own, key); err != nil {
			return err
		}
	}
	if open != 0 {
		_, err = dec.Token()
	}
	return err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// IsFile reports whether data looks like a saved plan, of any version and
// whole or not, rather than a manifest.
func IsFile(data []byte) bool {
	var head struct {
		Schema string `json:"schema"`
	}
	const ours = "bindgate.plan/"
	return begins(data, ours) || json.Unmarshal(data, &head) == nil && strings.HasPrefix(head.Schema, ours)
}

// begins reports whether data begins like an object whose first member is a
// schema of this name; what follows may be missing.
func begins(data []byte, schema string) bool {
	dec := json.NewDecoder(bytes.NewReader(data))
	for _, want := range []json.Token{json.Delim('{'), "schema"} {
		if got, err := dec.Token(); err != nil || got != want {
			return false
		}
	}
	got, err := dec.Token()
	name, _ := got.(string)
	return err == nil && strings.HasPrefix(name, schema)
}
