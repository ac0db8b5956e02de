package policy

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/bindgate/bindgate/checks/binding"
	"github.com/bindgate/bindgate/checks/evidence"
	"github.com/bindgate/bindgate/internal/lazyregexp"
	"github.com/bindgate/bindgate/internal/strictyaml"
)

// unit is a set of packages that were compiled together. It does not change
// once it is made, so it can be asked from several goroutines.
type unit struct {
	packages []*askable // in the order of their names
	compiler *ast.Compiler
	store    storage.Store
	reads    *reads  // of the input
	input    encoder // of a document, as far as it is read
	data     dataReads
}

// askable is a package under bindgate.policy or bindgate.force.
type askable struct {
	regoPackage
	unit      *unit // nil: a shipped package that is not compiled
	questions []question
	module    source // of a package that is not compiled
}

// question asks for the value of one rule.
type question struct {
	rule  string // its name: deny, warn, allow, reasons
	query *topdown.Query
}

// capabilities returns OPA's without the built-ins that would make a verdict depend on
// more than input and data: network, host, random numbers. The clock is
// the run's.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return b.IsNondeterministic() && b.Name != ast.NowNanos.Name
	})
	c.AllowNet = []string{} // nor does a schema with a remote $ref reach out
	return c
}

// usedBy returns the capabilities with the built-ins alone that modules may use: those
// that they name, and those that the compiler itself calls. A compiler makes a tree of
// the types of all that it gets, which takes a tenth of its time.
func usedBy(modules map[string]*ast.Module, c *ast.Capabilities) *ast.Capabilities {
	named := map[string]bool{}
	for _, m := range modules {
		ast.WalkRefs(m, func(r ast.Ref) bool {
			named[r.String()] = true
			return false
		})
	}
	few := *c
	few.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return b.Infix == "" && !strings.HasPrefix(b.Name, "internal.") && !named[b.Name]
	})
	return &few
}

// parseAll parses modules, by file name.
func parseAll(files []source) (map[string]*ast.Module, error) {
	return parseWith(files, ast.ParserOptions{RegoVersion: ast.RegoV2, ProcessAnnotation: true, Capabilities: capabilities()})
}

func parseWith(files []source, options ast.ParserOptions) (map[string]*ast.Module, error) {
	modules := make(map[string]*ast.Module, len(files))
	var found strictyaml.Errors
	for _, f := range files {
		m, err := ast.ParseModuleWithOpts(f.name, string(f.text), options)
		switch {
		case err != nil:
			var list strictyaml.Errors
			if err = fromOPA(err); !errors.As(err, &list) {
				return nil, fmt.Errorf("parsing %s: %w", f.name, err)
			}
			found = append(found, list...)
		case m == nil:
			found = append(found, &strictyaml.Error{File: f.name, Message: "holds no package"})
		default:
			modules[f.name] = m
			found = append(found, vetDepth(m)...)
		}
	}
	return modules, asError(found)
}

// compile compiles modules in strict mode. Calls of print are erased unless they are
// wanted.
func compile(modules map[string]*ast.Module, prints bool, can *ast.Capabilities) (*ast.Compiler, error) {
	return compileWith(newCompiler(prints, can), modules)
}

func compileWith(c *ast.Compiler, modules map[string]*ast.Module) (*ast.Compiler, error) {
	if c.Compile(modules); c.Failed() {
		return nil, fromOPA(c.Errors)
	}
	return c, nil
}

func newCompiler(prints bool, can *ast.Capabilities) *ast.Compiler {
	return ast.NewCompiler().WithCapabilities(can).WithStrict(true).SetErrorLimit(maxErrors).WithEnablePrintStatements(prints)
}

// loadOwn compiles the user's modules, apart from the shipped ones.
func loadOwn(own, shipped sources, document policyData, store storage.Store, o Options) (*unit, error) {
	modules, err := parseAll(own.modules)
	if err != nil {
		return nil, err
	}
	if err := names(modules, packagesIn(shipped.modules)); err != nil {
		return nil, err
	}
	if err := asError(append(vetRoots(own, modules), vetTests(own.tests)...)); err != nil {
		return nil, err
	}
	u, err := loadStrictly(modules, document, store, o)
	if err != nil {
		return nil, err
	}
	return u, asError(vetUse(own, u))
}

