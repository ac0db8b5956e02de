package pki

import (
	"bytes"
	"fmt"
	"strings"
)

// pemLine is the number of base64 characters that RFC 7468 §2 gives a line.
const pemLine = 64

// dirtOf says, a predicate for each, how a PEM file differs from the canonical
// text of RFC 7468 §3. All of it is read here; other programs stumble over some
// of it: Go and OpenSSL skip the first block behind a byte-order mark.
func dirtOf(file []byte, escaped bool) []string {
	var dirt []string
	if bytes.HasPrefix(file, []byte("\xEF\xBB\xBF")) {
		dirt = append(dirt, "begins with a byte-order mark, and many programs skip the block behind one")
	}
	if escaped {
		return append(dirt, `has its line breaks written as the two characters \n`)
	}
	if n := bytes.Count(file, []byte("\r")); n > 0 {
		dirt = append(dirt, fmt.Sprintf("has Windows line ends (%d of them)", n))
	}
	inside := false
	first := map[string]int{} // kind of dirt → the first line that has it
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(file), "\xEF\xBB\xBF")) {
		number++
		text := strings.TrimRight(line, "\r\n")
		kind := ""
		switch trimmed := strings.TrimSpace(text); {
		case strings.HasPrefix(trimmed, beginMark):
			inside = true
			if trimmed == beginMark+"X509 CERTIFICATE"+dashes {
				kind = "has the old label X509 CERTIFICATE, which Go and others pass over"
			}
		case strings.HasPrefix(trimmed, endMark):
			inside = false
		case inside && trimmed == "":
			kind = "has an empty line inside a block"
		case inside && len(trimmed) > pemLine && !strings.Contains(trimmed, ":"):
			kind = fmt.Sprintf("has a base64 line of more than %d characters", pemLine)
		case !inside && trimmed != "":
			kind = "has text outside the blocks"
		}
		if kind == "" && strings.TrimSpace(text) != text {
			kind = "has blanks at the ends of a line"
		}
		if _, told := first[kind]; kind != "" && !told {
			first[kind] = number
			dirt = append(dirt, fmt.Sprintf("%s (line %d)", kind, number))
		}
	}
	return dirt
}

// keyPlaces are the places of the private keys among the blocks of a file.
func keyPlaces(blocks []block) (places []string) {
	for _, b := range blocks {
		if kind := kindOfLabel(b.Type); kind == kindPrivateKey || kind == kindSSHKey || kindOfLabel(b.Type) != kindCertificate && encodingOf(b.Bytes) != "" {
			places = append(places, b.at())
		}
	}
	return places
}
