package policy

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/checks/evidence"
)

const freezeSchema = `{"type": "object", "required": ["enabled", "windows"], "properties": {
	"enabled": {"type": "boolean"},
	"zone": {"type": "string", "format": "time-zone", "default": "Asia/Shanghai"},
	"windows": {"type": "array", "items": {"type": "object", "required": ["from"], "properties": {
		"from": {"type": "string", "format": "date-time"}, "note": {"type": "string"}, "days": {"type": "array", "items": {"type": "string", "enum": ["Monday", "Friday"]}}}}}}}`

const freezePolicy = `# METADATA
# custom:
#   settings: freeze
package bindgate.policy.freeze

import rego.v2

deny contains sprintf("no binding from %s", [w.from]) if {
	some w in data.freeze.windows
	time.parse_rfc3339_ns(w.from) <= time.now_ns()
}
`

// asks loads a policy with data and a schema in their folders, and asks it about the
// bare binding.
func asks(t *testing.T, files map[string]string, data ...string) (evidence.Observation[evidence.Policy], error) {
	t.Helper()
	o := Options{Dirs: []string{folder(t, files)}, Labels: declared("owner")}
	for _, text := range data {
		o.Data = append(o.Data, filepath.Join(folder(t, map[string]string{"o.yaml": text}), "o.yaml"))
	}
	e, err := Load(context.Background(), o)
	if err != nil {
		return evidence.Observation[evidence.Policy]{}, err
	}
	return e.Evaluate(context.Background(), bare()), nil
}

