package policy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// Coverage is how much of a file of rules its tests evaluate.
type Coverage struct {
	File    string
	Percent float64
	Missed  []string // lines that no test evaluates: "12" or "14-16"
}

// watch is the tracer of a run of tests, one at a time. It records which rules apply in
// which test, which mocked inputs reach a policy and do not fit the schema, and coverage.
type watch struct {
	*cover.Cover
	input    *typ
	policies map[string]bool // files of modules that are no tests
	packages []ast.Ref       // of these modules
	entries  map[string]*entry
	asks     map[*ast.Expr][]*entry // entries that an expression refers to
	test     string                 // place of the test that runs
	seen     map[*ast.Term]bool     // inputs of this test
	mistakes map[string][]string    // of the mocks, by the place of the test
}

// entry is a rule of deny, warn or reasons.
type entry struct {
	rule          *ast.Rule
	path          ast.Ref
	fires, silent bool // in a test that is over
	asked, fired  bool // in the test that runs
}

// newWatch returns the tracer for modules and their tests.
func newWatch(modules map[string]*ast.Module, tests []source, input *typ) *watch {
	w := &watch{Cover: cover.New(), input: input, policies: map[string]bool{}, entries: map[string]*entry{},
		asks: map[*ast.Expr][]*entry{}, mistakes: map[string][]string{}, seen: map[*ast.Term]bool{}}
	for file, m := range modules {
		if slices.ContainsFunc(tests, func(s source) bool { return s.name == file }) {
			continue
		}
		w.policies[file] = true
		w.packages = append(w.packages, m.Package.Path)
		group := packageName.FindStringSubmatch(nameOf(m.Package))
		if group == nil {
			continue
		}
		for _, r := range m.Rules {
			name := string(r.Head.Name)
			if slices.Contains(entries(group[1]), name) && name != "allow" && !r.Default {
				w.entries[spot(r)] = &entry{rule: r, path: m.Package.Path.Append(ast.StringTerm(name))}
			}
		}
	}
	return w
}

// spot distinguishes the rules of a run.
func spot(r *ast.Rule) string {
	return fmt.Sprintf("%s:%d:%d", r.Location.File, r.Location.Row, r.Location.Col)
}

// TraceEvent implements topdown.QueryTracer.
func (w *watch) TraceEvent(event topdown.Event) {
	w.Cover.TraceEvent(event)
	if event.Op == topdown.IndexOp && event.Ref != nil && slices.ContainsFunc(w.packages, event.Ref.HasPrefix) {
		w.mock(event.Input())
	}
	switch node := event.Node.(type) {
	case *ast.Rule:
		if event.Op == topdown.EnterOp && strings.HasPrefix(ruleName(node), tester.TestPrefix) && !w.policies[node.Location.File] {
			w.next(place(node.Location))
		}
		if event.Op == topdown.EnterOp && w.policies[node.Location.File] {
			w.mock(event.Input())
		}
		if e := w.entries[spot(node)]; e != nil {
			e.asked = true
			e.fired = e.fired || event.Op == topdown.ExitOp
		}
	case *ast.Expr:
		if event.Op == topdown.EvalOp {
			for _, e := range w.askedBy(node) {
				e.asked = true
			}
		}
	}
}

// ruleName returns the name of a rule, also of one for several cases: test_x[case].
func ruleName(r *ast.Rule) string {
	switch name := r.Head.Ref()[0].Value.(type) {
	case ast.Var:
		return string(name)
	case ast.String:
		return string(name)
	}
	return string(r.Head.Name)
}

// next ends the test that runs and begins another.
func (w *watch) next(test string) {
	if test == w.test {
		return // another rule of the same test
	}
	for _, e := range w.entries {
		e.fires = e.fires || e.fired
		e.silent = e.silent || e.asked && !e.fired
		e.asked, e.fired = false, false
	}
	w.test, w.seen = test, map[*ast.Term]bool{}
}

// askedBy returns the entries whose rule an expression refers to: the index of rules
// may know that a rule does not apply, and then it is not evaluated.
func (w *watch) askedBy(x *ast.Expr) []*entry {
	if found, ok := w.asks[x]; ok {
		return found
	}
	var found []*entry
	ast.WalkRefs(x, func(ref ast.Ref) bool {
		for _, e := range w.entries {
			if ref.HasPrefix(e.path) || e.path.HasPrefix(ref) {
				found = append(found, e)
			}
		}
		return false
	})
	w.asks[x] = found
	return found
}

// mock compares an input that reached a policy with the schema.
func (w *watch) mock(input *ast.Term) {
	if input == nil || w.seen[input] {
		return
	}
	w.seen[input] = true
	for _, m := range w.input.misfits(input.Value, "input", false) {
		if !slices.Contains(w.mistakes[w.test], m) {
			w.mistakes[w.test] = append(w.mistakes[w.test], m)
		}
	}
}

