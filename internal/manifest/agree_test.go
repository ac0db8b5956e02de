package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/checks/request"
	"github.com/bindgate/bindgate/internal/cputime"
	"github.com/bindgate/bindgate/internal/manifest"
)

// The schemas are for editors: they mark what bindgate itself reports of the text alone,
// an error of Load or a finding of a check of requests, and nothing else.

// beyond are the checks of requests whose rules a schema does not have: lists that are
// too long or need not be complete, and advice about what is absent.
func beyond(f finding) bool {
	switch f.check {
	case "request/region-is-known", "request/domain-is-registrable", "request/stage-is-explicit", "request/domain-is-bound-once":
		return true
	case "request/force-is-explained":
		return f.pointer != "/isForce" // the labels may be defaults
	case "request/has-no-placeholders":
		return !strings.Contains(f.message, "is not filled, want") // braces of certificate.name
	}
	return false
}

type finding struct{ check, pointer, message string }

// reported returns what bindgate reports of a text before it reads another file.
func reported(t testing.TB, text []byte) (found []finding) {
	t.Helper()
	set, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: "/", Stdin: bytes.NewReader(text), AllowEnv: []string{"*"}, AllowPaths: []string{"/"}})
	if err != nil {
		return []finding{{"manifest", "", err.Error()}}
	}
	for b := range set.All() {
		ev := evidence.Evidence{}
		ev.Run.Contract = evidence.Contract2026
		for _, r := range checks.Run(t.Context(), request.Checks(), nil, checks.Subject{Binding: b, Evidence: ev}) {
			for _, f := range r.Findings {
				found = append(found, finding{r.ID, f.Pointer, f.Message})
			}
		}
		// A certificate without its key is never applied: testdata/script/editors.txtar.
		if c := b.Certificate; c != nil && c.PrivateKey == nil && c.CASID == "" && pemName.MatchString(c.Body) {
			found = append(found, finding{"certificate/key-is-readable", "/certificate/privateKey", "not run: no private key was given"})
		}
	}
	return slices.DeleteFunc(found, beyond)
}

var pemName = regexp.MustCompile(`(?i)\.(pem|crt|cer)$`)

