package sources

import (
	"iter"
	"strings"

	"go.yaml.in/yaml/v4"
)

// function returns the function that a value calls, without "Fn::", and its argument;
// empty if it calls none.
func function(n *yaml.Node) (name string, of *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		return "", nil
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") && len(n.Tag) > 1:
		plain := *n
		plain.Tag, plain.Style = "!!str", n.Style&^yaml.TaggedStyle
		return n.Tag[1:], &plain
	case plainMapping(n) && len(n.Content) == 2:
		key := n.Content[0]
		if rest, ok := strings.CutPrefix(key.Value, "Fn::"); ok && !tagged(key) {
			return rest, n.Content[1]
		}
		if key.Value == "Ref" && !tagged(key) {
			return "Ref", n.Content[1]
		}
	}
	return "", nil
}

const mergeTag, timestampTag = "!!merge", "!!timestamp"

// tagged reports whether a node has a tag of its own.
func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" }

// literal reports whether a node is a text as it stands.
func literal(n *yaml.Node) bool { return literalOf(n, "!!str") || literalOf(n, timestampTag) }

func literalOf(n *yaml.Node, tag string) bool {
	return n != nil && n.Kind == yaml.ScalarNode && !tagged(n) && n.Tag == tag
}

func plainMapping(n *yaml.Node) bool { return n != nil && n.Kind == yaml.MappingNode && !tagged(n) }

func merged(n *yaml.Node) bool {
	for key := range pairs(n) {
		if key.Tag == mergeTag {
			return true
		}
	}
	return false
}

// pairs yields the keys and values of a mapping; none if the node is no mapping.
func pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(key, value *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// memberOf returns the key and the value of a name in a mapping; nil if it has none.
func memberOf(n *yaml.Node, name string) (key, value *yaml.Node) {
	for key, value := range pairs(n) {
		if key.Value == name && !tagged(key) {
			return key, value
		}
	}
	return nil, nil
}

func value(n *yaml.Node, name string) *yaml.Node {
	_, v := memberOf(n, name)
	return v
}

func described(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "nothing"
	case n.Tag == "!!bool":
		return "a boolean"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "a number"
	}
	return "a string"
}
