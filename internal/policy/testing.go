package policy

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/bindgate/bindgate/internal/strictyaml"
)

// testTimeout bounds one Rego test.
const testTimeout = 10 * time.Second

// errNoTests keeps a misspelt folder or test name from looking like a success.
var errNoTests = errors.New("no test was run: want rules named test_… in files named *_test.rego")

// TestReport is what became of the Rego tests, by file and line.
type TestReport struct {
	Passed, Failed, Skipped int
	Tests                   []TestResult
	Coverage                []Coverage // of the policies, by file
}

// TestResult is one test.
type TestResult struct {
	Name    string // package and rule
	File    string
	Line    int
	Status  string // passed, failed, or skipped for one named todo_test_…
	Message string // why it failed, where that is known
	Output  string // what it printed
}

// Test runs the Rego tests of the policies of o.Dirs, or those of the
// shipped policies when there is none, under the rules of Load: strict mode,
// built-in errors are errors, and the same built-ins. A test that errs has
// failed. The error reports that the tests could not be run, or that there is none.
func Test(ctx context.Context, o Options) (TestReport, error) {
	s, store, err := testable(ctx, o)
	if err != nil {
		return TestReport{}, err
	}
	modules, err := parseAll(slices.Concat(s.modules, s.tests))
	if err != nil {
		return TestReport{}, fmt.Errorf("loading tests: %w", err)
	}
	compiled, err := compile(modules, true, capabilities())
	if err == nil {
		err = vetReferences(ctx, compiled, s.tests, store)
	}
	if err != nil {
		return TestReport{}, fmt.Errorf("compiling tests: %w", err)
	}
	watched := newWatch(modules, s.tests, inputTypeOf(o.Results, o.Labels, o.External))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return TestReport{}, fmt.Errorf("opening policy data: %w", err)
	}
	defer store.Abort(ctx, txn)
	results, err := tester.NewRunner().
		SetCompiler(newCompiler(true, capabilities())).
		SetModules(modules).SetStore(store).SetTimeout(testTimeout).
		CapturePrintOutput(true).RaiseBuiltinErrors(true).
		SetParallel(1).SetCoverageQueryTracer(watched).
		RunTests(ctx, txn)
	if err != nil {
		return TestReport{}, fmt.Errorf("compiling tests: %w", fromOPA(err))
	}
	report := reportOf(results, watched)
	if err := ctx.Err(); err != nil {
		return report, fmt.Errorf("running tests: %w", err)
	}
	if report.Passed+report.Failed == 0 {
		return report, errNoTests
	}
	report.Coverage = watched.coverage(modules)
	unproven := watched.unproven()
	report.Failed += len(unproven)
	report.Tests = append(report.Tests, unproven...)
	return report, nil
}

// testable are the policies to look at, after everything in them has loaded,
// and their data.
func testable(ctx context.Context, o Options) (sources, storage.Store, error) {
	if len(o.Dirs) == 0 {
		s, err := shippedSources()
		if err != nil {
			return s, nil, err
		}
		overrides, err := readData(o.Dir, o.Data)
		if err != nil {
			return s, nil, fmt.Errorf("reading policy data: %w", err)
		}
		d, err := readPolicyData(s, sources{}, overrides)
		if err == nil {
			err = vetOverrides(d, nil)
		}
		if err != nil {
			return s, nil, fmt.Errorf("loading policy data: %w", err)
		}
		modules, err := parseAll(s.modules)
		if err != nil {
			return s, nil, err
		}
		store := d.store()
		_, err = loadStrictly(modules, d, store, o)
		return s, store, err
	}
	_, s, store, err := load(ctx, o, true)
	return s, store, err
}

func reportOf(results <-chan *tester.Result, watched *watch) TestReport {
	var all []*tester.Result
	for r := range results { // to the last, as the tracer is in use until then
		all = append(all, r)
	}
	var report TestReport
	for _, r := range all {
		t := TestResult{Name: strings.TrimPrefix(r.Package, "data.") + "." + r.Name, Status: "passed", Output: string(r.Output)}
		if r.Location != nil {
			t.File, t.Line = r.Location.File, r.Location.Row
		}
		mistakes := watched.mistakes[fmt.Sprintf("%s:%d", t.File, t.Line)]
		switch {
		case r.Skip:
			t.Status = "skipped"
			report.Skipped++
		case r.Pass() && mistakes == nil:
			report.Passed++
		case r.Pass():
			t.Status, t.Message = "failed", strings.Join(mistakes, "; ")
			report.Failed++
		default:
			t.Status, t.Message = "failed", failureOf(r)
			report.Failed++
		}
		report.Tests = append(report.Tests, t)
	}
	slices.SortFunc(report.Tests, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Name, b.Name))
	})
	return report
}

// failureOf is why a test failed: its error, or which of its cases did not hold.
func failureOf(r *tester.Result) string {
	if r.Error != nil {
		return r.Error.Error()
	}
	var cases []string
	for name, sub := range r.SubResults.Iter {
		if sub.Fail && len(sub.SubResults) == 0 {
			cases = append(cases, strings.Join(name, " "))
		}
	}
	if cases == nil {
		return "it is false or undefined"
	}
	slices.Sort(cases)
	return "these cases are false or undefined: " + strings.Join(cases, ", ")
}

