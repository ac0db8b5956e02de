// Package strictyaml reads YAML, and with it JSON, for files in which no
// mistake may pass unnoticed: every key is known and unique, every value has
// the requested type, and every error has a line and a column. It accepts a
// plain subset of YAML 1.2 (no anchors, aliases, merge keys or tags), so that a
// file means the same to this program, to another parser and to a reviewer.
package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxErrors limits the errors reported for one file.
const maxErrors = 20

// Error is one error in a file.
type Error struct {
	File    string // as the user named it
	Line    int    // from 1; 0: the file as a whole
	Column  int    // from 1, in characters
	Message string // got and want
	Next    string // the next step; may be empty

	Instead string // the YAML text to write in the place of the scalar there; empty: not known
	First   Place  // the first one of two places that contradict each other; zero: there is none
}

// Place is a place in the file of an error, from 1.
type Place struct{ Line, Column int }

// Error returns "file:line:column: message; next step".
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

// Errors are all errors found, ordered by file and line.
type Errors []*Error

// Error returns one error per line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors for errors.As.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, err := range e {
		out[i] = err
	}
	return out
}

// fail records an error in the file; past maxErrors it only counts.
func (f *File) fail(line, column int, message, next string) {
	f.record(&Error{File: f.Name, Line: line, Column: column, Message: message, Next: next})
}

// failAt records an error at a node, or at the flag that gave it.
func (f *File) failAt(n *yaml.Node, message, next string) {
	f.failWith(n, Error{Message: message, Next: next})
}

// failWith is failAt for an error that knows more than its words.
func (f *File) failWith(n *yaml.Node, err Error) {
	err.File, err.Line, err.Column = f.Name, n.Line, n.Column
	if flag, given := f.flags[n]; given {
		err.File = flag
	}
	f.record(&err)
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

// Errors returns all errors found so far by Parse and by the accessors of its
// values; nil if there are none.
func (f *File) Errors() Errors {
	if len(f.errs) == 0 {
		return nil
	}
	out := slices.Clone(f.errs)
	slices.SortStableFunc(out, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if f.more > 0 {
		out = append(out, &Error{File: f.Name, Message: fmt.Sprintf("%d more errors are not shown", f.more), Next: "fix these first"})
	}
	return out
}
