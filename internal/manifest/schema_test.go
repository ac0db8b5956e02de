package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/internal/manifest"
)

// object is what these tests read of a schema.
type object struct {
	Ref         string            `json:"$ref"`
	Description string            `json:"description"`
	Examples    []json.RawMessage `json:"examples"`
	Properties  map[string]object `json:"properties"`
	AnyOf       []object          `json:"anyOf"`
	Defs        map[string]object `json:"$defs"`
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
		"{bindings: [{certificate: {privateKey: {%s}}}]}": schema.Defs["privateKey"].AnyOf[1],
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

// TestSchemaExplainsEveryField wants a description and examples on each.
func TestSchemaExplainsEveryField(t *testing.T) {
	schema := readSchema(t)
	var walk func(path string, o object)
	walk = func(path string, o object) {
		if name, ok := strings.CutPrefix(o.Ref, "#/$defs/"); ok {
			def := schema.Defs[name]
			if o.Description == "" {
				o.Description = def.Description
			}
			if o.Examples == nil {
				o.Examples = def.Examples
			}
		}
		if o.Description == "" || len(o.Examples) == 0 {
			t.Errorf("%s: no description or no example", path)
		}
		for key, property := range o.Properties {
			walk(path+"/"+key, property)
		}
		for _, option := range o.AnyOf {
			for key, property := range option.Properties {
				walk(path+"/"+key, property)
			}
		}
	}
	for name, o := range schema.Defs {
		walk(name, o)
	}
	for key, o := range schema.Properties {
		walk(key, o)
	}
}

// FuzzLoad holds that no text makes Load panic, and that everything that loads is
// valid by the published schema.
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
	schema, dir := compile(f), f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: dir, Stdin: bytes.NewReader(text)})
		if err != nil {
			return
		}
		for b := range set.All() {
			if b.DomainName == "" || b.GroupID == "" || b.RegionID == "" || b.Source.Line == 0 || b.At("/domainName") == b.Source {
				t.Errorf("loaded without what it must have: %+v", b)
			}
		}
		if err := validateBytes(t, schema, text); err != nil {
			t.Error(err)
		}
	})
}
