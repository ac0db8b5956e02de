package policy

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/bindgate/bindgate/checks/evidence"
)

// The table of shipped policies and what the folders hold agree.
func TestShippedTable(t *testing.T) {
	table := shippedPolicies()
	s, err := shippedSources()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(table, func(a, b shippedPolicy) int { return strings.Compare(a.name, b.name) }) || len(s.modules) != len(table) {
		t.Errorf("%d modules and %d rows, or the rows are not sorted", len(s.modules), len(table))
	}
	d, err := readPolicyData(s, sources{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := parseAll(s.modules)
	if err != nil {
		t.Fatal(err)
	}
	packages, err := packagesOf(modules)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table {
		i := slices.IndexFunc(packages, func(r regoPackage) bool { return r.name == p.pkg })
		if m := modules[p.file]; m == nil || nameOf(m.Package) != p.pkg || i < 0 {
			t.Errorf("%s: want the package %s in %s", p.name, p.pkg, p.file)
			continue
		}
		if p.asForce != (packages[i].group == "force") {
			t.Errorf("%s: asForce is %t", p.name, p.asForce)
		}
		want := packages[i] // by its METADATA
		got := p.regoPackage()
		if !got.path.Equal(want.path) {
			t.Errorf("%s: got the path %v, want %v", p.name, got.path, want.path)
		}
		want.path, want.loc, want.declared = got.path, nil, nil // without places
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the table says %+v, the module %+v", p.name, got, want)
		}
		if !p.always && p.off(d) != "data.shipped."+p.name+" is not set" {
			t.Errorf("%s is on without settings", p.name)
		}
		if _, err := os.Stat(filepath.Join("../..", filepath.Dir(p.file), "README.md")); err != nil {
			t.Error(err)
		}
	}
}

// The stages that compileShipped skips find nothing in a shipped module, and would
// leave it as it is.
func TestShippedCompileAsOthers(t *testing.T) {
	s, modules := shippedModules(t)
	if err := asError(vetModules(modules)); err != nil {
		t.Error(err)
	}
	keepMessages(modules)
	full, err := compile(modules, false, capabilities())
	if err != nil {
		t.Fatal(err)
	}
	short, err := compileShipped(s.modules)
	if err != nil {
		t.Fatal(err)
	}
	for file, m := range full.Modules {
		for i, rule := range m.Rules {
			if got := short.Modules[file].Rules[i]; !got.Equal(rule) || got.String() != rule.String() {
				t.Errorf("%s: the compiled rule is\n%v\nwant\n%v", rule.Location, got, rule)
			}
		}
	}
	if !maps.Equal(short.RewrittenVars, full.RewrittenVars) {
		t.Error("the compilers name variables otherwise")
	}
	var ordered []ast.StageID
	for _, stage := range ast.AllStages() {
		if slices.Contains(checkStages(), stage) {
			ordered = append(ordered, stage)
		}
	}
	if len(ordered) != len(checkStages()) {
		t.Errorf("OPA has only the stages %v", ordered)
	}
}

// A start with every shipped policy on is cheap: with the checks of OPA's compiler it
// takes 90,000 allocations.
func TestShippedStart(t *testing.T) {
	in, o := force(), Options{Data: settings(t, allOn), Labels: declared("owner", "changeTicket")}
	got := testing.AllocsPerRun(2, func() {
		e, err := Load(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		e.Evaluate(context.Background(), in)
	})
	if got > 80_000 {
		t.Errorf("got %.0f allocations, want at most 80,000", got)
	}
}

// A shipped policy is compiled once a binding has what it needs; its answer does not
// depend on when that was.
func TestShippedPoliciesAreCompiledWhenAsked(t *testing.T) {
	load := func() *Engine {
		e, err := Load(context.Background(), Options{Data: settings(t, allOn), Labels: declared("owner", "changeTicket")})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := load()
	compiled := func() string {
		var names []string
		for _, p := range e.roster.Load().all {
			if p.unit != nil {
				names = append(names, strings.TrimPrefix(p.name, "bindgate."))
			}
		}
		return strings.Join(names, " ")
	}
	full := force()
	full.Plan = evidence.Observed(Plan{Bindings: 1}, "", full.Run.Now)
	full.Run.Given = &evidence.Given{CI: &evidence.CI{}, Plan: "sha256:00"}
	offline := full
	offline.Run.Given = nil
	offline.Evidence.Account, offline.Plan = evidence.NotCollected[evidence.Account]("--offline"), evidence.NotCollected[Plan]("--offline")
	few := "policy.shipped.freeze policy.shipped.owners policy.shipped.stages.owners"
	all := "force.rebind policy.shipped.freeze policy.shipped.limits policy.shipped.owners policy.shipped.stages.approvals policy.shipped.stages.branches policy.shipped.stages.owners"
	for _, step := range []struct {
		in       Input
		compiled string
	}{{offline, few}, {offline, few}, {full, all}, {offline, all}, {full, all}} {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if diff := cmp.Diff(load().Evaluate(context.Background(), step.in), e.Evaluate(context.Background(), step.in)); diff != "" {
					t.Error(diff)
				}
			})
		}
		both.Wait()
		if got := compiled(); got != step.compiled {
			t.Errorf("got %s, want %s compiled", got, step.compiled)
		}
	}
}

