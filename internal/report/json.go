package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// writeJSON writes the report as one indented document, and its bindings one at
// a time: encoded at once, a full account's would be in memory three times over.
func writeJSON(w io.Writer, r Report, _ Options) error {
	bindings := r.Bindings
	r.Bindings = []Binding{}
	frame, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	// No string of the document holds this text: a quote in it would be escaped.
	head, tail, found := bytes.Cut(frame, []byte(`"bindings": []`))
	if !found {
		return errors.New("the report has no list of bindings")
	}
	out := bufio.NewWriter(w)
	put := func(parts ...any) { _, _ = fmt.Fprint(out, parts...) } // out keeps the first error until Flush
	put(string(escapeJSON(head)), `"bindings": [`)
	separator, end := "\n    ", ""
	for _, b := range bindings {
		doc, err := json.MarshalIndent(b, "    ", "  ")
		if err != nil {
			return err
		}
		put(separator, string(escapeJSON(doc)))
		separator, end = ",\n    ", "\n  "
	}
	put(end, "]", string(escapeJSON(tail)), "\n")
	return out.Flush()
}

// line is one record of the jsonl format. Its type says which member it holds,
// and each member is the one of that name in the json format: first a "run"
// line (with schema and tool), then a "binding" line for each binding in order,
// last a "summary" line. A stream without the last is not whole.
type line struct {
	Type    string   `json:"type"`
	Schema  string   `json:"schema,omitempty"`
	Tool    *Tool    `json:"tool,omitempty"`
	Run     *Run     `json:"run,omitempty"`
	Binding *Binding `json:"binding,omitempty"`
	Summary *Summary `json:"summary,omitempty"`
}

// writeJSONL writes one record a line, so that a reader need not hold a big run
// in memory.
func writeJSONL(w io.Writer, r Report, _ Options) error {
	if err := writeLine(w, line{Type: "run", Schema: r.Schema, Tool: &r.Tool, Run: &r.Run}); err != nil {
		return err
	}
	for i := range r.Bindings {
		if err := writeLine(w, line{Type: "binding", Binding: &r.Bindings[i]}); err != nil {
			return err
		}
	}
	return writeLine(w, line{Type: "summary", Summary: &r.Summary})
}

func writeLine(w io.Writer, l line) error {
	doc, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeJSON(doc), '\n'))
	return err
}
