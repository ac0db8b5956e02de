//go:build corpora

package certificate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// expectation is the status that a test of zlint expects of a lint for a file.
type expectation struct {
	lint, file, status string // the status as lint's constant: Pass, NA, NE, Notice, Warn, Error, Fatal
}

// sources extracts the expectations from zlint's tests by interpreting their
// syntax, with the few values that they use: literals, tables and loops over
// them, closures and helpers.
type sources struct {
	expected   []expectation
	configured int      // expectations with a test's own configuration
	unread     []string // test functions with a call that was not understood
	functions  map[string]*ast.FuncDecl
	types      map[string]ast.Expr
	globals    scope
	calls      map[token.Pos]bool // calls of the lint under test; true: its outcome was compared
	missed     bool               // a call or a comparison had an unsupported value
}

type (
	scope   map[string]any
	status  string         // lint.Pass is "Pass"
	fields  map[string]any // a struct; a struct literal's names, or a result's "Status"
	row     struct{ key, value any }
	table   []row    // a slice, an array or a map
	subject string   // test.ReadTestCert of a file
	outcome struct { // a result, and its Status
		lint, file string
		configured bool
		call       token.Pos
	}
)

// readSources walks the folders of lints.
func readSources(t *testing.T, root string) *sources {
	t.Helper()
	s := &sources{}
	dirs, err := filepath.Glob(filepath.Join(root, "*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no lints: %v", err)
	}
	for _, dir := range dirs {
		if err := s.folder(dir); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *sources) folder(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	s.functions, s.types, s.globals = map[string]*ast.FuncDecl{}, map[string]ast.Expr{}, scope{}
	var tests []*ast.FuncDecl
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.GenDecl:
				s.declare(s.globals, d)
			case *ast.FuncDecl:
				if d.Recv != nil || !strings.HasSuffix(name, "_test.go") {
					continue
				}
				if strings.HasPrefix(d.Name.Name, "Test") {
					tests = append(tests, d)
				} else {
					s.functions[d.Name.Name] = d
				}
			}
		}
	}
	for _, test := range tests {
		s.calls, s.missed = map[token.Pos]bool{}, false
		s.markCalls(test)
		s.block(s.globals.child(), test.Body.List)
		if s.missed || slices.Contains(slices.Collect(maps.Values(s.calls)), false) {
			s.unread = append(s.unread, test.Name.Name)
		}
	}
	return nil
}

// markCalls records every call in a test, to detect calls that are never
// evaluated.
func (s *sources) markCalls(test *ast.FuncDecl) {
	ast.Inspect(test, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && isLintCall(call) {
			s.calls[call.Pos()] = false
		}
		return true
	})
}

func isLintCall(call *ast.CallExpr) bool {
	return slices.Contains([]string{"TestLint", "TestLintWithConfig", "TestLintCert"}, inTest(call))
}

// inTest returns the name of the called function if it is of zlint's package
// test.
func inTest(call *ast.CallExpr) string {
	if f, ok := call.Fun.(*ast.SelectorExpr); ok {
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "test" {
			return f.Sel.Name
		}
	}
	return ""
}

func (v scope) child() scope {
	c := make(scope, len(v))
	for name, value := range v {
		c[name] = value
	}
	return c
}

func (s *sources) declare(v scope, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.types[spec.Name.Name] = spec.Type
		case *ast.ValueSpec:
			for i, name := range spec.Names {
				if i < len(spec.Values) {
					v[name.Name] = s.eval(v, spec.Values[i], spec.Type)
				}
			}
		}
	}
}

func (s *sources) block(v scope, list []ast.Stmt) {
	for _, statement := range list {
		s.run(v, statement)
	}
}

func (s *sources) run(v scope, statement ast.Stmt) {
	switch n := statement.(type) {
	case *ast.DeclStmt:
		if d, ok := n.Decl.(*ast.GenDecl); ok {
			s.declare(v, d)
		}
	case *ast.AssignStmt:
		s.assign(v, n)
	case *ast.RangeStmt:
		elements, _ := s.eval(v, n.X, nil).(table)
		for _, e := range elements {
			inner := v.child()
			bind(inner, n.Key, e.key)
			bind(inner, n.Value, e.value)
			s.block(inner, n.Body.List)
		}
	case *ast.IfStmt:
		inner := v.child()
		if n.Init != nil {
			s.run(inner, n.Init)
		}
		s.eval(inner, n.Cond, nil)
		s.block(inner.child(), n.Body.List)
	case *ast.BlockStmt:
		s.block(v.child(), n.List)
	case *ast.ExprStmt:
		s.eval(v, n.X, nil)
	}
}

func bind(v scope, to ast.Expr, value any) {
	if name, ok := to.(*ast.Ident); ok && name != nil {
		v[name.Name] = value
	}
}

func (s *sources) assign(v scope, n *ast.AssignStmt) {
	for i, to := range n.Lhs {
		s.eval(v, to, nil)
		if len(n.Lhs) == len(n.Rhs) {
			bind(v, to, s.eval(v, n.Rhs[i], nil))
		} else {
			bind(v, to, nil)
		}
	}
}

