package catalog

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/bindgate/bindgate/checks"
)

// ListFormats returns the formats of List.
func ListFormats() []string { return []string{"text", "json", "markdown"} }

// List writes the catalogue in a format, one line or one object per check.
func List(w io.Writer, format string) error {
	all := All()
	switch format {
	case "text":
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, c := range all {
			if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", c.ID, weight(c), c.Doc.Title); err != nil {
				return err
			}
		}
		return table.Flush()
	case "markdown":
		var b strings.Builder
		b.WriteString("| id | weight | true when it passes |\n|---|---|---|\n")
		for _, c := range all {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c.ID, weight(c), c.Doc.Title)
		}
		_, err := io.WriteString(w, b.String())
		return err
	case "json":
		type row struct {
			ID       string          `json:"id"`
			Severity checks.Severity `json:"severity"`
			Core     bool            `json:"core"`
			Needs    []string        `json:"needs"`
			Title    string          `json:"title"`
		}
		rows := make([]row, 0, len(all))
		for _, c := range all {
			needs := []string{}
			for _, n := range c.Needs {
				needs = append(needs, string(n))
			}
			rows = append(rows, row{c.ID, c.Severity, c.Core, slices.Clip(needs), c.Doc.Title})
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	return fmt.Errorf("reading -f: unknown format %q, want text, json or markdown", format)
}

func weight(c checks.Check) string {
	switch {
	case c.Core:
		return "core"
	case c.Severity == checks.Error:
		return "error"
	}
	return "warning"
}
