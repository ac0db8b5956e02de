// Package yamlfmt formats YAML: indents of two spaces, at most one blank line
// in a row, comments and key order unchanged. It does not depend on the
// manifest.
package yamlfmt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxDepth limits nesting: every line is indented by its depth, so a deep text
// of some kilobytes would become many megabytes.
const maxDepth = 100

// blank represents a blank line inside the YAML library, which keeps comments
// and drops blank lines.
const blank = "#bindgate-fmt: a blank line"

// File formats the text of a file: as JSON if its name ends in .json, else as
// YAML.
func File(name string, src []byte) ([]byte, error) {
	if strings.HasSuffix(name, ".json") {
		var b bytes.Buffer
		if err := json.Indent(&b, bytes.TrimSpace(src), "", "  "); err != nil {
			return nil, fmt.Errorf("formatting %q: %w", name, err)
		}
		return append(b.Bytes(), '\n'), nil
	}
	out, err := Format(src)
	if err != nil {
		return nil, fmt.Errorf("formatting %q: %w", name, err)
	}
	return out, nil
}

// Format formats a YAML text. Formatting the result again changes nothing. It
// fails if the text is not YAML, or if formatting would lose a comment or
// change a value.
func Format(src []byte) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // the library panics on states it considers impossible
			out, err = nil, fmt.Errorf("formatting YAML: the YAML library gave up: %v", r)
		}
	}()
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // the byte order mark of Windows editors
	if bytes.Contains(src, []byte(blank)) {
		return nil, fmt.Errorf("formatting YAML: the text contains %q, which the formatter reserves; remove it", blank)
	}
	before, err := documents(src)
	if err != nil {
		return nil, fmt.Errorf("formatting YAML: %w", err)
	}
	if out, err = pass(src); err != nil {
		return nil, err
	}
	after, err := documents(out)
	if err != nil {
		return nil, fmt.Errorf("formatting YAML: parsing the result: %w", err)
	}
	again, err := pass(out)
	if err != nil || bytes.Contains(out, []byte(blank)) || !bytes.Equal(out, again) || !same(before, after) || comments(src) != comments(out) {
		return nil, errors.New("formatting YAML: the result would change a value, lose a comment or change again when formatted; format the file by hand")
	}
	return out, nil
}

// pass is one pass through the library.
func pass(src []byte) ([]byte, error) {
	marked, err := documents(mark(src))
	if err != nil {
		return nil, fmt.Errorf("formatting YAML: %w", err)
	}
	var b bytes.Buffer
	for i, doc := range marked {
		if i > 0 {
			b.WriteString("---\n")
		}
		text, err := yaml.Dump(doc, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(-1))
		if err != nil {
			return nil, fmt.Errorf("formatting YAML: %w", err)
		}
		b.Write(text)
	}
	return unmark(b.Bytes()), nil
}

// documents reads all documents of a text.
func documents(src []byte) ([]*yaml.Node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(src), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, err
	}
	var docs []*yaml.Node
	for {
		doc := &yaml.Node{}
		err := loader.Load(doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
}

// mark puts the placeholder at the first of each run of blank lines, indented
// like the next line: the library then takes it for that line's comment.
func mark(src []byte) []byte {
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	var out []string
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			out = append(out, line)
			continue
		}
		if i == 0 || strings.TrimSpace(lines[i-1]) == "" {
			continue
		}
		for _, next := range lines[i:] {
			if text := strings.TrimLeft(next, " "); strings.TrimSpace(text) != "" {
				out = append(out, next[:len(next)-len(text)]+blank)
				break
			}
		}
	}
	return []byte(strings.Join(out, "\n") + "\n")
}

// unmark turns placeholders back into blank lines: a run of them into one, none
// at the start and the end.
func unmark(text []byte) []byte {
	var out []string
	for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
		line = strings.TrimRight(line, " ")
		if strings.TrimLeft(line, " ") == blank {
			line = ""
		}
		if line == "" && (len(out) == 0 || out[len(out)-1] == "") {
			continue
		}
		out = append(out, line)
	}
	return []byte(strings.TrimRight(strings.Join(out, "\n"), "\n") + "\n")
}

// same compares kinds, tags and texts of nodes, not their layout.
func same(a, b []*yaml.Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Kind != y.Kind || x.ShortTag() != y.ShortTag() || x.Value != y.Value || x.Anchor != y.Anchor || !same(x.Content, y.Content) {
			return false
		}
	}
	return true
}

// comments counts what looks like a comment, which is enough to detect a lost
// one.
func comments(text []byte) int {
	n := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		if trimmed := strings.TrimLeft(line, " \t"); strings.HasPrefix(trimmed, "#") || strings.Contains(line, " #") || strings.Contains(line, "\t#") {
			n++
		}
	}
	return n
}
