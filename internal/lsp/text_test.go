package lsp

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// Positions and offsets agree with a conversion to UTF-16, and a change of a range is what
// an editor makes of it.
func FuzzPositions(f *testing.F) {
	f.Add("a: b\r\n😀: \U0001d49c # é\rc\n", "x\n", 1, 1, 2, 0)
	f.Add("\ufeffa: \"b\n c\"", "", 0, 0, 1<<40, 1<<40)
	f.Add("[{a: 'b''c', d: e}]", "\r", 0, 4, 0, 3)
	f.Fuzz(func(t *testing.T, s, with string, line, character, endLine, endCharacter int) {
		if !utf8.ValidString(s) || !utf8.ValidString(with) {
			return // JSON has no other texts
		}
		x := newText(s)
		p := position{line, character}
		offset := x.offset(p)
		if got := seek(s, p); got != offset {
			t.Fatalf("%v is at %d and at %d", p, offset, got)
		}
		if offset < len(s) && !utf8.RuneStart(s[offset]) {
			t.Fatalf("%v is inside a character", p)
		}
		back := x.position(offset)
		begin := x.lines[back.Line]
		if n := len(utf16.Encode([]rune(s[begin:offset]))); n != back.Character {
			t.Fatalf("character %d of its line, want %d", back.Character, n)
		}
		if again := x.offset(back); again != offset {
			t.Fatalf("%v is at %d, and %v at %d", p, offset, back, again)
		}
		if ends := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s[:begin]); strings.Count(ends, "\n") != back.Line {
			t.Fatalf("line %d begins at %d", back.Line, begin)
		}
		if offset >= x.begin {
			if got := x.at(x.placeOf(offset)); got != offset {
				t.Fatalf("the place of %d is %d", offset, got)
			}
		}
		if end := x.end(offset); end < offset || end > len(s) {
			t.Fatalf("the value at %d ends at %d of %d", offset, end, len(s))
		}
		r := span{p, position{endLine, endCharacter}}
		end := max(offset, x.offset(r.End))
		if got, want := apply(s, change{Range: &r, Text: with}), s[:offset]+with+s[end:]; got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
