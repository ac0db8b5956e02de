package strictyaml

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// Object is a mapping; the zero Object has no keys.
type Object struct {
	Value
	pairs []*yaml.Node // key, value, key, value
}

// Entry is one key and its value.
type Entry struct {
	Key   string
	Name  Value // the key's own place
	Value Value
}

// Object returns the mapping and accepts only the given keys. Any other key is
// an error; so is a value that is no mapping, which returns the zero Object.
func (v Value) Object(keys ...string) Object {
	return v.ObjectRefusing(func(string) (string, string) { return "", "" }, keys...)
}

// ObjectRefusing is Object with reasons: for another key, refuse may return the
// message and the next step; an empty message reports an unknown key.
func (v Value) ObjectRefusing(refuse func(key string) (message, next string), keys ...string) Object {
	entries, ok := v.Entries()
	if !ok {
		return Object{}
	}
	for _, e := range entries {
		if slices.Contains(keys, e.Key) {
			continue
		}
		message, next := refuse(e.Key)
		if message != "" {
			e.Name.Fail(message, next)
			continue
		}
		err := instead(e.Name.node, fmt.Sprintf("unknown key %q", shorten(e.Key)), keys)
		if err.Next == "" {
			err.Message += ", want " + list(keys)
		}
		v.file.failWith(e.Name.node, err)
	}
	return Object{Value: v, pairs: v.node.Content}
}

// Entries returns the keys and values of a mapping with free keys, in file
// order.
func (v Value) Entries() (entries []Entry, ok bool) {
	if v.node == nil {
		return nil, false
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrong("a mapping", "write key: value pairs")
		return nil, false
	}
	content := v.node.Content
	entries = make([]Entry, 0, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		if !isText(content[i]) {
			continue // refused by clean
		}
		entries = append(entries, Entry{Key: content[i].Value, Name: Value{v.file, content[i]}, Value: Value{v.file, content[i+1]}})
	}
	return entries, true
}

// Has reports whether the value is a mapping with a key. It reports no error.
func (v Value) Has(key string) bool {
	return v.IsObject() && Object{Value: v, pairs: v.node.Content}.Get(key).Given()
}

// Get returns the value of a key; absent if the key is.
func (o Object) Get(key string) Value {
	for i := 0; i+1 < len(o.pairs); i += 2 {
		if isText(o.pairs[i]) && o.pairs[i].Value == key {
			return Value{file: o.file, node: o.pairs[i+1]}
		}
	}
	return Value{}
}

// Require is Get for a required key.
func (o Object) Require(key string) Value {
	v := o.Get(key)
	if !v.Given() {
		o.Fail(fmt.Sprintf("the key %q is missing", key), "add it")
	}
	return v
}
