package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
)

// maxItems bounds a list of an answer. A group holds ten domains and a page fifty
// groups; four megabytes of empty items would be a gigabyte of memory.
const maxItems = 10_000

// ErrTooLong reports a list of more items than a reader keeps.
var ErrTooLong = errors.New("the list is too long")

// List is a list of an answer with at most maxItems items.
type List[T any] []T

func (l *List[T]) add(decode func(*T) error) error {
	if len(*l) == maxItems {
		return fmt.Errorf("a list of over %d items", maxItems)
	}
	var item T
	if err := decode(&item); err != nil {
		return err
	}
	*l = append(*l, item)
	return nil
}

// UnmarshalJSON reads the items one by one. null is an empty list.
func (l *List[T]) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return fmt.Errorf("got %v, want a list", open)
	}
	for dec.More() {
		if err := l.add(func(item *T) error { return dec.Decode(item) }); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalXML reads one item: the decoder calls it for each element.
func (l *List[T]) UnmarshalXML(dec *xml.Decoder, start xml.StartElement) error {
	return l.add(func(item *T) error { return dec.DecodeElement(item, &start) })
}