// loadStrictly compiles modules and holds them to every rule of this package.
func loadStrictly(modules map[string]*ast.Module, document policyData, store storage.Store, o Options) (*unit, error) {
	packages, err := packagesOf(modules)
	if err != nil {
		return nil, err
	}
	if err := asError(vetModules(modules)); err != nil {
		return nil, err
	}
	keepMessages(modules)
	compiler, err := compile(modules, o.Prints != nil, usedBy(modules, capabilities()))
	if err != nil {
		return nil, err
	}
	if err := asError(document.switches(packages)); err != nil {
		return nil, err
	}
	reads, err := vet(compiler, packages, document, o)
	if err != nil {
		return nil, err
	}
	u, err := prepare(packages, compiler, store)
	if err != nil {
		return nil, err
	}
	u.data = reads
	return u, nil
}

// prepare makes the questions of each package that is asked.
func prepare(packages []regoPackage, compiler *ast.Compiler, store storage.Store) (*unit, error) {
	u := &unit{compiler: compiler, store: store, reads: readsOfInput(compiler)}
	var err error
	if u.input, err = encoderOf(reflect.TypeFor[document](), u.reads); err != nil {
		return nil, fmt.Errorf("preparing the policy input: %w", err)
	}
	for _, p := range packages {
		if entries(p.group) == nil {
			continue
		}
		a := &askable{regoPackage: p, unit: u}
		for _, rule := range defined(compiler, p.path, entries(p.group)) {
			a.questions = append(a.questions, question{rule, ask(compiler, store, p.path.Append(ast.StringTerm(rule)))})
		}
		u.packages = append(u.packages, a)
	}
	return u, nil
}

// answerVar is the variable of a question that holds the answer.
const answerVar = ast.Var("answer")

// ask returns the query for the value of a rule. It has no answer if the rule is
// undefined.
func ask(compiler *ast.Compiler, store storage.Store, rule ast.Ref) *topdown.Query {
	body := ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.NewTerm(rule))) // as a compiler would leave it
	return topdown.NewQuery(body).WithCompiler(compiler).WithStore(store).
		WithIndexing(true).WithEarlyExit(true).WithStrictBuiltinErrors(true).
		WithMetrics(metrics.NoOp()) // its clocks cost a quarter of an evaluation
}

// defined are those of the rules that a package has.
func defined(c *ast.Compiler, path ast.Ref, rules []string) []string {
	var out []string
	for _, name := range rules {
		if len(c.GetRulesExact(path.Append(ast.StringTerm(name)))) > 0 {
			out = append(out, name)
		}
	}
	return out
}

// entries returns the rules that bindgate evaluates in a package of the group; the first of
// them must exist. A library has none.
func entries(group string) []string {
	switch group {
	case "policy":
		return []string{"deny", "warn"}
	case "force":
		return []string{"allow", "reasons"}
	}
	return nil
}

// readable is the evidence that a policy can read.
func readable() []evidence.Need {
	return []evidence.Need{evidence.NeedDNS, evidence.NeedProof, evidence.NeedCertificate, evidence.NeedKey,
		evidence.NeedGroup, evidence.NeedAccount, evidence.NeedSiblings,
		evidence.NeedGateway, evidence.NeedRecords, evidence.NeedServing, evidence.NeedStore, evidence.NeedPredecessor, needCI, needApprovals, needPlan}
}

// excludable is the evidence that a binding itself can exclude.
func excludable() []evidence.Need {
	return []evidence.Need{evidence.NeedProof, evidence.NeedCertificate, evidence.NeedKey}
}

// excludedBy says of which binding there is no such evidence.
func excludedBy(need evidence.Need) string {
	switch need {
	case evidence.NeedProof:
		return "that proves its domain by cname"
	case evidence.NeedKey:
		return "that names no private key"
	}
	return "that names no certificate"
}

// foreign reports whether evidence is of another platform than a binding. A package that
// needs it is asked all the same, with null for what it reads: silence would let every
// binding of the other platform pass a policy that was written before it.
func foreign(b binding.Binding, need evidence.Need) bool {
	switch need {
	case evidence.NeedGroup, evidence.NeedAccount:
		return b.Platform() != binding.Classic
	case evidence.NeedGateway, evidence.NeedRecords, evidence.NeedServing, evidence.NeedStore:
		return b.Platform() != binding.APIG
	case evidence.NeedPredecessor:
		return b.MovesFrom == nil
	}
	return false
}

// excludes reports whether a binding itself excludes evidence.
func excludes(b binding.Binding, need evidence.Need) bool {
	switch need {
	case evidence.NeedProof:
		return b.DomainProof != binding.ProofTXT
	case evidence.NeedCertificate:
		return b.Certificate == nil
	case evidence.NeedKey:
		return b.Certificate == nil || b.Certificate.PrivateKey == nil
	}
	return false
}

var (
	// A name of plain identifiers can be written only one way, and lies below
	// its group and not at it.
	packageName = lazyregexp.New(`^bindgate\.(policy|force|lib)(\.[A-Za-z_][A-Za-z0-9_]*)+$`)
	packageLine = lazyregexp.New(`(?m)^package\s+(\S+)`)
)

