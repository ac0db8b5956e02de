package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// didYouMean suggests the word that got misspells; empty if there is none.
func didYouMean(got string, words []string) string {
	if best := Nearest(got, words); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

// Nearest returns the word that got misspells by at most two edits, or by letter case;
// empty if there is none.
func Nearest(got string, words []string) string {
	const longest = 64 // the distance costs len(a) × len(b)
	best, distance := "", 3
	if len(got) > longest {
		return ""
	}
	for _, word := range words {
		d := levenshtein.ComputeDistance(strings.ToLower(got), strings.ToLower(word))
		if d < distance && 2*d < len(word) {
			best, distance = word, d
		}
	}
	return best
}

func list(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	sorted := slices.Sorted(slices.Values(words))
	return "one of " + strings.Join(sorted, ", ")
}
