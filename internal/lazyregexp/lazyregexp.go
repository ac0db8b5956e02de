// Package lazyregexp has regular expressions that are compiled when they are first
// used: the expressions of all packages took a twelfth of the time of a run of one
// binding, which uses few of them.
package lazyregexp

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression. Its methods do what those of [regexp.Regexp] do,
// and are safe for concurrent use.
type Regexp struct{ compiled func() *regexp.Regexp }

// New returns the expression of text, in the syntax of package regexp. A text that
// is no expression panics when it is first used.
func New(text string) Regexp {
	return Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })}
}

// Match reports whether text has a match.
func (r Regexp) Match(text []byte) bool { return r.compiled().Match(text) }

// MatchString reports whether text has a match.
func (r Regexp) MatchString(text string) bool { return r.compiled().MatchString(text) }

// FindString returns the first match in text, or "".
func (r Regexp) FindString(text string) string { return r.compiled().FindString(text) }

// FindStringSubmatch returns the first match in text and its groups, or nil.
func (r Regexp) FindStringSubmatch(text string) []string {
	return r.compiled().FindStringSubmatch(text)
}

// FindAllStringSubmatch returns the first n matches in text and their groups, or nil; all
// for a negative n.
func (r Regexp) FindAllStringSubmatch(text string, n int) [][]string {
	return r.compiled().FindAllStringSubmatch(text, n)
}

// FindSubmatch returns the first match in text and its groups, or nil.
func (r Regexp) FindSubmatch(text []byte) [][]byte { return r.compiled().FindSubmatch(text) }

// ReplaceAllString returns text with with, expanded, in place of each match.
func (r Regexp) ReplaceAllString(text, with string) string {
	return r.compiled().ReplaceAllString(text, with)
}

// ReplaceAllStringFunc returns text with what with returns in place of each match.
func (r Regexp) ReplaceAllStringFunc(text string, with func(string) string) string {
	return r.compiled().ReplaceAllStringFunc(text, with)
}