// The query that asks for a rule is one that OPA's compiler leaves as it is.
func TestAskIsCompiled(t *testing.T) {
	rule := ast.MustParseRef("data.bindgate.policy.x.deny")
	body := ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.NewTerm(rule)))
	compiled, err := engine(t, small).own.compiler.QueryCompiler().Compile(body)
	if err != nil || !compiled.Equal(body) {
		t.Errorf("got %v, %v, want %v", compiled, err, body)
	}
}

// The examples next to the policies turn on every one of them.
func TestShippedExamples(t *testing.T) {
	examples, err := filepath.Glob("../../policies/shipped/*/example.yaml")
	if err != nil || len(examples) != 4 {
		t.Fatalf("got %q, %v", examples, err)
	}
	e, err := Load(context.Background(), Options{Data: examples, Labels: declared("owner")})
	if err != nil || len(e.Off()) > 0 {
		t.Fatalf("got %v; off: %v", err, e.Off())
	}
	var asked []string
	for _, p := range e.Evaluate(context.Background(), plain()).Facts.Packages {
		asked = append(asked, p.Name)
	}
	if got := strings.Join(asked, " "); got != "bindgate.policy.shipped.freeze bindgate.policy.shipped.owners bindgate.policy.shipped.stages.approvals bindgate.policy.shipped.stages.branches bindgate.policy.shipped.stages.owners" {
		t.Errorf("asked %s", got) // limits has no answer without a plan
	}
}

// settings writes a file for --data.
func settings(t testing.TB, text string) []string {
	t.Helper()
	return []string{filepath.Join(folder(t, map[string]string{"team.yaml": text}), "team.yaml")}
}

// A shipped policy is asked if its settings turn it on, and is named among those that
// are off else.
func TestShippedSwitches(t *testing.T) {
	all := []string{}
	for _, p := range shippedPolicies() {
		if !p.always {
			all = append(all, p.pkg)
		}
	}
	for text, want := range map[string]struct {
		asked string
		off   []string
	}{
		"force_rebind: {protectedGroups: []}":                                {"", nil},
		"shipped: {owners: {enabled: false, domains: {web: [demo.com]}}}":    {"", all},
		"shipped: {owners: {enabled: true, domains: {web: [www.demo.com]}}}": {"bindgate.policy.shipped.owners", except(all, "owners")},
		"shipped: {stages: {owners: {enabled: true, allowed: [web]}, branches: {enabled: false}, approvals: {enabled: false}}}": {
			"bindgate.policy.shipped.stages.owners", except(all, "stages.owners")},
		"shipped: {freeze: {enabled: true}, owners: {enabled: true, domains: {web: [www.demo.com]}}}": {
			"bindgate.policy.shipped.freeze bindgate.policy.shipped.owners", except(all, "owners", "freeze")},
	} {
		e, err := Load(context.Background(), Options{Data: settings(t, text), Labels: declared("owner")})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		o := e.Evaluate(context.Background(), plain())
		var asked []string
		for _, p := range o.Facts.Packages {
			asked = append(asked, p.Name)
			if p.Denials != nil || p.NotRun != "" {
				t.Errorf("%s: got %+v", text, p)
			}
		}
		var names []string
		for _, p := range e.Off() {
			names = append(names, p.Name)
			if name := strings.TrimPrefix(p.Name, "bindgate.policy."); p.Off != "data."+name+" is not set" && p.Off != "data."+name+".enabled is false" {
				t.Errorf("%s: got %+v", text, p)
			}
		}
		if got := strings.Join(asked, " "); got != want.asked || o.State != evidence.StateObserved || !slices.Equal(names, want.off) {
			t.Errorf("%s: asked %q, off %q, %s %s", text, got, names, o.State, o.Reason)
		}
	}
}

