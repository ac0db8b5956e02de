package sources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// MaxFileSize bounds a file of another tool, in bytes.
const MaxFileSize = 64 << 20

// maxDepth bounds the nesting of a file.
const maxDepth = 100

// strictJSON reads one JSON value. An object with a key twice is an error: readers differ
// in which value they take. keep reports whether a value of the path is needed; what is
// not needed is checked and dropped. No error repeats a value.
func strictJSON(text []byte, keep func(path []string, value any) bool) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8; save it as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // PowerShell writes one; a manifest may begin with it, too (RFC 8259 section 8.1)
	if !json.Valid(text) {                          // the decoder's tokens alone are more lenient
		var none json.RawMessage
		return nil, syntax(json.Unmarshal(text, &none))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	r := jsonReader{d: d, keep: keep}
	value, err := r.value(nil)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("byte %d: text follows the JSON value, want one value", d.InputOffset())
	}
	return value, nil
}

type jsonReader struct {
	d    *json.Decoder
	keep func(path []string, value any) bool
}

// syntax says where a text is no JSON, without the text.
func syntax(err error) error {
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		return fmt.Errorf("byte %d: it is not JSON, or ends too early", bad.Offset)
	}
	return err
}

func (r jsonReader) value(path []string) (any, error) {
	if len(path) > maxDepth {
		return nil, fmt.Errorf("byte %d: more than %d levels of nesting", r.d.InputOffset(), maxDepth)
	}
	token, err := r.d.Token()
	if err != nil {
		return nil, syntax(err)
	}
	switch token {
	case json.Delim('{'):
		return r.object(path)
	case json.Delim('['):
		return r.list(path)
	}
	return token, nil
}

func (r jsonReader) object(path []string) (any, error) {
	out, seen := map[string]any{}, map[string]bool{}
	for r.d.More() {
		token, err := r.d.Token()
		if err != nil {
			return nil, syntax(err)
		}
		key, _ := token.(string)
		if seen[key] {
			return nil, fmt.Errorf("byte %d: the key %.64q is there twice, want it once", r.d.InputOffset(), key)
		}
		seen[key] = true
		at := append(path, key)
		value, err := r.value(at)
		if err != nil {
			return nil, err
		}
		if r.keep(at, value) {
			out[key] = value
		}
	}
	_, err := r.d.Token()
	return out, syntax(err)
}

func (r jsonReader) list(path []string) (any, error) {
	out := []any{}
	for r.d.More() {
		value, err := r.value(append(path, ""))
		if err != nil {
			return nil, err
		}
		if r.keep(append(path, ""), value) {
			out = append(out, value)
		}
	}
	_, err := r.d.Token()
	return out, syntax(err)
}

// object returns a member that is an object; nil if it is none.
func object(v any, keys ...string) map[string]any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	m, _ := v.(map[string]any)
	return m
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

func list(m map[string]any, key string) []any {
	l, _ := m[key].([]any)
	return l
}
