package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/bindgate/bindgate/checks/spelling"
)

// instead returns the error of a text that is none of the words, with the word that was
// probably meant.
func instead(n *yaml.Node, message string, words []string) Error {
	err := Error{Message: message}
	if word := spelling.Nearest(n.Value, words, 2); word != "" {
		err.Next, err.Instead = fmt.Sprintf("did you mean %q?", word), Scalar(word, quoteOf(n))
	}
	return err
}

// quoteOf returns the quotation mark of a scalar; 0: it has none.
func quoteOf(n *yaml.Node) byte {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return '"'
	case n.Style&yaml.SingleQuotedStyle != 0:
		return '\''
	}
	return 0
}

// Scalar returns a string of one line as YAML, in the given quotation marks; with 0 in
// none, if it means the same without.
func Scalar(text string, quote byte) string {
	switch {
	case quote == '\'':
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	case quote == 0 && unquoted(text):
		return text
	}
	// Building a strings.Replacer takes longer than both of its replacements.
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}

// unquoted reports whether a string without quotation marks is the same string for every
// reader, in brackets too. It doubts what it does not know.
func unquoted(text string) bool {
	if text == "" || number.MatchString(text) || slices.Contains(strings.Fields("true false null yes no on off y n"), strings.ToLower(text)) {
		return false
	}
	for i, r := range text {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		digit := r >= '0' && r <= '9'
		inside := i > 0 && i < len(text)-1 && strings.ContainsRune(" -_./+", r)
		if !letter && !digit && !inside {
			return false
		}
	}
	return strings.Trim(text, "0123456789.-_+") != "" // nor a date
}

func list(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	sorted := slices.Sorted(slices.Values(words))
	return "one of " + strings.Join(sorted, ", ")
}
