package lazyregexp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/bindgate/bindgate/internal/lazyregexp"
)

// TestNew compares an expression with package regexp's.
func TestNew(t *testing.T) {
	const text, in = `b(.)`, "abcabd"
	lazy, want := lazyregexp.New(text), regexp.MustCompile(text)
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"Match", lazy.Match([]byte(in)), want.Match([]byte(in))},
		{"MatchString", lazy.MatchString("aca"), want.MatchString("aca")},
		{"FindString", lazy.FindString(in), want.FindString(in)},
		{"FindStringSubmatch", lazy.FindStringSubmatch(in)[1], want.FindStringSubmatch(in)[1]},
		{"FindSubmatch", string(lazy.FindSubmatch([]byte(in))[1]), string(want.FindSubmatch([]byte(in))[1])},
		{"ReplaceAllString", lazy.ReplaceAllString(in, "<$1>"), want.ReplaceAllString(in, "<$1>")},
		{"ReplaceAllStringFunc", lazy.ReplaceAllStringFunc(in, strings.ToUpper), want.ReplaceAllStringFunc(in, strings.ToUpper)},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestExpressions compiles each expression, and finds those that are compiled before main or
// again at each call.
// A check is public and has package regexp's own.
func TestExpressions(t *testing.T) {
	found := 0
	root := filepath.Join("..", "..")
	for _, dir := range []string{"internal", "cmd", "policies"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			for _, d := range file.Decls {
				ast.Inspect(d, func(n ast.Node) bool {
					call, ok := n.(*ast.CallExpr)
					if !ok {
						return true
					}
					switch name := called(call); {
					case name == "lazyregexp.New":
						found++
						text, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
						if err == nil {
							_, err = regexp.Compile(text)
						}
						if err != nil {
							t.Errorf("%s: %v", set.Position(call.Pos()), err)
						}
					case name == "regexp.MustCompile" && file.Name.Name != "lazyregexp":
						t.Errorf("%s: regexp.MustCompile runs before main or at each call, want lazyregexp.New", set.Position(call.Pos()))
					}
					return true
				})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 30 {
		t.Errorf("found %d expressions, want those of the project", found)
	}
}

// called returns the function that a call names, as package.Function.
func called(call *ast.CallExpr) string {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	p, ok := f.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return p.Name + "." + f.Sel.Name
}
