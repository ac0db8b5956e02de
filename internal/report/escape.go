package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds, in characters, one piece of text on a terminal. What is
// longer is cut; the json format has all of it.
const maxText = 2000

// Escape makes text from outside fit for a terminal and a CI log: one line of
// valid UTF-8 in which every character is visible. Control characters, line
// ends, bidirectional and zero-width characters, and invalid bytes are written
// as Go escapes. Marks by which a CI runner would know a command are broken:
// "##", which Azure Pipelines and GitHub look for anywhere in a line
// (##vso[…], ##[…]), and a leading "::" (GitHub workflow commands, 2026). The
// escapes are not reversible, and escaping twice changes nothing more.
func Escape(s string) string {
	if harmless(s) {
		return s
	}
	var b strings.Builder
	leading, hash, previous, marks := true, false, ' ', 0
	for i, n := 0, 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+size]
		switch {
		case r == utf8.RuneError && size == 1:
			piece = fmt.Sprintf(`\x%02x`, s[i])
		case r == '#' && hash, leading && strings.HasPrefix(s[i:], "::"):
			piece = fmt.Sprintf(`\x%02x`, r)
		case !visible(r), unicode.In(r, unicode.Mn, unicode.Me) && (marks >= mostMarks || !carries(previous)):
			piece = strings.Trim(strconv.QuoteRuneToASCII(r), "'")
		}
		if previous = r; unicode.In(r, unicode.Mn, unicode.Me) {
			marks++
		} else {
			marks = 0
		}
		hash = r == '#' && !hash
		leading = leading && r == ' '
		i += size
		for _, c := range piece {
			if n++; n > maxText {
				return b.String() + "…"
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}

// mostMarks are the combining marks that one character may carry. More would be drawn
// over the lines above and below.
const mostMarks = 4

// carries reports whether a combining mark may follow a character: not a blank or a
// punctuation mark, which may be the report's own.
func carries(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.So)
}

// harmless reports whether nothing of a text has to be escaped: the common case,
// which costs no copy.
func harmless(s string) bool {
	if len(s) > maxText || strings.Contains(s, "##") || strings.HasPrefix(strings.TrimLeft(s, " "), "::") {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' { // not visible, or not ASCII
			return false
		}
	}
	return true
}

// visible reports whether a character shows as itself: printable in Go's sense
// (letters, marks, numbers, punctuation, symbols and the ASCII space), and not
// one of the few letters and marks that Unicode says to leave blank.
func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r <= '~' // nearly all there is
	}
	return strconv.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
