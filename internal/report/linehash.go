package report

import (
	"strconv"
	"unicode/utf16"
)

// Numbers of the published algorithm.
const (
	hashBlock = 100 // characters that count for a line's hash
	hashMod   = 37
	hashEOF   = 65535
)

// lineHashes gives each line of a text (index 0: line 1) the fingerprint by
// which GitHub knows a place again although lines moved:
// primaryLocationLineHash, as github/codeql-action publishes it
// (src/fingerprints.ts, 2022). It is a rolling hash over the 100 UTF-16 units
// from the line's start on, blanks left out and line ends made equal, with a
// number behind it that tells lines of the same hash apart.
func lineHashes(text string) []string {
	h := lineHasher{starts: make([]bool, hashBlock), window: make([]uint64, hashBlock), seen: map[string]int{}, lineStart: true, first: 1}
	for range hashBlock {
		h.first *= hashMod
	}
	afterCR := false
	for _, unit := range utf16.Encode([]rune(text)) {
		switch {
		case unit == ' ', unit == '\t', unit == '\n' && afterCR:
			afterCR = false
		case unit == '\r':
			afterCR = true
			h.add('\n')
		default:
			afterCR = false
			h.add(uint64(unit))
		}
	}
	h.add(hashEOF)
	for range hashBlock {
		h.emit()
		h.roll(0)
	}
	return h.out
}

// lineHasher holds the last hashBlock characters in a ring.
type lineHasher struct {
	window    []uint64
	starts    []bool // whether the character of that place began a line
	at        int
	hash      uint64 // wraps, as the published one does
	first     uint64 // hashMod to the power of hashBlock
	lineStart bool
	seen      map[string]int
	out       []string
}

func (h *lineHasher) add(c uint64) {
	h.emit()
	h.starts[h.at] = h.lineStart
	h.lineStart = c == '\n'
	h.roll(c)
}

// emit gives out the hash of the line that began hashBlock characters ago, if
// one did.
func (h *lineHasher) emit() {
	if !h.starts[h.at] {
		return
	}
	value := strconv.FormatUint(h.hash, 16)
	h.seen[value]++
	h.out = append(h.out, value+":"+strconv.Itoa(h.seen[value]))
	h.starts[h.at] = false
}

func (h *lineHasher) roll(c uint64) {
	h.hash = hashMod*h.hash + c - h.first*h.window[h.at]
	h.window[h.at] = c
	h.at = (h.at + 1) % hashBlock
}