// regoPackage is one package, of one or more modules.
type regoPackage struct {
	name  string // bindgate.policy.x
	group string
	path  ast.Ref // data.bindgate.policy.x
	loc   *ast.Location
	needs []evidence.Need // custom.needs of its METADATA: without these it is not run
	uses  []evidence.Need // custom.uses: it is run without what the mode left out

	declared *ast.Location // of needs and uses

	settings string          // custom.settings: the name below data without which, or whose enabled is false, the package is off
	off      string          // why it is off; empty: it is asked
	rules    map[string]bool // ids of rules of deny and warn, and whether each is waivable
}

// packagesOf are the packages of the modules, by name.
func packagesOf(modules map[string]*ast.Module) ([]regoPackage, error) {
	byName := map[string]*regoPackage{}
	var found strictyaml.Errors
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		name := nameOf(m.Package)
		p := byName[name]
		if p == nil {
			p = &regoPackage{name: name, path: m.Package.Path, loc: m.Package.Location}
			if parts := packageName.FindStringSubmatch(name); parts != nil {
				p.group = parts[1]
			}
			byName[name] = p
		}
		needs, uses, err := evidenceOf(m)
		p.needs, p.uses = append(p.needs, needs...), append(p.uses, uses...)
		if p.declared == nil && len(needs)+len(uses) > 0 {
			p.declared = m.Annotations[0].Location
		}
		found = append(found, err...)
		for _, a := range m.Annotations {
			name, given := a.Custom["settings"]
			if a.Scope != "package" || !given {
				continue
			}
			if p.settings, _ = name.(string); p.settings == "" || p.group != "policy" {
				found = append(found, at(a.Location, "custom.settings in METADATA is %v, want the name below data of the settings of a package bindgate.policy.<name>", name))
			}
			p.declared = a.Location
		}
		found = append(found, p.idsOf(m)...)
	}
	out := make([]regoPackage, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out, asError(found)
}

func nameOf(p *ast.Package) string { return strings.TrimPrefix(p.Path.String(), "data.") }

// names refuses a package that would never be evaluated, and one that is
// equal to, above or below a built-in package.
func names(modules map[string]*ast.Module, shipped []string) error {
	var found strictyaml.Errors
	for _, m := range modules {
		name := nameOf(m.Package)
		if !packageName.MatchString(name) {
			found = append(found, at(m.Package.Location, "package %s is never asked: want bindgate.policy.<name>, bindgate.force.<name> or bindgate.lib.<name>", name))
			continue
		}
		for _, other := range shipped {
			if strings.HasPrefix(name+".", other+".") || strings.HasPrefix(other+".", name+".") {
				found = append(found, at(m.Package.Location, "package %s meddles with %s, which is shipped with bindgate: take another name, or override its data with --data", name, other))
			}
		}
	}
	return asError(found)
}

// packagesIn are the names in the package lines of modules that are known to parse.
func packagesIn(files []source) []string {
	var out []string
	for _, f := range files {
		if m := packageLine.FindSubmatch(f.text); m != nil {
			out = append(out, string(m[1]))
		}
	}
	return out
}

// evidenceOf reads custom.needs and custom.uses of a module's package METADATA.
func evidenceOf(m *ast.Module) (needs, uses []evidence.Need, found strictyaml.Errors) {
	for _, a := range m.Annotations {
		if a.Scope != "package" {
			continue
		}
		var err strictyaml.Errors
		needs, err = needList(a, "needs")
		found = append(found, err...)
		uses, err = needList(a, "uses")
		found = append(found, err...)
	}
	return needs, uses, found
}

func needList(a *ast.Annotations, key string) ([]evidence.Need, strictyaml.Errors) {
	value, given := a.Custom[key]
	if !given {
		return nil, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, strictyaml.Errors{at(a.Location, "custom.%s in METADATA is no list: want e.g. [group, dns]", key)}
	}
	var needs []evidence.Need
	for _, item := range list {
		name, _ := item.(string)
		if strings.HasPrefix(name, needExternal) {
			if key == "uses" {
				return nil, strictyaml.Errors{at(a.Location, "custom.uses in METADATA names %q: facts that are not given have no values to read; name them in custom.needs", name)}
			}
			needs = append(needs, evidence.Need(name)) // vetEvidence compares it with what is read, whose names are the owner's
			continue
		}
		if !slices.Contains(readable(), evidence.Need(name)) {
			return nil, strictyaml.Errors{at(a.Location, "custom.%s in METADATA names %q, which is no evidence: want some of %v", key, item, readable())}
		}
		needs = append(needs, evidence.Need(name))
	}
	return needs, nil
}
