package report

import (
	"fmt"
	"io"
	"strings"
)

// Options are the reader's wishes for the text format; the others ignore them.
type Options struct {
	Color   bool // paint; the caller knows about terminals and NO_COLOR
	Verbose bool // every binding, check, warning and call
	Quiet   bool // only what stands in the way, and nothing at all when nothing does
	Width   int  // columns; 0 is 80, and fewer than 40 is 40
}

type format struct {
	name  string
	write func(io.Writer, Report, Options) error
}

// formats is the one list of formats, by name.
func formats() []format {
	return []format{
		{"github", writeGitHub},
		{"gitlab", writeGitLab},
		{"html", writeHTML},
		{"json", writeJSON},
		{"jsonl", writeJSONL},
		{"junit", writeJUnit},
		{"markdown", writeMarkdown},
		{"sarif", writeSARIF},
		{"text", writeText},
	}
}

// Formats are the names that Write takes, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// Write writes the report in the named format. It sorts a copy, fills in the
// schema and counts the summary, so the same run gives the same bytes whatever
// the order in which its bindings were judged.
func Write(w io.Writer, name string, r Report, o Options) error {
	for _, f := range formats() {
		if f.name != name {
			continue
		}
		if err := f.write(w, complete(r), o); err != nil {
			return fmt.Errorf("writing %s report: %w", name, err)
		}
		return nil
	}
	return fmt.Errorf("unknown report format %q, want one of %s", name, strings.Join(Formats(), ", "))
}
