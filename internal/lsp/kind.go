package lsp

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bindgate/bindgate/internal/config"
	"github.com/bindgate/bindgate/internal/manifest"
)

// kind is what a document is to bindgate.
type kind int

const (
	foreign      kind = iota // none of its files
	bindings                 // a manifest
	moves                    // the map of a cut-over
	treeConfig               // the tree's .bindgate.yaml
	ownersConfig             // the file of the gate's owner
)

// kindOf returns what a document is, by its name and by the keys at its top. owner is the
// path of the owner's file. A document that only mentions bindgate is foreign.
func kindOf(path, owner, s string) kind {
	switch {
	case path != "" && path == owner:
		return ownersConfig
	case filepath.Base(path) == config.TreeName:
		return treeConfig
	}
	keys, version := top(s)
	has := func(key string) bool { return slices.Contains(keys, key) }
	named := manifest.Is(path, []byte(s))
	switch {
	case !strings.HasPrefix(version, "bindgate/") && !named:
		return foreign
	case has("domains") && !has("bindings"):
		return moves
	case !named && !has("bindings") && slices.ContainsFunc(keys, config.IsOwners):
		return ownersConfig
	}
	return bindings
}

// maxTop limits the keys that top reads.
const maxTop = 256

// top returns the keys of the document's mapping, and the value of apiVersion. It reads text
// that is not whole, as people write it.
func top(s string) (keys []string, version string) {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{") {
		return topOfFlow(s)
	}
	for line := range strings.Lines(s) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		if !ok || key == "" || strings.ContainsAny(key[:1], " \t#-") || len(keys) == maxTop {
			continue
		}
		key = strings.Trim(key, `"' `)
		if keys = append(keys, key); key == "apiVersion" {
			version = strings.Trim(value, `"' `)
		}
	}
	return keys, version
}

// topOfFlow is top for a mapping in braces with quoted keys, such as JSON.
func topOfFlow(s string) (keys []string, version string) {
	depth, last := 0, ""
	for i := 0; i < len(s) && len(keys) < maxTop; i++ {
		switch s[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"', '\'':
			n := closing(s[i:])
			if n == 0 {
				return keys, version
			}
			word := s[i+1 : i+n]
			if i += n; depth != 1 {
				break
			}
			if strings.HasPrefix(strings.TrimLeft(s[i+1:], " \t\r\n"), ":") {
				keys = append(keys, word)
			} else if last == "apiVersion" {
				version = word
			}
			last = word
		}
	}
	return keys, version
}
