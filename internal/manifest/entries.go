package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Entry is a binding that a file of another tool describes.
type Entry struct {
	Address string         // of the resource in the file
	Domain  string         // empty: not known
	Values  map[string]any // by the keys of a manifest's binding: strings, booleans, lists, objects
	NotRun  []string       // why the binding cannot be judged; then Values is not read
}

// NotRun is a binding that cannot be judged. It is never allowed.
type NotRun struct {
	Binding binding.Binding // the source, and the domain if it is known
	Reasons []string
}

// FromEntries makes the set of the bindings that a file of another tool describes, read
// by the same decoder as a manifest. name is the file in messages, text its bytes. A path
// in a value is the user's own choice and is not confined. Errors name the resource.
func FromEntries(name string, text []byte, entries []Entry, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	var errs Errors
	sum := sha256.Sum256(text)
	set := &Set{Files: confine.Anywhere(), Digest: "sha256:" + hex.EncodeToString(sum[:]), Paths: []string{name}, folders: map[string]string{name: o.WorkDir}}
	for _, e := range entries {
		at := binding.Position{File: name, Address: e.Address}
		if len(e.NotRun) > 0 {
			if strictyaml.IsKeyText(e.Domain) {
				e.Domain = ""
			}
			set.NotRun = append(set.NotRun, NotRun{Binding: binding.Binding{DomainName: e.Domain, Source: at}, Reasons: e.NotRun})
			continue
		}
		v := strictyaml.NewFlags()
		for _, key := range slices.Sorted(maps.Keys(e.Values)) {
			v.Value(key, e.Values[key], key)
		}
		file := v.File()
		b := decoder{name: name, flags: true, allowEnv: o.AllowEnv}.binding(file.Documents()[0], builtIn())
		for _, err := range file.Errors() {
			err.Message = fmt.Sprintf("%s: %s: %s", e.Address, err.File, err.Message)
			err.File = name
			errs = append(errs, err)
		}
		b.Source = at
		set.given = append(set.given, b)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	set.bindings = len(set.given)
	return set, nil
}
