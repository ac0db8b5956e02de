package policy

import (
	"context"
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
	s, err := shippedSources()
	if err != nil {
		t.Fatal(err)
	}
	modules, err := parseAll(s.modules)
	if err != nil {
		t.Fatal(err)
	}
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
	pre := "package bindgate.policy.x_test\n\nimport data.bindgate.policy.x\n\n"
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
			if report.Passed != c.pass || report.Failed != c.fail || report.Skipped != c.not {
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