func TestSettingsSwitchAPolicy(t *testing.T) {
	files := map[string]string{"freeze/x.rego": freezePolicy, "freeze/data.jsonschema": freezeSchema}
	const on = "freeze: {enabled: true, windows: [{from: 2026-01-01T00:00:00Z}]}"
	for name, c := range map[string]struct{ data, off, denials, err string }{
		"absent":      {"", "data.freeze is not set", "", ""},
		"off":         {strings.Replace(on, "true", "false", 1), "data.freeze.enabled is false", "", ""},
		"on":          {on, "", "no binding from 2026-01-01T00:00:00Z@", ""},
		"not enabled": {strings.Replace(on, "enabled: true, ", "", 1), "", "", "o.yaml:1:9: data.freeze.enabled is missing, and is required"},
		"half":        {"freeze: {enabled: false}", "", "", "data.freeze.windows is missing"},
		"a text":      {strings.Replace(on, "true", "\"yes\"", 1), "", "", "o.yaml:1:19: data.freeze.enabled is a text, want a boolean"},
	} {
		var data []string
		if c.data != "" {
			data = []string{c.data}
		}
		o, err := asks(t, files, data...)
		if (err == nil) != (c.err == "") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			wantWords(t, err.Error(), c.err)
			continue
		}
		if p := o.Facts.Packages[0]; o.State != evidence.StateObserved || p.Off != c.off || flat(p.Denials) != c.denials {
			t.Errorf("%s: got %+v", name, o)
		}
	}
	for name, change := range map[string]func(module, schema string) (string, string){
		"no schema of the settings": func(m, s string) (string, string) {
			return strings.Replace(m, "settings: freeze", "settings: frozen", 1), s
		},
		"enabled is not required": func(m, s string) (string, string) { return m, strings.Replace(s, `"enabled", `, "", 1) },
		"enabled is no boolean":   func(m, s string) (string, string) { return m, strings.Replace(s, "boolean", "string", 1) },
		"settings of a force policy": func(m, s string) (string, string) {
			return strings.NewReplacer("bindgate.policy", "bindgate.force", "deny contains", "reasons contains").Replace(m) + "\ndefault allow := false\n", s
		},
		"settings without a name": func(m, s string) (string, string) {
			return strings.Replace(m, "settings: freeze", "settings: [freeze]", 1), s
		},
	} {
		m, s := change(freezePolicy, freezeSchema)
		if _, err := asks(t, map[string]string{"freeze/x.rego": m, "freeze/data.jsonschema": s}); err == nil || !strings.Contains(err.Error(), "settings") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Data that may be left out is there, as the input is.
func TestDataIsTotal(t *testing.T) {
	module := strings.Replace(freezePolicy, "deny contains sprintf(\"no binding from %s\", [w.from]) if {", "deny contains sprintf(\"%v %v %s\", [w.note, w.days, data.freeze.zone]) if {", 1)
	o, err := asks(t, map[string]string{"freeze/x.rego": module, "freeze/data.jsonschema": freezeSchema}, "freeze: {enabled: true, windows: [{from: 2026-01-01T00:00:00Z}]}")
	if err != nil || flat(o.Facts.Packages[0].Denials) != "null [] Asia/Shanghai@" {
		t.Errorf("got %+v, %v", o, err)
	}
	_, err = asks(t, map[string]string{"freeze/x.rego": strings.Replace(module, "w.note,", "lower(w.note),", 1), "freeze/data.jsonschema": freezeSchema})
	if err == nil {
		t.Fatal("a built-in over what may be null loads")
	}
	wantWords(t, err.Error(), "data.freeze.windows[_].note may be null")
}

// A registry takes further names from --data, and a policy reads what its schema
// declares.
func TestDataThatPoliciesRead(t *testing.T) {
	const registry = `{"type": "object", "properties": {"owners": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string", "format": "glob"}}}}}`
	const rule = "package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"an unknown owner\" if not data.owners[input.binding.labels.owner]\n\nwarn contains name if some name, _ in data.owners\n"
	files := map[string]string{"x.rego": rule, "data.jsonschema": registry, "data.yaml": "owners: {payments: [demo.com]}"}
	o, err := asks(t, files, "owners: {search: [search.demo.com]}")
	if err != nil || flat(o.Facts.Packages[0].Denials) != "an unknown owner@" || flat(o.Facts.Packages[0].Warnings) != "payments@ search@" {
		t.Errorf("got %+v, %v", o, err)
	}
	without := map[string]string{"x.rego": rule, "data.yaml": "owners: {payments: [demo.com]}"}
	for name, c := range map[string]struct {
		files map[string]string
		data  string
		want  string
	}{
		"a name without a schema":    {without, "owners: {search: [search.demo.com]}", "o.yaml:1:18: data.owners.search overrides nothing; want one of payments; to let --data add a name, declare data.owners in a file data.jsonschema"},
		"no schema":                  {without, "", "data.yaml:1:9: data.owners is not declared: declare it in a file data.jsonschema"},
		"an element of another kind": {files, "owners: {search: [1]}", "o.yaml:1:19: data.owners.search[0] is a number, want a text"},
		"a glob that is none":        {files, "owners: {search: [\"{a\"]}", "data.owners.search[0] is \"{a\""},
		"a misspelt key in a list": {map[string]string{"x.rego": "package bindgate.policy.x\n\ndeny contains \"frozen\" if {\n\tsome w in data.fr.windows\n\tw.from != \"\"\n}\n", "data.yaml": "fr: {windows: [{form: 2020-01-01T00:00:00Z}]}"}, "",
			`w has no field "from"; did you mean "form"?`},
		"a misspelt key in a list, declared": {map[string]string{"x.rego": freezePolicy, "freeze/data.jsonschema": freezeSchema}, "freeze: {enabled: true, windows: [{form: 2020-01-01T00:00:00Z}]}",
			`o.yaml:1:42: data.freeze.windows[0].form is not declared at`},
		"a misspelt key in the rule": {map[string]string{"x.rego": strings.ReplaceAll(freezePolicy, "w.from", "w.form"), "freeze/data.jsonschema": freezeSchema}, "",
			`w has no field "form"; did you mean "from"?`},
		"a word that is none": {map[string]string{"x.rego": freezePolicy, "freeze/data.jsonschema": freezeSchema}, "freeze: {enabled: true, windows: [{from: 2020-01-01T00:00:00Z, days: [Fryday]}]}",
			`days[0] is "Fryday"; did you mean "Friday"?`},
		"a word of the rule that is none": {map[string]string{"x.rego": freezePolicy + "\ndeny contains \"day\" if {\n\tsome w in data.freeze.windows\n\t\"Fryday\" in w.days\n}\n", "freeze/data.jsonschema": freezeSchema}, "",
			`is never "Fryday"; did you mean "Friday"?`},
		"a zone that is none": {map[string]string{"x.rego": freezePolicy, "freeze/data.jsonschema": freezeSchema}, "freeze: {enabled: true, zone: Asia/Shangai, windows: []}",
			`o.yaml:1:31: data.freeze.zone is "Asia/Shangai": want a time zone`},
		"an order of time and number": {map[string]string{"x.rego": strings.Replace(freezePolicy, "time.parse_rfc3339_ns(w.from) <=", "w.from <=", 1), "freeze/data.jsonschema": freezeSchema}, "",
			"data.freeze.windows[_].from is a text, and the value is a number: a number comes before every text"},
		"data by a computed name": {map[string]string{"x.rego": "package bindgate.policy.x\n\ndeny contains \"x\" if {\n\tname := concat(\"\", [\"ow\", \"ners\"])\n\tcount(data[name]) == 0\n}\n"}, "", "may be recursive"},
	} {
		var data []string
		if c.data != "" {
			data = []string{c.data}
		}
		o, err := asks(t, c.files, data...)
		if err == nil {
			t.Errorf("%s: loaded, and says %+v", name, o)
			continue
		}
		wantWords(t, err.Error(), c.want)
	}
}

func TestSchemasThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"type": "object", "properties": {"a": {"type": "text"}}}`:                                              `data.jsonschema:1:49: got "text", want one of object, array, string`,
		`{"type": "object", "properties": {"a": {"type": "string", "patern": "x"}}}`:                             `the keyword "patern" would not be checked; did you mean "pattern"?`,
		`{"type": "object", "properties": {"a": {"type": "string", "minLength": 1}}}`:                            `the keyword "minLength" would not be checked`,
		`{"type": "object", "properties": {"a": {"type": "string", "pattern": "["}}}`:                            "got a pattern that is none",
		`{"type": "object", "properties": {"a": {"type": "string", "format": "day"}}}`:                           `got the format "day"`,
		`{"type": "object", "properties": {"a": {"description": "any"}}}`:                                        "the schema has no type",
		`{"type": "object", "properties": {"a": {"type": "array"}}}`:                                             "a list has items",
		`{"type": "object", "properties": {"a": {"type": "object"}}}`:                                            "an object has either properties",
		`{"type": "object", "properties": {"a": {"type": "object", "properties": {}, "required": ["enabled"]}}}`: `"enabled" is required, and not in properties`,
		`{"type": "object", "properties": {"a": {"type": "string", "enum": [1]}}}`:                               "want a list of texts",
		`{"type": "object", "properties": {"a": {"type": "integer", "minimum": "1"}}}`:                           "want a number",
		`{"type": "object", "properties": {"a": {"type": "string", "default": 1}}}`:                              "the default is a number, want a text",
		`{"type": "object", "properties": {"a": true}}`:                                                          "got a boolean, want a schema",
		`{"type": "string"}`:                                                     "want a schema of type object with properties",
		`{"type": "object", "properties": {"a": {"type"`:                         "not JSON",
		`{"type": "object", "properties": {"force_rebind": {"type": "string"}}}`: "data.jsonschema:1:1: data.force_rebind belongs to bindgate",
	} {
		_, err := asks(t, map[string]string{"x.rego": head + "deny contains \"x\" if count(input.binding.forceFrom) > 99", "data.jsonschema": text})
		if err == nil {
			t.Errorf("%s: loaded", text)
			continue
		}
		wantWords(t, err.Error(), want)
	}
}

// A value that fits is one that check finds nothing in.
func TestDataThatFits(t *testing.T) {
	for schema, values := range map[string]map[string]bool{
		`{"type": "string"}`: {`"a"`: true, `1`: false, `null`: false, `[]`: false, `{}`: false, `true`: false},
		`{"type": ["string", "null"], "enum": ["a", "b", null]}`:          {`"a"`: true, `"c"`: false, `""`: false, `null`: true},
		`{"type": "string", "pattern": "^a+$"}`:                           {`"aa"`: true, `"ab"`: false},
		`{"type": "string", "format": "date-time"}`:                       {`"2026-01-01T00:00:00Z"`: true, `"2026-01-01"`: false},
		`{"type": "integer", "minimum": 1, "maximum": 2}`:                 {`0`: false, `1.5`: false, `1.0`: true, `1`: true, `2`: true, `3`: false, `"1"`: false},
		`{"type": "number", "minimum": 1}`:                                {`0.5`: false, `1e9`: true},
		`{"type": "boolean"}`:                                             {`true`: true, `false`: true, `null`: false},
		`{"type": "array", "items": {"type": "integer"}}`:                 {`[]`: true, `[1, 2]`: true, `[1, "2"]`: false, `{}`: false},
		`{"type": "object", "additionalProperties": {"type": "boolean"}}`: {`{}`: true, `{"a": true}`: true, `{"a": 1}`: false, `[]`: false},
		`{"type": ["array", "object"], "items": {"type": "string"}}`:      {`["a"]`: true, `{"a": "b"}`: true, `{"a": 1}`: false, `[null]`: false},
		`{"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "string"}}, "b": {"type": "object", "properties": {"c": {"type": ["boolean", "null"]}}}}}`: {
			`{"a": []}`: true, `{"a": ["x"], "b": {}}`: true, `{"b": {}}`: false, `{"a": [1]}`: false, `{"a": [], "x": 1}`: false, `{"a": [], "b": {"d": 1}}`: false, `{}`: false},
	} {
		d, found := parseJSON(source{name: "s.json", text: []byte(schema)}, true)
		s := &dataSchema{}
		if found = append(found, s.read(d)...); found != nil {
			t.Fatalf("%s: %v", schema, found)
		}
		for text, want := range values {
			whole, found := parseJSON(source{name: "d.json", text: []byte("{\"v\":\n" + text + "}")}, false)
			if found != nil {
				t.Fatalf("%s: %v", text, found)
			}
			v := whole.members()["v"]
			fits := s.fits(v.rego())
			found = s.check(v, "v")
			if fits != want || (found == nil) != want {
				t.Errorf("%s in %s: fits is %v, and check finds %v; want %v", text, schema, fits, found, want)
			}
			if found != nil && found[0].Line != 2 {
				t.Errorf("%s: %v is not on line 2", text, found[0])
			}
		}
	}
}

// Data with a million errors is reported with as many errors as are shown, and a long name
// makes no long message.
func TestCheckIsBounded(t *testing.T) {
	d, found := parseJSON(source{name: "s.json", text: []byte(`{"type": "object", "properties": {"list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^x$"}}}}}}`)}, true)
	s := &dataSchema{}
	if found = append(found, s.read(d)...); found != nil {
		t.Fatal(found)
	}
	for name, text := range map[string]string{
		"values":   `{"list": [` + strings.Repeat(`{"a": "y"},`, 3_000) + `{"a": 1}]}`,
		"names":    `{"list": [` + strings.Repeat(`{"b": 1},`, 3_000) + `{"c": 1}]}`,
		"kinds":    `{"list": [` + strings.Repeat(`1,`, 3_000) + `2]}`,
		"one name": `{"` + strings.Repeat("n", 1<<20) + `": 1}`,
	} {
		whole, found := parseJSON(source{name: "d.json", text: []byte(text)}, false)
		if found != nil {
			t.Fatal(found)
		}
		found = s.check(whole, "v")
		if len(found) == 0 || len(found) > maxErrors+1 {
			t.Errorf("%s: got %d errors, want at most %d", name, len(found), maxErrors+1)
		}
		if text := asError(found).Error(); len(text) > 1000*(maxErrors+1) || len(found) > maxErrors && !strings.Contains(text, "more errors are not shown") {
			t.Errorf("%s: got %.300s", name, text)
		}
	}
}
