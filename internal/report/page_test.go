package report

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestMarkupEscapes(t *testing.T) {
	for value, want := range map[any]string{
		`<a href="x">'&+` + "\n":          `&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#43;\n`,
		document("<pre>\n" + "\x00##vso"): "&lt;pre&gt;\n\uFFFD##vso",
		"##vso[x]":                        `#\x23vso[x]`,
		7:                                 "7",
	} {
		var b bytes.Buffer
		m := &markup{w: &b}
		if m.put(`<p title="{}">`, value); m.err != nil || b.String() != `<p title="`+want+`">` {
			t.Errorf("%q: got %s, %v", value, b.String(), m.err)
		}
	}
	for _, values := range [][]any{{}, {1, 2}} {
		m := &markup{w: new(bytes.Buffer)}
		if m.put("<p>{}</p>", values...); m.err == nil {
			t.Errorf("%d values for one place: no error", len(values))
		}
	}
	m := &markup{w: broken{}}
	if m.put("<p>{}</p>", 1); !errors.Is(m.err, fs.ErrClosed) {
		t.Errorf("got %v, want the writer's error", m.err)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, fs.ErrClosed }

// Nothing becomes HTML but the literals of page.go, the page's style and its script, and
// every literal has as many places as values, all between elements or in quotes.
func TestOnlyLiteralsAreHTML(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	puts, unescaped := 0, map[string]int{}
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			n := literalsOf(t, name, unescaped)
			if name == "page.go" {
				puts = n
			}
		}
	}
	if puts < 50 || len(unescaped) != 2 || unescaped["Style"] != 1 || unescaped["Script"] != 1 {
		t.Errorf("%d literals, and unescaped fields %v; want the style and the script", puts, unescaped)
	}
}

// literalsOf counts the literals of HTML in a file, and the fields that are written without
// an escape.
func literalsOf(t *testing.T, path string, unescaped map[string]int) (puts int) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	page := path == "page.go" || path == "markup.go" // others have methods of these names
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		switch {
		case name == "constant":
			t.Errorf("%s converts a text to a constant", path)
		case !page:
		case name == "write":
			if field, ok := call.Args[0].(*ast.SelectorExpr); ok {
				unescaped[field.Sel.Name]++
			}
		case name == "put", name == "each":
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				break // a constant, by its type
			}
			puts++
			html, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			values := len(call.Args) - 1
			if name == "each" {
				values = 1
			}
			if n := strings.Count(html, "{}"); n != values {
				t.Errorf("%q has %d places and %d values", html, n, values)
			}
			for i := range values {
				before := strings.Join(strings.Split(html, "{}")[:i+1], "")
				tag := before[strings.LastIndexAny(before, "<>")+1:]
				if inTag := strings.HasSuffix(before, "<"+tag); inTag && strings.Count(tag, `"`)%2 == 0 || strings.Contains(before, "<script") || strings.Contains(before, "<style") {
					t.Errorf("place %d of %q is neither between elements nor in quotes", i+1, html)
				}
			}
		}
		return true
	})
	return puts
}
