package external_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/bindgate/bindgate/internal/external"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const tickets = `{"type": "object", "additionalProperties": false, "required": ["open", "by"], "properties": {"open": {"type": "array", "items": {"type": "string", "pattern": "^CHG-[0-9]+$"}}, "by": {"type": ["string", "null"], "format": "date"}}}`

func schema(t testing.TB, text string) external.Schema {
	t.Helper()
	s, err := external.ReadSchema([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRead(t *testing.T) {
	s := schema(t, tickets)
	got, err := external.Read([]byte(`{"asOf": "2026-11-28T19:30:00+08:00", "facts": {"open": ["CHG-1"], "by": null}}`), s, time.Hour, now)
	if err != nil || string(got.Facts) != `{"open":["CHG-1"],"by":null}` || !got.AsOf.Equal(now.Add(-30*time.Minute)) || !got.Until.Equal(now.Add(30*time.Minute)) ||
		len(got.Digest) != len("sha256:")+64 {
		t.Fatalf("got %+v, %v", got, err)
	}
	facts := func(asOf string) string { return `{"asOf": "` + asOf + `", "facts": {}}` }
	for text, want := range map[string]string{
		"":                                   "it is no JSON",
		"{}":                                 "it has no facts",
		"[]":                                 "cannot unmarshal",
		`{"facts": {}}`:                      `asOf is "", want a time`,
		facts("yesterday"):                   `asOf is "yesterday", want a time`,
		facts("2026-11-28T12:02:00Z"):        "which is in the future",
		facts("2026-11-28T11:00:00Z"):        "may be used until 2026-11-28T12:00:00Z, by the owner's maxAge of 1h0m0s",
		facts("2026-11-28T12:00:00Z") + "{}": "something follows",
		`{"asOf": "2026-11-28T12:00:00Z", "asof": "2020-01-01T00:00:00Z", "facts": {}}`:                          `it has the unknown key "asof"; want {"asOf": TIME`,
		`{"asof": "2026-11-28T12:00:00Z", "facts": {}}`:                                                          `it has the unknown key "asof"`,
		`{"asOf": "2026-11-28T12:00:00Z", "Facts": {}}`:                                                          `it has the unknown key "Facts"`,
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {"open": [], "open": ["CHG-1"]}}`:                             `the key "open" is there twice`,
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {}, "note": ""}`:                                              `it has the unknown key "note"`,
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {"closed": []}}`:                                              "not as the owner's schema has them",
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {"open": ["CHG-x"]}}`:                                         "not as the owner's schema has them",
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {"by": "soon"}}`:                                              "not as the owner's schema has them",
		`{"asOf": "2026-11-28T12:00:00Z", "facts": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}": "nests deeper",
	} {
		if got, err := external.Read([]byte(text), s, time.Hour, now); err == nil || !strings.Contains(err.Error(), want) || got.Facts != nil {
			t.Errorf("%.80q:\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestReadSchemaRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"x":                 "it is no JSON",
		`{"type": "thing"}`: "reading a JSON Schema",
		`{"$ref": "https://evil.demo.com/s.json"}`: `the schema refers to "https://evil.demo.com/s.json"`,
		`{"$ref": "file:///etc/passwd"}`:           `the schema refers to "file:///etc/passwd"`,
		`{"type": "object", "type": "array"}`:      `the key "type" is there twice`,
		`{"type": "string"}`:                       "facts are an object or a list",
		`{}`:                                       "# has no type",
		`true`:                                     "# is no schema with a type",
		`{"type": "object"}`:                       "#/additionalProperties is no schema with a type",
		`{"type": "object", "properties": {"a": {"type": "string"}}}`:                                                                `# has fixed fields and may have others`,
		`{"type": "object", "additionalProperties": false, "properties": {"a": {"type": "string"}}}`:                                 "#/properties/a may be absent",
		`{"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"anyOf": [{"type": "string"}]}}}`: "#/properties/a has no type",
		`{"type": "array", "items": {"type": ["object", "string"], "additionalProperties": {"type": "string"}}}`:                     "#/items is a list or an object or something else",
	} {
		if _, err := external.ReadSchema([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzRead holds that what is read is JSON that the schema has, fresh, and read the
// same again.
func FuzzRead(f *testing.F) {
	s := schema(f, tickets)
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": {"open": ["CHG-1"], "by": "2026-11-28"}}`))
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := external.Read(text, s, time.Hour, now)
		if err != nil {
			return
		}
		var facts struct{ Open []string }
		if err := json.Unmarshal(got.Facts, &facts); err != nil || !got.Until.After(now) {
			t.Errorf("%q is taken as %+v: %v", text, got, err)
		}
		for _, one := range facts.Open {
			if !strings.HasPrefix(one, "CHG-") {
				t.Errorf("%q is taken", text)
			}
		}
	})
}
