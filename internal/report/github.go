package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/bindgate/bindgate/checks"
	"github.com/bindgate/bindgate/checks/binding"
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
		fmt.Fprintln(&b, githubCommand(n, n.text()))
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

// WriteGitHubFault writes, as the github format does, that a manifest is at fault
// at a place. It is for a run that cannot begin, and so has no report.
func WriteGitHubFault(w io.Writer, at binding.Position, message string) error {
	n := note{Severity: checks.Error, Rule: "manifest", Source: at}
	_, err := fmt.Fprintln(w, githubCommand(n, message))
	return err
}

// githubCommand is the workflow command that shows a text at the place of a note.
func githubCommand(n note, text string) string {
	return fmt.Sprintf("::%s file=%s,line=%d,col=%d,title=%s::%s", n.Severity,
		githubProperty(n.file()), n.line(), n.column(), githubProperty(n.Rule), githubData(text))
}

// githubData escapes a command's text as the runner reads it (actions/toolkit,
// packages/core/src/command.ts). Escape has left no line end and no control
// character.
func githubData(text string) string { return strings.ReplaceAll(Escape(text), "%", "%25") }

// githubProperty escapes a value before the second "::".
func githubProperty(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubData(text))
}
