package lsp

import (
	"iter"
	"slices"
	"strconv"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// spot is what is written at a place of a document.
type spot struct {
	path  []string         // keys, and numbers of items, from the top
	key   strictyaml.Value // absent: an item of a list
	value strictyaml.Value
}

func placed(v strictyaml.Value) place {
	line, column := v.Place()
	return place{line, column}
}

// documents returns the values of a text's documents, as far as it is sound. A long list
// is read in parts, so that a large text is not one tree.
func documents(k kind, s string) iter.Seq[strictyaml.Value] {
	switch k {
	case bindings, moves:
		_, docs := strictyaml.Each("", []byte(s), listKey(k))
		return docs
	}
	return slices.Values(strictyaml.Parse("", []byte(s)).Documents())
}

func listKey(k kind) string {
	if k == moves {
		return "domains"
	}
	return "bindings"
}

// find returns the innermost key and value at a place or before it. Whether the place is on
// them is for the caller to see.
func find(k kind, s string, target place) (found spot) {
	for doc := range documents(k, s) {
		if target.before(placed(doc)) {
			return found
		}
		found = spot{value: doc}.toward(target)
	}
	return found
}

// toward goes down to the innermost key and value at a place or before it.
func (p spot) toward(target place) spot {
	switch {
	case p.value.IsObject():
		entries, _ := p.value.Entries()
		for i := len(entries) - 1; i >= 0; i-- {
			if e := entries[i]; !target.before(placed(e.Name)) {
				next := spot{path: append(p.path, e.Key), key: e.Name, value: e.Value}
				if target.before(placed(e.Value)) {
					return next
				}
				return next.toward(target)
			}
		}
	case p.value.IsList():
		items, _ := p.value.Items()
		number, last := 0, p
		for item := range items {
			if target.before(placed(item)) {
				break
			}
			last = spot{path: append(p.path, strconv.Itoa(number)), value: item}
			number++
		}
		if number > 0 {
			return last.toward(target)
		}
	}
	return p
}

// bindingAt returns the binding that begins at a place.
func bindingAt(k kind, s string, at place) (found strictyaml.Value) {
	for doc := range documents(k, s) {
		if !doc.IsObject() {
			continue
		}
		entries, _ := doc.Entries()
		for _, e := range entries {
			if e.Key != listKey(k) || !e.Value.IsList() {
				continue
			}
			items, _ := e.Value.Items()
			for item := range items {
				if placed(item) == at {
					found = item
				}
			}
		}
	}
	return found
}