// misfits returns how a value of an input differs from its type. What is not there is
// left to the test. Of an object that is absent, scalars may be null.
func (t *typ) misfits(v ast.Value, where string, absent bool) []string {
	if t == nil || t.unknown {
		return nil
	}
	kind := kindsOf(v)
	switch {
	case kind == nullKind && absent:
		return nil
	case !t.kinds.has(kind):
		hint := ""
		if kind == nullKind && t.kinds.has(objectKind) {
			hint = `; write {"given": false} for one that is absent`
		}
		return []string{fmt.Sprintf("the mock's %s is %v, want %v%s", where, kind, t.kinds, hint)}
	}
	var out []string
	switch v := v.(type) {
	case ast.String:
		if t.words != nil && t.words.declared && !t.words.open && !slices.Contains(t.words.list, string(v)) {
			return []string{fmt.Sprintf("the mock's %s is %v%s", where, v, hint(string(v), slices.Clone(t.words.list)))}
		}
	case *ast.Array:
		if t.elem != nil {
			v.Foreach(func(item *ast.Term) { out = append(out, t.elem.misfits(item.Value, where+"[_]", absent)...) })
		}
	case ast.Object:
		v.Foreach(func(key, value *ast.Term) { out = append(out, t.memberMisfits(v, key, value, where, absent)...) })
	}
	return out
}

func (t *typ) memberMisfits(object ast.Object, key, value *ast.Term, where string, absent bool) []string {
	given := object.Get(ast.InternedTerm(givenField))
	absent = absent || given != nil && ast.Boolean(false).Equal(given.Value)
	name, isText := key.Value.(ast.String)
	below := where + step(key)
	if len(t.objects) == 0 {
		return t.elem.misfits(value.Value, below, absent)
	}
	if !isText {
		return []string{fmt.Sprintf("the mock's %s has the name %v, want a text", where, key)}
	}
	var names []string
	for _, f := range t.objects {
		if field, ok := f.field(string(name)); ok {
			return field.misfits(value.Value, below, absent)
		}
		if f.rest != nil {
			return f.rest.misfits(value.Value, below, absent)
		}
		names = append(names, f.names()...)
	}
	return []string{fmt.Sprintf("the mock's %s has no field %v%s", where, key, hint(string(name), names))}
}

// kindsOf returns the kind of a value.
func kindsOf(v ast.Value) kinds {
	switch v.(type) {
	case ast.Null:
		return nullKind
	case ast.Boolean:
		return boolKind
	case ast.Number:
		return numberKind
	case ast.String:
		return textKind
	case *ast.Array:
		return listKind
	case ast.Set:
		return setKind
	}
	return objectKind
}

// unproven returns a failure for each rule that no test sees apply, or none sees silent.
func (w *watch) unproven() []TestResult {
	w.next("")
	var out []TestResult
	for _, name := range slices.Sorted(maps.Keys(w.entries)) {
		e := w.entries[name]
		why := ""
		switch {
		case !e.fires && !e.asked && !e.silent:
			why = "no test asks for this rule: want one in which it applies, and another in which it does not"
		case !e.fires:
			why = "this rule applies in no test: want one in which it does"
		case !e.silent && !unconditional(e.rule):
			why = "this rule applies in every test that asks for it: want one in which it does not"
		default:
			continue
		}
		out = append(out, TestResult{Name: strings.TrimPrefix(e.path.String(), "data."), Status: "failed", Message: why,
			File: e.rule.Location.File, Line: e.rule.Location.Row})
	}
	return out
}

// unconditional reports whether a rule always applies.
func unconditional(r *ast.Rule) bool {
	t, alone := r.Body[0].Terms.(*ast.Term)
	return len(r.Body) == 1 && alone && ast.InternedTerm(true).Equal(t)
}

// coverage returns what of the policies was evaluated, by file.
func (w *watch) coverage(modules map[string]*ast.Module) []Coverage {
	tested := map[string]*ast.Module{}
	for file := range w.policies {
		tested[file] = modules[file]
	}
	report := w.Report(tested)
	var out []Coverage
	for _, file := range slices.Sorted(maps.Keys(tested)) {
		f := report.Files[file]
		c := Coverage{File: file, Percent: f.Coverage}
		for _, r := range f.NotCovered {
			lines := fmt.Sprint(r.Start.Row)
			if r.End.Row > r.Start.Row {
				lines = fmt.Sprintf("%d-%d", r.Start.Row, r.End.Row)
			}
			if !slices.Contains(c.Missed, lines) {
				c.Missed = append(c.Missed, lines)
			}
		}
		out = append(out, c)
	}
	return out
}

// vetReferences refuses what tests read that neither a package nor a data file defines.
func vetReferences(ctx context.Context, c *ast.Compiler, tests []source, store storage.Store) error {
	var found strictyaml.Errors
	for _, s := range tests {
		m := c.Modules[s.name]
		replaced := map[*ast.Term]bool{} // first terms of what `with` replaces
		ast.WalkWiths(m, func(w *ast.With) bool {
			if ref, ok := w.Target.Value.(ast.Ref); ok && !strings.HasPrefix(ref.String(), "data."+packageRoot+".") {
				replaced[ref[0]] = true
			}
			return false
		})
		ast.WalkRefs(m, func(ref ast.Ref) bool {
			path := constants(ref)
			if !ref[0].Equal(ast.DefaultRootDocument) || len(path) == 0 || replaced[ref[0]] || inRules(c.RuleTree, path) || ref[0].Location == nil {
				return false
			}
			if _, err := storage.ReadOne(ctx, store, storage.Path(path)); err == nil {
				return false
			}
			found = append(found, at(ref[0].Location, "the test refers to %v, and no policy and no data file defines it", ref))
			return false
		})
	}
	return asError(found)
}
