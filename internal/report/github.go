package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/bindgate/bindgate/checks"
)

// githubMost are the annotations of one kind that GitHub shows for a step
// (docs.github.com, "Workflow commands" and the limits of check runs, 2026).
const githubMost = 10

// writeGitHub writes workflow commands, which annotate the lines of the
// manifest. What is more than GitHub shows follows as plain lines of the log;
// WriteStepSummary has all of it.
func writeGitHub(w io.Writer, r Report, _ Options) error {
	var b bytes.Buffer
	shown := map[checks.Severity]int{}
	var rest []note
	for _, n := range notes(r) {
		if shown[n.Severity]++; shown[n.Severity] > githubMost {
			rest = append(rest, n)
			continue
		}
		fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", n.Severity,
			githubProperty(n.file()), n.line(), n.column(), githubProperty(n.Rule), githubData(n.text()))
	}
	if len(rest) > 0 {
		fmt.Fprintf(&b, "bindgate: GitHub shows %d annotations of a kind; %s:\n", githubMost, count(len(rest), "more", "more"))
	}
	for _, n := range rest {
		fmt.Fprintln(&b, Escape(fmt.Sprintf("%s %s:%d:%d %s %s", n.Severity, n.file(), n.line(), n.column(), n.Rule, n.text())))
	}
	fmt.Fprintln(&b, "bindgate: "+Escape(r.counted()))
	_, err := b.WriteTo(w)
	return err
}

// githubData escapes a command's text as the runner reads it (actions/toolkit,
// packages/core/src/command.ts). Escape has left no line end and no control
// character.
func githubData(text string) string { return strings.ReplaceAll(Escape(text), "%", "%25") }

// githubProperty escapes a value before the second "::".
func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}
