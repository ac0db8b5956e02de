package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	validate "github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/catalog"
)

// withManifest gives a report the catalogue and a manifest of forty lines.
func withManifest(r sample) sample {
	r.Catalogue = catalog.All()[:3]
	var text strings.Builder
	for i := range 45 {
		fmt.Fprintf(&text, "    key%d: value%d  # note\n", i, i)
	}
	r.Text = func(file string) []byte {
		if file == "bindings.yaml" {
			return []byte(text.String())
		}
		return nil
	}
	return r
}

// many is a report of n refused bindings.
func many(n int) sample {
	var bindings []Binding
	for i := range n {
		b := refused()
		b.Source, b.DomainName = at(i+1, 5), fmt.Sprintf("d%d.demo.com", i)
		bindings = append(bindings, b)
	}
	return run("lint", bindings...)
}

func sarifSchemaOf(t *testing.T) *validate.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validate.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := validate.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSARIFFollowsTheOfficialSchema(t *testing.T) {
	s := sarifSchemaOf(t)
	whole := withManifest(run("apply", allowed(), refused(), undetermined(), partial(), forced(failure())))
	whole.Catalogue = catalog.All()
	for name, r := range map[string]sample{"empty": run("lint"), "whole": whole, "no catalogue": many(3)} {
		if err := valid(t, s, []byte(written(t, "sarif", r, Options{}))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := strings.Replace(written(t, "sarif", whole, Options{}), `"startLine":`, `"startLine":-`, 1)
	if valid(t, s, []byte(bad)) == nil {
		t.Error("a negative line is valid, so the schema holds nothing")
	}
}

// What GitHub code scanning wants beyond the schema.
func TestSARIFIsWhatCodeScanningWants(t *testing.T) {
	r := many(3000)
	r.Catalogue = catalog.All()
	var log struct {
		Runs []struct {
			Tool        sarifTool
			Results     []sarifResult
			Invocations []sarifInvocation
		}
	}
	if err := json.Unmarshal([]byte(written(t, "sarif", withText(r), Options{})), &log); err != nil {
		t.Fatal(err)
	}
	out := log.Runs[0]
	if n := len(out.Results); n != sarifMostResults {
		t.Errorf("%d results, want %d", n, sarifMostResults)
	}
	if notes := out.Invocations[0].Notifications; len(notes) != 2 || !strings.Contains(notes[1].Message.Text, "4000 of the least severe results were left out") {
		t.Errorf("the file does not say what was cut: %+v", notes)
	}
	if out.Results[len(out.Results)-1].Level != "error" {
		t.Error("a warning was kept where errors were cut")
	}
	for _, rule := range out.Tool.Driver.Rules {
		if rule.Short.Text == "" || rule.Full.Text == "" || rule.Help.Text == "" || rule.Help.Markdown == "" || !strings.HasPrefix(rule.HelpURI, "https://") {
			t.Errorf("rule %s is not explained", rule.ID)
		}
		if n := len(rule.Properties.Tags); n == 0 || n > 10 || rule.Properties.SecuritySeverity == "" {
			t.Errorf("rule %s: %d tags, security severity %q", rule.ID, n, rule.Properties.SecuritySeverity)
		}
	}
	prints := regexp.MustCompile(`^[0-9a-f]{1,16}:\d+$`)
	for _, res := range out.Results[:200] {
		region := res.Locations[0].Physical.Region
		if out.Tool.Driver.Rules[res.RuleIndex].ID != res.RuleID || region.StartLine != region.EndLine || region.EndColumn <= region.StartColumn {
			t.Fatalf("%+v", res)
		}
		if !prints.MatchString(res.PartialFingerprints["primaryLocationLineHash"]) {
			t.Fatalf("no fingerprint of the line: %v", res.PartialFingerprints)
		}
	}
}

func TestSARIFNamesFilesByURI(t *testing.T) {
	for file, want := range map[string]sarifArtifact{
		"./a/../gw/b%#:ü.yaml": {URI: "gw/b%25%23:%C3%BC.yaml", URIBaseID: "%SRCROOT%"},
		"a:b.yaml":             {URI: "./a:b.yaml", URIBaseID: "%SRCROOT%"},
		"/src/b c.yaml":        {URI: "file:///src/b%20c.yaml"},
	} {
		if got := sarifArtifactOf(note{Source: binding.Position{File: file}}.file()); got != want {
			t.Errorf("%q: %+v, want %+v", file, got, want)
		}
	}
}

// withText gives the report a manifest with a line for every binding.
func withText(r sample) sample {
	text := []byte(strings.Repeat("    domainName: a.demo.com   # a comment\n", 4000))
	r.Text = func(string) []byte { return text }
	return r
}

func TestLineEndIsWhereTheValueEnds(t *testing.T) {
	text := []byte("a:\n  名: 值 # note\r\n")
	for _, c := range []struct {
		line, column, want int
	}{{2, 6, 7}, {1, 1, 3}, {9, 4, 5}, {3, 1, 2}} {
		if got := newManifestText(text).end(note{Source: at(c.line, c.column)}); got != c.want {
			t.Errorf("line %d: the value ends at %d, want %d", c.line, got, c.want)
		}
	}
}

func TestFingerprintsAreUniqueAndStable(t *testing.T) {
	twin := refused() // the same binding twice
	twin.Source = at(90, 5)
	r := run("lint", allowed(), refused(), twin, undetermined())
	first := map[string]bool{}
	prints := newFingerprints()
	for _, b := range r.Bindings {
		for _, n := range notes(completed(b)) {
			print := prints.of(b, n)
			if first[print] {
				t.Errorf("%s of %s: two findings have one fingerprint", n.Rule, n.domain)
			}
			first[print] = true
		}
	}
	moved := refused()
	moved.Source = at(300, 7)
	moved.Checks[1].Findings[0].Message = "other words"
	prints = newFingerprints()
	for _, n := range notes(completed(moved)) {
		if !first[prints.of(moved, n)] {
			t.Errorf("%s changed its fingerprint when it moved", n.Rule)
		}
	}
}

func TestGitHubShowsTenOfAKindAndThenPlainLines(t *testing.T) {
	got := written(t, "github", many(30), Options{})
	for _, kind := range []string{"::error ", "::warning "} {
		if n := strings.Count(got, kind); n != githubMost {
			t.Errorf("%d %q, want %d", n, kind, githubMost)
		}
	}
	if n := strings.Count(got, "dns/cname-reaches-group"); n != 30 {
		t.Errorf("%d of 30 findings are in the log", n)
	}
	var summary bytes.Buffer
	if err := many(30).write(Open(&summary, stepSummary, many(30).Head, Options{})); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(summary.String(), "dns/cname-reaches-group"); n != 30 {
		t.Errorf("%d of 30 findings are in the step summary", n)
	}
}

func TestMarkdownStaysBelowTheLimits(t *testing.T) {
	r := many(5000)
	comment := written(t, "markdown", r, Options{})
	var summary bytes.Buffer
	if err := r.write(Open(&summary, stepSummary, r.Head, Options{})); err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(comment); n > 65_536 {
		t.Errorf("a comment of %d characters", n)
	}
	if n := summary.Len(); n > 1024*1024 {
		t.Errorf("a summary of %d bytes", n)
	}
	if !strings.Contains(comment, "more bindings are not in this table") {
		t.Error("nothing says that the table was cut")
	}
	for _, text := range []string{comment, summary.String()} {
		if !strings.Contains(text, "Cut here") {
			t.Errorf("nothing says that it was cut: %s … %s", text[:300], text[len(text)-700:])
		}
	}
}

func TestMarkdownOfHostileTextIsText(t *testing.T) {
	for in, want := range map[string]string{
		"<script>alert(1)</script>": `\<script\>alert\(1\)\</script\>`,
		"@admin see #1":             `@<!-- -->admin see \#<!-- -->1`,
		"[a](https://evil.example)": `\[a\]\(https:<!-- -->//evil.example\)`,
		"www.evil.example | x":      `www.<!-- -->evil.example \| x`,
		"a\n| b |":                  `a\\n\| b \|`,
	} {
		if got := mdText(in); got != want {
			t.Errorf("mdText(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestJUnitTellsStatusesApart(t *testing.T) {
	twin := refused()
	twin.Source = at(90, 5)
	doc := written(t, "junit", run("lint", allowed(), refused(), twin, undetermined(), partial()), Options{Verbose: true})
	var got struct {
		Suites []junitSuite `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(doc), &got); err != nil {
		t.Fatal(err)
	}
	names, sum := map[string]bool{}, junitSuite{}
	for _, s := range got.Suites {
		sum.Errors, sum.Failures, sum.Skipped = sum.Errors+s.Errors, sum.Failures+s.Failures, sum.Skipped+s.Skipped
		if s.Tests != len(s.Cases) {
			t.Errorf("%s: %d cases, counted %d", s.Name, len(s.Cases), s.Tests)
		}
		for _, c := range s.Cases {
			if key := c.ClassName + "\x00" + c.Name; names[key] {
				t.Errorf("two test cases are called %s of %s", c.Name, c.ClassName)
			} else {
				names[key] = true
			}
		}
	}
	if sum.Errors == 0 || sum.Failures == 0 || sum.Skipped == 0 {
		t.Errorf("counted %+v", sum)
	}
	for _, c := range got.Suites[2].Cases {
		if c.Name == "group/exists" && c.Error == nil {
			t.Error("an unknown check is no error")
		}
	}
}

// A check that cannot tell is no finding: no format may look clean for it.
func TestNoFormatLooksCleanWhenNothingIsKnown(t *testing.T) {
	b := undetermined()
	b.Checks = nil // missing results, the reasons alone tell
	for format, want := range map[string]string{"sarif": `"level":"error"`, "github": "::error ", "gitlab": `"severity":"blocker"`,
		"junit": "<error ", "markdown": "**error**", "html": "undetermined"} {
		for _, b := range []Binding{b, undetermined()} {
			if got := written(t, format, run("lint", b), Options{}); !strings.Contains(got, want) {
				t.Errorf("%s does not hold %s:\n%s", format, want, got)
			}
		}
	}
	if n := len(notes(completed(undetermined()))); n != 3 {
		t.Errorf("%d notes, want 2 unknown checks and 1 reason", n)
	}
}
