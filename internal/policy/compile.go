package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

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
	unit     *unit
	question ast.Body
	query    ast.QueryCompiler
}

// capabilities are OPA's without whatever would make a verdict depend on
// anything but the input and the data: the network, the host, chance. The clock
// is the run's.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return b.IsNondeterministic() && b.Name != ast.NowNanos.Name
	})
	c.AllowNet = []string{} // nor does a schema with a remote $ref reach out
	return c
}

// parseAll parses modules, by file name.
func parseAll(files []source) (map[string]*ast.Module, error) {
	options := ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true, Capabilities: capabilities()}
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
		}
	}
	return modules, asError(found)
}

// compile compiles modules in strict mode and, with a schema, checks every
// field of the input that they read.
func compile(modules map[string]*ast.Module, schema any) (*ast.Compiler, error) {
	c := newCompiler(schema)
	if c.Compile(modules); c.Failed() {
		return nil, fromOPA(c.Errors)
	}
	return c, nil
}

func newCompiler(schema any) *ast.Compiler {
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).SetErrorLimit(maxErrors)
	if schema != nil {
		set := ast.NewSchemaSet()
		set.Put(ast.SchemaRootRef, schema)
		c = c.WithSchemas(set)
	}
	return c
}

// loadOwn compiles the user's modules, apart from the shipped ones.
func loadOwn(own, shipped sources, document *datum, ids []string) (*unit, error) {
	modules, err := parseAll(own.modules)
	if err != nil {
		return nil, err
	}
	if err := names(modules, packagesIn(shipped.modules)); err != nil {
		return nil, err
	}
	return loadStrictly(modules, document, ids)
}

// loadStrictly compiles modules and holds them to every rule of this package.
func loadStrictly(modules map[string]*ast.Module, document *datum, ids []string) (*unit, error) {
	packages, err := packagesOf(modules)
	if err != nil {
		return nil, err
	}
	schema, err := inputTypes(ids, packages, modules)
	if err != nil {
		return nil, err
	}
	compiler, err := compile(modules, schema)
	if err != nil {
		return nil, err
	}
	reads, err := vet(compiler, packages, document)
	if err != nil {
		return nil, err
	}
	u, err := prepare(packages, compiler, document.store())
	if err != nil {
		return nil, err
	}
	u.data = reads
	return u, nil
}

// prepare makes one question for each package that is asked.
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
		a := &askable{regoPackage: p, unit: u, query: compiler.QueryCompiler()}
		a.question, err = a.query.Compile(question(p.path, defined(compiler, p.path, entries(p.group))))
		if err != nil {
			return nil, fmt.Errorf("preparing %s: %w", p.name, fromOPA(err))
		}
		u.packages = append(u.packages, a)
	}
	return u, nil
}

// answerVar holds the answer to a question.
const answerVar = ast.Var("answer")

// question asks for the given rules of a package: the answer is an object that
// holds, under each rule's name, an array of its value, empty where it is
// undefined. So an undefined rule cannot make the others' values vanish.
func question(path ast.Ref, rules []string) ast.Body {
	answer := ast.NewObject()
	for _, name := range rules {
		value := ast.VarTerm("value")
		body := ast.NewBody(ast.Equality.Expr(value, ast.NewTerm(path.Append(ast.StringTerm(name)))))
		answer.Insert(ast.StringTerm(name), ast.ArrayComprehensionTerm(value, body))
	}
	return ast.NewBody(ast.Equality.Expr(ast.NewTerm(answerVar), ast.NewTerm(answer)))
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
