package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// runLength is the number of consecutive bytes of a secret that count as a leak.
const runLength = 8

// digitRun is how many digits in a row of a secret number written in decimal.
const digitRun = 20

// A scanner finds every run of its secrets, whichever way it is written.
type scanner struct {
	// fragments are the texts to find, by their first bytes: so one pass over a
	// haystack looks for all of them.
	fragments map[[runLength]byte][]fragment
	begin     [1 << 16]bool // the first two bytes of a fragment: few places of a text need a look into the map
}

// fragment is one run of a secret in one encoding.
type fragment struct{ text, says string }

// hide adds a secret. A failure shows its name and never the secret.
func (s *scanner) hide(name string, secret []byte) {
	if len(secret) < 2*runLength {
		panic(name + " is too short for a secret that is looked for")
	}
	if s.fragments == nil {
		s.fragments = map[[runLength]byte][]fragment{}
	}
	for i := 0; i+runLength <= len(secret); i++ {
		for encoding, texts := range writings(secret[i : i+runLength]) {
			for _, text := range texts {
				s.add(text, name+" in "+encoding)
			}
		}
	}
	number := new(big.Int).SetBytes(secret).String()
	for i := 0; i+digitRun <= len(number); i++ {
		s.add(number[i:i+digitRun], name+" as a number")
	}
}

func (s *scanner) add(text, says string) {
	start := [runLength]byte([]byte(text))
	s.fragments[start] = append(s.fragments[start], fragment{text, says})
	s.begin[int(text[0])<<8|int(text[1])] = true
}

// writings returns the encodings of a run of bytes: for each, the text that the
// encoding contains regardless of the bytes before and after the run.
func writings(run []byte) map[string][]string {
	hexes := []string{hex.EncodeToString(run), fmt.Sprintf("% x", run), strings.ReplaceAll(fmt.Sprintf("% x", run), " ", ":"), hexBytes(run)}
	for _, h := range hexes {
		hexes = append(hexes, strings.ToUpper(h))
	}
	decimal := strings.Trim(fmt.Sprintf("%v", run), "[]") // how Go prints bytes by mistake
	w := map[string][]string{
		"raw": {string(run)}, "hex": hexes,
		"decimal bytes": {decimal, strings.ReplaceAll(decimal, " ", ","), strings.ReplaceAll(decimal, " ", ", ")},
	}
	// The run may begin at any of the three bytes that make four characters.
	// The characters that hold bits of its neighbours are left out.
	for before, held := range []struct{ from, to int }{{0, 10}, {2, 12}, {3, 13}} {
		padded := append(make([]byte, before), run...)
		w["base64"] = append(w["base64"], base64.StdEncoding.EncodeToString(padded)[held.from:held.to])
		w["base64url"] = append(w["base64url"], base64.URLEncoding.EncodeToString(padded)[held.from:held.to])
	}
	return w
}

func hexBytes(run []byte) string {
	each := make([]string, len(run))
	for i, b := range run {
		each[i] = fmt.Sprintf("%#x", b)
	}
	return strings.Join(each, ", ")
}

// leaks reports the secrets that the views of a text contain, and their encoding.
func (s *scanner) leaks(views [][]byte) []string {
	found := map[string]bool{}
	for _, view := range views {
		for i := 0; i+runLength <= len(view); i++ {
			if !s.begin[int(view[i])<<8|int(view[i+1])] {
				continue
			}
			for _, f := range s.fragments[[runLength]byte(view[i:])] {
				if bytes.HasPrefix(view[i:], []byte(f.text)) {
					found[f.says] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// The parts of a query that was signed and of the headers of a signed request,
// and a request URL, in lower case.
var (
	requestParts = []string{"accesskeyid=", "signature=", "signaturenonce=", "privatekey=", "x-acs-", "acs3-hmac"}
	requestURL   = regexp.MustCompile(`https?://[^/\s"]+/\?`)
)

// requests are the parts of a request that the views of a text hold.
func requests(views [][]byte) []string {
	found := map[string]bool{}
	for _, view := range views {
		view = bytes.ToLower(view)
		for _, part := range requestParts {
			if bytes.Contains(view, []byte(part)) {
				found["request: "+part] = true
			}
		}
		for _, url := range requestURL.FindAll(view, -1) {
			found["request: "+string(url)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// views are a text as it is and as it reads once wrapping, escapes and URL
// encoding (twice, as in a string to sign) are undone.
func views(text []byte) [][]byte {
	out := [][]byte{text}
	add := func(view []byte) {
		if !slices.ContainsFunc(out, func(v []byte) bool { return bytes.Equal(v, view) }) {
			out = append(out, view)
		}
	}
	add(unescape(text))
	add([]byte(html.UnescapeString(string(text))))
	for _, view := range slices.Clone(out) {
		once := unpercent(view)
		add(once)
		add(unpercent(once))
		add(unpercent(bytes.ReplaceAll(view, []byte("+"), []byte(" ")))) // as forms write a space
	}
	for _, view := range slices.Clone(out) {
		add(bytes.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, view))
	}
	return out
}

var (
	percentByte = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	escape      = regexp.MustCompile(`\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["'\\/abfnrtv])`)
)

func unpercent(text []byte) []byte {
	return percentByte.ReplaceAllFunc(text, func(m []byte) []byte {
		n, _ := strconv.ParseUint(string(m[1:]), 16, 8) // the pattern says that it is one
		return []byte{byte(n)}
	})
}

// unescape undoes the escapes of JSON and Go.
func unescape(text []byte) []byte {
	return escape.ReplaceAllFunc(text, func(m []byte) []byte {
		n, err := strconv.ParseUint(string(m[2:]), 16, 32)
		switch {
		case m[1] == 'x':
			return []byte{byte(n)}
		case err == nil: // \u, \U
			return []byte(string(rune(n)))
		}
		if i := bytes.IndexByte([]byte("abfnrtv"), m[1]); i >= 0 {
			return []byte{"\a\b\f\n\r\t\v"[i]}
		}
		return m[1:]
	})
}