// eval returns the value of an expression, nil for an unsupported one. typ is
// the type of a literal that omits its own.
func (s *sources) eval(v scope, expr, typ ast.Expr) any {
	switch n := expr.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
			return text
		}
	case *ast.Ident:
		return v[n.Name]
	case *ast.ParenExpr:
		return s.eval(v, n.X, typ)
	case *ast.UnaryExpr:
		return s.eval(v, n.X, typ)
	case *ast.TypeAssertExpr:
		return s.eval(v, n.X, nil)
	case *ast.SelectorExpr:
		return s.selected(v, n)
	case *ast.BinaryExpr:
		return s.binary(v, n)
	case *ast.CompositeLit:
		return s.literal(v, n, typ)
	case *ast.CallExpr:
		return s.call(v, n)
	}
	return nil
}

func (s *sources) selected(v scope, n *ast.SelectorExpr) any {
	if x, ok := n.X.(*ast.Ident); ok && x.Name == "lint" {
		if slices.Contains([]string{"Pass", "NA", "NE", "Notice", "Warn", "Error", "Fatal"}, n.Sel.Name) {
			return status(n.Sel.Name)
		}
		return nil
	}
	switch x := s.eval(v, n.X, nil).(type) {
	case fields:
		return x[n.Sel.Name]
	case subject: // code that reaches into a certificate modifies it: it no longer equals the file
		bind(v, n.X, nil)
	case outcome:
		if n.Sel.Name == "Status" {
			return x
		}
	}
	return nil
}

// binary evaluates a comparison of an outcome with a status: an expectation.
func (s *sources) binary(v scope, n *ast.BinaryExpr) any {
	x, y := s.eval(v, n.X, nil), s.eval(v, n.Y, nil)
	if n.Op == token.ADD {
		left, ok := x.(string)
		right, also := y.(string)
		if ok && also {
			return left + right
		}
	}
	if n.Op != token.NEQ {
		return nil
	}
	if _, ok := y.(outcome); ok {
		x, y = y, x
	}
	got, ok := x.(outcome)
	want, also := y.(status)
	if !ok || !also {
		s.missed = s.missed || ok
		return nil
	}
	s.calls[got.call] = true
	if got.configured {
		s.configured++
		return nil
	}
	s.expected = append(s.expected, expectation{lint: got.lint, file: got.file, status: string(want)})
	return nil
}

func (s *sources) literal(v scope, n *ast.CompositeLit, typ ast.Expr) any {
	if n.Type != nil {
		typ = n.Type
	}
	for {
		name, ok := typ.(*ast.Ident)
		if !ok || s.types[name.Name] == nil {
			break
		}
		typ = s.types[name.Name]
	}
	switch t := typ.(type) {
	case *ast.ArrayType:
		return s.rows(v, n, t.Elt)
	case *ast.MapType:
		return s.rows(v, n, t.Value)
	case *ast.StarExpr:
		return s.literal(v, &ast.CompositeLit{Elts: n.Elts}, t.X)
	case *ast.StructType:
		return s.structure(v, n, t)
	}
	return s.structure(v, n, &ast.StructType{Fields: &ast.FieldList{}}) // of another package
}

func (s *sources) rows(v scope, n *ast.CompositeLit, typ ast.Expr) table {
	var rows table
	for _, e := range n.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			rows = append(rows, row{s.eval(v, pair.Key, nil), s.eval(v, pair.Value, typ)})
			continue
		}
		rows = append(rows, row{nil, s.eval(v, e, typ)})
	}
	return rows
}

func (s *sources) structure(v scope, n *ast.CompositeLit, t *ast.StructType) fields {
	var names []string
	var types []ast.Expr
	for _, f := range t.Fields.List {
		for _, name := range f.Names {
			names, types = append(names, name.Name), append(types, f.Type)
		}
	}
	value := fields{}
	for i, e := range n.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			if name, ok := pair.Key.(*ast.Ident); ok {
				var typ ast.Expr
				if at := slices.Index(names, name.Name); at >= 0 {
					typ = types[at]
				}
				value[name.Name] = s.eval(v, pair.Value, typ)
			}
		} else if i < len(names) {
			value[names[i]] = s.eval(v, e, types[i])
		}
	}
	return value
}

func (s *sources) call(v scope, n *ast.CallExpr) any {
	args := make([]any, len(n.Args))
	for i, arg := range n.Args {
		if closure, ok := arg.(*ast.FuncLit); ok { // t.Run
			s.block(v.child(), closure.Body.List)
			continue
		}
		args[i] = s.eval(v, arg, nil)
	}
	if isLintCall(n) && len(args) >= 2 {
		result := lintCall(n, args)
		s.missed = s.missed || result == nil
		return result
	}
	if inTest(n) == "ReadTestCert" && len(args) == 1 {
		file, _ := args[0].(string)
		return subject(file)
	}
	name, ok := n.Fun.(*ast.Ident)
	if !ok || s.functions[name.Name] == nil {
		return nil
	}
	helper, inner, i := s.functions[name.Name], s.globals.child(), 0
	for _, p := range helper.Type.Params.List {
		for _, name := range p.Names {
			if i < len(args) {
				inner[name.Name] = args[i]
			}
			i++
		}
	}
	s.block(inner, helper.Body.List)
	return nil
}

// lintCall returns the outcome of a call of the lint under test on an unchanged
// file.
func lintCall(n *ast.CallExpr, args []any) any {
	lint, ok := args[0].(string)
	file, also := args[1].(string)
	if read, is := args[1].(subject); is {
		file, also = string(read), read != ""
	}
	if !ok || !also {
		return nil
	}
	configured := inTest(n) == "TestLintWithConfig" && args[2] != ""
	return outcome{lint: lint, file: file, configured: configured, call: n.Pos()}
}
