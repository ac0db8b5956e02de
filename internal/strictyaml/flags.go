package strictyaml

import (
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// Flags builds a value from flags, to be decoded like a value from a file.
// Errors name the flag instead of the file.
type Flags struct {
	file *File
	root *yaml.Node
}

// NewFlags returns an empty mapping.
func NewFlags() *Flags {
	return &Flags{file: &File{flags: map[*yaml.Node]string{}}, root: &yaml.Node{Kind: yaml.MappingNode}}
}

// Text sets a string at a path of keys.
func (f *Flags) Text(flag, text string, path ...string) { f.set(flag, f.text(flag, text), path) }

// Bool sets a boolean at a path of keys.
func (f *Flags) Bool(flag string, value bool, path ...string) {
	f.set(flag, f.node(flag, yaml.Node{Kind: yaml.ScalarNode, Tag: boolTag, Value: strconv.FormatBool(value)}), path)
}

// Texts sets a list of strings at a path of keys.
func (f *Flags) Texts(flag string, texts []string, path ...string) {
	list := f.node(flag, yaml.Node{Kind: yaml.SequenceNode})
	for _, text := range texts {
		list.Content = append(list.Content, f.text(flag, text))
	}
	f.set(flag, list, path)
}

// Value sets a string, a boolean, a list or an object at a path of keys.
func (f *Flags) Value(flag string, value any, path ...string) { f.set(flag, f.any(flag, value), path) }

func (f *Flags) any(flag string, value any) *yaml.Node {
	switch v := value.(type) {
	case string:
		return f.text(flag, v)
	case bool:
		return f.node(flag, yaml.Node{Kind: yaml.ScalarNode, Tag: boolTag, Value: strconv.FormatBool(v)})
	case []any:
		list := f.node(flag, yaml.Node{Kind: yaml.SequenceNode})
		for _, item := range v {
			list.Content = append(list.Content, f.any(flag, item))
		}
		return list
	case map[string]any:
		object := f.node(flag, yaml.Node{Kind: yaml.MappingNode})
		for _, key := range slices.Sorted(maps.Keys(v)) {
			object.Content = append(object.Content, f.text(flag, key), f.any(flag, v[key]))
		}
		return object
	}
	// Null, a number or an unknown type: the decoder reports that it wants another type.
	return f.node(flag, yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"})
}

// File returns a file with the value as its only document.
func (f *Flags) File() *File {
	f.file.clean(f.root)
	f.file.docs = []Value{{file: f.file, node: f.root}}
	return f.file
}

func (f *Flags) text(flag, text string) *yaml.Node {
	// Quoted, so that text that looks like a number stays a string.
	return f.node(flag, yaml.Node{Kind: yaml.ScalarNode, Tag: strTag, Style: yaml.DoubleQuotedStyle, Value: text})
}

func (f *Flags) node(flag string, n yaml.Node) *yaml.Node {
	f.file.flags[&n] = flag
	return &n
}

// set stores a value at a path and creates the mappings on the way.
func (f *Flags) set(flag string, value *yaml.Node, path []string) {
	in := f.root
	for _, key := range path[:len(path)-1] {
		in = f.mapping(flag, in, key)
	}
	in.Content = append(in.Content, f.text(flag, path[len(path)-1]), value)
}

func (f *Flags) mapping(flag string, in *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(in.Content); i += 2 {
		if in.Content[i].Value == key {
			return in.Content[i+1]
		}
	}
	made := f.node(flag, yaml.Node{Kind: yaml.MappingNode})
	in.Content = append(in.Content, f.text(flag, key), made)
	return made
}
