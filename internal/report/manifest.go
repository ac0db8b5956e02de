package report

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// manifestText is a manifest with what SARIF reports about its lines, kept small: a
// manifest may have millions.
type manifestText struct {
	text   []byte
	starts []int      // of the lines
	hashes []lineHash // nil: there is no text
}

func newManifestText(text []byte) manifestText {
	m := manifestText{text: text}
	if text == nil {
		return m
	}
	m.starts = []int{0}
	for i, c := range text {
		if c == '\n' {
			m.starts = append(m.starts, i+1)
		}
	}
	m.hashes = lineHashes(text)
	return m
}

// hash returns the fingerprint of a line; empty where there is none.
func (m manifestText) hash(line int) string {
	if line > len(m.hashes) {
		return ""
	}
	return m.hashes[line-1].String()
}

// end returns the column behind the last visible character of the note's line,
// where a value ends that is alone on its line.
func (m manifestText) end(n note) int {
	if n.line() > len(m.starts) {
		return n.column() + 1
	}
	line, _, _ := bytes.Cut(m.text[m.starts[n.line()-1]:], []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte(" #"))
	return max(utf8.RuneCount(bytes.TrimRight(line, " \t\r"))+1, n.column()+1)
}

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
// number after it that distinguishes lines of the same hash.
func lineHashes(text []byte) []lineHash {
	h := lineHasher{starts: make([]bool, hashBlock), window: make([]uint64, hashBlock), seen: map[uint64]int32{}, lineStart: true, first: 1}
	for range hashBlock {
		h.first *= hashMod
	}
	afterCR := false
	var units []uint16
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		i += size
		units = utf16.AppendRune(units[:0], r)
		for _, unit := range units {
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
	seen      map[uint64]int32
	out       []lineHash
}

// lineHash is the hash of a line, and which of the lines of that hash it is.
type lineHash struct {
	value uint64
	nth   int32
}

func (h lineHash) String() string {
	return strconv.FormatUint(h.value, 16) + ":" + strconv.Itoa(int(h.nth))
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
	h.seen[h.hash]++
	h.out = append(h.out, lineHash{h.hash, h.seen[h.hash]})
	h.starts[h.at] = false
}

func (h *lineHasher) roll(c uint64) {
	h.hash = hashMod*h.hash + c - h.first*h.window[h.at]
	h.window[h.at] = c
	h.at = (h.at + 1) % hashBlock
}
