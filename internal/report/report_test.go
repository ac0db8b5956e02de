package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/internal/gate"
)

func TestGolden(t *testing.T) {
	all := []Binding{partial(), undetermined(), refused(), allowed()}
	applied := []Binding{allowed(), forced(failure())}
	applied[0].Outcome = &Outcome{Status: bound, RequestID: "A"}
	inEffect, wouldTake := allowed(), forced(Outcome{})
	inEffect.Calls, inEffect.Source, wouldTake.Outcome = nil, at(8, 5), nil
	rest := allowed()
	rest.Source, rest.Outcome = at(60, 5), &Outcome{Status: notAttempted, Message: `not attempted: the binding of "old.demo.com", earlier in the run, has the outcome failed`}
	applied = append(applied, rest)
	halted := run("apply", applied[0], rest)
	halted.Run.Interrupted, halted.Bindings[0].Outcome = true, &Outcome{Status: bound, Sent: true, RequestID: "A"}
	halted.Bindings[1].DomainName, halted.Bindings[1].Outcome = "pay.demo.com", &Outcome{Status: notAttempted, Message: "interrupted before any call for this binding"}
	cut := run("lint", undetermined(), refused())
	cut.Run.Interrupted = true
	apply := run("apply", applied...)
	apply.Run.JournalHead = "sha256:33"
	again, first := run("audit", all...), run("audit", all...)
	again.Run.Since, first.Run.Since = differs(), &Since{New: differs().New}
	for _, c := range []struct {
		name, format string
		report       sample
		options      Options
	}{
		{"audit-since", "text", again, Options{}},
		{"audit-since-quiet", "text", again, Options{Quiet: true}},
		{"audit-first", "text", first, Options{}},
		{"audit-since", "json", again, Options{}},
		{"audit-since", "markdown", again, Options{}},
		{"lint", "text", run("lint", all...), Options{}},
		{"lint-verbose", "text", run("lint", all...), Options{Verbose: true}},
		{"lint-quiet", "text", run("lint", all...), Options{Quiet: true}},
		{"lint-color", "text", run("lint", all...), Options{Color: true}},
		{"lint-narrow", "text", run("lint", all...), Options{Width: 40}},
		{"plan", "text", run("plan", allowed(), inEffect, wouldTake, refused()), Options{}},
		{"apply", "text", apply, Options{}},
		{"apply-interrupted", "text", halted, Options{}},
		{"lint-interrupted", "text", cut, Options{}},
		{"lint", "json", run("lint", all...), Options{}},
		{"apply", "jsonl", apply, Options{}},
		{"lint", "github", run("lint", all...), Options{}},
		{"lint", "gitlab", run("lint", all...), Options{}},
		{"lint", "markdown", run("lint", all...), Options{}},
		{"apply", "junit", apply, Options{}},
		{"lint", "junit", run("lint", all...), Options{}},
		{"lint", "sarif", withManifest(run("lint", all...)), Options{}},
	} {
		t.Run(c.name+"."+c.format, func(t *testing.T) {
			got := written(t, c.format, c.report, c.options)
			file := filepath.Join("testdata", c.name+"."+c.format+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (run with -update when this is right):\n%s", file, diff)
			}
		})
	}
}

func TestOrderOfChecksDoesNotMatter(t *testing.T) {
	bindings := []Binding{allowed(), refused(), undetermined(), partial(), forced(failure())}
	backwards := slices.Clone(bindings)
	for i := range backwards {
		backwards[i].Checks = slices.Clone(backwards[i].Checks)
		slices.Reverse(backwards[i].Checks)
	}
	first := backwards[1].Checks[0].ID
	for _, format := range Formats() {
		a, b := written(t, format, run("lint", bindings...), Options{}), written(t, format, run("lint", backwards...), Options{})
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s:\n%s", format, diff)
		}
	}
	if backwards[1].Checks[0].ID != first {
		t.Error("the stream sorted the caller's own slice")
	}
}

// Every result is in the document exactly once.
func TestJSONReadsBack(t *testing.T) {
	doubled := refused() // a check with two results, of which one has no finding
	doubled.Source = at(20, 5)
	doubled.Checks = append(doubled.Checks, checks.Result{ID: "certificate/covers-domain", Status: checks.StatusPass},
		checks.Result{ID: "dns/cname-chain-terminates", Status: checks.StatusUnknown, Reason: "a"}, checks.Result{ID: "dns/cname-is-alone", Status: checks.StatusNotRun, Reason: "a"},
		checks.Result{ID: "group/exists", Status: checks.StatusUnknown, Reason: "b"}, checks.Result{ID: "group/has-domain-quota", Status: checks.StatusUnknown, Reason: "a"})
	want := run("apply", allowed(), refused(), doubled, forced(failure()))
	dec := json.NewDecoder(strings.NewReader(written(t, "json", want, Options{})))
	dec.DisallowUnknownFields()
	var got Report
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	for i, b := range want.Bindings {
		want.Bindings[i] = completed(b)
		for _, r := range got.Bindings[i].Results {
			for _, id := range r.IDs {
				got.Bindings[i].Checks = append(got.Bindings[i].Checks, checks.Result{ID: id, Status: r.Status, Reason: r.Reason, Findings: r.Findings})
			}
		}
		slices.SortStableFunc(got.Bindings[i].Checks, func(x, y checks.Result) int {
			return strings.Compare(x.ID+string(x.Status), y.ID+string(y.Status))
		})
		got.Bindings[i].Results = nil
	}
	if diff := cmp.Diff(want.Bindings, got.Bindings, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want.Run, got.Run); diff != "" || got.Tool != want.Tool || got.Summary.Bindings != 4 {
		t.Errorf("%s\n%+v", diff, got)
	}
}

