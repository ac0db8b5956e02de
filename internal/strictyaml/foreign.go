package strictyaml

import (
	"fmt"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// foreignDepth is the nesting that a file of another program may have.
const foreignDepth = 100

// Foreign reads the one document of a file of another program, which may have tags,
// aliases and texts of several lines. The limits and the rules for bytes and keys are
// those of Parse. Aliases are not expanded: each stays a node of its own kind.
func Foreign(name string, src []byte) (*yaml.Node, Errors) {
	f := &File{Name: name, depth: foreignDepth}
	text, ok := f.scan(src, MaxTree)
	switch {
	case !ok:
	case crowded(text):
		f.fail(0, 0, fmt.Sprintf("file contains more than %d values", maxValues), "split it into several files")
	case directive(text) > 0:
		f.fail(directive(text), 1, "got a directive or the mark ... of a document's end", "remove it")
	default:
		return f.foreign(text)
	}
	return nil, f.Errors()
}

func (f *File) foreign(text []byte) (*yaml.Node, Errors) {
	var docs []*yaml.Node
	bounds := loaderlimits.New(loaderlimits.DepthValue(foreignDepth), loaderlimits.AliasNone())
	err := load(text, bounds, func(doc *yaml.Node) bool {
		docs = append(docs, doc)
		return len(docs) < 2
	})
	switch {
	case err != nil:
		f.syntax(err, text, nil)
	case len(docs) == 0:
		f.empty()
	case len(docs) > 1:
		f.fail(docs[1].Line, docs[1].Column, "got a second document, want one", "remove it, or write it into a file of its own")
	default:
		if root := f.root(docs[0]); root != nil {
			f.uniqueKeys(root)
			if f.Errors() == nil {
				return root, nil
			}
		}
	}
	return nil, f.Errors()
}

// uniqueKeys reports keys that are no plain text, and keys that are there twice: readers
// differ in which value they take.
func (f *File) uniqueKeys(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		seen := make(map[string]*yaml.Node, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			switch first := seen[key.Value]; {
			case key.Kind != yaml.ScalarNode:
				f.failAt(key, "got "+describe(key)+" as a key, want a string", "write the key out")
			case first == nil:
				seen[key.Value] = key
			case IsKeyText(key.Value):
				f.failAt(key, fmt.Sprintf("duplicate key, first at %d:%d", first.Line, first.Column), "remove one")
			default:
				f.failAt(key, fmt.Sprintf("duplicate key %q, first at %d:%d", shorten(key.Value), first.Line, first.Column), "remove one")
			}
		}
	}
	for _, item := range n.Content {
		f.uniqueKeys(item)
	}
}
