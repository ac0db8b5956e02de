package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/internal/confine"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Entry is a binding that a file of another tool describes.
type Entry struct {
	Address string // of the resource in the file
	Domain  string // empty: not known

	Platform string         // empty: not known
	Values   map[string]any // by the keys of a manifest's binding: strings, booleans, lists, objects
	NotRun   []string       // why the binding cannot be judged; then Values is not read
	Refused  bool           // what NotRun says refuses the binding

	Called bool // the other tool makes the calls, and sends what Values state and nothing else

	Accounts []binding.Account // in which it makes them, as far as the file says it

	Line, Column int                 // of the resource, or of what NotRun is about; zero: the file has no lines
	Properties   map[string]Property // where the values are written, by key
}

// Property is where the file of another tool states a value.
type Property struct {
	Name         string // as the file has it
	Line, Column int
}

// NotRun is a binding that cannot be judged. It is never allowed.
type NotRun struct {
	Binding  binding.Binding // the source, and the domain if it is known
	Platform string          // empty: not known
	Reasons  []string
	Refused  bool
}

// FromEntries makes the set of the bindings that a file of another tool describes, read
// by the same decoder as a manifest. name is the file in messages, text its bytes. A path
// in a value is the user's own choice and is not confined. Errors name the resource. shown
// is the text that reports may quote; nil if they may not.
func FromEntries(name string, text, shown []byte, entries []Entry, o Options) (*Set, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	var errs Errors
	sum := sha256.Sum256(text)
	set := &Set{Files: confine.Anywhere(), Digest: "sha256:" + hex.EncodeToString(sum[:]), Paths: []string{name}, folders: map[string]string{name: o.WorkDir}}
	if shown != nil {
		set.texts = map[string][]byte{name: shown}
	}
	for _, e := range entries {
		if _, bad := strictyaml.Hidden(e.Address); bad { // a line break would begin a message of its own
			e.Address = strconv.QuoteToASCII(e.Address)
		}
		at := binding.Position{File: name, Line: e.Line, Column: e.Column, Address: e.Address}
		if len(e.NotRun) > 0 {
			if strictyaml.IsKeyText(e.Domain) {
				e.Domain = ""
			}
			set.NotRun = append(set.NotRun, NotRun{Binding: binding.Binding{DomainName: e.Domain, Source: at}, Platform: e.Platform, Reasons: e.NotRun, Refused: e.Refused})
			continue
		}
		v := strictyaml.NewFlags()
		for _, key := range slices.Sorted(maps.Keys(e.Values)) {
			v.Value(key, e.Values[key], key)
		}
		file := v.File()
		b := decoder{name: name, flags: true, allowEnv: o.AllowEnv}.binding(file.Documents()[0], builtIn())
		for _, err := range file.Errors() {
			key := err.File
			if p, ok := e.Properties[key]; ok {
				key, err.Line, err.Column = p.Name, p.Line, p.Column
			}
			err.Message = fmt.Sprintf("%s: %s: %s", e.Address, key, err.Message)
			err.File = name
			errs = append(errs, err)
		}
		b.Source, b.Called, b.Accounts = at, e.Called, e.Accounts
		for _, key := range slices.Sorted(maps.Keys(e.Properties)) {
			p := e.Properties[key]
			if b.Names == nil {
				b.Names = map[string]string{}
			}
			b.Names["/"+key] = p.Name
			b.Positions.Set("/"+key, p.Line, p.Column)
		}
		set.given = append(set.given, b)
	}
	if len(errs) > 0 {
		return nil, errs
	}
	set.bindings = len(set.given)
	return set, nil
}
