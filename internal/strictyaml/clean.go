package strictyaml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// The tags that the parser resolves plain values to (YAML 1.2.2 §10.3).
// Timestamps, which the parser also knows, are strings here as in YAML 1.2.
const (
	nullTag      = "!!null"
	boolTag      = "!!bool"
	intTag       = "!!int"
	floatTag     = "!!float"
	strTag       = "!!str"
	timestampTag = "!!timestamp"
	mergeTag     = "!!merge"
)

// number matches integers and floats (YAML 1.2.2 §10.3.2). The parser reads a
// number that overflows as a string, so an unquoted 1e999 would be a string
// here and a number to other readers.
var number = lazyregexp.New(`^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$`)

const plainSubset = "write the value out: anchors, aliases, merge keys and tags are not supported"

// clean checks a whole document against the plain subset, including values that
// are never read.
func (f *File) clean(n *yaml.Node) {
	f.cleanNode(n)
	switch n.Kind {
	case yaml.MappingNode:
		f.cleanKeys(n)
		for i := 1; i < len(n.Content); i += 2 {
			f.clean(n.Content[i])
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			f.clean(item)
		}
	}
}

func (f *File) cleanNode(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && IsKeyText(n.Value) {
		f.failAt(n, "got the text of a key or certificate", "write it to a file and name the file; if a private key was committed, replace it")
		n.Value, n.Tag = "", withheld
		return
	}
	if n.Tag == strTag && n.Style == 0 && n.Value != "" && strings.IndexByte("+-.0123456789", n.Value[0]) >= 0 && number.MatchString(n.Value) {
		n.Tag = floatTag
	}
	switch {
	case n.Kind == yaml.AliasNode:
		f.failAt(n, "got an alias", plainSubset)
	case n.Anchor != "":
		f.failAt(n, "got an anchor", plainSubset)
	case tagged(n):
		f.failAt(n, "got a tag", plainSubset)
	}
	if r, bad := Hidden(n.Value); bad {
		what := "control"
		if !hidden(r) {
			what = "invisible"
		}
		f.failAt(n, fmt.Sprintf("got a string with the %s character %U, want one line of plain text", what, r), "remove it")
	}
}

// withheld is the tag of a value that clean has refused and erased, so that no
// later message can repeat it. It is YAML's tag of no type.
const withheld = "!"

func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == withheld }

// cleanKeys checks that every key of a mapping is a string and unique.
func (f *File) cleanKeys(n *yaml.Node) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		f.cleanNode(key)
		switch {
		case key.Kind == yaml.AliasNode || key.Tag == withheld:
		case key.Tag == mergeTag:
			f.failAt(key, "got a merge key (<<)", plainSubset)
		case !isText(key):
			f.failAt(key, "got "+describe(key)+" as a key, want a string", "put the key in quotes")
		case seen[key.Value] != nil:
			first := seen[key.Value]
			f.failWith(key, Error{Message: fmt.Sprintf("duplicate key %q, first at %d:%d", shorten(key.Value),
				first.Line, first.Column), Next: "remove one", First: Place{first.Line, first.Column}})
		default:
			seen[key.Value] = key
		}
	}
}

func isText(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == strTag || n.Tag == timestampTag)
}

// describe names the type of a value, never the value: it may be a misplaced
// secret.
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == nullTag && n.Value == "":
		return "nothing"
	case n.Tag == nullTag:
		return "null"
	case n.Tag == boolTag:
		return "a boolean"
	case n.Tag == intTag || n.Tag == floatTag:
		return "a number"
	case isText(n):
		return "a string"
	}
	return "something else"
}
