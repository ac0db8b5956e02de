package pki

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"strings"
	"unicode"
)

// block is one PEM block and its position in the file.
type block struct {
	pem.Block
	index  int // among all blocks of the file, from 0
	offset int // of its BEGIN line, in bytes
	line   int // of its BEGIN line, from 1
}

func (b block) at() string { return place(b.index, b.offset, b.line) }

func place(index, offset, line int) string {
	return fmt.Sprintf("block %d (line %d, byte %d)", index+1, line, offset)
}

const (
	beginMark = "-----BEGIN "
	endMark   = "-----END "
	dashes    = "-----"
)

// scan splits text into its PEM blocks (RFC 7468 §2). pem.Decode silently skips
// an unreadable block, and the next certificate would become the leaf; so scan
// cuts the blocks out line by line, and returns a Problem for anything that
// looks like a block but cannot be decoded. It accepts unambiguous
// irregularities (text between blocks, CRLF, indented or empty lines).
func scan(text []byte) ([]block, *Problem) {
	var blocks []block
	var open *block       // the block that waits for its END line
	var body bytes.Buffer // its lines, cleaned
	offset, number := 0, 0
	for rest := text; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		whole := string(rest[:n])
		line := strings.TrimSpace(whole)
		start := offset + strings.Index(whole, line)
		rest, offset, number = rest[n:], offset+n, number+1

		label, isBegin := marker(line, beginMark)
		endLabel, isEnd := marker(line, endMark)
		switch {
		case isBegin && open == nil:
			open = &block{index: len(blocks), offset: start, line: number}
			open.Type = label
			body.Reset()
			addLine(&body, line)
		case isBegin:
			return nil, corrupt(*open, "it has no END line before the next BEGIN line")
		case isEnd && open == nil:
			return nil, corruptAt(place(len(blocks), start, number), "an END line has no BEGIN line before it")
		case isEnd && endLabel != open.Type:
			return nil, corrupt(*open, "its END line has another label than its BEGIN line")
		case isEnd:
			addLine(&body, line)
			decoded, _ := pem.Decode(body.Bytes())
			switch {
			case decoded != nil:
				open.Block = *decoded
			case !strings.HasPrefix(open.Type, "PGP "): // PGP armor ends with a checksum
				return nil, notBase64(*open, body.String())
			}
			blocks, open = append(blocks, *open), nil
		case strings.Contains(line, beginMark) || strings.Contains(line, endMark):
			return nil, joined(place(len(blocks), start, number))
		case strings.HasPrefix(line, dashes) && strings.ContainsFunc(line, otherBlank):
			return nil, &Problem{Kind: "corrupt",
				Message: fmt.Sprintf("cannot be read at %s: a BEGIN or END line has a no-break space or another blank in place of a space", place(len(blocks), start, number)),
				Fix:     `sed -E '/^-----/s/(\xC2\xA0|\xE2\x80[\x80-\x8B\xAF]|\xE3\x80\x80|\xEF\xBB\xBF)/ /g' FILE > FILE.pem`}
		case wrongDashes(line):
			return nil, &Problem{Kind: "corrupt",
				Message: fmt.Sprintf("cannot be read at %s: a BEGIN or END line lacks its five hyphens on both sides", place(len(blocks), start, number)),
				Fix:     `sed -E 's/^[^A-Z]*(BEGIN|END) ([A-Z0-9 ]*[A-Z0-9])[^A-Z0-9]*$/-----\1 \2-----/' FILE > FILE.pem`}
		case open != nil:
			addLine(&body, line)
		}
	}
	if open != nil {
		return nil, corrupt(*open, "it has no END line; the file is truncated")
	}
	return blocks, nil
}

// otherBlank reports characters that look like a space but are not: to other
// programs the line is no BEGIN line.
func otherBlank(r rune) bool {
	return r != ' ' && r != '\t' && unicode.IsSpace(r) || r == '\u200B' || r == '\uFEFF'
}

func addLine(body *bytes.Buffer, line string) {
	body.WriteString(line)
	body.WriteByte('\n')
}

// marker returns the label of a BEGIN or END line.
func marker(line, mark string) (string, bool) {
	label, ok := strings.CutPrefix(line, mark)
	if !ok {
		return "", false
	}
	label, ok = strings.CutSuffix(label, dashes)
	return label, ok && !strings.Contains(label, dashes)
}

