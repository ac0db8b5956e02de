// Command mutate counts the changes of a package's code that its tests notice:
//
//	go run . [-tests PACKAGE] [-run REGEXP]… [-lines FILE[:LINE],…] PACKAGE [FLAG OF THE TESTS…]
//
// Every change ("mutant") is built into one test binary and chosen by the variable
// MUTANT, so that each costs one run of the tests and no compilation. The names of a
// package are relative to the root of the repository, as in ./internal/gate. Tests of a
// second -run run where those of the first noticed nothing.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// root is the repository's, seen from here.
const root = "../.."

// helper is the file that is added to the package.
const helper = `package %s

import "os"

var mutant = os.Getenv("MUTANT")

func mutOn(id string) bool { return id == mutant }

func mutErr(id string, err error) error {
	if mutOn(id) {
		return nil
	}
	return err
}
`

type mutant struct{ id, file, what, text string }

// edit inserts text before and after a piece of source.
type edit struct {
	from, to      int
	before, after string
}

// source is one file that is being changed.
type source struct {
	name    string
	text    []byte
	set     *token.FileSet
	edits   []edit
	mutants *[]mutant
}

func main() {
	tests := flag.String("tests", "", "package whose tests run; the changed one if empty")
	var patterns []string
	flag.Func("run", "tests to run, as of go test; all if it is not given", func(p string) error { patterns = append(patterns, p); return nil })
	lines := flag.String("lines", "", "change these places alone: FILE or FILE:LINE, …")
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if len(patterns) == 0 {
		patterns = []string{""}
	}
	suite := suite{pkg: cmp.Or(*tests, flag.Arg(0)), patterns: patterns, flags: flag.Args()[1:]}
	if err := mutate(flag.Arg(0), suite, *lines); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// suite is the tests that are to notice a mutant.
type suite struct {
	pkg, binary     string
	patterns, flags []string
	patience        time.Duration
}

func mutate(pkg string, tests suite, lines string) error {
	dir, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // at worst it stays in the temporary folder
	all, err := prepare(pkg, dir)
	if err != nil {
		return err
	}
	tests.binary, tests.patience = filepath.Join(dir, "tests"), 10*time.Minute
	build := exec.Command("go", "test", "-c", "-vet=off", "-overlay", filepath.Join(dir, "overlay.json"), "-o", tests.binary, tests.pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the tests with all changes: %w\n%s", err, out)
	}
	began := time.Now()
	if out, err := tests.run(""); err != nil {
		return fmt.Errorf("running the tests without a change: %w\n%s", err, out)
	}
	tests.patience = 10*time.Second + 5*time.Since(began)
	killed, total := 0, 0
	for _, m := range all {
		if at := strings.Split(lines, ","); lines != "" && !slices.ContainsFunc(at, func(l string) bool { return strings.HasPrefix(m.id, l+":") }) {
			continue
		}
		total++
		if _, err := tests.run(m.id); err != nil {
			killed++
			continue
		}
		fmt.Printf("survived  %s  %s  %s\n", m.id, m.what, m.text)
	}
	fmt.Printf("%s: %d of %d killed (%.1f %%)\n", pkg, killed, total, 100*float64(killed)/float64(max(total, 1)))
	return nil
}

// run runs the tests with one change until they notice, and returns their output.
func (s suite) run(id string) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	for _, p := range s.patterns {
		c := exec.CommandContext(ctx, s.binary, slices.Concat([]string{"-test.failfast", "-test.run", p}, s.flags)...)
		c.Dir, c.Env, c.WaitDelay = filepath.Join(root, s.pkg), append(os.Environ(), "MUTANT="+id), time.Second
		if out, err = c.CombinedOutput(); err != nil {
			return out, err
		}
	}
	return out, nil
}

// prepare writes the changed files and the overlay that puts them in place.
func prepare(pkg, dir string) (all []mutant, err error) {
	paths, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil {
		return nil, err
	}
	replace, name := map[string]string{}, ""
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		s := source{name: filepath.Base(path), set: token.NewFileSet(), mutants: &all}
		if s.text, err = os.ReadFile(path); err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(s.set, path, s.text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		name = file.Name.Name
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				ast.Inspect(f.Body, s.visit)
			}
		}
		if err := put(replace, path, filepath.Join(dir, s.name), s.changed()); err != nil {
			return nil, err
		}
	}
	added := filepath.Join(root, pkg, "mutant_on.go")
	if err := put(replace, added, filepath.Join(dir, "mutant_on.go"), fmt.Appendf(nil, helper, name)); err != nil {
		return nil, err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	return all, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600)
}

