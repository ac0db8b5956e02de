package external_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	validate "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/internal/external"
	"github.com/bindgate/bindgate/internal/policy"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const tickets = `{"type": "object", "additionalProperties": false, "required": ["open", "by", "count"], "properties": {"open": {"type": "array", "items": {"type": "string", "pattern": "^CHG-[0-9]+$"}}, "by": {"type": ["string", "null"], "format": "date"}, "count": {"type": "integer"}}}`

func schema(t testing.TB, text string) policy.FactsSchema {
	t.Helper()
	s, err := policy.ReadFactsSchema("schema.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRead(t *testing.T) {
	s := schema(t, tickets)
	got, err := external.Read("f.json", []byte(`{"asOf": "2026-11-28T19:30:00+08:00", "facts": {"open": ["CHG-1"], "by": null, "count": 2}}`), s, time.Hour, now)
	if err != nil || string(got.Facts) != `{"open":["CHG-1"],"by":null,"count":2}` || !got.AsOf.Equal(now.Add(-30*time.Minute)) || !got.Until.Equal(now.Add(30*time.Minute)) ||
		len(got.Digest) != len("sha256:")+64 {
		t.Fatalf("got %+v, %v", got, err)
	}
	facts := func(asOf string) string {
		return `{"asOf": "` + asOf + `", "facts": {"open": [], "by": null, "count": 0}}`
	}
	const head = `{"asOf": "2026-11-28T12:00:00Z", "facts": `
	for text, want := range map[string]string{
		"":                                   "f.json:1:1: not JSON",
		"{}":                                 "f.json:1:1: facts is missing",
		"[]":                                 "want one document",
		`{"facts": {}}`:                      "f.json:1:1: asOf is missing",
		facts("yesterday"):                   `f.json:1:10: asOf is "yesterday": want a time`,
		facts("2026-11-28T12:02:00Z"):        "f.json: its asOf is 2026-11-28T12:02:00Z, which is in the future",
		facts("2026-11-28T11:00:00Z"):        "may be used until 2026-11-28T12:00:00Z, by the owner's maxAge of 1h0m0s",
		facts("2026-11-28T12:00:00Z") + "{}": "not JSON",
		`{"asOf": "2026-11-28T12:00:00Z", "asof": "2020-01-01T00:00:00Z", "facts": {}}`:    `f.json:1:42: got the field "asof"`,
		`{"asOf": "2026-11-28T12:00:00Z", "facts": {}, "Facts": {"open": ["CHG-1"]}}`:      `got the field "Facts"`,
		`{"asof": "2026-11-28T12:00:00Z", "facts": {}}`:                                    `got the field "asof"`,
		`{"asOf": null, "facts": {}}`:                                                      "asOf is null, want a text",
		head + `{"open": [], "open": ["CHG-1"]}}`:                                          `f.json:1:56: duplicate key "open"`,
		head + `{}, "note": ""}`:                                                           `got the field "note"`,
		head + `{"closed": []}}`:                                                           "f.json:1:54: facts.closed is not declared at schema.json:1:1",
		head + `{"open": ["CHG-1", "CHG-x"], "by": null, "count": 0}}`:                     `f.json:1:62: facts.open[1] is "CHG-x", want a text that matches ^CHG-`,
		head + `{"open": [], "by": "soon", "count": 0}}`:                                   `facts.by is "soon": want a date`,
		head + `{"open": [], "by": null, "count": 0.5}}`:                                   "facts.count is 0.5, want an integer",
		head + `{"open": [], "by": null}}`:                                                 "f.json:1:43: facts.count is missing",
		head + `null}`:                                                                     "facts is null, want an object",
		head + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}":                   "nested too deeply",
		head + `{"open": ["` + strings.Repeat("x", 1<<20) + `"], "by": null, "count": 0}}`: `want a text that matches`,
	} {
		if got, err := external.Read("f.json", []byte(text), s, time.Hour, now); err == nil || !strings.Contains(err.Error(), want) || got.Facts != nil || len(err.Error()) > 1000 {
			t.Errorf("%.80q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// FuzzRead holds that what is read is fresh, and follows the schema by a validator of
// all JSON Schema too.
func FuzzRead(f *testing.F) {
	s := schema(f, tickets)
	document, err := validate.UnmarshalJSON(strings.NewReader(tickets))
	if err != nil {
		f.Fatal(err)
	}
	compiler := validate.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("mem:///s.json", document); err != nil {
		f.Fatal(err)
	}
	oracle := compiler.MustCompile("mem:///s.json")
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": {"open": ["CHG-1"], "by": "2026-11-28", "count": 1}}`))
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": {"open": [], "by": "2026-11-28", "count": 1.5}}`))
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": {"open": [], "by": "2026-02-30", "count": 1e3}}`))
	f.Add([]byte(`{"asOf": "2026-11-28T11:30:00Z", "facts": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := external.Read("f.json", text, s, time.Hour, now)
		if err != nil {
			return
		}
		facts, err := validate.UnmarshalJSON(bytes.NewReader(got.Facts))
		if err != nil || !got.Until.After(now) {
			t.Fatalf("%q is taken as %+v: %v", text, got, err)
		}
		if err := oracle.Validate(facts); err != nil {
			t.Errorf("%q is taken: %v", text, err)
		}
	})
}
