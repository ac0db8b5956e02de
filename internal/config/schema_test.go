package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/catalog"
	"github.com/bindgate/bindgate/internal/config"
)

const version = "apiVersion: bindgate/v1\n"

// TestShapes holds decoder and schema to the same answer, and the decoder to
// its words; "" means that the text is sound.
func TestShapes(t *testing.T) {
	for _, tc := range []struct{ kind, text, want string }{
		{"tree", version, ""},
		{"tree", version + "formats: []\nraise: []\n", ""},
		{"tree", "formats: [text]\n", `:1:1: the key "apiVersion" is missing; add it`},
		{"tree", version + "formats: [json=out.json]\n", ":2:11: got a format with a file, want the format alone"},
		{"tree", version + "formats: ['']\n", `:2:11: got "", want the name of a format`},
		{"tree", version + "formats: text\n", ":2:10: got a string, want a list"},
		{"tree", version + "formats: [1]\n", ":2:11: got a number, want a string"},
		{"tree", version + "raise: [stage]\n", `:2:9: got "stage", want the id of a check; see bindgate checks list`},
		{"tree", version + "rasie: []\n", `:2:1: unknown key "rasie"; did you mean "raise"?`},
		{"tree", version + "endpoint: http://evil.example\n", `:2:1: "endpoint" may not be set here`},
		{"tree", "- a\n", ":1:1: got a list, want a mapping"},
		{"owner", version, ""},
		{"owner", version + "roots: mozilla\nformats: [text, 'json=a b.json']\ncontract: '2026'\nseverities: {}\n", ""},
		{"owner", version + "timeout: 1.5h\nfailOn: error\nallowEnv: ['A[BC]?*']\n", ""},
		{"owner", "apiVersion: v1\n", `:1:13: got "v1", want bindgate/v1`},
		{"owner", version + "endpoint: ''\n", ":2:11: got an empty string"},
		{"owner", version + "endpont: x\n", `unknown key "endpont"; did you mean "endpoint"?`},
		{"owner", version + "raise: []\n", `"raise" is a key of .bindgate.yaml only; use severities`},
		{"owner", version + "formats: [JSON]\n", `got "JSON", want FORMAT or FORMAT=FILE`},
		{"owner", version + "formats: ['json=']\n", `got "json=", want FORMAT or FORMAT=FILE`},
		{"owner", version + "contract: 2026\n", ":2:11: got a number, want a string; put it in quotes"},
		{"owner", version + "contract: '2020'\n", `got "2020", want one of 2017, 2026`},
		{"owner", version + "policy: policies\n", "got a string, want a list"},
		{"owner", version + "registries: {registry.example.com:5000: {username: ci, passwordFile: pw, ca: ca.pem, hosts: [auth.example.com]}}\n", ""},
		{"owner", version + "registries: {Registry.example.com: {}}\n", `got "Registry.example.com", want the host of a registry in lower case`},
		{"owner", version + "registries: {r.example.com: {username: ci}}\n", "got one of username and passwordFile, want both or neither"},
		{"owner", version + "registries: {r.example.com: {password: x}}\n", `unknown key "password"`},
		{"owner", version + "registries: {r.example.com: {hosts: ['https://x']}}\n", `got "https://x", want a host`},
		{"owner", version + "policySigners: {allowedSigners: a, revokedSigners: b, bundle: {}}\n", ""},
		{"owner", version + "policySigners: {revokedSigners: b}\n", "got revokedSigners without allowedSigners"},
		{"owner", version + "policySigners: {bundle: {release: {key: k.pem, algorithm: HS256}}}\n", `got "HS256", want one of ES256`},
		{"owner", version + "policySigners: {bundle: {release: {algorithm: ES256}}}\n", `the key "key" is missing`},
		{"owner", version + "data: [~]\n", "got null, want a string"},
		{"owner", version + "roots: []\njournal: 1\n", ":2:8: got a list, want a string"},
		{"owner", version + "severities: {a: error}\n", `got "a", want the id of a check`},
		{"owner", version + "severities: {a/b: off}\n", `got "off", want one of error, warning`},
		{"owner", version + "timeout: 30\n", "got a number, want a string"},
		{"owner", version + "timeout: 0s\n", `got "0s", want a time above zero`},
		{"owner", version + "timeout: -1s\n", `got "-1s", want a time above zero`},
		{"owner", version + "timeout: soon\n", `got "soon", want a time above zero`},
		{"owner", version + "minRemaining: 720h\ncertificateProfile: private\ncrl: [ca.crl]\n", ""},
		{"owner", version + "minRemaining: 30 days\n", `got "30 days", want a time above zero; write one such as 30d or 720h`},
		{"owner", version + "minRemaining: 30d\nrevocationPrivate: true\n", ""},
		{"owner", version + "minRemaining: 1d12h\ntimeout: 90s\n", ""},
		{"owner", version + "minRemaining: 1d0\n", `got "1d0", want a time above zero`},
		{"owner", version + "minRemaining: 12h1d\n", `got "12h1d", want a time above zero`},
		{"owner", version + "minRemaining: 1d-2h\n", `got "1d-2h", want a time above zero`},
		{"owner", version + "minRemaining: 0d\n", `got "0d", want a time above zero`},
		{"owner", version + "minRemaining: 10000d\n", `got "10000d", want a time above zero`},
		{"owner", version + "revocationPrivate: on\n", `want true or false`},
		{"tree", version + "revocationPrivate: true\n", `:2:1: "revocationPrivate" may not be set here`},
		{"owner", version + "certificateProfile: own\n", `got "own", want one of private, public`},
		{"owner", version + "crl: ca.crl\n", "got a string, want a list"},
		{"owner", version + "weakKeys: [weak.txt]\n", ""},
		{"owner", version + "weakKeys: weak.txt\n", "got a string, want a list"},
		{"tree", version + "weakKeys: [weak.txt]\n", `:2:1: "weakKeys" may not be set here`},
		{"tree", version + "minRemaining: 1h\n", `:2:1: "minRemaining" may not be set here`},
		{"owner", version + "probeAllow: [10.0.0.0/8, 'fd00::1', 192.0.2.1]\n", ""},
		{"owner", version + "probeAllow: [internal]\n", `got "internal", want an address or a prefix`},
		{"tree", version + "probeAllow: [10.0.0.0/8]\n", `:2:1: "probeAllow" may not be set here`},
		{"owner", version + "notifyURL: https://hooks.example.com/services/T\n", ""},
		{"owner", version + "notifyURL: ''\n", "got an empty string"},
		{"tree", version + "notifyURL: https://hooks.example.com/services/T\n", `:2:1: "notifyURL" may not be set here`},
		{"owner", version + "concurrency: 0\n", "got the number 0, which is out of range, want a whole number from 1 to 1024"},
		{"owner", version + "concurrency: many\n", "got a string, want a whole number"},
		{"owner", version + "approvals: {allowedSigners: allowed_signers, revokedSigners: revoked, services: [{issuer: 'https://a.demo.com/x', jwks: a.json}]}\n", ""},
		{"owner", version + "approvals: {}\nci: [{provider: github, jwks: g.json}, {provider: gitlab, issuer: 'https://gitlab.demo.com', audience: gate, jwks: l.json}]\n", ""},
		{"owner", version + "external: {tickets: {schema: t.json, maxAge: 24h}}\n", ""},
		{"owner", version + "approvals: {revokedSigners: revoked}\n", "got revokedSigners without allowedSigners"},
		{"owner", version + "approvals: {signers: x}\n", `unknown key "signers"`},
		{"owner", version + "approvals: {services: [{issuer: 'http://a.demo.com', jwks: a.json}]}\n", "want an https URL"},
		{"owner", version + "approvals: {services: [{issuer: 'https://a.demo.com'}]}\n", `the key "jwks" is missing`},
		{"owner", version + "ci: [{provider: gitlab, jwks: l.json}]\n", `the key "issuer" is missing`},
		{"owner", version + "ci: [{provider: jenkins, issuer: 'https://a.demo.com', jwks: l.json}]\n", `got "jenkins", want one of github, gitlab`},
		{"owner", version + "external: {Tickets: {schema: t.json, maxAge: 24h}}\n", `got "Tickets", want the name of facts`},
		{"owner", version + "external: {tickets: {schema: t.json}}\n", `the key "maxAge" is missing`},
		{"owner", version + "external: {tickets: {schema: t.json, maxAge: a day}}\n", `got "a day", want a time above zero`},
		{"tree", version + "approvals: {allowedSigners: mine}\n", `:2:1: "approvals" may not be set here`},
		{"tree", version + "ci: []\n", `:2:1: "ci" may not be set here`},
		{"tree", version + "external: {}\n", `:2:1: "external" may not be set here`},
		{"owner", version + "failOn: never\n", `got "never", want one of error, warning`},
	} {
		load := config.LoadOwner
		if tc.kind == "tree" {
			load = config.LoadTree
		}
		_, err := load(write(t, tc.text))
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s %q:\n got %v\nwant %s", tc.kind, tc.text, err, tc.want)
		}
		if err := validate(t, tc.kind, []byte(tc.text)); (err == nil) != (tc.want == "") {
			t.Errorf("%s %q: the schema says %v", tc.kind, tc.text, err)
		}
	}
	// What a schema cannot say.
	for text, want := range map[string]string{
		version + "ci: [{provider: github, jwks: a}, {provider: github, jwks: b}]\n": `the issuer "https://token.actions.githubusercontent.com" is there twice`,
		version + "allowEnv: ['[A']\n": `got "[A", want a pattern of variable names`,
		version + "---\n" + version:    ":3:1: got a second document, want one",
		"":                             ": file is empty, want a YAML or JSON document",
		version + version:              `duplicate key "apiVersion"`,
	} {
		if _, err := config.LoadOwner(write(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
}

// ownersKeys asks the decoder, with an unknown key, which keys it knows.
func ownersKeys(t *testing.T) []string {
	t.Helper()
	return wantedKeys(t, config.LoadOwner)
}

func wantedKeys(t *testing.T, load func(string) (config.Config, error)) []string {
	t.Helper()
	_, err := load(write(t, version+"zzzzzzzzz: 1\n"))
	if err == nil {
		t.Fatal("an unknown key was loaded")
	}
	list := regexp.MustCompile(`want one of (.*)`).FindStringSubmatch(err.Error())
	if list == nil {
		t.Fatal(err)
	}
	return strings.Split(list[1], ", ")
}

func TestSchemaKeys(t *testing.T) {
	var schema struct {
		Defs map[string]struct {
			Properties map[string]struct {
				Ref, Description string
				Examples         []any
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	for kind, load := range map[string]func(string) (config.Config, error){"tree": config.LoadTree, "owner": config.LoadOwner} {
		var keys []string
		for key, property := range schema.Defs[kind].Properties {
			keys = append(keys, key)
			if property.Description == "" || len(property.Examples) == 0 {
				t.Errorf("%s/%s: no description or no example", kind, key)
			}
		}
		slices.Sort(keys)
		if diff := cmp.Diff(keys, wantedKeys(t, load)); diff != "" {
			t.Errorf("%s: keys (-schema +decoder):\n%s", kind, diff)
		}
	}
}

// TestSchemaOffersChecks compares the ids that editors offer with the catalogue.
func TestSchemaOffersChecks(t *testing.T) {
	var ids []string
	for _, c := range catalog.All() {
		ids = append(ids, c.ID)
	}
	slices.Sort(ids)
	var schema struct {
		Defs struct {
			CheckID struct {
				DefaultSnippets []struct{ Label, Body string }
			} `json:"checkId"`
			Owner struct {
				Properties struct {
					Severities struct {
						PropertyNames struct{ AnyOf []struct{ Enum []string } }
					}
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var labels, bodies []string
	for _, s := range schema.Defs.CheckID.DefaultSnippets {
		labels, bodies = append(labels, s.Label), append(bodies, s.Body)
	}
	for what, got := range map[string][]string{"checkId, label": labels, "checkId, body": bodies, "severities": schema.Defs.Owner.Properties.Severities.PropertyNames.AnyOf[1].Enum} {
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("%s (-checks +schema.json):\n%s", what, diff)
		}
	}
}

// Each of the two files has a schema of its own, with the keys and rules of the common one.
func TestSchemaOfOneFile(t *testing.T) {
	for text, want := range map[string][2]bool{ // valid for the tree, for the owner
		version + "formats: [text]\n":      {true, true},
		version + "raise: [a/b]\n":         {true, false},
		version + "timeout: 30s\n":         {false, true},
		version + "severities: {a: off}\n": {false, false},
	} {
		for i, schema := range [][]byte{config.TreeSchema(), config.OwnerSchema()} {
			if err := validateUnder(t, schema, "", []byte(text)); (err == nil) != want[i] {
				t.Errorf("%q, schema %d: got %v, want valid: %v", text, i, err, want[i])
			}
		}
	}
}

// validate holds a text to one of the schema's definitions.
func validate(t testing.TB, kind string, text []byte) error {
	t.Helper()
	return validateUnder(t, config.Schema(), "#/$defs/"+kind, text)
}

func validateUnder(t testing.TB, schemaText []byte, at string, text []byte) error {
	t.Helper()
	var instance any
	if err := yaml.Load(text, &instance); err != nil {
		t.Fatal(err)
	}
	return compiled(t, schemaText, at).Validate(instance)
}

// schemas are the compiled schemas, by their text and the place in it; compiling one takes
// longer than all that is validated under it.
var schemas sync.Map

func compiled(t testing.TB, schemaText []byte, at string) *jsonschema.Schema {
	t.Helper()
	key := at + "\n" + string(schemaText)
	if s, ok := schemas.Load(key); ok {
		return s.(*jsonschema.Schema)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json" + at)
	if err != nil {
		t.Fatal(err)
	}
	schemas.Store(key, schema)
	return schema
}

// FuzzLoad holds that no text makes the loaders panic, and that the tree never
// says what only the owner may.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(version + "formats: [text]\nraise: [a/b]\n"))
	f.Add([]byte(version + "endpoint: x\ntimeout: 5s\nconcurrency: 3\nseverities: {a/b: error}\nallowEnv: ['*']\n"))
	f.Add([]byte(`{"apiVersion": "bindgate/v1", "formats": ["json=x"]}`))
	path := filepath.Join(f.TempDir(), config.TreeName)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.LoadOwner(path); err != nil {
			t.Log(err)
		}
		got, err := config.LoadTree(path)
		if err != nil {
			return
		}
		for _, name := range got.Formats {
			if strings.Contains(name, "=") {
				t.Errorf("the tree names a file: %q", name)
			}
		}
		only := config.Config{Path: got.Path, Dir: got.Dir, Digest: got.Digest, Formats: got.Formats, Raise: got.Raise}
		if diff := cmp.Diff(only, got); diff != "" {
			t.Errorf("the tree says what only the owner may:\n%s", diff)
		}
	})
}
