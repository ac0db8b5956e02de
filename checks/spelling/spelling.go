// Package spelling finds the word that another one misspells, for messages that ask "did
// you mean".
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// longest is the most bytes of a text that is compared: the distance costs the product of
// two lengths.
const longest = 64

// Nearest returns the word that got misspells by at most so many edits, or differs from by
// case and surrounding space; empty if there is none. Two neighbours in each other's place
// are one edit. Half of a word and more is never an edit, and got itself is no answer.
func Nearest(got string, words []string, edits int) string {
	folded := strings.ToLower(strings.TrimSpace(got))
	if len(folded) > longest {
		return ""
	}
	best, distance := "", edits+1
	for _, word := range words {
		lower := strings.ToLower(word)
		d := 1
		if !swapped(folded, lower) {
			d = levenshtein.ComputeDistance(folded, lower)
		}
		if d < distance && 2*d < len(word) && word != got {
			best, distance = word, d
		}
	}
	return best
}

// Swapped reports whether exchanging two neighbours of a gives b, apart from case.
func Swapped(a, b string) bool { return swapped(strings.ToLower(a), strings.ToLower(b)) }

func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