func except(list []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(names, strings.TrimPrefix(s, "bindgate.policy.shipped.")) })
}

// Settings without the switch would leave a policy off that somebody believes is on.
func TestShippedSwitchIsExplicit(t *testing.T) {
	for text, want := range map[string]string{
		"shipped:\n  owners:\n    domains: {web: [demo.com]}":                                          "team.yaml:3:5: data.shipped.owners.enabled is missing, and is required",
		"shipped: {owners: {enabled: yes, domains: {}}}":                                               "data.shipped.owners.enabled is a text, want a boolean",
		"shipped: {owners: {enable: true, domains: {}}}":                                               "data.shipped.owners.enable is not declared at policies/shipped/owners/data.jsonschema:1:1; did you mean \"enabled\"?",
		"shipped: {owner: {enabled: true}}":                                                            "data.shipped.owner is not declared",
		"shipped: {stages: {enabled: true}}":                                                           "data.shipped.stages.enabled is not declared at policies/shipped/stages/data.jsonschema:1:1; set it in approvals or branches or owners",
		"shipped: {enabled: true}":                                                                     "; set it in freeze or limits or owners",
		"shipped: {owners: true}":                                                                      "data.shipped.owners is a boolean, want an object",
		"shipped: {owners: {enabled: true, domains: {web: [\"*.demo.com\"]}}}":                         "data.shipped.owners.domains.web[0] is \"*.demo.com\", want a text that matches",
		"shipped: {stages: {guarded: [RELEASE]}}":                                                      "data.shipped.stages.approvals is missing, and is required",
		"shipped: {stages: {owners: {allowed: []}, branches: {enabled: false}}}":                       "data.shipped.stages.owners.enabled is missing",
		"shipped: {limits: {enabled: true, maxForces: -1}}":                                            "data.shipped.limits.maxForces is -1, which is out of range",
		"shipped: {freeze: {enabled: true, zone: Mars/Base}}":                                          "data.shipped.freeze.zone is \"Mars/Base\": want a time zone",
		"shipped: {freeze: {enabled: true, weekly: [{from: Fri 18:00, to: Monday 08:00, reason: x}]}}": "weekly[0].from is \"Fri 18:00\", want a text that matches",
		"force_rebind: {enabled: false}":                                                               "data.force_rebind.enabled overrides nothing",
		"freeze: {enabled: true}":                                                                      "no policy reads data.freeze",
	} {
		_, err := Load(context.Background(), Options{Data: settings(t, text)})
		if err == nil {
			t.Errorf("%s: loaded", text)
			continue
		}
		wantWords(t, err.Error(), want)
	}
}

// A shipped policy denies, also beside policies of the user.
func TestShippedPolicyDenies(t *testing.T) {
	o := Options{Dirs: []string{folder(t, map[string]string{"x.rego": small})}, Labels: declared("owner"),
		Data: settings(t, "shipped: {freeze: {enabled: true, dated: [{from: 2026-11-01T00:00:00Z, to: 2026-12-01T00:00:00Z, reason: sale}]}}")}
	e, err := Load(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]Input{"plain": plain(), "force": force()} {
		o := e.Evaluate(context.Background(), in)
		i := slices.IndexFunc(o.Facts.Packages, func(p evidence.PolicyPackage) bool { return p.Name == "bindgate.policy.shipped.freeze" })
		if i < 0 || flat(o.Facts.Packages[i].Denials) != "no binding from 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z: sale@" {
			t.Errorf("%s: got %+v", name, o)
		}
	}
}

