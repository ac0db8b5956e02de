package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// File is one parsed file. Its errors collect while its values are read.
type File struct {
	Name string // as errors name it
	docs []Value
	errs Errors
	more int // errors past maxErrors
}

// Parse reads the YAML documents of src; what is wrong with them is in Errors.
// It never panics, and a hostile text costs bounded time and memory.
func Parse(name string, src []byte) *File {
	f := &File{Name: name}
	text, ok := f.scan(src)
	if !ok {
		return f
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithV4Defaults(),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		f.fail(0, 0, fmt.Sprintf("starting the YAML parser: %v", err), "")
		return f
	}
	for {
		doc, err := next(loader)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			f.docs = nil // half a file says nothing
			f.syntax(err, text)
			return f
		}
		f.add(doc)
	}
	if len(f.docs) == 0 {
		f.fail(0, 0, "file is empty, want a YAML or JSON document", "")
	}
	return f
}

// Documents gives the values of the file's documents, in order. Read them only
// to find more errors, or when Errors is nil.
func (f *File) Documents() []Value { return f.docs }

func (f *File) add(doc *yaml.Node) {
	if len(doc.Content) != 1 {
		f.fail(doc.Line, doc.Column, "document is empty", "remove it")
		return
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Value == "" && root.Tag == nullTag {
		root.Line, root.Column = doc.Line, doc.Column // the parser places "nothing" at the next line
	}
	f.clean(root)
	f.docs = append(f.docs, Value{file: f, node: root})
}

// next gives the next document. The parser panics on what it holds impossible.
func next(loader *yaml.Loader) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", r)
		}
	}()
	doc = &yaml.Node{}
	return doc, loader.Load(doc)
}

// syntax records what the parser says, in words that tell what to do.
func (f *File) syntax(err error, text []byte) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		f.fail(0, 0, "not YAML: "+shorten(err.Error()), "")
		return
	}
	line, column := load.Mark.Line, load.Mark.Column
	what := load.Message
	switch {
	case strings.Contains(what, "max depth"):
		f.fail(line, column, fmt.Sprintf("nested too deeply: more than %d levels", maxDepth), "")
	case strings.HasPrefix(what, "unknown anchor"):
		f.fail(line, column, "got an alias", plainSubset)
	case strings.Contains(what, "Unicode character escape"):
		f.fail(line, column, "got an escape that is no character by itself", "write the character, not its surrogates")
	case strings.Contains(what, "tab") || at(text, line, column) == '\t':
		f.fail(line, column, "got a tab, want spaces: YAML takes no tabs as indentation", "replace it with spaces")
	case load.ContextMsg != "":
		f.fail(line, column, fmt.Sprintf("not YAML: %s (%s that begins at line %d)", shorten(what),
			load.ContextMsg, load.ContextMark.Line), "")
	default:
		f.fail(line, column, "not YAML: "+shorten(what), "")
	}
}

// at is the character at a position, both from 1; 0 when there is none.
func at(text []byte, line, column int) rune {
	lines := bytes.SplitN(text, []byte("\n"), line+1)
	if line < 1 || line > len(lines) {
		return 0
	}
	for _, r := range string(lines[line-1]) {
		if column--; column == 0 {
			return r
		}
	}
	return 0
}

// shorten bounds a text that may hold part of the file.
func shorten(s string) string {
	const most = 120
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
