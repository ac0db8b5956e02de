package report

import (
	"bytes"
	_ "embed" // the schema file
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bindgate/bindgate/checks"
)

//go:embed report.schema.json
var schema string

// Schema returns the JSON Schema (draft 2020-12) of the json format. A line of
// the jsonl format holds parts of it: see line.
func Schema() []byte { return []byte(schema) }

// encoder writes JSON values without layout, each on a line, through one buffer.
type encoder struct {
	*state
	buf     bytes.Buffer
	json    *json.Encoder
	results []Results // room for those of a binding
}

func newEncoder(s *state) *encoder {
	e := &encoder{state: s}
	e.json = json.NewEncoder(&e.buf)
	return e
}

// value writes a value without a line end after it.
func (e *encoder) value(v any) error {
	e.buf.Reset()
	if err := e.json.Encode(v); err != nil {
		return err
	}
	_, _ = e.out.Write(escapeJSON(bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")))) // out keeps the first error
	return nil
}

// group returns a binding's results as the documents hold them, in room that the
// next call uses again: in the order of each first id.
func (e *encoder) group(all []checks.Result) []Results {
	groups := e.results[:0]
next:
	for _, c := range all {
		if len(c.Findings) == 0 {
			for i, g := range groups {
				if g.Status == c.Status && g.Reason == c.Reason && len(g.Findings) == 0 {
					groups[i].IDs = append(g.IDs, c.ID)
					continue next
				}
			}
		}
		var ids []string
		if n := len(groups); n < cap(groups) {
			ids = groups[:n+1][n].IDs[:0]
		}
		groups = append(groups, Results{IDs: append(ids, c.ID), Status: c.Status, Reason: c.Reason, Findings: c.Findings})
	}
	e.results = groups
	return groups
}

// jsonFormat is one document, a binding a line. The run comes after the
// bindings, with all that is known of it at its end.
type jsonFormat struct {
	*encoder
	separator string
}

func openJSON(s *state) (format, error) {
	j := &jsonFormat{newEncoder(s), "\n"}
	s.put(`{"schema":"` + SchemaName + `","tool":`)
	if err := j.value(s.Tool); err != nil {
		return nil, err
	}
	s.put(`,"bindings":[`)
	return j, nil
}

func (j *jsonFormat) add(b Binding) error {
	j.put(j.separator)
	j.separator = ",\n"
	b.Results = j.group(b.Checks)
	return j.value(&b)
}

func (j *jsonFormat) close() error {
	if j.summary.Bindings > 0 {
		j.put("\n")
	}
	j.put(`],"run":`)
	if err := j.value(j.Run); err != nil {
		return err
	}
	j.put(`,"summary":`)
	err := j.value(j.summary)
	j.put("}\n")
	return err
}

// line is one record of the jsonl format. Its type says what it is: first a
// "run" line (schema, tool, and what is known of the run at its start), then a
// "binding" line for each binding in manifest order, last a "summary" line (the
// summary, and the run with all that is known at its end). Each member is the one
// of that name in the json format. A stream without the last line is not whole.
type line struct {
	Type    string   `json:"type"`
	Schema  string   `json:"schema,omitempty"`
	Tool    *Tool    `json:"tool,omitempty"`
	Run     *Run     `json:"run,omitempty"`
	Binding *Binding `json:"binding,omitempty"`
	Summary *Summary `json:"summary,omitempty"`
}

// jsonlFormat is one record a line, so that a reader need not hold a big run in
// memory.
type jsonlFormat struct{ *encoder }

func openJSONL(s *state) (format, error) {
	j := jsonlFormat{newEncoder(s)}
	return j, j.line(line{Type: "run", Schema: SchemaName, Tool: &s.Tool, Run: &s.Run})
}

func (j jsonlFormat) add(b Binding) error {
	b.Results = j.group(b.Checks)
	return j.line(line{Type: "binding", Binding: &b})
}

func (j jsonlFormat) close() error {
	return j.line(line{Type: "summary", Run: &j.Run, Summary: &j.summary})
}

func (j jsonlFormat) line(l line) error {
	err := j.value(l)
	j.put("\n")
	return err
}

// escapeJSON does what Escape does for a JSON document, without changing its
// meaning: encoding/json escapes only ASCII control characters, and such
// characters can stand nowhere but inside a string. Line ends of the document's
// own layout stay. It returns the document itself where there is nothing to escape.
func escapeJSON(doc []byte) []byte {
	var out []byte
	kept, hash := 0, false // how much of doc is in out; whether the character before is an unescaped #
	for i := 0; i < len(doc); {
		if c := doc[i]; ' ' <= c && c <= '~' && c != '#' { // nearly all there is
			hash = false
			i++
			continue
		}
		r, size := rune(doc[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(doc[i:])
		}
		twice := r == '#' && hash
		hash = r == '#' && !hash
		if i += size; !twice && (r == '\n' || visible(r)) {
			continue
		}
		out = append(out, doc[kept:i-size]...)
		for _, u := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, u)
		}
		kept = i
	}
	if kept == 0 {
		return doc
	}
	return append(out, doc[kept:]...)
}
