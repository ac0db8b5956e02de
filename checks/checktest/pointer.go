package checktest

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/bindgate/bindgate/checks/binding"
)

// pointsIntoBinding reports whether an RFC 6901 pointer refers to a value that
// a binding can have, present or not.
func pointsIntoBinding(pointer string) bool {
	if pointer == "" {
		return true
	}
	if !strings.HasPrefix(pointer, "/") {
		return false
	}
	at := reflect.TypeFor[binding.Binding]()
	for token := range strings.SplitSeq(pointer[1:], "/") {
		if at.Kind() == reflect.Pointer {
			at = at.Elem()
		}
		switch at.Kind() {
		case reflect.Struct:
			field, ok := fieldNamed(at, token)
			if !ok {
				return false
			}
			at = field.Type
		case reflect.Slice:
			if _, err := strconv.ParseUint(token, 10, 16); err != nil {
				return false
			}
			at = at.Elem()
		case reflect.Map:
			at = at.Elem()
		default:
			return false
		}
	}
	return true
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// childNames returns the member names or indices of a decoded JSON value, in
// order.
func childNames(v any) []string {
	switch v := v.(type) {
	case map[string]any:
		return slices.Sorted(maps.Keys(v))
	case []any:
		names := make([]string, len(v))
		for i := range v {
			names[i] = strconv.Itoa(i)
		}
		return names
	}
	return nil
}

func child(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[name]
	case []any:
		i, _ := strconv.Atoi(name) // from childNames
		return v[i]
	}
	return nil
}

func escapeToken(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
