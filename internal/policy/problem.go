package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/open-policy-agent/opa/v1/ast"
)

// maxProblems bounds how many are told at once.
const maxProblems = 20

// problem is one thing that is wrong with policies or their data.
type problem struct {
	file     string
	row, col int // from 1; 0: the file as a whole
	message  string
}

// problems is an error of one line each, in the order of the files.
type problems []problem

func (p problems) Error() string {
	slices.SortFunc(p, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.row, b.row), cmp.Compare(a.col, b.col), cmp.Compare(a.message, b.message))
	})
	var lines []string
	for i, one := range slices.Compact(p) {
		if i == maxProblems {
			lines = append(lines, "more problems are not shown; repair these first")
			break
		}
		lines = append(lines, one.String())
	}
	return strings.Join(lines, "\n")
}

func (p problem) String() string {
	if p.row == 0 {
		return p.file + ": " + p.message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.file, p.row, p.col, p.message)
}

// orNil is the error, or nil when nothing is wrong.
func (p problems) orNil() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// at is a problem at a place in a module.
func at(loc *ast.Location, format string, args ...any) problem {
	p := problem{message: fmt.Sprintf(format, args...)}
	if loc != nil {
		p.file, p.row, p.col = loc.File, loc.Row, loc.Col
	}
	return p
}

// fromOPA puts errors of OPA's parser and compiler into the same form.
func fromOPA(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	var out problems
	for _, e := range list {
		p := at(e.Location, "%s", e.Message)
		if detail, ok := e.Details.(*ast.RefErrInvalidDetail); ok && len(detail.OneOf) > 0 {
			p.message += "; " + wantOneOf(detail)
		}
		out = append(out, p)
	}
	return out.orNil()
}

// wantOneOf says which fields there are where a policy reads another.
func wantOneOf(d *ast.RefErrInvalidDetail) string {
	words := make([]string, len(d.OneOf))
	for i, v := range d.OneOf {
		words[i] = text(v)
	}
	if word, ok := closest(text(d.Ref[d.Pos].Value), words); ok {
		return fmt.Sprintf("did you mean %q?", word)
	}
	slices.Sort(words)
	return "want one of " + strings.Join(words, ", ")
}

// text is a string's text, and any other value as Rego writes it.
func text(v ast.Value) string {
	if s, ok := v.(ast.String); ok {
		return string(s)
	}
	return v.String()
}

// closest is the word that a typo of at most two edits was meant to be.
func closest(got string, words []string) (string, bool) {
	best, distance := "", 3
	for _, word := range words {
		if d := levenshtein.ComputeDistance(got, word); d < distance && 2*d < len(word) {
			best, distance = word, d
		}
	}
	return best, best != ""
}
