// Package strictjson refuses JSON documents that two readers can read differently.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// mostNested bounds the depth of a document.
const mostNested = 100

// OneSpelling refuses two keys of an object that are equal except for letter case, and
// one of the names in another letter case. encoding/json would accept both for one
// field, so a reviewer could read another value than the program. The keys of objects
// below the key free are not compared with names.
func OneSpelling(data []byte, names []string, free string) error {
	s := speller{dec: json.NewDecoder(bytes.NewReader(data)), own: map[string]string{}, free: free}
	for _, name := range names {
		s.own[strings.ToLower(name)] = name
	}
	return s.value("", 0)
}

type speller struct {
	dec  *json.Decoder
	own  map[string]string
	free string
}

// value checks the keys of one value; under is the key of that value.
func (s speller) value(under string, depth int) error {
	if depth > mostNested {
		return fmt.Errorf("got more than %d values inside each other", mostNested)
	}
	token, err := s.dec.Token()
	if err != nil {
		return err
	}
	open, _ := token.(json.Delim)
	seen := map[string]bool{}
	for open != 0 && s.dec.More() {
		key := under
		if open == '{' {
			token, err := s.dec.Token()
			if err != nil {
				return err
			}
			key, _ = token.(string)
			folded := strings.ToLower(key)
			if !isASCII(key) || seen[folded] {
				return fmt.Errorf("got the key %.64q twice, or in two spellings", key)
			}
			seen[folded] = true
			if name, known := s.own[folded]; known && name != key && (s.free == "" || under != s.free) {
				return fmt.Errorf("got the key %.64q, want %q", key, name)
			}
		}
		if err := s.value(key, depth+1); err != nil {
			return err
		}
	}
	if open != 0 {
		_, err = s.dec.Token()
	}
	return err
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
