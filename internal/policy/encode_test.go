package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"pgregory.net/rapid"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/checktest"
	"github.com/bindgate/bindgate/checks/evidence"
)

// throughJSON is the oracle: the whole document as OPA reads its JSON, with what
// encoding/json leaves out added by the published schema.
func throughJSON(t *testing.T) encoder {
	t.Helper()
	var published schema
	if err := json.Unmarshal(schemaJSON, &published); err != nil {
		t.Fatal(err)
	}
	definitions, _ := published["$defs"].(schema)
	return func(v reflect.Value) (*ast.Term, error) {
		raw, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, err
		}
		var document any
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber() // as OPA reads JSON
		if err := dec.Decode(&document); err != nil {
			return nil, err
		}
		value, err := ast.InterfaceToValue(total(document, true, published, definitions))
		return ast.NewTerm(value), err
	}
}

// total is a value as a schema of the total input has it.
func total(v any, there bool, s, definitions schema) any {
	if ref, ok := s["$ref"].(string); ok {
		s, _ = definitions[strings.TrimPrefix(ref, "#/$defs/")].(schema)
	}
	properties, fixed := s["properties"].(schema)
	values, isMap := s["additionalProperties"].(schema)
	items, isList := s["items"].(schema)
	switch {
	case fixed:
		object, _ := v.(map[string]any)
		out := map[string]any{}
		for name, below := range properties {
			if name == givenField {
				out[name] = there
				continue
			}
			value, ok := object[name]
			below, _ := below.(schema)
			if name == "facts" && object["state"] == "observed" {
				out[name] = total(value, true, below, definitions) // zero facts are not in the JSON
				continue
			}
			if name == "facts" {
				value, ok = nil, false
			}
			if standard, has := below["default"]; has && !ok && there {
				value, ok = standard, true
			}
			out[name] = total(value, ok && value != nil, below, definitions)
		}
		if !there {
			blank(out, properties, definitions)
		}
		return out
	case isMap:
		out := map[string]any{}
		object, _ := v.(map[string]any)
		for name, value := range object {
			out[name] = total(value, true, values, definitions)
		}
		return out
	case isList:
		out := []any{}
		list, _ := v.([]any)
		for _, value := range list {
			out = append(out, total(value, true, items, definitions))
		}
		return out
	}
	if _, isUnion := s["type"].([]any); !there && !isUnion {
		return map[any]any{"boolean": false, "integer": 0.0, "string": ""}[s["type"]]
	}
	if there || s["type"] == nil {
		return v
	}
	// Of what a struct that is there lacks, a truth value is false and a TTL 0.
	return nil
}

// blank sets the scalars of an absent object to null.
func blank(object map[string]any, properties, definitions schema) {
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			below, _ := properties[name].(schema)
			if ref, ok := below["$ref"].(string); ok {
				below, _ = definitions[strings.TrimPrefix(ref, "#/$defs/")].(schema)
			}
			p, _ := below["properties"].(schema)
			blank(value, p, definitions)
		case []any:
		default:
			if name != givenField {
				object[name] = nil
			}
		}
	}
}

// fixtures returns the inputs of the tests, and those of the checks' fixtures
// that need no file.
func fixtures(t *testing.T) []Input {
	t.Helper()
	fixturesOnce.Do(func() { fixturesRead = readFixtures(t) })
	if len(fixturesRead) == 0 {
		t.Fatal("reading the fixtures failed in another test")
	}
	return slices.Clone(fixturesRead)
}

var (
	fixturesOnce sync.Once
	fixturesRead []Input // read-only: three tests use them, and reading takes seconds
)