// The totals of the run are made if limits is on.
func TestShippedLimitsReadThePlan(t *testing.T) {
	e, err := Load(context.Background(), Options{Data: settings(t, "shipped: {limits: {enabled: true, maxBindings: 2}}")})
	if err != nil || !e.ReadsPlan() {
		t.Fatalf("got %v, ReadsPlan %t", err, err == nil && e.ReadsPlan())
	}
	in := plain()
	if o := e.Evaluate(context.Background(), in); o.State != evidence.StateFailed {
		t.Errorf("without plan: got %+v", o)
	}
	for bindings, want := range map[int]string{2: "", 3: "the run changes 3 bindings, want at most 2@"} {
		in.Plan = evidence.Observed(Plan{Bindings: bindings}, "", in.Run.Now)
		if o := e.Evaluate(context.Background(), in); o.State != evidence.StateObserved || flat(o.Facts.Packages[0].Denials) != want {
			t.Errorf("%d bindings: got %+v", bindings, o)
		}
	}
	if e, err = Load(context.Background(), Options{}); err != nil || e.ReadsPlan() {
		t.Errorf("without settings: got %v, or reads the plan", err)
	}
}

// Only the owner sets what the shipped policies deny: a folder or bundle that does is
// refused, and is not packed.
func TestSettingsOfShippedPoliciesAreTheOwners(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"owners":           {"data.yaml", "shipped:\n  owners: {domains: {ads: [api.demo.com]}}", "data.yaml:2:3: data.shipped belongs to bindgate"},
		"below a folder":   {"shipped/data.yaml", "owners: {domains: {ads: [api.demo.com]}}", "data.yaml:1:1: data.shipped belongs to bindgate"},
		"two folders down": {"shipped/stages/data.yaml", "guarded: []", "data.yaml:1:1: data.shipped belongs to bindgate"},
		"allowed":          {"data.json", `{"shipped": {"stages": {"owners": {"allowed": ["ads"]}}}}`, "data.json:1:13: data.shipped belongs to bindgate"},
		"limits":           {"shipped/limits/data.json", `{"maxBindings": 1000}`, "data.shipped belongs to bindgate"},
		"empty":            {"data.yml", "shipped: {}", "data.yml:1:10: data.shipped belongs to bindgate"},
		"null":             {"data.yml", "shipped: null", "data.shipped belongs to bindgate"},
		"force":            {"data.yaml", "force_rebind: {more: 1}", "data.yaml:1:15: data.force_rebind belongs to bindgate"},
		"a schema":         {schemaName, `{"type": "object", "properties": {"shipped": {"type": "object", "properties": {"x": {"type": "object", "properties": {"enabled": {"type": "boolean"}}}}}}}`, schemaName + ":1:1: data.shipped belongs to bindgate"},
		"a schema below":   {"shipped/x/" + schemaName, `{"type": "object", "properties": {"enabled": {"type": "boolean"}}}`, schemaName + ":1:1: data.shipped belongs to bindgate"},
	} {
		dir := folder(t, map[string]string{"x.rego": small, c.file: c.text})
		o := Options{Dirs: []string{dir}, Labels: declared("owner", "changeTicket"), Data: settings(t, "shipped: {owners: {enabled: true, domains: {web: [www.demo.com]}}}")}
		_, loading := Load(context.Background(), o)
		o.Data = nil
		_, building := Build(context.Background(), o)
		for act, err := range map[string]error{"loading": loading, "building": building} {
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--data") {
				t.Errorf("%s, %s: got %v, want %s", name, act, err, c.want)
			}
		}
	}
	copied := folder(t, map[string]string{"x.rego": "package bindgate.policy.shipped.limits\n\ndeny contains \"x\" if count(input.binding.forceFrom) > 99\n"})
	if _, err := Build(context.Background(), Options{Dirs: []string{copied}}); err == nil || !strings.Contains(err.Error(), "shipped with bindgate") {
		t.Errorf("a package that never loads: got %v", err)
	}
}
