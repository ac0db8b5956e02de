package strictyaml

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Limits, far above real files: a hostile file is refused before it costs time
// or memory.
const (
	MaxBytes  = 64 << 20 // of a file that Each reads
	MaxTree   = 4 << 20  // bytes parsed at once: a file for Parse, one part for Each
	maxValues = 300_000  // approximate number of values parsed at once; the parser takes about 900 bytes per value
	maxDepth  = 20       // nesting of mappings and lists
)

const utf8BOM = "\xef\xbb\xbf"

// scan checks the raw bytes before the parser, which stops silently at NUL,
// takes U+0085 for a line break and gives no position for bad UTF-8. It returns
// the text without a byte order mark; ok is false if it must not be parsed.
func (f *File) scan(src []byte, most int) (text []byte, ok bool) {
	if len(src) > most {
		f.fail(0, 0, fmt.Sprintf("file is too large: more than %d MiB", most>>20), "split it into several files")
		return nil, false
	}
	src = bytes.TrimPrefix(src, []byte(utf8BOM))
	line, column := 1, 1
	for i := 0; i < len(src); {
		r, size := rune(src[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(src[i:])
		}
		switch {
		case r == utf8.RuneError && size == 1:
			f.fail(line, column, fmt.Sprintf("got the byte 0x%02x, want UTF-8", src[i]), "save the file as UTF-8")
			return nil, false
		case r == '\n':
			line, column = line+1, 0
		case r == '\t', r == '\r' && i+1 < len(src) && src[i+1] == '\n':
		case hidden(r):
			f.fail(line, column, fmt.Sprintf("got the control character %U, want plain text", r), "remove it")
			return nil, false
		}
		i, column = i+size, column+1
	}
	return src, true
}

// crowded reports whether a text may contain more values than are parsed at
// once.
func crowded(text []byte) bool {
	values := 0
	for i, c := range text {
		switch c {
		case '\n', ',', ':', '[', '{', '?':
			values++
		case '-':
			if i+1 < len(text) && text[i+1] == ' ' {
				values++
			}
		}
	}
	return values > maxValues
}

// hidden reports characters that make text look different from what it is, or
// that control a terminal: C0 and C1 controls, line separators, byte order
// marks inside a text and bidirectional controls (Unicode TR36 §3.6;
// CVE-2021-42574).
func hidden(r rune) bool {
	switch {
	case r < 0x20 || r == 0x7f:
		return true
	case r < 0x80:
		return false
	}
	return unicode.IsControl(r) || r == 0x61c || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e ||
		r >= 0x2066 && r <= 0x2069 || r == 0xfeff
}

// invisible reports characters that display nothing (Unicode TR36 §3.1): two
// values that look the same would differ. Comments may contain them: emoji do.
func invisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x34f, r == 0x3164, r == 0xffa0, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5:
		return true
	}
	return r >= 0x180b && r <= 0x180f || r >= 0x200b && r <= 0x200d || r >= 0x2060 && r <= 0x206f || r >= 0xfff9 && r <= 0xfffb ||
		r >= 0xe0000 && r <= 0xe0fff
}

// Hidden returns the first character of s that no value may contain: a control
// character (including line breaks and tabs), one that changes the direction of
// text, or an invisible one.
func Hidden(s string) (rune, bool) {
	for _, r := range s {
		if r >= 0x20 && r < 0x7f {
			continue
		}
		if hidden(r) || invisible(r) {
			return r, true
		}
	}
	return 0, false
}