func readFixtures(t *testing.T) []Input {
	t.Helper()
	odd := force()
	odd.Binding.Labels = map[string]string{"owner": "", "a\xffb": "\xff\xfe", "<&>": "\u2028", "0": "1"}
	odd.Evidence.DNS.At = time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("x", 3600))
	out := []Input{{}, force(), plain(), withCertificate(t), odd}
	err := filepath.WalkDir("../../testdata/checks", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && !strings.Contains(string(text), "load:") {
			s := checktest.Subject(t, string(text))
			out = append(out, Input{Binding: s.Binding, Evidence: s.Evidence, Run: s.Evidence.Run})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 100 {
		t.Fatalf("got %d inputs, want those of the checks' fixtures", len(out))
	}
	results := []checks.Result{
		{ID: "dns/cname-reaches-group", Status: checks.StatusPass},
		{ID: "group/exists", Status: checks.StatusUnknown, Reason: "503"},
		{ID: "request/stage-is-valid", Status: checks.StatusFail, Findings: []checks.Finding{
			{Severity: checks.Error, Message: "m", Fix: "f", Source: binding.Position{File: "b.yaml", Line: 3, Column: 70_000}}}},
	}
	for i := range out {
		out[i].Results = results[:i%4]
	}
	return out
}

// pathsOf returns the paths of all values, lists left whole, and for each
// object one path to nothing.
func pathsOf(v ast.Value, path []string) [][]string {
	paths := [][]string{path}
	if object, ok := v.(ast.Object); ok {
		paths = append(paths, append(path[:len(path):len(path)], "no such field"))
		object.Foreach(func(k, v *ast.Term) {
			paths = append(paths, pathsOf(v.Value, append(path[:len(path):len(path)], text(k.Value)))...)
		})
	}
	return paths
}

func find(t *ast.Term, path []string) ast.Value {
	ref := ast.Ref{}
	for _, name := range path {
		ref = append(ref, ast.StringTerm(name))
	}
	v, err := t.Value.Find(ref)
	if err != nil {
		return nil
	}
	return v
}

// Each part of the input that is built equals that part of the whole input after a
// round trip through JSON, and no other part is built.
func TestPartsOfTheInputAreThoseOfTheWhole(t *testing.T) {
	inputs, oracle := fixtures(t), throughJSON(t)
	rapid.Check(t, func(t *rapid.T) {
		d, err := newDocument(rapid.SampledFrom(inputs).Draw(t, "input"), everything, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(&d).Elem()
		whole, err := oracle(v)
		if err != nil {
			t.Fatal(err)
		}
		r := &reads{}
		paths := rapid.SliceOfN(rapid.SampledFrom(pathsOf(whole.Value, nil)), 1, 5).Draw(t, "paths")
		for _, path := range paths {
			r.add(path)
		}
		encode, err := encoderOf(v.Type(), r)
		if err != nil {
			t.Fatal(err)
		}
		part, err := encode(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if got, want := find(part, path), find(whole, path); !equal(got, want) {
				t.Fatalf("%v: got %v, want %v", path, got, want)
			}
		}
		for _, path := range pathsOf(part.Value, nil) {
			if r.at(path...) == nil && find(part, path) != nil {
				t.Fatalf("%v is built, and nothing reads it", path)
			}
		}
	})
}

func equal(a, b ast.Value) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return ast.Compare(a, b) == 0
}

// Modules that read the input in every way that loads.
const readers = `# METADATA
# custom:
#   uses: [dns, proof, certificate, key, group, account, siblings]
package bindgate.policy.x

import input.binding.labels as labels

b := input.binding

f.g := input.evidence.account.facts

group := input.evidence.group

flag := input.binding.isForce

all contains "aliased" if f.g.cnameTarget.given

all contains sprintf("%v", [group.facts.stages[0]])

all contains sprintf("%v", [data.bindgate.policy.x.group.facts.status])

all contains "flag" if flag

all contains sprintf("%v", [v]) if some v in [b, labels, input.results, input.run, input.schema]

all contains sprintf("%v", [input.binding[name]]) if some name in ["groupId", "forceFrom"]

all contains sprintf("%s=%s", [k, v]) if some k, v in labels

all contains sprintf("%v", [input.binding.certificate.privateKey.file])

all contains sprintf("%v %v", [i, hop.target]) if some i, hop in input.evidence.dns.facts.hops

all contains sprintf("%v", [input.evidence.account.facts.boundGroups[_].domain.domainName])

all contains sprintf("%v", [size(input.evidence.group.facts.stages)])

all contains sprintf("%v", [input.evidence.group.facts])

all contains sprintf("%v", [input.evidence.certificate])

all contains "no end" if count(input.evidence.dns.facts.end.targets) == 0

all contains "no certificate" if not input.binding.certificate.given

all contains sprintf("%v", [input.evidence.key.facts.bits])

all contains sprintf("%v", [input.evidence.siblings]) if input.evidence.proof.state == "observed"

all contains sprintf("%v", [input.results[id].status]) if some id in ["dns/cname-reaches-group", "group/exists"]

all contains sprintf("%v", [b.labels]) if input.binding.labels.owner == null

all contains sprintf("%v %v", [c.domainName, c.labels.owner]) if c := input.binding

all contains sprintf("%v", [c]) if c := input.binding.certificate

all contains sprintf("%v %v", [k, v]) if {
	c := input.binding
	some k, v in c.labels
}

all contains "every" if {
	c := input.binding
	every g in c.forceFrom { g != c.groupId }
}

all contains $"{c.regionId}" if c := input.binding

all contains "no label" if {
	c := input.binding
	c.labels.owner == null
}

all contains "named" if {
	c := input.binding
	name := ["groupId", "regionId"][_]
	c[name] != ""
}

all contains sprintf("%v", [[g | some h in f; g := h.groupId]]) if f := input.evidence.account.facts.boundGroups

all contains "of nothing" if _ := input.evidence.group.facts

all contains "a function" if {
	c := input.binding.forceFrom
	size(c) == 2
}

all contains "two names" if {
	c := input.binding.labels
	c == input.binding.labels
	d := input.evidence.dns.facts.end
	d != input.evidence.proof.facts
}

all contains sprintf("%v", [[c.reason, d.reason]]) if {
	c := input.evidence.key
	d := input.evidence.proof
	c.state == d.state
}

all contains "else" if by_else == 2

by_else := 1 if {
	c := input.binding
	c.isForce
	c.labels.none != null
} else := 2 if {
	c := input.binding
	c.certificate.given
}

all contains sprintf("%v", [key]) if some key, _ in by_owner

by_owner[c.labels.owner] := c if c := input.binding

size(x) := count(x)

deny contains m if some m in all

warn contains "redirects" if input.binding.isHttpRedirectToHttps == true
`

func TestEvaluateIsThatOfTheWholeInput(t *testing.T) {
	whole := throughJSON(t)
	inputs := fixtures(t)
	for name, module := range map[string]string{"every way": readers, "one field": small,
		"facts": "# METADATA\n# custom:\n#   needs: [dns]\n#   uses: [certificate]\n" + head + `deny contains c.subject if some c in input.evidence.certificate.facts.chain
			warn contains input.evidence.dns.facts.end.name if input.evidence.certificate.state == "observed"`,
		"an entry that is a part of the input": "package bindgate.force.x\nallow := input.binding.isForce",
		"states": "# METADATA\n# custom:\n#   uses: [certificate, key]\n" + head + `deny contains input.evidence.certificate.state
			warn contains input.evidence.key.state`,
	} {
		t.Run(name, func(t *testing.T) {
			e, oracle := engineWith(t, module, "owner", "none"), engineWith(t, module, "owner", "none")
			if err := oracle.compile(oracle.roster.Load().all); err != nil {
				t.Fatal(err)
			}
			for _, p := range oracle.roster.Load().all {
				p.unit.input, p.unit.reads = whole, &reads{all: true}
			}
			oracle.roster.Store(newRoster(oracle.roster.Load().all))
			if o := e.Evaluate(context.Background(), withCertificate(t)); o.State != evidence.StateObserved {
				t.Fatalf("got %+v", o)
			}
			for i, in := range inputs {
				if i > 10 && i%4 != 0 { // the oracle is slow
					continue
				}
				want, got := oracle.Evaluate(context.Background(), in), e.Evaluate(context.Background(), in)
				if !reflect.DeepEqual(want, got) {
					t.Errorf("%+v: %s", in, cmp.Diff(want, got))
				}
			}
		})
	}
}

func TestTypesWithoutPlainJSON(t *testing.T) {
	type inner struct {
		X int `json:"x"`
	}
	for name, v := range map[string]any{
		"own form": struct {
			X netip.Addr `json:"x"`
		}{}, "bytes": struct {
			X []byte `json:"x"`
		}{}, "no name": struct{ X int }{}, "two of one name": struct {
			inner
			Y int `json:"x"`
		}{}, "float": struct {
			X float64 `json:"x"`
		}{}, "any": struct {
			X any `json:"x"`
		}{},
	} {
		if _, err := encoderOf(reflect.TypeOf(v), &reads{all: true}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