// What a run learns at its end is in the documents, and a stream that did not
// reach it does not look whole.
func TestTheTailIsTold(t *testing.T) {
	r := run("apply", allowed())
	tail := Tail{Linter: "zlint v3", KeyLists: []KeyList{{File: "debian", Keys: 2}}, Interrupted: true, JournalHead: "sha256:33", Since: differs()}
	for _, format := range []string{"json", "jsonl"} {
		var out bytes.Buffer
		s, err := Open(&out, format, r.Head, Options{})
		if err = errors.Join(err, s.Add(r.Bindings[0]), s.Close(tail)); err != nil {
			t.Fatal(err)
		}
		doc := out.Bytes()
		if format == "jsonl" {
			doc = doc[bytes.LastIndexByte(doc[:len(doc)-1], '\n'):]
		}
		var got struct {
			Run     Run
			Summary Summary
		}
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		read := Tail{got.Run.Linter, got.Run.KeyLists, got.Run.Waivers, got.Run.Interrupted, got.Run.JournalHead, got.Run.Since, got.Run.Error}
		if diff := cmp.Diff(tail, read); diff != "" || got.Run.Command != "apply" || got.Summary.Bindings != 1 {
			t.Errorf("%s: %s\n%+v", format, diff, got)
		}
	}
}

func TestJSONLinesAreValid(t *testing.T) {
	types := []string{}
	parts := map[string]string{"run": "#/$defs/Run", "binding": "#/$defs/Binding", "summary": "#/$defs/Summary"}
	for l := range strings.Lines(written(t, "jsonl", run("lint", allowed(), refused()), Options{})) {
		var record map[string]json.RawMessage
		if err := json.Unmarshal([]byte(l), &record); err != nil {
			t.Fatal(err)
		}
		kind := strings.Trim(string(record["type"]), `"`)
		types = append(types, kind)
		if err := valid(t, compiled(t, parts[kind]), record[kind]); err != nil {
			t.Errorf("%s line: %v", kind, err)
		}
	}
	if diff := cmp.Diff([]string{"run", "binding", "binding", "summary"}, types); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownWordsNeverLookGood(t *testing.T) {
	b := allowed()
	b.Decision, b.Outcome = "", &Outcome{Status: "great"}
	b.Checks[0].Status = "passed"
	got := completed(b)
	if got.Decision != gate.Undetermined || got.Outcome.Status != unknown || got.Checks[1].Status != checks.StatusUnknown {
		t.Errorf("got %s, %s, %s, want undetermined, unknown, unknown", got.Decision, got.Outcome.Status, got.Checks[1].Status)
	}
	var s Summary
	s.add(got)
	if want := (Summary{Bindings: 1, Undetermined: 1, Unknown: 1}); s != want {
		t.Errorf("the summary counts %+v, want %+v", s, want)
	}
}

func TestEndpointHoldsNoSecret(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"apigateway.cn-hangzhou.aliyuncs.com": "apigateway.cn-hangzhou.aliyuncs.com",
		"127.0.0.1:8080":                      "127.0.0.1:8080",
		"https://user:pass@host.example:1/a?Signature=s#f": "https://host.example:1/a",
		"user:pass@host.example":                           "host.example",
		"http://[broken":                                   "(not an address)",
		"http://":                                          "(not an address)",
	} {
		if got := publicEndpoint(in); got != want {
			t.Errorf("publicEndpoint(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestThousandBindingsFitOneScreen(t *testing.T) {
	var bindings []Binding
	for i := range 1000 {
		b := []Binding{allowed(), undetermined(), partial()}[i%3]
		b.Source, b.DomainName = at(i+1, 5), fmt.Sprintf("d%d.demo.com", i)
		b.Checks = append(b.Checks, checks.Result{ID: "request/group-id-is-well-formed", Status: checks.StatusPass,
			Findings: []checks.Finding{checks.Warns("", "it has 31 digits", "")}})
		bindings = append(bindings, b)
	}
	got := written(t, "text", run("lint", bindings...), Options{})
	if n := strings.Count(got, "\n"); n > 40 {
		t.Errorf("%d lines, want at most 40:\n%s", n, got)
	}
	verbose := written(t, "text", run("lint", bindings...), Options{Verbose: true})
	for _, b := range bindings {
		if !strings.Contains(verbose, b.DomainName) {
			t.Fatalf("the verbose report leaves out %s", b.DomainName)
		}
	}
}

func TestQuietIsSilentWhenNothingStandsInTheWay(t *testing.T) {
	if got := written(t, "text", run("lint", allowed(), partial()), Options{Quiet: true}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrors(t *testing.T) {
	for _, format := range Formats() {
		r := run("lint", refused())
		if err := r.write(Open(fullDisk{}, format, r.Head, Options{})); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v, want %v", format, err, errFull)
		}
	}
	_, err := Open(&bytes.Buffer{}, "xml", Head{}, Options{})
	if err == nil || !strings.Contains(err.Error(), "want one of github, gitlab, html, json, jsonl, junit, markdown, sarif, text") {
		t.Errorf("got %v, want the formats that there are", err)
	}
}