func put(replace map[string]string, path, at string, text []byte) error {
	path, err := filepath.Abs(path)
	replace[path] = at
	return cmp.Or(err, os.WriteFile(at, text, 0o600))
}

// visit adds the changes of one node; changes of nodes inside it nest.
func (s *source) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl: // a constant may not depend on a variable
		return n.Tok != token.CONST
	case *ast.IfStmt:
		s.condition(n.Cond)
	case *ast.SwitchStmt:
		if n.Tag == nil {
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					s.condition(e)
				}
			}
		}
	case *ast.BinaryExpr:
		s.binary(n)
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			s.result(e)
		}
	case *ast.BlockStmt:
		s.statements(n.List)
	case *ast.CaseClause:
		s.statements(n.Body)
	}
	return true
}

// condition makes one that always holds, and one that never does.
func (s *source) condition(e ast.Expr) {
	s.wrap(e, "((mutOn("+s.add(e, "always")+") || (", ")) && !mutOn("+s.add(e, "never")+"))")
}

func (s *source) binary(e *ast.BinaryExpr) {
	equal := "(" + s.of(e.X) + ") == (" + s.of(e.Y) + ")"
	calls := strings.Contains(strings.ReplaceAll(s.of(e), "len(", ""), "(") // they would be made twice
	switch e.Op {
	case token.LAND:
		s.wrap(e.X, "(mutOn("+s.add(e.X, "without left of &&")+") || (", "))")
		s.wrap(e.Y, "(mutOn("+s.add(e.Y, "without right of &&")+") || (", "))")
	case token.LOR:
		s.wrap(e.X, "(!mutOn("+s.add(e.X, "without left of ||")+") && (", "))")
		s.wrap(e.Y, "(!mutOn("+s.add(e.Y, "without right of ||")+") && (", "))")
	case token.EQL, token.NEQ:
		s.wrap(e, "((", ") != mutOn("+s.add(e, "negated")+"))")
	case token.LSS, token.GTR:
		if !calls {
			s.wrap(e, "((", ") || mutOn("+s.add(e, "also if equal")+") && "+equal+")")
		}
	case token.LEQ, token.GEQ:
		if !calls {
			s.wrap(e, "((", ") && !(mutOn("+s.add(e, "not if equal")+") && "+equal+"))")
		}
	}
}

// result returns no error, or the other truth value.
func (s *source) result(e ast.Expr) {
	switch text := s.of(e); {
	case text == "err", strings.HasPrefix(text, "Err"), strings.HasPrefix(text, "fmt.Errorf("), strings.HasPrefix(text, "errors.New("), strings.HasPrefix(text, "errors.Join("):
		s.wrap(e, "mutErr("+s.add(e, "no error")+", ", ")")
	case text == "true", text == "false":
		s.wrap(e, "(mutOn("+s.add(e, "the other")+") != ", ")")
	}
}

// statements leaves each out that is a call or an assignment to what exists.
func (s *source) statements(list []ast.Stmt) {
	for _, n := range list {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				continue
			}
		case *ast.ExprStmt, *ast.IncDecStmt:
		default:
			continue
		}
		s.wrap(n, "if !mutOn("+s.add(n, "left out")+") { ", " }")
	}
}

// add notes a mutant and returns its id as a literal.
func (s *source) add(n ast.Node, what string) string {
	id := fmt.Sprintf("%s:%d:%d:%d", s.name, s.set.Position(n.Pos()).Line, s.set.Position(n.Pos()).Column, len(*s.mutants))
	*s.mutants = append(*s.mutants, mutant{id, s.name, what, strings.Join(strings.Fields(s.of(n)), " ")})
	return fmt.Sprintf("%q", id)
}

func (s *source) offset(p token.Pos) int { return s.set.Position(p).Offset }

func (s *source) of(n ast.Node) string { return string(s.text[s.offset(n.Pos()):s.offset(n.End())]) }

func (s *source) wrap(n ast.Node, before, after string) {
	s.edits = append(s.edits, edit{s.offset(n.Pos()), s.offset(n.End()), before, after})
}

// changed returns the text with all edits. Of two that begin or end at one place the
// longer is outside, and of two of one length the earlier.
func (s *source) changed() []byte {
	slices.SortStableFunc(s.edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	before, after := map[int]string{}, map[int]string{}
	for _, e := range s.edits {
		before[e.from] += e.before
		after[e.to] = e.after + after[e.to]
	}
	var out bytes.Buffer
	for i := range len(s.text) + 1 {
		out.WriteString(after[i] + before[i])
		if i < len(s.text) {
			out.WriteByte(s.text[i])
		}
	}
	return out.Bytes()
}
