package policy

import (
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// loadWith loads a policy that reads data.team, together with the given files.
func loadWith(t *testing.T, dirData map[string]string, data ...string) error {
	t.Helper()
	files := map[string]string{"x.rego": head + "deny contains \"x\" if input.binding.domainName in data.team.names"}
	for name, text := range dirData {
		files[name] = text
	}
	var over []string
	for _, text := range data {
		over = append(over, filepath.Join(folder(t, map[string]string{"over.yaml": text}), "over.yaml"))
	}
	_, err := Load(context.Background(), Options{Dirs: []string{folder(t, files)}, Data: over})
	return err
}

const teamSchema = `{"type": "object", "properties": {"team": {"type": "object", "required": ["names"], "properties": {
	"names": {"type": "array", "items": {"type": "string"}}, "more": {"type": "integer"},
	"open": {"type": "object", "additionalProperties": {"type": "string"}}}}}}`

func TestDataThatLoads(t *testing.T) {
	loadWith := func(t *testing.T, dirData map[string]string, data ...string) error {
		files := map[string]string{schemaName: teamSchema}
		maps.Copy(files, dirData)
		return loadWith(t, files, data...)
	}
	team := map[string]string{"data.yaml": "team: {names: [a.demo.com], open: {}}"}
	for name, err := range map[string]error{
		"next to the policy":   loadWith(t, team),
		"json":                 loadWith(t, map[string]string{"data.json": `{"team": {"names": []}}`}),
		"two files, two names": loadWith(t, map[string]string{"data.yaml": "team: {names: []}", "data.yml": "team: {more: 1}"}),
		"by --data alone":      loadWith(t, nil, "team: {names: []}"),
		"overridden":           loadWith(t, team, "team: {names: [b.demo.com]}"),
		"an open object":       loadWith(t, team, "team: {open: {any: thing}}"),
		"two overrides":        loadWith(t, team, "team: {names: []}", "force_rebind: {ticketLabel: ticket}"),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataThatIsRefused(t *testing.T) {
	team := map[string]string{"data.yaml": "team: {names: [a.demo.com]}"}
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"no data":                     {loadWith(t, nil), []string{"x.rego:2:", "data.team.names is read, and no policy and no data file defines it"}},
		"a collision":                 {loadWith(t, map[string]string{"data.yaml": "team: {names: []}", "data.yml": "team: {names: []}"}), []string{"data.yml:1:", "data.team.names is set already", "only --data overrides"}},
		"a collision deep in JSON":    {loadWith(t, map[string]string{"data.yaml": "team: {a: {b: {c: 1}}}", "data.json": "{\"team\": {\"names\": [],\n \"a\": {\"b\":\n  {\"c\": 2}}}}"}), []string{"data.team.a.b.c is set already", "data.json:3:9"}},
		"an override deep in JSON":    {loadWith(t, map[string]string{"data.json": "{\"team\": {\"names\": [], \"a\":\n {\"b\": {\"c\": 1}}}}"}, "team: {a: {b: {c: x}}}"), []string{"data.team.a.b.c is a string, want a number as at ", "data.json:2:14"}},
		"a misspelt key deep in JSON": {loadWith(t, map[string]string{"data.json": `{"team": {"names": [], "a": {"box": 1}}}`}, "team: {a: {bux: 2}}"), []string{"data.team.a.bux overrides nothing", `did you mean "box"?`}},
		"over shipped data":           {loadWith(t, map[string]string{"data.yaml": "team: {names: []}", "force_rebind/data.yaml": "protectedGroups: []"}), []string{"force_rebind/data.yaml:1:", "data.force_rebind belongs to bindgate: set it in a file of --data"}},
		"two overrides of one":        {loadWith(t, team, "team: {names: []}", "team: {names: []}"), []string{"over.yaml:1:", "two files collide"}},
		"where packages live":         {loadWith(t, team, "bindgate: {force: {rebind: {allow: true}}}"), []string{"over.yaml:1:", "data.bindgate belongs to the packages"}},
		"a misspelt key":              {loadWith(t, team, "force_rebind: {ticketPatern: x}"), []string{"over.yaml:1:", "ticketPatern overrides nothing", `did you mean "ticketPattern"?`}},
		"a misspelt name":             {loadWith(t, map[string]string{"data.yaml": team["data.yaml"], schemaName: teamSchema}, "force_rebnd: {ticketPattern: x}"), []string{"over.yaml:1:", "no policy reads data.force_rebnd", `did you mean "force_rebind"?`}},
		"another kind":                {loadWith(t, team, "team: {names: a.demo.com}"), []string{"data.team.names is a string, want a list"}},
		"a duplicate key":             {loadWith(t, team, "team: {names: []}\nteam: {names: []}"), []string{"over.yaml:2:1", "duplicate key"}},
		"empty":                       {loadWith(t, team, ""), []string{"over.yaml", "empty"}},
		"a list":                      {loadWith(t, team, "[1]"), []string{"want one document, a mapping"}},
		"two documents":               {loadWith(t, team, "team: {}\n---\nteam: {}"), []string{"want one document"}},
		"an alias":                    {loadWith(t, team, "team: &a {names: []}\nb: *a"), []string{"anchor"}},
		"an octal number":             {loadWith(t, team, "team: 0777"), []string{"over.yaml:1:7", `got the number "0777"`, "without a leading zero"}},
		"eight, or text":              {loadWith(t, team, "team: 08"), []string{"over.yaml:1:7", `got the number "08"`}},
		"a number with a gap":         {loadWith(t, team, "team: 1_000"), []string{"over.yaml:1:7", `got the number "1_000"`}},
		"no number":                   {loadWith(t, team, "team: .nan"), []string{"over.yaml:1:7", "want one that JSON can write"}},
		"not yaml":                    {loadWith(t, team, "team: {"), []string{"over.yaml:", "YAML"}},
	} {
		if c.err == nil {
			t.Errorf("%s: loaded", name)
			continue
		}
		wantWords(t, c.err.Error(), c.want...)
	}
	_, err := Load(context.Background(), Options{Data: []string{filepath.Join(t.TempDir(), "missing.yaml")}})
	if err == nil {
		t.Error("a missing file loaded")
	}
}

func TestDataValues(t *testing.T) {
	d, err := parseData(source{name: "d.yaml", text: []byte("a: [1, 0x10, 1.5, true, null, yes, 2026-01-02T03:04:05Z, 2026-01-02, {b: '1'}]")})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a": [1, 16, 1.5, true, null, "yes", "2026-01-02T03:04:05Z", "2026-01-02", {"b": "1"}]}`
	if got := d.rego(); got.Compare(ast.MustParseTerm(want).Value) != 0 {
		t.Errorf("got %v, want %s", got, want)
	}
}

// JSON reads the same by either reader, with the same places.
func TestJSONIsReadAsYAMLIs(t *testing.T) {
	for _, text := range []string{
		`{}`, " \t{ \r\n}\n", "\xef\xbb\xbf{\"a\": 1}", `{"a": {"b": [1, -0, 2.50, 1e3, 12345678901, true, false, null, [], {}, {"c": {"d": "é"}}]}}`,
		"{\n  \"é\": \"ü\", \"k\": [\n[1],\n[2, {\"x\": []}]],\n\"z\": {\"y\": 1}}", `{"": "", "q\"\\\/": "é😀"}`,
	} {
		fromJSON, found := parseData(source{name: "d.json", text: []byte(text)})
		if found != nil {
			t.Errorf("%s: %v", text, found)
			continue
		}
		fromYAML, found := parseData(source{name: "d.yaml", text: []byte(strings.ReplaceAll(text, "\t", " "))})
		if found != nil {
			t.Errorf("%s as YAML: %v", text, found)
			continue
		}
		if fromJSON.rego().Compare(fromYAML.rego()) != 0 {
			t.Errorf("%s: got %v, want %v", text, fromJSON.rego(), fromYAML.rego())
		}
		for name, v := range fromYAML.fields {
			if j := fromJSON.fields[name]; j.row != v.row || j.col != v.col {
				t.Errorf("%s: %q is at %d:%d, want %d:%d", text, name, j.row, j.col, v.row, v.col)
			}
		}
	}
}

func TestJSONThatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "d.json:1:1: not JSON: unexpected end of JSON input",
		"{\n \"a\": 1,\n}":      "d.json:3:1: not JSON: invalid character '}'",
		`{"a": 1} {}`:           "d.json:1:10: not JSON",
		"# comment\n{}":         "d.json:1:1: not JSON",
		`[{"a": 1}]`:            "d.json: want one document, a mapping",
		"{\"é\": 1,\n\"é\": 2}": `d.json:2:1: duplicate key "é"`,
		`{"é": 0, "l": [{"b": 1, "\u0062": 2}]}`: `d.json:1:25: duplicate key "b"`,
		"{\"a\": \"\xff\"}":                      "d.json:1:8: got a byte that is not UTF-8",
		`{"a": "\ud800"}`:                        "d.json:1:7: got an escape that is no character",
		`{"a": "x\ny"}`:                          "d.json:1:7: got a text with the control character U+000A",
		`{"a": 123456789012345678901}`:           `d.json:1:7: got the number "123456789012345678901"`,
		`{"a": 1e999}`:                           `d.json:1:7: got the number "1e999"`,
		`{"a": ` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + "}": "d.json:1:26: nested too deeply",
		`{"a": ` + strings.Repeat("[", 20_000):                             "not JSON",
		`{"a": "-----BEGIN EC PRIVATE KEY-----\nabc"}`:                     "d.json:1:7: got the text of a key or certificate",
	} {
		d, found := parseData(source{name: "d.json", text: []byte(text)})
		if d != nil || found == nil {
			t.Errorf("%.80s: taken", text)
			continue
		}
		wantWords(t, found.Error(), want)
		if strings.Contains(found.Error(), "BEGIN") {
			t.Errorf("the key is repeated: %v", found)
		}
	}
}

func FuzzData(f *testing.F) {
	for _, seed := range []string{"a: 1", `{"a": {"b": [1, 2.5, null]}}`, "a: &x 1\nb: *x", "a: .inf", "a: !!int x", "? [a]\n: b", `{"a":"\ud83d\ude00","a":[{}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range []string{"d.yaml", "d.json"} {
			d, found := parseData(source{name: name, text: text})
			if (d == nil || d.fields == nil) != (found != nil) {
				t.Fatal("data and a problem, or neither")
			}
			if found == nil && !json.Valid([]byte(d.rego().String())) {
				t.Fatal(d.rego())
			}
			if found == nil {
				if _, err := readPolicyData(sources{}, sources{data: []source{{name: name, text: text}}}, nil); err != nil && d.fields[packageRoot] == nil {
					t.Fatal(err)
				}
			}
		}
	})
}
