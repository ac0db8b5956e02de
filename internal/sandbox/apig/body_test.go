package apig

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseObjectRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``: "no JSON", `[]`: "want a JSON object", `{"a":null}`: "is null", `{"a":[{"b":null}]}`: "is null", `{"a":1,"a":2}`: "given twice",
		`{} {}`: "after", `{"a":1`: "no JSON", `{"a" 1}`: "no JSON", `{"a":[1 2]}`: "no JSON", `{"a":tru}`: "no JSON",
		`{"a":` + strings.Repeat("[", 100_000): "too deeply",
	} {
		if _, err := parseObject([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", text, err, want)
		}
	}
}

// FuzzParseObject compares with the library: what is taken is the same value, and has
// no null.
func FuzzParseObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"b":[true,"x",{"c":-1.5e3}]}`, `{"a":null}`, `{"a":1}}`, "{\"a\":\"\\ud800\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := parseObject(body)
		if err != nil {
			return
		}
		var want map[string]any
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" || hasNull(got) {
			t.Fatalf("%q: %s", body, diff)
		}
	})
}

func hasNull(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return slices.ContainsFunc(v, hasNull)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasNull)
	}
	return false
}
