package policy

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// loadWith loads a policy that reads data.team, beside the given files.
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

func TestDataThatLoads(t *testing.T) {
	team := map[string]string{"data.yaml": "team: {names: [a.demo.com], open: {}}"}
	for name, err := range map[string]error{
		"beside the policy":    loadWith(t, team),
		"json":                 loadWith(t, map[string]string{"data.json": `{"team": {"names": []}}`}),
		"two files, two names": loadWith(t, map[string]string{"data.yaml": "team: {names: []}", "sub/data.yml": "team: {more: 1}"}),
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
		"no data":              {loadWith(t, nil), []string{"x.rego:2:", "data.team.names is read, and no policy and no data file defines it"}},
		"a collision":          {loadWith(t, map[string]string{"data.yaml": "team: {names: []}", "sub/data.yaml": "team: {names: []}"}), []string{"sub/data.yaml:1:", "data.team.names is set already", "only --data overrides"}},
		"over shipped data":    {loadWith(t, map[string]string{"data.yaml": "team: {names: []}\nforce_rebind: {protectedGroups: []}"}), []string{"data.yaml:2:", "data.force_rebind.protectedGroups is set already at policies/force_rebind/data.yaml:"}},
		"two overrides of one": {loadWith(t, team, "team: {names: []}", "team: {names: []}"), []string{"over.yaml:1:", "two files collide"}},
		"where packages live":  {loadWith(t, team, "bindgate: {force: {rebind: {allow: true}}}"), []string{"over.yaml:1:", "data.bindgate belongs to the packages"}},
		"a misspelt key":       {loadWith(t, team, "force_rebind: {ticketPatern: x}"), []string{"over.yaml:1:", "ticketPatern overrides nothing", `did you mean "ticketPattern"?`}},
		"a misspelt name":      {loadWith(t, team, "force_rebnd: {ticketPattern: x}"), []string{"over.yaml:1:", "no policy reads data.force_rebnd", `did you mean "force_rebind"?`}},
		"another kind":         {loadWith(t, team, "team: {names: a.demo.com}"), []string{"data.team.names is a string, want a list"}},
		"a duplicate key":      {loadWith(t, team, "team: {names: []}\nteam: {names: []}"), []string{"over.yaml:2:1", "stands twice"}},
		"empty":                {loadWith(t, team, ""), []string{"over.yaml", "empty"}},
		"a list":               {loadWith(t, team, "[1]"), []string{"want one document, a mapping"}},
		"two documents":        {loadWith(t, team, "team: {}\n---\nteam: {}"), []string{"want one document"}},
		"an alias":             {loadWith(t, team, "team: &a {names: []}\nb: *a"), []string{"anchor"}},
		"an octal number":      {loadWith(t, team, "team: 0777"), []string{"over.yaml:1:7", `got the number "0777"`, "without a leading zero"}},
		"eight, or text":       {loadWith(t, team, "team: 08"), []string{"over.yaml:1:7", `got the number "08"`}},
		"a number with a gap":  {loadWith(t, team, "team: 1_000"), []string{"over.yaml:1:7", `got the number "1_000"`}},
		"no number":            {loadWith(t, team, "team: .nan"), []string{"over.yaml:1:7", "want one that JSON can write"}},
		"not yaml":             {loadWith(t, team, "team: {"), []string{"over.yaml:", "YAML"}},
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
	d, err := parseData(source{"d.yaml", []byte("a: [1, 0x10, 1.5, true, null, yes, 2026-01-02T03:04:05Z, 2026-01-02, {b: '1'}]")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": []any{json.Number("1"), json.Number("16"), json.Number("1.5"), true, nil, "yes",
		"2026-01-02T03:04:05Z", "2026-01-02", map[string]any{"b": "1"}}}
	if diff := cmp.Diff(want, d.plain()); diff != "" {
		t.Error(diff)
	}
}

func FuzzData(f *testing.F) {
	for _, seed := range []string{"a: 1", `{"a": {"b": [1, 2.5, null]}}`, "a: &x 1\nb: *x", "a: .inf", "a: !!int x", "? [a]\n: b"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, found := parseData(source{"d.yaml", text})
		if (d == nil || d.fields == nil) && found == nil {
			t.Fatal("neither data nor a problem")
		}
		if found == nil {
			if _, err := json.Marshal(d.plain()); err != nil {
				t.Fatal(err)
			}
			d.store()
		}
	})
}
