package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/manifest"
)

// object is what these tests read of a schema.
type object struct {
	Properties map[string]object `json:"properties"`
	AnyOf      []object          `json:"anyOf"`
	Defs       map[string]object `json:"$defs"`
}

func readSchema(t *testing.T) object {
	t.Helper()
	var schema object
	if err := json.Unmarshal(manifest.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// TestSchemaKeys asks the decoder, with an unknown key, which keys it
// wants, and compares them with the schema's.
func TestSchemaKeys(t *testing.T) {
	schema := readSchema(t)
	for text, want := range map[string]object{
		"{%s}":                              schema,
		"{defaults: {%s}}":                  schema.Properties["defaults"],
		"{bindings: [{%s}]}":                schema.Defs["binding"],
		"{bindings: [{certificate: {%s}}]}": schema.Defs["certificate"],
		"{bindings: [{certificate: {privateKey: {%s}}}]}":       schema.Defs["privateKey"].AnyOf[1],
		"{bindings: [{gatewayId: g, clientCertificate: {%s}}]}": without(schema.Defs["clientCertificate"].AnyOf[1], "verifyDepth", "passSubjectDN", "ocsp", "ocspCache"),
		"{bindings: [{groupId: g, clientCertificate: {%s}}]}":   without(schema.Defs["clientCertificate"].AnyOf[1], "casId"),
		"{bindings: [{gatewayId: g, movesFrom: {%s}}]}":         schema.Defs["binding"].Properties["movesFrom"],
		"{defaults: {tlsCipherSuitesConfig: {%s}}}":             schema.Defs["tlsCipherSuitesConfig"],
	} {
		_, err := manifest.Load([]string{"-"}, manifest.Options{Stdin: strings.NewReader(fmt.Sprintf(text, "zzzzzzzzz: 1"))})
		if err == nil {
			t.Fatalf("%s: an unknown key was loaded", text)
		}
		list := regexp.MustCompile(`unknown key "zzzzzzzzz", want one of (.*)`).FindStringSubmatch(err.Error())
		if list == nil {
			t.Fatalf("%s: %v", text, err)
		}
		var keys []string
		for key := range want.Properties {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		if diff := cmp.Diff(keys, strings.Split(list[1], ", ")); diff != "" {
			t.Errorf("%s: keys (-schema +decoder):\n%s", text, diff)
		}
	}
}

// without returns an object without some of its properties.
func without(o object, keys ...string) object {
	o.Properties = maps.Clone(o.Properties)
	for _, key := range keys {
		delete(o.Properties, key)
	}
	return o
}

// TestSchemasExplainEveryField wants a description and examples of its own on each field,
// or on the definition that the field is. A definition that several fields share, such as a
// path, explains nothing: an editor would show its text instead of the field's.
func TestSchemasExplainEveryField(t *testing.T) {
	for name, text := range map[string][]byte{"manifest": manifest.Schema(), "map": manifest.MapSchema()} {
		var root map[string]any
		if err := json.Unmarshal(text, &root); err != nil {
			t.Fatal(err)
		}
		defs, _ := root["$defs"].(map[string]any)
		fields := 0
		var walk func(at string, v any)
		walk = func(at string, v any) {
			switch v := v.(type) {
			case []any:
				for i, item := range v {
					walk(fmt.Sprintf("%s/%d", at, i), item)
				}
			case map[string]any:
				properties, _ := v["properties"].(map[string]any)
				for key, property := range properties {
					p, ok := property.(map[string]any)
					if !ok || p["doNotSuggest"] == true || regexp.MustCompile(`/(if|then|else|allOf|anyOf/\d+/properties/bindings)\b`).MatchString(at) {
						continue // a condition
					}
					fields++
					if ref, ok := p["$ref"].(string); ok && p["description"] == nil {
						p, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
						if p["description"] == nil {
							t.Errorf("%s: %s/%s: the definition %q explains nothing", name, at, key, ref)
						}
					}
					if text, _ := p["description"].(string); !strings.HasSuffix(text, ".") || p["examples"] == nil {
						t.Errorf("%s: %s/%s: no description or no example", name, at, key)
					}
				}
				for key, item := range v {
					walk(at+"/"+key, item)
				}
			}
		}
		delete(root, "anyOf") // where regionId may be
		walk("", root)
		if fields < 25 {
			t.Errorf("%s: %d fields", name, fields)
		}
		for name, def := range defs {
			if def := def.(map[string]any); def["$comment"] != nil && (def["description"] != nil || def["examples"] != nil) {
				t.Errorf("%s is shared and explains something", name)
			}
		}
	}
}

// FuzzLoad holds that no text makes Load panic, and that everything that loads and of which
// nothing is reported is valid by the published schema.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		fmt.Sprintf(one, "a"), fmt.Sprintf(withKey, "a.pem", "{env: BINDGATE_K}"), fmt.Sprintf(withKey, "a.pem", "a.key"),
		"apiVersion: bindgate/v1\ndefaults: {regionId: r, domainProof: txt, labels: {a: b}}\nbindings:\n- domainName: a\n  groupId: g\n  isForce: true\n  forceFrom: [h]\n",
		`{"apiVersion": "bindgate/v1", "bindings": [{"domainName": "a", "groupId": "g", "regionId": "r", "isHttpRedirectToHttps": false, "bindStageName": ""}]}`,
		fmt.Sprintf(one, "a") + "---\n" + fmt.Sprintf(one, "b"),
		fmt.Sprintf(withKey, "MI"+strings.Repeat("A", 60)+"==", "MI"+strings.Repeat("=", 62)), // too short for a key in base64
	} {
		f.Add([]byte(seed))
	}
	for _, text := range slices.Concat(documents()["classic"], documents()["gateway"]) {
		f.Add([]byte(text))
	}
	schema, dir := compile(f), f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: dir, Stdin: bytes.NewReader(text)})
		if err != nil {
			return
		}
		for b := range set.All() {
			if b.DomainName == "" || b.Target() == "" || b.RegionID == "" || b.Source.Line == 0 || b.At("/domainName") == b.Source {
				t.Errorf("loaded without what it must have: %+v", b)
			}
		}
		if err := validateBytes(t, schema, text); err != nil && len(reported(t, text)) == 0 && !bytes.Contains(text, []byte("defaults")) { // one that no binding takes is not judged
			t.Error(err)
		}
	})
}
