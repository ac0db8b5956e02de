package report

import "strings"

// words parts text at its spaces, but not inside quotes: a value or a command
// that stands in "…" or `…` is there to be copied, spaces and all.
func words(text string) []string {
	var out []string
	start := -1 // of the word under way; -1: none
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == ' ':
			if start >= 0 {
				out = append(out, text[start:i])
			}
			start = -1
			continue
		case start < 0:
			start = i
		}
		if start == i || strings.IndexByte("(=", text[i-1]) >= 0 {
			i += quoted(text[i:])
		}
	}
	if start >= 0 {
		out = append(out, text[start:])
	}
	return out
}

// quoted is where the quote ends that text begins with; 0 when it begins with
// none, or with one that does not end.
func quoted(text string) int {
	quote := text[0]
	if quote != '"' && quote != '`' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i
		case text[i] == '\\' && quote == '"':
			i++ // what it escapes ends nothing
		}
	}
	return 0
}