func compileSchema(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// documents are those in which every field is, one binding each. Nothing is reported of them.
func documents() map[string][]string {
	const head = "apiVersion: bindgate/v1\n"
	return map[string][]string{
		"classic": {
			head + "defaults: {regionId: cn-hangzhou, bindStageName: RELEASE, customDomainType: INTERNET, isHttpRedirectToHttps: false, domainProof: cname, labels: {owner: a}}\n" +
				"bindings: [{domainName: api.demo.com, groupId: 927d50c0f2e54b359919923d908bb015}]\n",
			head + `
bindings:
  - domainName: www.demo.com
    groupId: 927d50c0f2e54b359919923d908bb015
    regionId: cn-shanghai
    bindStageName: PRE
    customDomainType: INTERNET
    isHttpRedirectToHttps: true
    domainProof: txt
    labels: {owner: payments}
    isForce: true
    forceFrom: [523e8dc7bbe04613b5b1d726c2a7889d]
    certificate: {name: www_demo_com, body: www.pem, privateKey: www.key, mayExpireEarlier: true}
    clientCertificate: {ca: ca.pem, verifyDepth: 1, passSubjectDN: true, ocsp: true, ocspCache: true}
`,
			head + "bindings: [{domainName: a.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-hangzhou, clientCertificate: none,\n" +
				"  certificate: {name: a_demo, body: a.p12, privateKey: {file: a.p12, passphraseEnv: BINDGATE_P}}}]\n",
			head + "bindings: [{domainName: a.demo.com, groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-hangzhou,\n" +
				"  certificate: {name: a_demo, body: a.pem, privateKey: {env: BINDGATE_K}}}]\n",
		},
		"gateway": {
			head + `
defaults:
  regionId: cn-hangzhou
  protocol: HTTPS
  forceHttps: true
  http2Option: Open
  tlsMin: TLS 1.2
  tlsMax: TLS 1.3
  tlsCipherSuitesConfig: {configType: Default}
  domainScope: Dedicated
  gatewayType: API
  resourceGroupId: rg-1
bindings: [{domainName: api.demo.com, gatewayId: gw-1}]
`,
			head + `
bindings:
  - domainName: pay.demo.com
    gatewayId: gw-1
    regionId: cn-shanghai
    domainProof: cname
    labels: {owner: payments}
    protocol: HTTPS
    forceHttps: true
    http2Option: Open
    tlsMin: TLS 1.2
    tlsMax: TLS 1.3
    tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [{name: ECDHE-RSA-AES128-GCM-SHA256, supportVersions: [TLS 1.2]}]}
    domainScope: Dedicated
    gatewayType: API
    resourceGroupId: rg-1
    certificate: {name: pay_demo_com, body: pay.pem, casId: 1-cn-hangzhou}
    clientCertificate: {ca: ca.pem, casId: 2-cn-hangzhou}
    movesFrom: {groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-beijing}
`,
		},
		"map": {head + `
domains:
  - domainName: api.demo.com
    from: {groupId: 927d50c0f2e54b359919923d908bb015, regionId: cn-hangzhou}
    to:
      gatewayId: gw-1
      regionId: cn-hangzhou
      protocol: HTTPS
      forceHttps: true
      tlsMin: TLS 1.2
      tlsMax: TLS 1.3
      http2Option: Open
      tlsCipherSuitesConfig: {configType: Custom, tlsCipherSuite: [{name: ECDHE-RSA-AES128-GCM-SHA256, supportVersions: [TLS 1.2]}]}
      clientCertificate: {ca: ca.pem, casId: 2-cn-hangzhou}
    certificate: {name: api_demo_com, body: api.pem, privateKey: api.key, casId: 1-cn-hangzhou, mayExpireEarlier: true}
    accept: [stage]
    labels: {owner: payments}
`},
	}
}

// kinds are written in the place of each value of the documents above.
func kinds() []any {
	return []any{"", "x", "none", "true", nil, true, false, 0, 1, 100, 101, -1, 1.5, []any{}, []any{""}, []any{"x"}, []any{"x", "x"}, []any{1}, map[string]any{}, map[string]any{"x": "y"},
		map[string]any{"x": 1}, map[string]any{"": "x"}, map[string]any{"ca": "a"}, map[string]any{"file": "a", "env": "B"}, map[string]any{"passphraseEnv": "B"}, map[string]any{"env": "a b"}}
}

// names are written in the place of each domain name.
func names() []string {
	return []string{
		"a.demo.com", "*.demo.com", "*.*.demo.com", "A.Demo.com", "a.demo.com.", "https://a.demo.com", "a.demo.com:443", "a_b.demo.com", "-a.demo.com", "a-.demo.com",
		"192.0.2.1", "a.1", "a.1x", "a.1-x", "[::1]", "a@demo.com", "localhost", "bücher.example", strings.Repeat("a", 63) + ".com", strings.Repeat("a", 64) + ".com",
		strings.Repeat("a.", 62) + "com", strings.Repeat("a.", 63) + "com", strings.Repeat("a.", 125) + "com", strings.Repeat("a.", 126) + "com",
	}
}

// texts are written in the place of each text, with the words of the schema and of the decoder.
func texts(words []string) (all []any) {
	for _, text := range append([]string{
		" ", "\u3000", "xyz", "1", "2026-01-01", "UPPER_CASE", "a b", "a/b", "a.pem", "A.CRT", "a.p12",
		"927d50c0f2e54b359919923d908bb015", "927d50c0f2e54b359919923d908bb01", "927D50C0F2E54B359919923D908BB015", "gw-1", "cn-hangzhou", "cn_hangzhou", "private-1",
		"release", " PRE", "RELAESE", "TESTT", "canary", "internet", "TLS1.2", "https", "open", "default",
		"abc", "abcd", strings.Repeat("x", 50), strings.Repeat("x", 51), strings.Repeat("x", 64), strings.Repeat("x", 65), "api_{sha256}", "{notBefore}", "api_{sha}", "{", "a}",
		strings.Repeat("x", 255), strings.Repeat("x", 256), strings.Repeat("a/", 2049),
		"-----BEGIN PRIVATE KEY-----", "LS0tLS1CRUdJTiA", "MIGH" + strings.Repeat("A", 60), "a\u200bb", "a\u0085b", "a\u202eb", "\U000e0041", "\x1b[2J", "\n",
	}, words...) {
		all = append(all, text)
	}
	return append(all, kinds()...)
}

// TestSchemasAndProgramAgree writes each of the values above in each place, removes each
// key, and adds an unknown one: the schema finds a document valid if and only if nothing
// is reported of it.
func TestSchemasAndProgramAgree(t *testing.T) {
	cputime.SkipUnderRace(t)
	for name, sources := range documents() {
		t.Run(name, func(t *testing.T) {
			text := manifest.Schema()
			if name == "map" {
				text = manifest.MapSchema()
			}
			schema, seen, tried, wrong := compileSchema(t, text), map[string]bool{}, 0, 0
			agree := func(doc any, what string) {
				text, err := json.Marshal(doc)
				if err != nil {
					t.Fatal(err)
				}
				found, err := reported(t, text), schema.Validate(doc)
				if (len(found) > 0) != (err != nil) {
					t.Errorf("%s: reported is %v, the schema says %v", what, found, err)
				}
				tried++
				if err != nil {
					wrong++
				}
			}
			for i, source := range sources {
				var doc any
				if err := yaml.Load([]byte(source), &doc); err != nil {
					t.Fatal(err)
				}
				agree(doc, fmt.Sprintf("document %d", i))
				if wrong > 0 {
					t.Fatalf("document %d is invalid", i)
				}
			}
			for _, source := range sources {
				var doc any
				if err := yaml.Load([]byte(source), &doc); err != nil {
					t.Fatal(err)
				}
				known := words(t, doc, text)
				all := texts(known)
				eachPlace("", doc, func(v any) { doc = v }, func(at string, old any, set func(any)) {
					kind := fmt.Sprintf("%s %T", at, old)
					if seen[kind] && at != "/bindings/0" {
						return
					}
					if !seen[kind] {
						written := kinds()
						switch _, ok := old.(string); {
						case !ok:
						case strings.HasPrefix(at, "/defaults") || strings.HasPrefix(at, "/domains/0/to/"): // the definitions of other places
							for _, word := range known {
								written = append(written, word)
							}
						case strings.HasSuffix(at, "/domainName"):
							written = slices.Clone(all)
							for _, name := range names() {
								written = append(written, name)
							}
						default:
							written = all
						}
						for _, v := range written {
							set(v)
							agree(doc, fmt.Sprintf("%s: %.60q", at, fmt.Sprint(v)))
						}
						set(old)
					}
					seen[kind] = true
					if m, ok := old.(map[string]any); ok {
						for _, key := range slices.Sorted(maps.Keys(m)) {
							v := m[key]
							delete(m, key)
							agree(doc, at+"/"+key+" removed")
							m[key] = v
						}
						if !strings.HasSuffix(at, "/labels") {
							m["zzz"] = "x"
							agree(doc, at+"/zzz added")
							delete(m, "zzz")
						}
					}
				})
			}
			if wrong < 100 || tried-wrong < 100 {
				t.Errorf("%d of %d documents are invalid", wrong, tried)
			}
			t.Logf("%d documents, %d of them invalid", tried, wrong)
		})
	}
}

// eachPlace calls visit for each value of a document, with a function that replaces it.
func eachPlace(at string, v any, set func(any), visit func(at string, v any, set func(any))) {
	visit(at, v, set)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			eachPlace(at+"/"+key, v[key], func(n any) { v[key] = n }, visit)
		}
	case []any:
		for i := range v {
			eachPlace(fmt.Sprintf("%s/%d", at, i), v[i], func(n any) { v[i] = n }, visit)
		}
	}
}

