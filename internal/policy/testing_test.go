package policy

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestShippedPolicies(t *testing.T) {
	report, err := Test(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Tests {
		if r.Status != "passed" {
			t.Errorf("%s:%d: %s %s: %s", r.File, r.Line, r.Name, r.Status, r.Message)
		}
	}
	if report.Passed < 20 {
		t.Errorf("got %d tests, want those of every policy", report.Passed)
	}
	if err := Check(context.Background(), Options{}); err != nil {
		t.Error(err)
	}
}

// The team's data is looked at without a path, too.
func TestCheckOfTheTeamsData(t *testing.T) {
	for data, want := range map[string]string{
		"force_rebind: {ticketPattern: \"[\"}": "team.yaml:1:31: data.force_rebind.ticketPattern is \"[\"",
		"force_rebnd: {ticketPattern: x}":      `no policy reads data.force_rebnd; did you mean "force_rebind"?`,
	} {
		err := Check(context.Background(), Options{Data: []string{filepath.Join(folder(t, map[string]string{"team.yaml": data}), "team.yaml")}})
		if err == nil {
			t.Errorf("%s: it is sound", data)
			continue
		}
		wantWords(t, err.Error(), want)
	}
}

// Whoever works on the shipped policies names their folder.
func TestWorkingCopyOfShippedPolicies(t *testing.T) {
	o := Options{Dirs: []string{"../../policies"}}
	if err := Check(context.Background(), o); err != nil {
		t.Error(err)
	}
	if report, err := Test(context.Background(), o); err != nil || report.Failed > 0 || report.Passed < 20 {
		t.Errorf("got %+v, %v", report, err)
	}
	if _, err := Load(context.Background(), o); err == nil {
		t.Error("loaded together with the built-in ones")
	}
}

// The names of the shipped packages are read without a parser when a run starts.
func TestShippedPackages(t *testing.T) {
	s, modules := shippedModules(t)
	packages, err := packagesOf(modules)
	if err != nil || len(packages) == 0 {
		t.Fatalf("got %v, %v", packages, err)
	}
	lines := strings.Join(packagesIn(s.modules), " ")
	for _, p := range packages {
		wantWords(t, lines, p.name)
	}
}

const small = "package bindgate.policy.x\n\nimport rego.v2\n\ndeny contains \"x\" if input.binding.isForce\n"

func TestTest(t *testing.T) {
	pre := "package bindgate.policy.x_test\n\nimport data.bindgate.policy.x\n\n" +
		"test_applies if count(x.deny) == 1 with input.binding.isForce as true\n" +
		"test_is_silent if count(x.deny) == 0 with input.binding.isForce as false\n"
	for name, c := range map[string]struct {
		tests           string
		pass, fail, not int
		words           string
	}{
		"passes":          {"test_a if count(x.deny) == 1 with input.binding.isForce as true\n", 1, 0, 0, ""},
		"fails":           {"test_a if count(x.deny) == 1 with input.binding.isForce as false\ntest_b if true\n", 1, 1, 0, "it is false or undefined"},
		"errs":            {"test_a if not to_number(input.n) == 1 with input as {\"n\": \"x\"}\n", 0, 1, 0, "to_number"},
		"is put off":      {"todo_test_a if false\ntest_b if true\n", 1, 0, 1, ""},
		"one case of two": {"test_a[n] if {\n\tsome n in [1, 2]\n\tn == 1\n}\n", 0, 1, 0, "these cases are false or undefined: 2"},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Test(context.Background(), Options{Dirs: []string{folder(t, map[string]string{"x.rego": small, "x_test.rego": pre + "found := x.deny\n" + c.tests})}})
			if err != nil {
				t.Fatal(err)
			}
			if report.Passed != c.pass+2 || report.Failed != c.fail || report.Skipped != c.not {
				t.Errorf("got %+v", report)
			}
			var all strings.Builder
			for _, r := range report.Tests {
				all.WriteString(r.Message)
			}
			wantWords(t, all.String(), c.words)
		})
	}
}

func TestTestRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no such package":   {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if count(data.bindgate.policy.y.deny) == 0"}, "x_test.rego:2:17: the test refers to data.bindgate.policy.y.deny"},
		"no such rule":      {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if count(data.bindgate.policy.x.dney) == 0"}, "data.bindgate.policy.x.dney, and no policy and no data file defines it"},
		"no such mock":      {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if count(data.bindgate.policy.x.deny) == 0 with data.bindgate.policy.x.denny as {1}"}, "refers to data.bindgate.policy.x.denny"},
		"no such data":      {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if not data.settings.name"}, "refers to data.settings.name"},
		"no tests":          {map[string]string{"x.rego": small}, "no test was run"},
		"none that counts":  {map[string]string{"x.rego": small, "x_test.rego": "package a\ntodo_test_b if true"}, "no test was run"},
		"a misspelt test":   {map[string]string{"x.rego": small, "x_test.rego": "package a\ntset_b if true"}, "no test was run"},
		"nothing":           {map[string]string{"README.md": "#"}, "holds no policy"},
		"a broken test":     {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if {"}, "x_test.rego:2:"},
		"an unsafe test":    {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if x == 1"}, "x_test.rego:2:"},
		"a broken policy":   {map[string]string{"x.rego": "package main\n", "x_test.rego": "package a\ntest_b if true"}, "main is never asked"},
		"a test by network": {map[string]string{"x.rego": small, "x_test.rego": "package a\ntest_b if http.send({})"}, "http.send"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Test(context.Background(), Options{Dirs: []string{folder(t, c.files)}})
			if err == nil {
				t.Fatal("no error")
			}
			wantWords(t, err.Error(), c.want)
		})
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"sound":         {map[string]string{"x.rego": small}, ""},
		"not formatted": {map[string]string{"x.rego": small + "\n\n\nwarn   contains \"w\"\n"}, "x.rego:7:1: not formatted; run: bindgate policy fmt"},
		"tests too":     {map[string]string{"x.rego": small, "x_test.rego": "package a\n\nimport rego.v2\n\ntest_b  if true"}, "x_test.rego:5:1: not formatted"},
		"no import":     {map[string]string{"x.rego": small, "x_test.rego": "package a\n\ntest_b if true\n"}, "x_test.rego:1:1: `import rego.v2` is missing"},
		"not strict":    {map[string]string{"x.rego": small, "x_test.rego": "package a\n\ntest_b if y := 1\n"}, "x_test.rego:3:"},
		"no such field": {map[string]string{"x.rego": strings.Replace(small, "isForce", "force", 1)}, "input.binding has no field \"force\""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(context.Background(), Options{Dirs: []string{folder(t, c.files)}})
			if (err == nil) != (c.want == "") {
				t.Fatalf("got %v", err)
			}
			if err != nil {
				wantWords(t, err.Error(), c.want)
			}
		})
	}
}

// Each rule must be seen to apply and to stay silent, and what a test mocks must fit.
func TestTestDemands(t *testing.T) {
	const rules = `package bindgate.policy.x

import rego.v2

deny contains "release" if input.binding.bindStageName == "RELEASE"

deny contains "internet" if {
	input.binding.customDomainType == "INTERNET"
	input.binding.isForce
}

warn contains "always"
`
	const pre = "package bindgate.policy.x_test\n\nimport data.bindgate.policy.x\n\n"
	const release = `test_release if "release" in x.deny with input as {"binding": {"bindStageName": "RELEASE"}}` + "\n"
	const internet = `test_internet if "internet" in x.deny with input as {"binding": {"bindStageName": "PRE", "customDomainType": "INTERNET", "isForce": true}}` + "\n"
	const warn = `test_warn if "always" in x.warn with input as {}` + "\n"
	mock := func(value string) string {
		return release + internet + warn + "test_mock if count(x.deny) >= 0 with input as " + value + "\n"
	}
	for name, c := range map[string]struct {
		tests string
		want  string // of the one failure; empty: there is none
	}{
		"each of both":       {release + internet + warn, ""},
		"one of two":         {release + warn + "test_none if count(x.deny) == 0 with input as {}\n", "bindgate.policy.x.deny x.rego:7: this rule applies in no test"},
		"a rule unasked":     {release + internet, "bindgate.policy.x.warn x.rego:12: no test asks for this rule"},
		"never silent":       {strings.ReplaceAll(release+internet, `"PRE"`, `"RELEASE"`) + warn, "bindgate.policy.x.deny x.rego:5: this rule applies in every test"},
		"a whole input":      {mock(`{"binding": {"certificate": {"given": false, "name": null}, "labels": {"owner": "web", "team": null}}, "results": {"dns/cname-reaches-group": {"status": "pass"}}}`), ""},
		"no such field":      {mock(`{"binding": {"domain": "x"}}`), "the mock's input.binding has no field \"domain\"; want one of bindStageName"},
		"no such root":       {mock(`{"bindings": {}}`), "the mock's input has no field \"bindings\"; did you mean \"binding\"?"},
		"another kind":       {mock(`{"binding": {"isForce": "yes"}}`), "the mock's input.binding.isForce is a text, want a boolean"},
		"another word":       {mock(`{"binding": {"customDomainType": "internet"}}`), "the mock's input.binding.customDomainType is \"internet\"; did you mean \"INTERNET\"?"},
		"null for an object": {mock(`{"binding": {"certificate": null}}`), "the mock's input.binding.certificate is null, want an object; write {\"given\": false}"},
		"in a list":          {mock(`{"evidence": {"account": {"facts": {"boundGroups": [{"id": "x"}]}}}}`), "boundGroups[_] has no field \"id\""},
		"no such check":      {mock(`{"results": {"dns/nothing": {"status": "pass"}}}`), "the mock's input.results has no field \"dns/nothing\""},
		"one case of two":    {release + internet + warn + "test_cases[note] if {\n\tsome note, value in {\"good\": true, \"bad\": 1}\n\tcount(x.deny) >= 0 with input.binding.isForce as value\n}\n", "test_cases x_test.rego:8: the mock's input.binding.isForce is a number"},
		"made by a call":     {mock(`object.union({"binding": {}}, {"binding": {"stage": "PRE"}})`), "has no field \"stage\""},
		"a single field":     {release + internet + warn + "test_mock if count(x.deny) >= 0 with input.binding.isForce as 1\n", "input.binding.isForce is a number, want a boolean"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"x.rego": rules, "x_test.rego": pre + c.tests})
			report, err := Test(context.Background(), Options{Dir: dir, Dirs: []string{"x.rego", "x_test.rego"}, Results: []string{"dns/cname-reaches-group"}})
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, r := range report.Tests {
				if r.Status != "passed" {
					failed = append(failed, fmt.Sprintf("%s %s:%d: %s", r.Name, r.File, r.Line, r.Message))
				}
			}
			if want := min(len(c.want), 1); len(failed) != want || report.Failed != want {
				t.Fatalf("got %q and %d failed, want %d", failed, report.Failed, want)
			}
			wantWords(t, strings.Join(failed, ""), c.want)
		})
	}
}

func TestCoverage(t *testing.T) {
	dir := folder(t, map[string]string{
		"x.rego":      small + "\nwarn contains \"w\" if {\n\tinput.binding.isForce\n\tinput.binding.regionId == \"x\"\n}\n",
		"x_test.rego": "package a\n\nimport data.bindgate.policy.x\n\ntest_a if count(x.deny) == 1 with input.binding.isForce as true\n",
	})
	report, err := Test(context.Background(), Options{Dir: dir, Dirs: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, report.CoverageText(func(s string) string { return s }), "x.rego, not evaluated: 7")
	wantWords(t, report.Text(func(s string) string { return s }, true), "passed x_test.rego:5 a.test_a\n")
	if text := report.Text(func(s string) string { return s }, false); strings.Contains(text, "test_a") {
		t.Errorf("got %q, want no test that passed", text)
	}
}
