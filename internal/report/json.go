package report

import (
	"encoding/json"
	"io"
)

// writeJSON writes the report as one indented document.
func writeJSON(w io.Writer, r Report, _ Options) error {
	doc, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(escapeJSON(doc), '\n'))
	return err
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