// words returns the words that values may be, those of the schema and those that the
// decoder names when a value is none of them.
func words(t *testing.T, doc any, schema []byte) (all []string) {
	t.Helper()
	wanted := regexp.MustCompile(`got "zzzzzzzz", want (?:one of )?([^;\n]+)`)
	eachPlace("", doc, func(v any) { doc = v }, func(_ string, old any, set func(any)) {
		if _, ok := old.(string); !ok {
			return
		}
		set("zzzzzzzz")
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reported(t, text) {
			for _, list := range wanted.FindAllStringSubmatch(f.message, -1) {
				all = append(all, strings.Split(list[1], ", ")...)
			}
		}
		set(old)
	})
	if !slices.Contains(all, "bindgate/v1") {
		t.Errorf("the decoder does not name the version: %q", all)
	}
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	eachPlace("", root, nil, func(at string, v any, _ func(any)) {
		if word, ok := v.(string); ok && (strings.HasSuffix(at, "/const") || filepath.Base(filepath.Dir(at)) == "enum") {
			all = append(all, word)
		}
	})
	all = append(all, binding.Internet, binding.Intranet)
	all = append(all, binding.Losses()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// TestSchemaStages holds the schema's pattern of misspelt stages to the check's rule.
func TestSchemaStages(t *testing.T) {
	schema := compile(t)
	const letters = "AERTx1- é"
	tried := map[string]bool{}
	for _, word := range []string{"TEST", "PRE", "RELEASE"} {
		for _, text := range []string{word, strings.ToLower(word), " " + word + "  ", word[:1] + strings.ToLower(word[1:])} {
			tried[text] = true
			for i := range text {
				tried[text[:i]+text[i+1:]] = true
				if i+1 < len(text) {
					tried[text[:i]+text[i+1:i+2]+text[i:i+1]+text[i+2:]] = true
				}
				for _, r := range letters {
					tried[text[:i]+string(r)+text[i+1:]] = true
					tried[text[:i]+string(r)+text[i:]] = true
					tried[text+string(r)+text[:i]] = true
				}
			}
		}
	}
	slips := 0
	for stage := range tried {
		text, err := json.Marshal(map[string]any{"apiVersion": "bindgate/v1", "bindings": []any{map[string]any{
			"domainName": "api.demo.com", "groupId": "927d50c0f2e54b359919923d908bb015", "regionId": "cn-hangzhou", "bindStageName": stage}}})
		if err != nil {
			t.Fatal(err)
		}
		found, err := reported(t, text), validateBytes(t, schema, text)
		if (len(found) > 0) != (err != nil) {
			t.Errorf("stage %q: reported is %v, the schema says %v", stage, found, err)
		}
		if err != nil {
			slips++
		}
	}
	if slips < 100 || slips == len(tried) {
		t.Errorf("%d of %d stages are slips", slips, len(tried))
	}
}

// TestSchemaOffersRegions compares what editors offer for a region with the list of the check.
func TestSchemaOffersRegions(t *testing.T) {
	for name, text := range map[string][]byte{"manifest": manifest.Schema(), "map": manifest.MapSchema()} {
		var schema struct {
			Defs map[string]struct {
				DefaultSnippets []struct {
					Label string
					Body  json.RawMessage
				}
			} `json:"$defs"`
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		var labels, bodies []string
		for _, s := range schema.Defs["region"].DefaultSnippets {
			labels, bodies = append(labels, s.Label), append(bodies, strings.Trim(string(s.Body), `"`))
		}
		if !slices.Equal(labels, binding.Regions()) || !slices.Equal(bodies, labels) {
			t.Errorf("%s: the schema offers %q, the check knows %q", name, labels, binding.Regions())
		}
	}
}

// TestSchemasMarkNoAcceptedManifest looks at every manifest in testdata, docs and the starter's
// files. With BINDGATE_TEST_ACCEPTED it writes those of which nothing is reported into
// that folder, for .ci/editors.
func TestSchemasMarkNoAcceptedManifest(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{"bindgate": compile(t), "map": compileSchema(t, manifest.MapSchema())}
	out, accepted, all := os.Getenv("BINDGATE_TEST_ACCEPTED"), map[string]int{}, 0
	for from, text := range manifestTexts(t) {
		all++
		if len(reported(t, []byte(text))) > 0 {
			continue
		}
		kind := "bindgate"
		if set, err := manifest.Load([]string{"-"}, manifest.Options{WorkDir: "/", Stdin: strings.NewReader(text), AllowEnv: []string{"*"}}); err == nil && set.Moves() {
			kind = "map"
		}
		accepted[kind]++
		if err := validateBytes(t, schemas[kind], []byte(text)); err != nil {
			t.Errorf("%s: nothing is reported, and the schema says %v", from, err)
		}
		if out != "" {
			if err := os.WriteFile(filepath.Join(out, strings.ReplaceAll(from, "/", "_")+"."+kind+".yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if accepted["bindgate"] < 80 || accepted["map"] < 2 || all == accepted["bindgate"]+accepted["map"] {
		t.Errorf("nothing is reported of %v of %d documents", accepted, all)
	}
}

// manifestTexts returns the manifests and maps of this repository, by where they are: files,
// files of scripts, and examples of the docs.
func manifestTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	add := func(name, text string) {
		if strings.Contains(text, "bindgate/v1") && (strings.Contains(text, "bindings") || strings.Contains(text, "domains")) {
			texts[name] = text
		}
	}
	section, fence := regexp.MustCompile(`(?m)^-- (\S+\.(?:yaml|yml|json)) --\n`), regexp.MustCompile("(?ms)^```(?:yaml|json)\n(.*?)^```")
	const top = "../.."
	for _, folder := range []string{"README.md", "docs", "testdata", "templates", "internal/starter/files", "internal/demo"} {
		err := filepath.WalkDir(filepath.Join(top, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, _ := filepath.Rel(top, path)
			switch filepath.Ext(path) {
			case ".yaml", ".yml", ".json", ".txtar", ".md":
			default:
				return nil
			}
			data, err := os.ReadFile(path)
			text := string(data)
			switch filepath.Ext(path) {
			case ".txtar":
				for _, at := range section.FindAllStringSubmatchIndex(text, -1) {
					body, _, _ := strings.Cut(text[at[1]:], "\n-- ")
					add(name+":"+text[at[2]:at[3]], body+"\n")
				}
			case ".md":
				for i, m := range fence.FindAllStringSubmatch(text, -1) {
					add(fmt.Sprintf("%s:%d", name, i), m[1])
				}
			default:
				add(name, text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}
