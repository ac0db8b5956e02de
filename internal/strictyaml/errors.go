// Package strictyaml reads YAML, and with it JSON, for files where a mistake
// must never pass: every key is known and stands once, every value has the type
// that is asked for, and every error has a line and a column. It takes a plain
// subset of YAML 1.2 (no anchors, aliases, merge keys or tags), so that a file
// means the same to this program, to another parser and to a reviewer.
package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxErrors bounds how many errors of one file are told.
const maxErrors = 20

// Error is one thing wrong in a file.
type Error struct {
	File    string // as it was named by the user
	Line    int    // from 1; 0: the file as a whole
	Column  int    // from 1, in characters
	Message string // what is there, then what is wanted
	Next    string // what to do about it; may be empty
}

// Error is "file:line:column: message; next step".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
		if e.Line > 0 {
			fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
		}
		b.WriteString(" ")
	}
	b.WriteString(e.Message)
	if e.Next != "" {
		b.WriteString("; " + e.Next)
	}
	return b.String()
}

// Errors is everything wrong that was found, in the order of the files and,
// inside a file, of the lines.
type Errors []*Error

// Error is one error a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each of them.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// fail records one error in the file; past maxErrors it only counts.
func (f *File) fail(line, column int, message, next string) {
	f.record(&Error{File: f.Name, Line: line, Column: column, Message: message, Next: next})
}

// failAt records an error at a node, or at the flag that gave it.
func (f *File) failAt(n *yaml.Node, message, next string) {
	name := f.Name
	if flag, given := f.flags[n]; given {
		name = flag
	}
	f.record(&Error{File: name, Line: n.Line, Column: n.Column, Message: message, Next: next})
}

func (f *File) record(err *Error) {
	switch {
	case f.over:
	case len(f.errs) == maxErrors:
		f.more++
	default:
		f.errs = append(f.errs, err)
	}
}

// Errors gives everything wrong that was found so far: by Parse, and by the
// accessors of its values. Nil when the file is sound.
func (f *File) Errors() Errors {
	if len(f.errs) == 0 {
		return nil
	}
	out := slices.Clone(f.errs)
	slices.SortStableFunc(out, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if f.more > 0 {
		out = append(out, &Error{File: f.Name, Message: fmt.Sprintf("%d more errors are not shown", f.more), Next: "repair these first"})
	}
	return out
}
