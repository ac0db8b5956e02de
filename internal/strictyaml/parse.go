package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// File is one parsed file. Its accessors record errors in it.
type File struct {
	Name string // name in errors
	docs []Value
	errs Errors
	more int // errors past maxErrors

	long  *long                 // of the document that Each currently reads
	over  bool                  // Each has stopped at a syntax error
	flags map[*yaml.Node]string // the flags that set the values; nil for a file
	depth int                   // nesting that it may have; 0: maxDepth
}

// Parse reads the YAML documents of src, of at most MaxTree bytes; Errors
// returns their errors. It never panics, and a hostile text costs bounded time
// and memory.
func Parse(name string, src []byte) *File {
	f := &File{Name: name}
	text, ok := f.scan(src, MaxTree)
	if !ok {
		return f
	}
	if crowded(text) {
		f.fail(0, 0, fmt.Sprintf("file contains more than %d values", maxValues), "split it into several files")
		return f
	}
	err := load(text, limits(), func(doc *yaml.Node) bool {
		f.add(doc)
		return true
	})
	if err != nil {
		f.docs = nil // half a file is misleading
		f.syntax(err, text, nil)
		return f
	}
	if len(f.docs) == 0 {
		f.empty()
	}
	return f
}

func (f *File) empty() { f.fail(0, 0, "file is empty, want a YAML or JSON document", "") }

// Documents returns the values of the file's documents, in order. Unless Errors
// is nil, read them only to find more errors.
func (f *File) Documents() []Value { return f.docs }

func (f *File) add(doc *yaml.Node) {
	if root := f.root(doc); root != nil {
		f.clean(root)
		f.docs = append(f.docs, Value{file: f, node: root})
	}
}

// root returns the value of a document; nil, with an error, if it is empty.
func (f *File) root(doc *yaml.Node) *yaml.Node {
	if len(doc.Content) != 1 {
		f.fail(doc.Line, doc.Column, "document is empty", "remove it")
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Value == "" && root.Tag == nullTag {
		root.Line, root.Column = doc.Line, doc.Column // the parser places an absent value at the next line
	}
	return root
}

func limits() *loaderlimits.Plugin { return loaderlimits.New(loaderlimits.DepthValue(maxDepth)) }

// load parses the documents of a text until take returns false.
func load(text []byte, bounds *loaderlimits.Plugin, take func(*yaml.Node) bool) error {
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithV4Defaults(), yaml.WithPlugin(bounds))
	if err != nil {
		return fmt.Errorf("starting the YAML parser: %w", err)
	}
	for {
		doc, err := next(loader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !take(doc) {
			return nil
		}
	}
}

// next returns the next document. The parser panics on states it considers
// impossible.
func next(loader *yaml.Loader) (doc *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML parser gave up: %v", r)
		}
	}()
	doc = &yaml.Node{}
	return doc, loader.Load(doc)
}

// syntax records the parser's error in words that suggest a fix. moved maps
// positions of the parsed text to positions in the file.
func (f *File) syntax(err error, text []byte, moved moves) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		f.fail(0, 0, "not YAML: "+shorten(err.Error()), "")
		return
	}
	tab := at(text, load.Mark.Line, load.Mark.Column) == '\t'
	line, column := moved.apply(load.Mark.Line, load.Mark.Column)
	what := load.Message
	switch {
	case strings.Contains(what, "max depth"):
		f.fail(line, column, fmt.Sprintf("nested too deeply: more than %d levels", cmp.Or(f.depth, maxDepth)), "")
	case strings.HasPrefix(what, "unknown anchor"):
		f.fail(line, column, "got an alias", plainSubset)
	case strings.Contains(what, "Unicode character escape"):
		f.fail(line, column, "got an escape for half of a surrogate pair", "write the character itself")
	case strings.Contains(what, "tab") || tab:
		f.fail(line, column, "got a tab, want spaces: YAML does not allow tabs as indentation", "replace it with spaces")
	case load.ContextMsg != "":
		begins, _ := moved.apply(load.ContextMark.Line, load.ContextMark.Column)
		f.fail(line, column, fmt.Sprintf("not YAML: %s (%s that begins at line %d)", shorten(what), load.ContextMsg, begins), "")
	default:
		f.fail(line, column, "not YAML: "+shorten(what), "")
	}
}

// at returns the character at a position, both from 1; 0 if there is none.
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

// shorten limits the length of text that comes from the file.
func shorten(s string) string {
	const most = 120
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