// notBase64 names the bad line of a block, or reports that the last ones are
// missing. text has one line for each line of the file.
func notBase64(b block, text string) *Problem {
	size := 0
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i == 0 || strings.HasPrefix(line, endMark) || strings.Contains(line, ":") {
			continue
		}
		if strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \t") != "" {
			return corrupt(b, fmt.Sprintf("line %d is not base64", b.line+i))
		}
		size += len(line)
	}
	if size%4 != 0 {
		return corrupt(b, fmt.Sprintf("its base64 is truncated (%d characters, want a multiple of 4)", size))
	}
	return corrupt(b, "its text is not base64")
}

func corrupt(b block, what string) *Problem {
	return &Problem{Kind: "corrupt", Message: fmt.Sprintf("cannot be read at %s: %s", b.at(), what),
		Fix: "fetch the file again from where it was issued, and compare its size there with ls -l FILE"}
}

func corruptAt(where, what string) *Problem {
	return &Problem{Kind: "corrupt", Message: fmt.Sprintf("cannot be read at %s: %s", where, what),
		Fix: "fetch the files again from where they were issued; awk 1 a.pem b.pem > FILE joins files without losing a line"}
}

// joined is the Problem of files joined without a line break, or of text that
// lost its line breaks in a shell or a variable.
func joined(where string) *Problem {
	return &Problem{Kind: "corrupt",
		Message: fmt.Sprintf("cannot be read at %s: a BEGIN or END line has other text on it; line breaks were lost, or files were joined without one between them", where),
		Fix:     `sed -E 's/[\x22\x27]//g; s/(\\r|\\n)+/\n/g; s/ *(-----[A-Z0-9 ]+-----) */\n\1\n/g' FILE | sed '/-----/!s/ /\n/g' > FILE.pem`}
}

// clean repairs a file whose PEM blocks are hidden, without moving any byte: a
// UTF-8 byte-order mark becomes spaces, a lone carriage return a line feed.
// Line breaks written as the two characters \n, common in environment
// variables, become real ones; escaped is true then.
func clean(file []byte) (text []byte, escaped bool) {
	text = bytes.Clone(file)
	if bytes.HasPrefix(text, []byte("\xEF\xBB\xBF")) {
		copy(text, "   ")
	}
	if bytes.Contains(text, []byte(dashes+`\n`)) || bytes.Contains(text, []byte(dashes+`\r\n`)) {
		escaped = true
		text = bytes.ReplaceAll(text, []byte(`\r`), []byte("  "))
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte(" \n"))
	}
	for i, c := range text {
		if c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			text[i] = '\n'
		}
	}
	return text, escaped
}

// pemLine is the number of base64 characters per line (RFC 7468 §2).
const pemLine = 64

// irregularities returns, as predicates, how a PEM file differs from the
// canonical text of RFC 7468 §3. This package reads all of it; other programs
// fail on some: Go and OpenSSL skip the first block after a byte-order mark.
func irregularities(file []byte, escaped bool) []string {
	var list []string
	if bytes.HasPrefix(file, []byte("\xEF\xBB\xBF")) {
		list = append(list, "begins with a byte-order mark, and many programs skip the block after it")
	}
	if escaped {
		return append(list, `has its line breaks written as the two characters \n`)
	}
	windows := bytes.Count(file, []byte("\r\n"))
	if windows > 0 {
		list = append(list, fmt.Sprintf("has Windows line ends (%d of them)", windows))
	}
	if lone := bytes.Count(file, []byte("\r")) - windows; lone > 0 {
		list = append(list, fmt.Sprintf("has line ends of the classic Mac OS (%d carriage returns)", lone))
	}
	inside := false
	first := map[string]int{} // irregularity → its first line
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(string(file), "\xEF\xBB\xBF")) {
		number++
		text := strings.TrimRight(line, "\r\n")
		kind := ""
		switch trimmed := strings.TrimSpace(text); {
		case strings.HasPrefix(trimmed, beginMark):
			inside = true
			if trimmed == beginMark+"X509 CERTIFICATE"+dashes {
				kind = "has the old label X509 CERTIFICATE, which Go and others skip"
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
		if _, seen := first[kind]; kind != "" && !seen {
			first[kind] = number
			list = append(list, fmt.Sprintf("%s (line %d)", kind, number))
		}
	}
	return list
}

// keyPlaces returns the positions of private keys among the blocks of a file.
func keyPlaces(blocks []block) (places []string) {
	for _, b := range blocks {
		if kind := kindOfLabel(b.Type); kind == kindPrivateKey || kind == kindSSHKey || kindOfLabel(b.Type) != kindCertificate && encodingOf(b.Bytes) != "" {
			places = append(places, b.at())
		}
	}
	return places
}
