package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	validate "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/checks/binding"
)

// A run that ended with an error leaves a report that says so, in every format.
func TestFailureInEveryFormat(t *testing.T) {
	head := run("lint").Head
	head.Path = func(name string) string { return "infra/" + name }
	hostile := "\x1b[2J<script>alert(1)</script>"
	for _, f := range []Failure{
		{Message: "reading flags: --roots is empty " + hostile},
		{Message: "bad.yaml:3:5: unknown key \"domain\"\nbad.yaml:9:1: " + hostile, Faults: []Fault{
			{"unknown key \"domain\"", binding.Position{File: "bad.yaml", Line: 3, Column: 5}}, {hostile, binding.Position{File: "bad.yaml", Line: 9, Column: 1}}}},
	} {
		for _, format := range Formats() {
			var b bytes.Buffer
			if err := WriteFailure(&b, format, head, Options{Quiet: true}, f); err != nil {
				t.Fatal(err)
			}
			got := b.String()
			words, clean := "--roots is empty", map[string]string{"sarif": `"executionSuccessful":true`, "junit": `errors="0"`, "gitlab": "[\n]", "json": `"error":null`}
			if f.Faults != nil {
				words = "unknown key"
				if place := map[string]string{"sarif": `"uri":"infra/bad.yaml"`, "gitlab": `"path":"infra/bad.yaml"`, "github": "file=infra/bad.yaml,line=3", "junit": `file="infra/bad.yaml" line="3"`}[format]; !strings.Contains(got, place) {
					t.Errorf("%s does not hold %s:\n%s", format, place, got)
				}
			}
			if !strings.Contains(got, words) || clean[format] != "" && strings.Contains(got, clean[format]) || strings.Contains(got, "\x1b") || format != "text" && format != "github" && strings.Contains(got, "<script>alert") && format != "json" && format != "jsonl" && format != "sarif" && format != "gitlab" {
				t.Errorf("%s:\n%s", format, got)
			}
		}
	}
}

func TestFailureFollowsTheSchemas(t *testing.T) {
	f := Failure{Message: "a\nb", Faults: []Fault{{"a", at(3, 5)}}}
	documents := map[string]string{}
	for _, format := range []string{"sarif", "junit", "json"} {
		var b bytes.Buffer
		if err := WriteFailure(&b, format, withManifest(run("lint")).Head, Options{Category: "gate"}, f); err != nil {
			t.Fatal(err)
		}
		documents[format] = b.String()
	}
	doc, err := validate.UnmarshalJSON(strings.NewReader(documents["sarif"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := sarifSchemaOf(t).Validate(doc); err != nil {
		t.Error(err)
	}
	if faults := junitFaults(t, documents["junit"]); len(faults) > 0 {
		t.Errorf("junit: %q", faults)
	}
	var got Report
	if err := json.Unmarshal([]byte(documents["json"]), &got); err != nil || got.Run.Error == nil || got.Run.Error.Message != "a\nb" || got.Bindings == nil {
		t.Errorf("json: %v\n%s", err, documents["json"])
	}
}

// The category distinguishes two analyses of one commit; without one, the
// uploader sets it.
func TestSARIFCategory(t *testing.T) {
	for category, want := range map[string]string{"": "", "prod": `"automationDetails":{"id":"prod/"}`, "prod/": `"automationDetails":{"id":"prod/"}`} {
		got := written(t, "sarif", run("lint", refused()), Options{Category: category})
		if want == "" && strings.Contains(got, "automationDetails") || !strings.Contains(got, want) {
			t.Errorf("%q: want %q in %.200s", category, want, got)
		}
	}
}

// What only passed is in the count and not in the file, unless it is to be verbose.
func TestJUnitIsSmall(t *testing.T) {
	quiet, verbose := written(t, "junit", run("lint", allowed(), refused()), Options{}), written(t, "junit", run("lint", allowed(), refused()), Options{Verbose: true})
	if !strings.Contains(quiet, `tests="3"`) || strings.Contains(quiet, `name="group/exists" classname="api`) || !strings.Contains(quiet, `name="gate/decision" classname="api`) || !strings.Contains(quiet, "<failure") {
		t.Errorf("quiet:\n%s", quiet)
	}
	if !strings.Contains(verbose, `name="group/exists" classname="api`) {
		t.Errorf("verbose:\n%s", verbose)
	}
	var suites struct {
		Suites []junitSuite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(quiet), &suites); err != nil {
		t.Fatal(err)
	}
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			if c.File != "bindings.yaml" || c.Line == 0 {
				t.Errorf("%s: %q line %d", c.Name, c.File, c.Line)
			}
		}
	}
	if line := suites.Suites[1].Cases[0].Line; line != 18 {
		t.Errorf("a finding is at line %d, want its own, 18", line)
	}
}