// Check loads the policies of o.Dirs, or the shipped ones when there is none,
// compiles their tests with them and compares each file with OPA's own format.
func Check(ctx context.Context, o Options) error {
	s, _, err := testable(ctx, o)
	if err != nil {
		return err
	}
	files := slices.Concat(s.modules, s.tests)
	modules, err := parseAll(files)
	if err != nil {
		return fmt.Errorf("checking tests: %w", err)
	}
	if _, err := compile(modules, true, capabilities()); err != nil {
		return fmt.Errorf("checking tests: %w", err)
	}
	return formatted(files)
}

// formatted compares files with what OPA's formatter makes of them.
func formatted(files []source) error {
	var found strictyaml.Errors
	for _, f := range files {
		want, err := inFormat(f)
		if err != nil {
			return err
		}
		if m, err := ast.ParseModuleWithOpts(f.name, string(f.text), ast.ParserOptions{RegoVersion: ast.RegoV2}); err == nil && !importsV2(m) {
			found = append(found, at(m.Package.Location, "`import rego.v2` is missing, without which opa reads the file as Rego v1; run: bindgate policy fmt %s", f.name))
			continue
		}
		if line := firstDifference(f.text, want); line > 0 {
			found = append(found, &strictyaml.Error{File: f.name, Line: line, Column: 1, Message: "not formatted", Next: "run: bindgate policy fmt " + f.name})
		}
	}
	return asError(found)
}

func importsV2(m *ast.Module) bool {
	return slices.ContainsFunc(m.Imports, func(i *ast.Import) bool { return ast.RegoV2CompatibleRef.Equal(i.Path.Value) })
}

// inFormat is a module as OPA's formatter writes it, with the import that makes every
// tool read it as Rego v2.
func inFormat(f source) ([]byte, error) {
	span, err := ast.NewRegoVersionSpan(ast.RegoV1, ast.RegoV2)
	if err != nil {
		return nil, fmt.Errorf("formatting %s: %w", f.name, err)
	}
	parsed := ast.ParserOptions{RegoVersion: ast.RegoV2, ProcessAnnotation: true, Capabilities: ast.CapabilitiesForThisVersion()}
	out, err := format.SourceWithOpts(f.name, f.text, format.Opts{RegoVersionSpan: span, ParserOptions: &parsed})
	if err != nil {
		return nil, fmt.Errorf("formatting %s: %w", f.name, fromOPA(err))
	}
	return out, nil
}

// Formatted is a file in OPA's format.
type Formatted struct {
	Name string // as the paths lead to it
	Text []byte
}

// Format returns those modules and tests of o.Dirs that are not in OPA's format.
func Format(ctx context.Context, o Options) (changed []Formatted, err error) {
	if p := packedIn(o); p != "" {
		if name := strings.ToLower(p); strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml") || strings.HasSuffix(name, ".json") {
			return nil, fmt.Errorf("formatting %q: it is no policy, whose name ends in .rego; `bindgate fmt` formats manifests", p)
		}
		return nil, fmt.Errorf("formatting %q: it is a bundle; format the folder that it was made of, and build it again", p)
	}
	s, err := readSources(ctx, o, true)
	if err != nil {
		return nil, fmt.Errorf("reading policies: %w", err)
	}
	for _, f := range slices.Concat(s.modules, s.tests) {
		want, err := inFormat(f)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(f.text, want) {
			changed = append(changed, Formatted{f.name, want})
		}
	}
	return changed, nil
}

// firstDifference is the first line, from 1, in which two texts differ; 0: they
// are the same.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return 0
	}
	theirs := bytes.Split(b, []byte("\n"))
	for i, line := range bytes.Split(a, []byte("\n")) {
		if i >= len(theirs) || !bytes.Equal(line, theirs[i]) {
			return i + 1
		}
	}
	return len(theirs)
}

// Text returns the tests that did not pass, or all, and a last line with the counts.
// escape makes text from policies safe to print.
func (r TestReport) Text(escape func(string) string, all bool) string {
	var b strings.Builder
	for _, t := range r.Tests {
		if t.Status == "passed" && !all {
			continue
		}
		b.WriteString(escape(strings.TrimRight(fmt.Sprintf("%s %s:%d %s %s", t.Status, t.File, t.Line, t.Name, t.Message), " ")) + "\n")
		if t.Output != "" {
			b.WriteString(escape("  "+t.Output) + "\n")
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
	return b.String()
}

// CoverageText returns the coverage as lines.
func (r TestReport) CoverageText(escape func(string) string) string {
	var b strings.Builder
	for _, c := range r.Coverage {
		line := fmt.Sprintf("%5.1f %% %s", c.Percent, c.File)
		if len(c.Missed) > 0 {
			line += ", not evaluated: " + strings.Join(c.Missed, ", ")
		}
		b.WriteString(escape(line) + "\n")
	}
	return b.String()
}
