package since_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/report"
	"github.com/bindgate/bindgate/internal/since"
)

const group = "927d50c0f2e54b359919923d908bb015"

var now = time.Date(2026, 11, 28, 6, 0, 0, 0, time.UTC)

// bound is a binding whose check "a/a" has a state.
func bound(name, state string) report.Binding {
	r := checks.Result{ID: "a/a", Status: checks.StatusPass}
	warning := checks.Finding{Severity: checks.Warning, Message: "m"}
	switch state {
	case "warning":
		r.Findings = []checks.Finding{warning}
	case "waived":
		warning.Waived = &evidence.Waiver{Owner: "x"}
		r.Findings = []checks.Finding{warning}
	case "fail":
		r.Status, r.Findings = checks.StatusFail, []checks.Finding{{Severity: checks.Error, Message: "m"}}
	case "absent":
		r.ID = "b/b"
	default:
		r.Status = checks.Status(state)
	}
	return report.Binding{DomainName: name, Platform: "classic", GroupID: group, RegionID: "cn-hangzhou", Checks: []checks.Result{r}}
}

// document writes a report as the program does.
func document(t testing.TB, run report.Run, all ...report.Binding) []byte {
	t.Helper()
	var out bytes.Buffer
	s, err := report.Open(&out, "json", report.Head{Tool: report.Tool{Name: "bindgate", Version: "1"}, Run: run}, report.Options{})
	for _, b := range all {
		if err == nil {
			err = s.Add(b)
		}
	}
	if err == nil {
		err = s.Close(report.Tail{Interrupted: run.Interrupted})
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func run() report.Run {
	return report.Run{Command: "audit", Now: now, Identity: &evidence.Identity{AccountID: "1"}}
}

func read(t testing.TB, data []byte) *since.Comparison {
	t.Helper()
	c, err := since.Read(data, "classic", "cn-hangzhou")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestStates compares every state with every other. Only a pass, or nothing to judge,
// fixes what was reported.
func TestStates(t *testing.T) {
	states := []string{"pass", "not-applicable", "waived", "absent", "not-run", "warning", "unknown", "fail"}
	want := map[string]string{ // before: after each of states
		"pass":           "- - - - - N N N",
		"not-applicable": "- - - - - N N N",
		"waived":         "- - - - - N N N",
		"absent":         "- - - - - N N N",
		"not-run":        "- - - - - N N N",
		"warning":        "F F F C C - C C",
		"unknown":        "F F F C C C - C",
		"fail":           "F F F C C C C -",
	}
	for _, before := range states {
		var got []string
		for i, after := range states {
			c := read(t, document(t, run(), bound("api.demo.com", before)))
			worse := c.Add(bound("api.demo.com", after))
			s := c.Result(true)
			kind := "-"
			switch {
			case len(s.New) > 0:
				kind = "N"
			case len(s.Fixed) > 0:
				kind = "F"
			case len(s.Changed) > 0:
				kind = "C"
			}
			got = append(got, kind)
			if len(s.New)+len(s.Fixed)+len(s.Changed) > 1 || len(s.Gone)+len(s.Bound) > 0 || s.Empty() != (kind == "-") {
				t.Errorf("%s → %s: got %+v", before, after, s)
			}
			if wantWorse := kind == "N" || kind == "C" && i > index(states, before); worse != wantWorse {
				t.Errorf("%s → %s: worse is %v", before, after, worse)
			}
		}
		if strings.Join(got, " ") != want[before] {
			t.Errorf("%s: got %s, want %s", before, strings.Join(got, " "), want[before])
		}
	}
}

func index(all []string, one string) int {
	for i, s := range all {
		if s == one {
			return i
		}
	}
	return -1
}

func TestBindings(t *testing.T) {
	data := document(t, run(), bound("a.demo.com", "fail"), bound("gone.demo.com", "fail"), bound("also.demo.com", "pass"))
	for _, whole := range []bool{true, false} {
		c := read(t, data)
		if c.Add(bound("a.demo.com", "fail")) {
			t.Error("an old finding is worse")
		}
		if !c.Add(bound("new.demo.com", "fail")) || c.Add(bound("fine.demo.com", "pass")) {
			t.Error("what counts of new bindings is wrong")
		}
		place := func(name string) report.Bound { return report.Bound{DomainName: name, GroupID: group} }
		want := &report.Since{Now: &now, New: []report.Difference{{Bound: place("new.demo.com"), Check: "a/a", Before: "absent", After: "fail"}},
			Bound: []report.Bound{place("fine.demo.com"), place("new.demo.com")}}
		if whole { // else the rest was only not judged
			want.Gone = []report.Bound{place("also.demo.com"), place("gone.demo.com")}
		}
		if diff := cmp.Diff(want, c.Result(whole)); diff != "" {
			t.Errorf("whole %v:\n%s", whole, diff)
		}
	}
}

func TestRunsThatDidNotEnd(t *testing.T) {
	cut := run()
	cut.Interrupted = true
	c := read(t, document(t, cut, bound("a.demo.com", "fail")))
	if c.Add(bound("a.demo.com", "fail")) || !c.Add(bound("b.demo.com", "fail")) || !c.Result(true).Incomplete {
		t.Error("an interrupted run is not compared as one")
	}
	var failed bytes.Buffer
	head := report.Head{Tool: report.Tool{Name: "bindgate", Version: "1"}, Run: report.Run{Command: "audit", Now: now}}
	if err := report.WriteFailure(&failed, "json", head, report.Options{}, report.Failure{Message: "no"}); err != nil {
		t.Fatal(err)
	}
	c = read(t, failed.Bytes())
	if err := c.SameAccount(&evidence.Identity{AccountID: "1"}); err != nil || !c.Add(bound("a.demo.com", "fail")) || !c.Result(true).Incomplete {
		t.Errorf("a failed run is not compared as one: %v", err)
	}
}

func TestSameAccount(t *testing.T) {
	c := read(t, document(t, run()))
	for _, id := range []*evidence.Identity{nil, {}, {AccountID: "2"}, {NoSTS: true}} {
		if err := c.SameAccount(id); err == nil || !strings.Contains(err.Error(), `got a report of account "1", want one of `) {
			t.Errorf("%+v: got %v", id, err)
		}
	}
	unknown := run()
	unknown.Identity = &evidence.Identity{NoSTS: true}
	if err := read(t, document(t, unknown)).SameAccount(&evidence.Identity{NoSTS: true}); err != nil {
		t.Error(err)
	}
	if err := c.SameAccount(&evidence.Identity{AccountID: "1"}); err != nil {
		t.Error(err)
	}
}

func TestReadRefuses(t *testing.T) {
	good := string(document(t, run(), bound("a.demo.com", "fail")))
	change := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in %s", old, good)
		}
		return strings.Replace(good, old, with, 1)
	}
	for text, want := range map[string]string{
		"":                   "it is not JSON, or ends too early",
		"# metrics":          "it is not JSON",
		good[:len(good)-200]: "ends too early",
		"{}":                 `got schema "", want "bindgate.report/v1"`,
		change("bindgate.report/v1", "bindgate.report/v2"):            `got schema "bindgate.report/v2"`,
		change(`"command":"audit"`, `"command":"lint"`):               `got a report of the command "lint"`,
		change(`"run":`, `"other":`):                                  "it says nothing of its run",
		change(`"regionId":"cn-hangzhou"`, `"regionId":"cn-beijing"`): `region "cn-beijing", want cn-hangzhou`,
		change(`"platform":"classic"`, `"platform":"apig"`):           `platform "apig", want classic`,
		change(`"ids":["a/a"]`, `"ids":["a/a","a/a"]`):                `two results of the check "a/a"`,
		change(`"ids":["a/a"]`, `"ids":[]`):                           "a result without a check",
		change(`"groupId"`, `"group"`):                                "neither groupId nor gatewayId",
		change(`"status":"fail"`, `"status":"fail","Status":"pass"`):  `got the key "Status" twice`,
		change(`"status":"fail"`, `"Status":"fail"`):                  `got the key "Status", want "status"`,
		change(`"bindings":[`, `"bindings":[],"bindings":[`):          `got the key "bindings" twice`,
		change(`"domainName":"a.demo.com"`, `"domainName":1`):         "cannot unmarshal",
		good + good:                    "more than one document",
		strings.Repeat("[", 1_000_000): "more than 100 values",
	} {
		if _, err := since.Read([]byte(text), "classic", "cn-hangzhou"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: got %v, want %q", text, err, want)
		}
	}
	// A later version of the program may add fields.
	if _, err := since.Read([]byte(change(`"status":"fail"`, `"status":"fail","later":{"x":[1]}`)), "classic", "cn-hangzhou"); err != nil {
		t.Error(err)
	}
}

// FuzzRead holds that no earlier report does harm, and that none hides a finding: what
// fails now and is not in the report as a failure is new or worse.
func FuzzRead(f *testing.F) {
	f.Add(document(f, run(), bound("a.demo.com", "fail"), bound("b.demo.com", "unknown")))
	f.Add([]byte(`{"schema":"bindgate.report/v1","run":{"command":"audit","now":"2026-11-28T06:00:00Z"},"bindings":[{"domainName":"a.demo.com","platform":"classic","groupId":"x","regionId":"cn-hangzhou","checks":[{"ids":["a/a"],"status":"no"}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := since.Read(data, "classic", "cn-hangzhou")
		if err != nil {
			return
		}
		if worse := c.Add(bound("a.demo.com", "fail")); !worse && !bytes.Contains(data, []byte("fail")) && !bytes.Contains(data, []byte(`\u`)) && !bytes.Contains(data, []byte("error")) {
			t.Fatalf("nothing new since %q", data)
		}
		if _, err := json.Marshal(c.Result(true)); err != nil {
			t.Fatal(err)
		}
	})
}
